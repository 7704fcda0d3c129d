import { PlusOutlined } from "@ant-design/icons";
import { App, Button, Segmented, Select, Tag } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Plan, PlanPreview, TrackedEvent } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { Search } from "@/kit/Search";
import { useSession } from "@/kit/session";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { EventDrawer } from "./EventDrawer";
import { PLATFORMS, platformWords } from "./names";
import { SharedDrawer } from "./SharedDrawer";

const FILTERS = { search: "", status: "", platform: "", open: "" };
const STATUSES = ["active", "planned", "deprecated", "unplanned"] as const;
const COLOURS: Record<string, string> = { active: "success", planned: "processing", deprecated: "default", unplanned: "warning" };
const EVENTS = "/api/tracking/events";
export const STALE = ["/api/tracking/"];

export function StatusTag({ status }: { status: string }) {
  const { named } = useLanguage();
  return <Tag color={COLOURS[status] ?? "default"}>{named("track.status", status)}</Tag>;
}

/** Planned platforms, those that were not seen struck out in colour. */
export function Seen({ event }: { event: TrackedEvent }) {
  const { t, w } = useLanguage();
  const extra = event.seen_on.filter((platform) => event.planned && event.platforms.length > 0 && !event.platforms.includes(platform));
  const shown = event.platforms.length > 0 ? event.platforms : event.seen_on;
  return (
    <span className="track-tags">
      {shown.map((platform) => {
        const missing = event.missing.includes(platform);
        return (
          <Tag key={platform} color={missing ? "error" : "success"} title={t(missing ? "track.notSeen" : "track.seen")}>
            {missing ? "✕ " : "✓ "}
            {w(platformWords(platform))}
          </Tag>
        );
      })}
      {extra.map((platform) => (
        <Tag key={platform} color="warning" title={t("track.unexpected")}>
          + {w(platformWords(platform))}
        </Tag>
      ))}
      {shown.length + extra.length === 0 && <span className="faint">–</span>}
    </span>
  );
}

export function PlanTab({ plan }: { plan: Plan }) {
  const { t, w, named } = useLanguage();
  const { whole, percent } = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const { filters, change } = useFilters(FILTERS);
  const [shared, setShared] = useState(false);
  const read = useRead<TrackedEvent[]>(EVENTS, { days: 30 });
  const propose = useWrite<void, PlanPreview>(
    () => api.post("/api/tracking/plan/proposal", { base_version: plan.version }),
    STALE,
  );
  const wanted = filters.search.toLowerCase();
  const found = read.data?.filter(
    (row) =>
      (!filters.status || row.status === filters.status) &&
      (!filters.platform || row.platforms.includes(filters.platform) || row.seen_on.includes(filters.platform)) &&
      [row.name, row.label.zh, row.label.en, row.owner].some((text) => text.toLowerCase().includes(wanted)),
  );
  const adoptDefault = may("develop") && (
    <Button
      type={plan.version === 0 ? "primary" : "default"}
      loading={propose.isPending}
      data-testid="track-propose"
      onClick={() => propose.mutate(undefined, { onError: (error) => void message.error(w(error.words)) })}
    >
      {t("track.propose")}
    </Button>
  );
  const columns: Columns<TrackedEvent> = [
    {
      title: t("track.event"),
      key: "event",
      render: (_, row) => (
        <>
          <b>{w(row.label)}</b>
          <div className="faint">
            <code>{row.name}</code>
          </div>
        </>
      ),
    },
    { title: t("track.status"), key: "status", render: (_, row) => <StatusTag status={row.status} /> },
    { title: t("track.platforms30"), key: "platforms", render: (_, row) => <Seen event={row} /> },
    {
      title: t("track.coverage"),
      key: "coverage",
      align: "right",
      render: (_, row) => <span className="number">{row.coverage === null ? "–" : percent(row.coverage, 0)}</span>,
    },
    { title: t("track.lastSeen"), key: "last", render: (_, row) => <span className="number nowrap">{row.last_day ?? "–"}</span> },
    {
      title: t("track.events30"),
      key: "events",
      align: "right",
      sorter: (a, b) => a.events - b.events,
      render: (_, row) => <span className="number">{whole(row.events)}</span>,
    },
    {
      title: t("track.failed"),
      key: "failed",
      align: "right",
      sorter: (a, b) => a.failed - b.failed,
      render: (_, row) => <span className={row.failed > 0 ? "number bad" : "number"}>{whole(row.failed)}</span>,
    },
    { title: t("track.owner"), key: "owner", render: (_, row) => row.owner || <span className="faint">–</span> },
  ];
  const count = (status: string) => read.data?.filter((row) => row.status === status).length ?? 0;
  const opened = filters.open === "+" ? null : read.data?.find((row) => row.name === filters.open);
  return (
    <>
      {plan.version === 0 && (
        <Panel>
          <Nothing title={t("track.noPlan")} action={adoptDefault}>
            {t("track.noPlanText")}
          </Nothing>
        </Panel>
      )}
      <div className="tools">
        <Search value={filters.search} onSearch={(search) => change({ search })} placeholder={t("track.search")} />
        <Segmented
          className="scrolling"
          value={filters.status}
          onChange={(status) => change({ status })}
          options={[
            { value: "", label: `${t("track.all")} ${read.data?.length ?? ""}` },
            ...STATUSES.map((status) => ({ value: status, label: `${named("track.status", status)} ${count(status)}` })),
          ]}
        />
        <Select
          value={filters.platform}
          onChange={(platform) => change({ platform })}
          className="track-select"
          aria-label={t("track.platform")}
          options={[
            { value: "", label: t("track.anyPlatform") },
            ...Object.entries(PLATFORMS).filter(([key]) => key).map(([value, words]) => ({ value, label: w(words) })),
          ]}
        />
        <span className="grow" />
        {plan.version > 0 && adoptDefault}
        <Button onClick={() => setShared(true)} data-testid="track-shared">
          {t("track.shared")}
        </Button>
        {may("develop") && (
          <Button type={plan.version > 0 ? "primary" : "default"} icon={<PlusOutlined />} onClick={() => change({ open: "+" })} data-testid="track-new">
            {t("track.new")}
          </Button>
        )}
      </div>
      <Panel flush>
        <ListTable
          read={{ ...read, data: found }}
          columns={columns}
          rowKey={(row) => row.name}
          label={t("nav.tracking")}
          testId="track-table"
          onOpen={(row) => change({ open: row.name })}
          empty={<Nothing title={t(read.data?.length ? "list.noMatch" : "track.none")}>{t("track.noneText")}</Nothing>}
          card={(row) => (
            <button type="button" className="card-button" onClick={() => change({ open: row.name })}>
              <div className="card-top">
                <b className="break">{w(row.label)}</b>
                <StatusTag status={row.status} />
              </div>
              <Seen event={row} />
              <div className="faint">
                {whole(row.events)} · {t("track.failed")} {whole(row.failed)} · {row.last_day ?? "–"}
              </div>
            </button>
          )}
        />
      </Panel>
      {(opened || filters.open === "+") && (
        <EventDrawer key={filters.open} plan={plan} name={opened?.name ?? null} onClose={() => change({ open: "" })} />
      )}
      {shared && <SharedDrawer plan={plan} onClose={() => setShared(false)} />}
    </>
  );
}

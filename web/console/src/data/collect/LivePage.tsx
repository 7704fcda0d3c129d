import { CaretRightOutlined, PauseOutlined } from "@ant-design/icons";
import { AutoComplete, Badge, Button, Drawer, Select } from "antd";
import { useMemo, useState } from "react";
import { Link } from "react-router";
import { useRead } from "@/api/hooks";
import type { LiveEvent, Overview, Source } from "@/api/types";
import { useLanguage } from "@/i18n";
import { itemsOf } from "@/kit/itemsOf";
import { Json } from "@/kit/Json";
import { ListTable, type Columns } from "@/kit/ListTable";
import { PageFrame, Panel } from "@/kit/page";
import { Cut, Facts } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { useLiveEvents, type Line } from "./useLiveEvents";

const FILTERS = { event: "", source: "" };
const LINE_STATUS: Record<Line, "processing" | "success" | "error"> = {
  connecting: "processing",
  open: "success",
  lost: "error",
};

export default function LivePage() {
  const { t } = useLanguage();
  const f = useFormat();
  const { filters, change } = useFilters(FILTERS);
  const [paused, setPaused] = useState(false);
  const [open, setOpen] = useState<LiveEvent | null>(null);
  const [typed, setTyped] = useState(filters.event);
  const { events, waiting, line, first } = useLiveEvents(filters.event, filters.source, paused);
  const sources = useRead<Source[]>("/api/sources");
  const overview = useRead<Overview>("/api/overview");
  const names = useMemo(
    () => overview.data?.top_events.map((one) => ({ value: one.event })) ?? [],
    [overview.data],
  );
  const nameOf = (id: string) => itemsOf(sources.data).find((one) => one.source_id === id)?.name ?? id;
  const columns: Columns<LiveEvent> = [
    {
      title: t("live.received"),
      dataIndex: "received_time",
      render: (time: string) => <time className="number nowrap">{f.clock(time)}</time>,
    },
    { title: t("live.event"), dataIndex: "event", render: (event: string) => <b className="event-name">{event}</b> },
    { title: t("live.user"), dataIndex: "user_id", render: (id: string | null) => <UserLink id={id} /> },
    { title: t("live.source"), dataIndex: "source", render: nameOf },
    { title: t("live.platform"), dataIndex: "platform", render: (platform: string | null) => platform ?? "–" },
    {
      title: t("live.properties"),
      dataIndex: "properties",
      render: (properties: unknown) => <Cut text={JSON.stringify(properties)} width={420} />,
    },
  ];
  return (
    <PageFrame
      testId="page-live"
      title={
        <>
          {t("nav.live")}{" "}
          <Badge status={paused ? "default" : LINE_STATUS[line]} text={t(paused ? "live.paused" : `live.line.${line}`)} className="live-badge" />
        </>
      }
      about={t("live.about")}
      extra={
        <Button
          icon={paused ? <CaretRightOutlined /> : <PauseOutlined />}
          type={paused ? "primary" : "default"}
          onClick={() => setPaused(!paused)}
          data-testid="live-pause"
          aria-pressed={paused}
        >
          {paused ? (waiting > 0 ? t("live.resumeWith", { n: waiting }) : t("live.resume")) : t("live.pause")}
        </Button>
      }
    >
      <div className="tools">
        <span data-search className="search">
          <AutoComplete
            allowClear
            className="full"
            value={typed}
            options={names}
            placeholder={t("live.filterEvent")}
            aria-label={t("live.filterEvent")}
            data-testid="live-event"
            showSearch={{ filterOption: (input, option) => (option?.value ?? "").toLowerCase().includes(input.toLowerCase()) }}
            onChange={(value?: string) => {
              setTyped(value ?? "");
              if (!value) change({ event: "" });
            }}
            onSelect={(value?: string) => change({ event: value ?? "" })}
            onInputKeyDown={(press) => press.key === "Enter" && change({ event: typed.trim() })}
            onBlur={() => change({ event: typed.trim() })}
          />
        </span>
        <Select
          className="filter"
          value={filters.source}
          onChange={(source) => change({ source })}
          aria-label={t("live.source")}
          data-testid="live-source"
          options={[
            { value: "", label: t("live.allSources") },
            ...itemsOf(sources.data).map((one) => ({ value: one.source_id, label: one.name })),
          ]}
        />
      </div>
      <Panel flush>
        <ListTable
          read={{ ...first, data: first.data === undefined && !first.error ? undefined : events }}
          columns={columns}
          rowKey={(row) => row.event_id}
          label={t("nav.live")}
          testId="live-table"
          onOpen={setOpen}
          empty={
            <Nothing title={t("live.empty")} action={<Link to="/sources">{t("overview.connect")}</Link>}>
              {t("live.emptyText")}
            </Nothing>
          }
          card={(row) => (
            <button type="button" className="card-button" onClick={() => setOpen(row)}>
              <div className="card-top">
                <b className="event-name">{row.event}</b>
                <span className="number faint">{f.clock(row.received_time)}</span>
              </div>
              <div className="faint">
                {row.user_id ?? "–"} · {row.platform ?? nameOf(row.source)}
              </div>
            </button>
          )}
        />
      </Panel>
      <Drawer open={open !== null} onClose={() => setOpen(null)} title={open?.event} size="large">
        {open && (
          <>
            <Facts
              items={[
                [t("live.eventTime"), f.dateTime(open.event_time, true)],
                [t("live.received"), f.dateTime(open.received_time, true)],
                [t("live.user"), <UserLink key="user" id={open.user_id} />],
                [t("live.source"), nameOf(open.source)],
              ]}
            />
            <Json value={open} />
          </>
        )}
      </Drawer>
    </PageFrame>
  );
}

function UserLink({ id }: { id: string | null }) {
  if (!id) return <span className="faint">–</span>;
  // a masked identifier is no address
  if (id.includes("*")) return <span>{id}</span>;
  return <Link to={`/users/${encodeURIComponent(id)}`}>{id}</Link>;
}

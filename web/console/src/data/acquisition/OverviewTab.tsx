import { DownloadOutlined, UsergroupAddOutlined } from "@ant-design/icons";
import { App, Button, Segmented, Switch, Tooltip } from "antd";
import { useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";
import { address, api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { AcquiredGroup, Acquisition } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { DayRange } from "@/kit/DayRange";
import { ListTable, type Columns } from "@/kit/ListTable";
import { useLook } from "@/kit/look";
import { Hint, Panel, Tile } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { useSession } from "@/kit/session";
import { Nothing, Shown } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { newcomersPerDay } from "./charts";
import { SeedDialog } from "./SeedDialog";
import { CacCell, CostCell, PaybackCell, ScoreCell, ShareCell, Trend } from "./parts";

const FILTERS = { from: "", to: "", by: "channel" };
export const FIGURES = "/api/acquisition/figures";

export function OverviewTab() {
  const { t } = useLanguage();
  const { filters, change } = useFilters(FILTERS);
  const range = { from: filters.from, to: filters.to };
  const read = useRead<Acquisition>(FIGURES, range, { keep: true });
  const by = filters.by === "code" ? "code" : "channel";
  const { may } = useSession();
  const [seeding, setSeeding] = useState(false);
  return (
    <>
      <div className="tools">
        <DayRange from={filters.from} to={filters.to} onChange={change} />
        <span className="grow" />
        <Button icon={<DownloadOutlined />} href={address(`${FIGURES}.csv`, { ...range, by })} data-testid="acq-csv">
          {t("acq.csv")}
        </Button>
        {may("operate") && (
          <Button icon={<UsergroupAddOutlined />} disabled={!read.data} onClick={() => setSeeding(true)} data-testid="seed-open">
            {t("seed.title")}
          </Button>
        )}
      </div>
      {seeding && read.data && <SeedDialog data={read.data} onClose={() => setSeeding(false)} />}
      <Shown read={read} rows={8}>
        {(data) =>
          data.everybody.newcomers === 0 && data.channels.length === 0 ? (
            <Panel>
              <Nothing title={t("acq.none")}>{t(data.built ? "acq.noneText" : "acq.notBuilt")}</Nothing>
            </Panel>
          ) : (
            <Board data={data} by={by} onBy={(chosen) => change({ by: chosen })} />
          )
        }
      </Shown>
    </>
  );
}

function Board({ data, by, onBy }: { data: Acquisition; by: "channel" | "code"; onBy: (by: string) => void }) {
  const { t } = useLanguage();
  const f = useFormat();
  const { palette } = useLook();
  const go = useNavigate();
  const name = useName();
  const chart = useMemo(() => newcomersPerDay(data, palette, f, t, name), [data, palette, f, t, name]);
  const all = data.everybody;
  const missing = data.channels.filter((one) => one.cost_missing && one.newcomers > 0);
  const open = (group: AcquiredGroup) => void go(peopleOf(data, group, by));
  return (
    <>
      <div className="tiles tiles-4">
        <Tile
          testId="tile-newcomers"
          label={t("acq.newcomers")}
          definition={t("acq.newcomersText")}
          value={<Link to={peopleHref({ kind: "newcomers", from: data.from_day, to: data.to_day })}>{f.short(all.newcomers)}</Link>}
          note={t("acq.registered", { n: f.whole(all.registered) })}
        />
        <Tile testId="tile-cost" label={t("acq.cost")} value={<CostCell group={all} />} note={t("acq.costNote")} />
        <Tile
          testId="tile-cac"
          label={t("acq.cac")}
          definition={t("acq.cacText")}
          value={<CacCell group={all} />}
          note={missing.length > 0 ? t("acq.someMissing", { n: missing.length }) : t("acq.cacNote")}
        />
        <Tile
          testId="tile-ordered"
          label={t("acq.ordered", { n: data.order_days })}
          definition={t("acq.orderedText", { n: data.order_days })}
          value={<ShareCell share={all.ordered} />}
          note={t("acq.complete", { day: data.complete_day })}
        />
      </div>
      <Panel title={t("acq.chart")} extra={<span className="faint">{`${data.from_day} – ${data.to_day}`}</span>}>
        <Chart
          option={chart}
          height={220}
          label={t("acq.chart")}
          testId="chart-newcomers"
          onPick={(_, series) => data.channels[series] && open(data.channels[series])}
        />
      </Panel>
      <Panel
        flush
        title={
          <Segmented
            value={by}
            onChange={(chosen) => onBy(String(chosen))}
            options={[
              { value: "channel", label: t("acq.byChannel") },
              { value: "code", label: t("acq.byCode") },
            ]}
          />
        }
        extra={<Hint text={t("acq.scoreText")} />}
      >
        <Groups data={data} by={by} onOpen={open} />
      </Panel>
    </>
  );
}

function peopleOf(data: Acquisition, group: AcquiredGroup, by: "channel" | "code"): string {
  return peopleHref({ kind: "newcomers", from: data.from_day, to: data.to_day, [by]: group.key ?? "" });
}

/** What a channel is called: in words where it is a known one, else by its own name. */
function useName(): (group: AcquiredGroup) => string {
  const { t, w } = useLanguage();
  return useMemo(
    () => (group: AcquiredGroup) => (group.words ? w(group.words) : (group.name ?? group.key ?? t("acq.unknown"))),
    [t, w],
  );
}

function Groups({ data, by, onOpen }: { data: Acquisition; by: "channel" | "code"; onOpen: (group: AcquiredGroup) => void }) {
  const { t } = useLanguage();
  const f = useFormat();
  const name = useName();
  const rows = by === "channel" ? data.channels : data.codes;
  const number = (value: number) => <span className="number">{f.whole(value)}</span>;
  const columns: Columns<AcquiredGroup> = [
    {
      title: t(by === "channel" ? "acq.channel" : "acq.code"),
      key: "name",
      render: (_, one) => (
        <>
          <Link to={peopleOf(data, one, by)}>{name(one)}</Link>
          {one.key && one.key !== name(one) && (
            <div className="faint">
              <code>{one.key}</code>
            </div>
          )}
        </>
      ),
    },
    ...(by === "code"
      ? [{ title: t("acq.opens"), key: "opens", align: "right" as const, render: (_: unknown, one: AcquiredGroup) => number(one.opens ?? 0) }]
      : []),
    { title: t("acq.newcomers"), dataIndex: "newcomers", align: "right", render: number },
    { title: t("acq.cost"), key: "cost", align: "right", render: (_, one) => <CostCell group={one} /> },
    { title: t("acq.cac"), key: "cac", align: "right", render: (_, one) => <CacCell group={one} /> },
    { title: t("acq.orders"), dataIndex: "orders", align: "right", render: number },
    { title: t("acq.ordered", { n: data.order_days }), key: "ordered", align: "right", render: (_, one) => <ShareCell share={one.ordered} /> },
    { title: t("acq.highValue"), key: "high", align: "right", render: (_, one) => <ShareCell share={one.high_value} /> },
    { title: t("acq.d1"), key: "d1", align: "right", render: (_, one) => <ShareCell share={one.d1} /> },
    { title: t("acq.d7"), key: "d7", align: "right", render: (_, one) => <ShareCell share={one.d7} /> },
    { title: t("acq.d30"), key: "d30", align: "right", render: (_, one) => <ShareCell share={one.d30} /> },
    { title: t("acq.payback"), key: "payback", align: "right", render: (_, one) => <PaybackCell group={one} /> },
    ...(by === "channel"
      ? [{ title: t("acq.score"), key: "score", align: "right" as const, render: (_: unknown, one: AcquiredGroup) => <ScoreCell group={one} /> }]
      : []),
    { title: t("acq.trend"), key: "trend", render: (_, one) => <Trend values={one.trend} label={t("acq.trendText", { n: one.newcomers })} /> },
    ...(by === "channel"
      ? [{ title: t("acq.isFree"), key: "free", render: (_: unknown, one: AcquiredGroup) => <FreeSwitch group={one} /> }]
      : []),
  ];
  return (
    <ListTable
      read={{ data: rows, error: null, refetch: () => undefined }}
      columns={columns}
      rowKey={(one) => one.key ?? ""}
      label={t(by === "channel" ? "acq.byChannel" : "acq.byCode")}
      testId="acq-table"
      onOpen={onOpen}
      empty={<Nothing title={t("acq.noneByCode")}>{t("acq.noneByCodeText")}</Nothing>}
      card={(one) => (
        <button type="button" className="card-button" onClick={() => onOpen(one)}>
          <div className="card-top">
            <b>{name(one)}</b>
            <CacCell group={one} />
          </div>
          <div className="faint">
            {t("acq.newcomers")} {f.whole(one.newcomers)} · {t("acq.cost")} <CostCell group={one} /> · {t("acq.d7")}{" "}
            <ShareCell share={one.d7} />
          </div>
        </button>
      )}
    />
  );
}

/** Declares that a channel costs nothing. One with costs cannot be free. */
function FreeSwitch({ group }: { group: AcquiredGroup }) {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const save = useWrite<boolean, null>(
    (free) => api.put(`/api/acquisition/channels/${encodeURIComponent(group.key ?? "")}/free`, { free }),
    [FIGURES],
  );
  if (!may("operate") || group.key === null || group.costs.length > 0) return null;
  return (
    <Tooltip title={t("acq.isFreeText")}>
      <Switch
        size="small"
        checked={group.free}
        loading={save.isPending}
        aria-label={t("acq.isFree")}
        onChange={(free) => save.mutate(free, { onError: (error) => void message.error(w(error.words)) })}
        data-testid={`free-${group.key}`}
      />
    </Tooltip>
  );
}

import { DownloadOutlined } from "@ant-design/icons";
import { App, Alert, Button, Drawer, Input, Segmented, Select } from "antd";
import { useMemo, useState, type ReactNode } from "react";
import { Link } from "react-router";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { CustomMetric, Metric, MetricAnswer, MetricPoint, MetricSeries, TagCard } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { itemsOf } from "@/kit/itemsOf";
import { useLook } from "@/kit/look";
import { peopleHref } from "@/kit/people";
import { useSession } from "@/kit/session";
import { Facts } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { linesOver } from "./charts";
import { saveCsv } from "./csv";
import { CustomForm } from "./CustomForm";
import type { STATE } from "./MetricsPage";
import { addDays, Changed, lastOf, periodName, today, useValue } from "./show";
import { useAsk } from "./useAsk";

const SHOWN_DAYS = { day: 59, week: 182, month: 364 } as const;
const MOST_LINES = 8;
type By = keyof typeof SHOWN_DAYS;

interface DrawerProps {
  metric: Metric | undefined;
  state: typeof STATE;
  change: (some: Partial<typeof STATE>) => void;
  onClose: () => void;
}

export function MetricDrawer({ metric, state, change, onClose }: DrawerProps) {
  const { t, w } = useLanguage();
  if (!metric) {
    return (
      <Drawer open onClose={onClose} title={t("metric.gone")}>
        <Nothing title={t("metric.gone")}>{t("metric.goneText")}</Nothing>
      </Drawer>
    );
  }
  return (
    <Drawer open size="large" onClose={onClose} title={w(metric.words)} footer={metric.custom ? <Manage metric={metric} onClose={onClose} /> : undefined}>
      <div className="metric-drawer" data-testid="metric-drawer">
        <p>{w(metric.definition)}</p>
        {metric.no_data ? (
          <Alert type="info" showIcon title={t("metric.noData")} description={w(metric.no_data)} data-testid="metric-no-data" />
        ) : (
          <Over metric={metric} state={state} change={change} />
        )}
        <Declared metric={metric} />
      </div>
    </Drawer>
  );
}

/** What the metric is, part by part. */
function Declared({ metric }: { metric: Metric }) {
  const { t, w } = useLanguage();
  const part = (one: Metric["numerator"] | null): ReactNode =>
    one && (
      <>
        {w(one.words)}
        {one.window_days !== null && <span className="faint"> · {one.window_days < 0 ? t("metric.allTime") : t("metric.window", { n: one.window_days })}</span>}
      </>
    );
  const facts: [ReactNode, ReactNode][] = [
    [t("metric.numerator"), part(metric.numerator)],
    ...(metric.denominator ? ([[t("metric.denominator"), part(metric.denominator)]] as [ReactNode, ReactNode][]) : []),
    [t("metric.refunds"), w(metric.refunds)],
    ...(metric.mature_days ? ([[t("metric.mature"), t("metric.matureDays", { n: metric.mature_days })]] as [ReactNode, ReactNode][]) : []),
    [t("metric.zone"), metric.zone],
    [t("metric.direction"), metric.up_is_good === null ? "–" : t(metric.up_is_good ? "metric.up" : "metric.down")],
    [t("metric.sources"), [...metric.sources, ...metric.events].map((one) => <code key={one} className="break">{one} </code>)],
    [t("metric.key"), <code key="key">{metric.key}</code>],
  ];
  return <Facts items={facts} />;
}

function Over({ metric, state, change }: { metric: Metric; state: typeof STATE; change: DrawerProps["change"] }) {
  const { t, w } = useLanguage();
  const { palette } = useLook();
  const f = useFormat();
  const value = useValue();
  const by: By = state.by in SHOWN_DAYS ? (state.by as By) : "day";
  const to = state.to || today(f.zone);
  const from = state.from || addDays(to, -SHOWN_DAYS[by]);
  const segments = useRead<{ segment_id: string; name: string }[]>("/api/segments");
  const tags = useRead<TagCard[]>("/api/tags");
  const read = useAsk<MetricAnswer>("/api/metrics/query", { metrics: [metric.key], from, to, by, split: state.split, segment: state.segment });
  const [picked, setPicked] = useState<number | null>(null);
  const splits = [
    { value: "", label: t("metric.split.none") },
    { value: "channel", label: t("metric.split.channel") },
    { value: "platform", label: t("metric.split.platform") },
    { value: "domain", label: t("metric.split.domain") },
    ...(tags.data ?? []).filter((one) => one.distribution.length > 0 && one.distribution.length <= 12).map((one) => ({ value: `tag:${one.key}`, label: w(one.words) })),
  ];
  return (
    <>
      <div className="tools">
        <Segmented value={by} onChange={(next) => change({ by: next, from: "", to: "" })} options={(["day", "week", "month"] as const).map((one) => ({ value: one, label: t(`metric.by.${one}`) }))} data-testid="metric-by" />
        <Input type="date" value={from} max={to} aria-label={t("metric.from")} onChange={(e) => e.target.value && change({ from: e.target.value })} style={{ width: 142 }} />
        <Input type="date" value={to} min={from} aria-label={t("metric.to")} onChange={(e) => e.target.value && change({ to: e.target.value })} style={{ width: 142 }} />
        <Select value={state.split} onChange={(split) => change({ split })} options={splits} style={{ minWidth: 130 }} aria-label={t("metric.split")} data-testid="metric-split" showSearch={{ optionFilterProp: "label" }} />
        {itemsOf(segments.data).length > 0 && (
          <Select
            value={state.segment}
            onChange={(segment) => change({ segment })}
            style={{ minWidth: 130 }}
            aria-label={t("metric.segment")}
            options={[{ value: "", label: t("metric.everybody") }, ...itemsOf(segments.data).map((one) => ({ value: one.segment_id, label: one.name }))]}
          />
        )}
      </div>
      <Shown read={read} rows={6}>
        {(answer) => {
          const why = answer.metrics[0]?.no_data;
          if (why) return <Alert type="info" showIcon title={w(why)} data-testid="metric-no-data" />;
          const series = answer.series.slice(0, MOST_LINES);
          if (series.length === 0) return <Nothing title={t("metric.noData")} />;
          const many = new Set(answer.series.map((one) => one.currency)).size > 1;
          const title = (one: MetricSeries) => [state.split ? w(one.split_words) : w(metric.words), many ? one.currency : ""].filter(Boolean).join(" ");
          const names = series[0]!.points.map((point) => periodName(point, by));
          const lines = series.map((one) => ({ name: title(one), points: one.points, show: (n: number | null) => value(metric.unit, n, one.currency) }));
          const note = (point: MetricPoint) => (point.state === "complete" || !point.reason ? "" : ` · ${w(point.reason)}`);
          const at = picked !== null && picked < names.length ? picked : names.length - 1;
          return (
            <>
              <Chart
                option={linesOver(lines, names, palette, note, metric.unit === "share" || metric.unit === "ratio")}
                height={260}
                label={w(metric.words)}
                onPick={setPicked}
                testId="chart-metric"
              />
              <div className="metric-foot">
                <span className="faint">{t("metric.dashed")}</span>
                <Button
                  size="small"
                  icon={<DownloadOutlined />}
                  data-testid="metric-csv"
                  onClick={() => saveCsv(`${metric.key}-${from}-${to}.csv`, rowsOf(metric, answer.series, w))}
                >
                  CSV
                </Button>
              </div>
              {series.length === 1 && <One metric={metric} series={series[0]!} at={at} by={by} segment={state.segment} onPick={setPicked} names={names} />}
              {series.length > 1 && <Newest metric={metric} series={answer.series} title={title} />}
            </>
          );
        }}
      </Shown>
    </>
  );
}

function rowsOf(metric: Metric, series: MetricSeries[], w: (words: { zh: string; en: string }) => string): (string | number | null)[][] {
  const head = ["metric", "split", "currency", "from", "to", "value", "numerator", "denominator", "state", "reason", "previous_change", "year_change"];
  return [
    head,
    ...series.flatMap((one) =>
      one.points.map((point) => [
        metric.key, one.split, one.currency, point.from, point.to, point.value, point.numerator, point.denominator, point.state,
        point.reason ? w(point.reason) : "", point.previous.change, point.year.change,
      ]),
    ),
  ];
}

interface OneProps {
  metric: Metric;
  series: MetricSeries;
  at: number;
  by: By;
  segment: string;
  names: string[];
  onPick: (at: number) => void;
}

/** One period: its value, what it is made of, who is behind it. */
function One({ metric, series, at, by, segment, names, onPick }: OneProps) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const value = useValue();
  const point = series.points[at]!;
  const link = (part: "numerator" | "denominator", amount: number | null, of: Metric["numerator"]): ReactNode => {
    const text = amount === null ? "–" : of.people ? f.whole(amount) : metric.unit === "money" && part === "numerator" ? f.money(Math.round(amount), series.currency || null) : f.whole(amount);
    if (!of.has_people || !amount || metric.formula.length > 0) return <span className="number">{text}</span>;
    const query = { kind: "metric", metric: metric.key, from: point.from, to: point.to, part, ...(by === "month" ? { by } : {}), ...(segment ? { segment } : {}) };
    return (
      <Link to={peopleHref(query)} className="number" data-testid={`people-${part}`}>
        {text}
      </Link>
    );
  };
  const facts: [ReactNode, ReactNode][] = [
    [t("metric.period"), <Select key="at" size="small" value={at} onChange={onPick} options={names.map((label, place) => ({ value: place, label }))} style={{ minWidth: 180 }} aria-label={t("metric.period")} />],
    [
      t("metric.value"),
      <span key="value">
        <b className={point.state === "complete" ? "number" : "number faint"} data-testid="metric-value">{value(metric.unit, point.value, series.currency)}</b>
        {point.reason && <span className="faint"> · {w(point.reason)}</span>}
      </span>,
    ],
    [w(metric.numerator.words), link("numerator", point.numerator, metric.numerator)],
    ...(metric.denominator ? ([[w(metric.denominator.words), link("denominator", point.denominator, metric.denominator)]] as [ReactNode, ReactNode][]) : []),
    [t("metric.previous"), <Compared key="previous" of={point.previous} metric={metric} currency={series.currency} />],
    [t("metric.year"), <Compared key="year" of={point.year} metric={metric} currency={series.currency} />],
  ];
  return <Facts items={facts} />;
}

function Compared({ of, metric, currency }: { of: MetricPoint["previous"]; metric: Metric; currency: string }) {
  const { w } = useLanguage();
  const value = useValue();
  if (of.change === null) return <span className="faint">{of.reason ? w(of.reason) : "–"}</span>;
  return (
    <>
      <Changed change={of} upIsGood={metric.up_is_good} /> <span className="faint">({value(metric.unit, of.value, currency)})</span>
    </>
  );
}

/** Every line's newest complete value, also of those that the chart has no room for. */
function Newest({ metric, series, title }: { metric: Metric; series: MetricSeries[]; title: (one: MetricSeries) => string }) {
  const { t } = useLanguage();
  const value = useValue();
  return (
    <div className="table-box">
      <table className="plain" data-testid="metric-splits">
        <thead>
          <tr>
            <th>{t("metric.split")}</th>
            <th>{t("metric.value")}</th>
            <th>{t("metric.previous")}</th>
          </tr>
        </thead>
        <tbody>
          {series.map((one) => {
            const point = lastOf(one.points, (some) => some.state === "complete") ?? one.points.at(-1)!;
            return (
              <tr key={`${one.split}:${one.currency}`}>
                <td>{title(one)}</td>
                <td className="number">{value(metric.unit, point.value, one.currency)}</td>
                <td>
                  <Changed change={point.previous} upIsGood={metric.up_is_good} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** Changing and archiving a custom metric. */
function Manage({ metric, onClose }: { metric: Metric; onClose: () => void }) {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { message, modal } = App.useApp();
  const [changing, setChanging] = useState(false);
  const versions = useRead<CustomMetric[]>(`/api/metrics/custom/${metric.key}`);
  const all = useRead<Metric[]>("/api/metrics");
  const archive = useWrite<void, CustomMetric>(() => api.post(`/api/metrics/custom/${metric.key}/archive`), ["/api/metrics"]);
  const newest = useMemo(() => versions.data?.[0], [versions.data]);
  if (!may("operate")) return null;
  return (
    <div className="row-tight">
      <span className="faint grow">{t("metric.version", { n: metric.version })}</span>
      <Button
        danger
        data-testid="metric-archive"
        onClick={() =>
          void modal.confirm({
            title: t("metric.archiveAsk", { name: w(metric.words) }),
            content: t("metric.archiveText"),
            okText: t("metric.archive"),
            onOk: () => archive.mutateAsync().then(onClose).catch((error) => void message.error(w(error.words))),
          })
        }
      >
        {t("metric.archive")}
      </Button>
      <Button type="primary" disabled={!newest} onClick={() => setChanging(true)} data-testid="metric-change">
        {t("metric.change")}
      </Button>
      {changing && newest && <CustomForm metrics={all.data ?? []} saved={newest} onClose={() => setChanging(false)} />}
    </div>
  );
}

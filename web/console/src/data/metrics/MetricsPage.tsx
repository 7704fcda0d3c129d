import { PlusOutlined } from "@ant-design/icons";
import { Button, Segmented, Tag, Tooltip } from "antd";
import { useMemo, useState } from "react";
import { useRead } from "@/api/hooks";
import type { Metric, MetricAnswer, MetricSeries } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Hint, PageFrame, Panel } from "@/kit/page";
import { Search } from "@/kit/Search";
import { useSession } from "@/kit/session";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { CustomForm } from "./CustomForm";
import { MetricDrawer } from "./MetricDrawer";
import { addDays, Changed, lastOf, periodName, today, useValue } from "./show";
import { Spark } from "./Spark";
import { useAddress, useAsk } from "./useAsk";

const GROUPS = ["users", "activity", "sales", "retention", "acquisition", "referral", "private", "content", "satisfaction", "custom"] as const;
const PERIODS = { day: 14, week: 70, month: 186 } as const;
type By = keyof typeof PERIODS;
export const STATE = {
  search: "", group: "", list: "week" as string, metric: "", from: "", to: "", by: "day" as string, split: "", segment: "",
};

interface Row {
  metric: Metric;
  series: MetricSeries | undefined;
}

/** The newest point that is complete, else the newest that has a value. */
function newest(series: MetricSeries | undefined) {
  const points = series?.points ?? [];
  return lastOf(points, (point) => point.state === "complete") ?? lastOf(points, (point) => point.value !== null);
}

export default function MetricsPage() {
  const { t } = useLanguage();
  const { may } = useSession();
  const [state, change] = useAddress(STATE);
  const [adding, setAdding] = useState(false);
  const read = useRead<Metric[]>("/api/metrics");
  return (
    <PageFrame
      testId="page-metrics"
      title={t("metric.title")}
      about={t("metric.about")}
      extra={
        may("operate") && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)} data-testid="metric-add">
            {t("metric.add")}
          </Button>
        )
      }
    >
      <Shown read={read} rows={12}>
        {(metrics) => (
          <>
            <List metrics={metrics} state={state} change={change} />
            {state.metric && (
              <MetricDrawer
                key={state.metric}
                metric={metrics.find((one) => one.key === state.metric)}
                state={state}
                change={change}
                onClose={() => change({ metric: "", split: "", from: "", to: "", by: "day" })}
              />
            )}
            {adding && <CustomForm metrics={metrics} onClose={() => setAdding(false)} />}
          </>
        )}
      </Shown>
    </PageFrame>
  );
}

interface ListProps {
  metrics: Metric[];
  state: typeof STATE;
  change: (some: Partial<typeof STATE>) => void;
}

function List({ metrics, state, change }: ListProps) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const value = useValue();
  const by: By = state.list in PERIODS ? (state.list as By) : "week";
  const to = today(f.zone);
  const asked = useAsk<MetricAnswer>("/api/metrics/query", {
    metrics: metrics.filter((one) => one.no_data === null).map((one) => one.key),
    from: addDays(to, -PERIODS[by]),
    to,
    by,
  }, metrics.some((one) => one.no_data === null));
  const groups = GROUPS.filter((group) => metrics.some((one) => one.group === group));
  const rows = useMemo(() => {
    const wanted = state.search.toLowerCase();
    const mine = (key: string) => {
      const series = asked.data?.series.filter((one) => one.metric === key) ?? [];
      return series.find((one) => one.currency === f.currency) ?? series[0];
    };
    return metrics
      .filter((one) => !state.group || one.group === state.group)
      .filter((one) => [one.key, one.words.zh, one.words.en, one.definition.zh, one.definition.en].some((text) => text.toLowerCase().includes(wanted)))
      .map((metric): Row => ({ metric, series: mine(metric.key) }));
  }, [metrics, asked.data, state.search, state.group, f.currency]);
  const open = (row: Row) => change({ metric: row.metric.key, by });
  const name = ({ metric }: Row) => (
    <span className="row-tight">
      <Button type="link" className="link-plain" onClick={() => change({ metric: metric.key, by })} data-testid={`metric-${metric.key}`}>
        {w(metric.words)}
      </Button>
      <Hint text={w(metric.definition)} />
      {metric.custom && <Tag>{t("metric.group.custom")}</Tag>}
    </span>
  );
  const shown = ({ metric, series }: Row) => {
    if (metric.no_data) return <span className="faint">{w(metric.no_data)}</span>;
    const point = newest(series);
    if (!point || point.value === null) {
      const why = lastOf(series?.points ?? [], (one) => one.reason !== null)?.reason;
      return <span className="faint">{why ? w(why) : asked.isFetching ? "…" : "–"}</span>;
    }
    return (
      <Tooltip title={`${periodName(point, by)}${point.reason ? ` · ${w(point.reason)}` : ""}`}>
        <b className={point.state === "complete" ? "number" : "number faint"}>{value(metric.unit, point.value, series?.currency)}</b>
      </Tooltip>
    );
  };
  const changed = ({ metric, series }: Row, which: "previous" | "year") => {
    const point = newest(series);
    return point ? <Changed change={point[which]} upIsGood={metric.up_is_good} /> : null;
  };
  const columns: Columns<Row> = [
    { title: t("metric.name"), key: "name", render: (_, row) => name(row) },
    { title: t("metric.group"), key: "group", render: (_, row) => <span className="faint">{t(`metric.group.${row.metric.group as "users"}`)}</span> },
    { title: t("metric.value"), key: "value", align: "right", render: (_, row) => shown(row) },
    { title: t("metric.previous"), key: "previous", align: "right", render: (_, row) => changed(row, "previous") },
    { title: t("metric.year"), key: "year", align: "right", render: (_, row) => changed(row, "year") },
    { title: t("metric.trend"), key: "trend", render: (_, row) => row.series && <Spark points={row.series.points} label={t("metric.trend")} /> },
  ];
  return (
    <Panel flush>
      <div className="tools panel-tools">
        <Search value={state.search} onSearch={(search) => change({ search })} placeholder={t("metric.search")} />
        <Segmented
          value={by}
          onChange={(list) => change({ list })}
          options={(["day", "week", "month"] as const).map((one) => ({ value: one, label: t(`metric.by.${one}`) }))}
        />
        <Segmented
          className="scrolling"
          value={state.group}
          onChange={(group) => change({ group })}
          options={[{ value: "", label: `${t("metric.all")} ${metrics.length}` }, ...groups.map((group) => ({ value: group as string, label: t(`metric.group.${group}`) }))]}
        />
      </div>
      <ListTable
        read={{ data: rows, error: asked.error, refetch: asked.refetch }}
        columns={columns}
        rowKey={(row) => row.metric.key}
        onOpen={open}
        label={t("metric.title")}
        testId="metrics-table"
        empty={<Nothing title={t("list.noMatch")}>{t("metric.noneText")}</Nothing>}
        card={(row) => (
          <>
            <div className="card-top">
              {name(row)}
              {row.series && <Spark points={row.series.points} label={t("metric.trend")} />}
            </div>
            <div className="row wrap">
              {shown(row)}
              <span className="faint">
                {t("metric.previous")} {changed(row, "previous")}
              </span>
            </div>
          </>
        )}
      />
    </Panel>
  );
}

import { DownloadOutlined } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import { useMemo, type ReactNode } from "react";
import { Link } from "react-router";
import { useRead } from "@/api/hooks";
import type { Aarrr, AarrrChannel, AarrrItem } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { itemsOf } from "@/kit/itemsOf";
import { ListTable, type Columns } from "@/kit/ListTable";
import { useLook } from "@/kit/look";
import { Hint, PageFrame, Panel } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { linesOver } from "./charts";
import { saveCsv } from "./csv";
import { addDays, Changed, periodName, today, useValue } from "./show";
import { useAddress } from "./useAsk";

const STATE = { from: "", to: "", segment: "" };
const WEEKS = 28;
/** The page that goes deeper into each stage. */
const DEEPER = {
  acquisition: "/acquire",
  activation: "/analyse/funnel",
  retention: "/analyse/retention",
  revenue: "/analyse/metrics?q=%7B%22group%22%3A%22sales%22%7D",
  referral: "/analyse/metrics?q=%7B%22group%22%3A%22referral%22%7D",
} as const;

export default function AarrrPage() {
  const { t } = useLanguage();
  const f = useFormat();
  const [state, change] = useAddress(STATE);
  const to = state.to || addDays(today(f.zone), -1);
  const from = state.from || addDays(to, 1 - WEEKS);
  const segments = useRead<{ segment_id: string; name: string }[]>("/api/segments");
  const read = useRead<Aarrr>("/api/aarrr", { from, to, segment: state.segment }, { keep: true });
  return (
    <PageFrame
      testId="page-aarrr"
      title="AARRR"
      about={t("aarrr.about")}
      extra={
        <div className="tools">
          {itemsOf(segments.data).length > 0 && (
            <Select
              value={state.segment}
              onChange={(segment) => change({ segment })}
              style={{ minWidth: 130 }}
              aria-label={t("metric.segment")}
              options={[{ value: "", label: t("metric.everybody") }, ...itemsOf(segments.data).map((one) => ({ value: one.segment_id, label: one.name }))]}
            />
          )}
          <Input type="date" value={from} max={to} aria-label={t("metric.from")} onChange={(e) => e.target.value && change({ from: e.target.value })} style={{ width: 142 }} />
          <Input type="date" value={to} min={from} aria-label={t("metric.to")} onChange={(e) => e.target.value && change({ to: e.target.value })} style={{ width: 142 }} />
        </div>
      }
    >
      <Shown read={read} rows={12}>
        {(loop) => <Loop loop={loop} segment={state.segment} />}
      </Shown>
    </PageFrame>
  );
}

function Loop({ loop, segment }: { loop: Aarrr; segment: string }) {
  const { t } = useLanguage();
  return (
    <>
      <div className="aarrr" data-testid="aarrr-stages">
        {loop.stages.map((stage, place) => (
          <section className="panel aarrr-stage" key={stage.stage} data-testid={`stage-${stage.stage}`}>
            <header>
              <b className="aarrr-number">{place + 1}</b>
              <h2>{t(`aarrr.${stage.stage}`)}</h2>
              <Link to={DEEPER[stage.stage]}>{t("aarrr.deeper")}</Link>
            </header>
            {stage.items.map((item) => (
              <Number key={`${item.metric.key}:${item.currency}`} item={item} loop={loop} segment={segment} />
            ))}
          </section>
        ))}
      </div>
      <div className="columns columns-wide-left">
        <Channels loop={loop} />
        <Cascades loop={loop} />
      </div>
      <Trend loop={loop} />
    </>
  );
}

function Number({ item, loop, segment }: { item: AarrrItem; loop: Aarrr; segment: string }) {
  const { t, w } = useLanguage();
  const value = useValue();
  const { metric, point } = item;
  const part = metric.numerator.has_people ? "numerator" : metric.denominator?.has_people ? "denominator" : null;
  const people = point && part && peopleHref({ kind: "metric", metric: metric.key, from: point.from, to: point.to, part, ...(segment ? { segment } : {}) });
  const shifted = point && (point.from !== loop.from || point.to !== loop.to);
  return (
    <div className="aarrr-item" data-testid={`aarrr-${metric.key}`}>
      <div className="aarrr-label">
        <Link to={`/analyse/metrics?q=${encodeURIComponent(JSON.stringify({ metric: metric.key }))}`}>{w(metric.words)}</Link> <Hint text={w(metric.definition)} />
      </div>
      {metric.no_data ? (
        <div className="faint">{w(metric.no_data)}</div>
      ) : point?.value === null || !point ? (
        <div className="faint">{point?.reason ? w(point.reason) : "–"}</div>
      ) : (
        <>
          <div className="row-tight">
            <b className={point.state === "complete" ? "aarrr-value" : "aarrr-value faint"}>
              {people ? <Link to={people}>{value(metric.unit, point.value, item.currency)}</Link> : value(metric.unit, point.value, item.currency)}
            </b>
            <Changed change={point.previous} upIsGood={metric.up_is_good} />
          </div>
          {(shifted || point.reason) && (
            <div className="faint aarrr-note">
              {shifted ? t("aarrr.cohort", { from: point.from.slice(5), to: point.to.slice(5) }) : ""}
              {shifted && point.reason ? " · " : ""}
              {point.reason ? w(point.reason) : ""}
            </div>
          )}
        </>
      )}
    </div>
  );
}

function Channels({ loop }: { loop: Aarrr }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const most = Math.max(1, ...loop.channels.map((one) => one.newcomers));
  const cac = (one: AarrrChannel): ReactNode =>
    one.cac.length > 0 ? one.cac.map((cost) => f.money(Math.round(cost.amount_minor), cost.currency)).join(" · ") : <span className="faint">{t("aarrr.costMissing")}</span>;
  const link = (one: AarrrChannel) => (
    <Link to={peopleHref({ kind: "came", from: loop.from, to: loop.to, channel: one.channel })} className="number">
      {f.whole(one.newcomers)}
    </Link>
  );
  const columns: Columns<AarrrChannel> = [
    { title: t("metric.split.channel"), key: "channel", render: (_, one) => w(one.words) },
    { title: t("aarrr.newcomers"), key: "newcomers", align: "right", render: (_, one) => link(one) },
    { title: "", key: "bar", width: 120, render: (_, one) => <span className="bar"><i style={{ width: `${(100 * one.newcomers) / most}%` }} /></span> },
    { title: t("metric.previous"), key: "change", align: "right", render: (_, one) => <Changed change={one.before} upIsGood /> },
    { title: t("aarrr.activation7"), key: "activation", align: "right", render: (_, one) => (one.activation === null ? <span className="faint">–</span> : <span className="number">{f.percent(one.activation)}</span>) },
    { title: "CAC", key: "cac", align: "right", render: (_, one) => cac(one) },
  ];
  const save = () =>
    saveCsv(`aarrr-channels-${loop.from}-${loop.to}.csv`, [
      ["channel", "newcomers", "before", "change", "activation_7d", "cac_minor", "currency"],
      ...loop.channels.map((one) => [one.channel, one.newcomers, one.before.value, one.before.change, one.activation, one.cac[0]?.amount_minor ?? null, one.cac[0]?.currency ?? ""]),
    ]);
  return (
    <Panel
      flush
      title={t("aarrr.channels")}
      extra={
        <Button size="small" icon={<DownloadOutlined />} onClick={save} data-testid="channels-csv">
          CSV
        </Button>
      }
    >
      <ListTable
        read={{ data: loop.channels, error: null, refetch: () => undefined }}
        columns={columns}
        rowKey={(one) => one.channel}
        label={t("aarrr.channels")}
        testId="aarrr-channels"
        empty={<Nothing title={t("aarrr.noNewcomers")}>{t("aarrr.noNewcomersText")}</Nothing>}
        card={(one) => (
          <>
            <div className="card-top">
              <b>{w(one.words)}</b>
              {link(one)}
            </div>
            <div className="row wrap">
              <Changed change={one.before} upIsGood />
              <span className="faint">CAC {cac(one)}</span>
            </div>
          </>
        )}
      />
    </Panel>
  );
}

function Cascades({ loop }: { loop: Aarrr }) {
  const { t } = useLanguage();
  const f = useFormat();
  const { cascades, cascades_before: before } = loop;
  const most = Math.max(1, ...cascades.by_depth);
  return (
    <Panel
      title={
        <>
          {t("aarrr.cascades")} <Hint text={t("aarrr.cascadesAbout")} />
        </>
      }
      testId="aarrr-cascades"
    >
      {cascades.accepted === 0 ? (
        <Nothing title={t("aarrr.noCascades")}>{t("aarrr.noCascadesText")}</Nothing>
      ) : (
        <>
          <ol className="bars">
            {cascades.by_depth.map((people, place) => (
              <li key={place}>
                <span>{t("aarrr.depth", { n: place + 1 })}</span>
                <span className="bar">
                  <i style={{ width: `${(100 * people) / most}%` }} />
                </span>
                <b className="number">
                  <Link to={peopleHref({ kind: "cascade", from: loop.from, to: loop.to, depth: place + 1 })}>{f.whole(people)}</Link>
                </b>
              </li>
            ))}
          </ol>
          <dl className="facts gap-top">
            <div>
              <dt>{t("aarrr.deepest")}</dt>
              <dd className="number">
                {cascades.deepest} <span className="faint">({t("aarrr.before", { n: before.deepest })})</span>
              </dd>
            </div>
            <div>
              <dt>{t("aarrr.meanDepth")}</dt>
              <dd className="number">{cascades.mean_depth?.toFixed(2) ?? "–"}</dd>
            </div>
            <div>
              <dt>
                {t("aarrr.cycle")} <Hint text={t("aarrr.cycleAbout")} />
              </dt>
              <dd className="number">
                {cascades.cycle_days === null ? <span className="faint">{t("aarrr.noCycle")}</span> : t("aarrr.days", { n: cascades.cycle_days.toFixed(1), of: cascades.cycles })}
              </dd>
            </div>
          </dl>
        </>
      )}
    </Panel>
  );
}

function Trend({ loop }: { loop: Aarrr }) {
  const { t, w } = useLanguage();
  const { palette } = useLook();
  const value = useValue();
  const names = useMemo(() => loop.trend[0]?.points.map((point) => periodName(point, "week")) ?? [], [loop.trend]);
  if (loop.trend.length === 0) return null;
  const label = { k_factor: t("aarrr.k"), invitations_per_active: t("aarrr.invitations"), referral_conversion: t("aarrr.conversion") } as Record<string, string>;
  const k = loop.trend.find((one) => one.metric === "k_factor");
  const save = () =>
    saveCsv("k-factor.csv", [
      ["week", ...loop.trend.map((one) => one.metric)],
      ...names.map((name, at) => [name, ...loop.trend.map((one) => one.points[at]?.value ?? null)]),
    ]);
  if (!k) return null;
  return (
    <Panel
      title={t("aarrr.trend")}
      extra={
        <Button size="small" icon={<DownloadOutlined />} onClick={save} data-testid="trend-csv">
          CSV
        </Button>
      }
    >
      <Chart
        option={linesOver(
          loop.trend.map((one) => ({ name: label[one.metric] ?? one.metric, points: one.points, show: (n) => value(one.metric === "referral_conversion" ? "share" : "ratio", n) })),
          names,
          palette,
          (point) => (point.reason ? ` · ${w(point.reason)}` : ""),
          true,
        )}
        height={220}
        label={t("aarrr.trend")}
        testId="chart-k"
      />
    </Panel>
  );
}

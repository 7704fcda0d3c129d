import { Button } from "antd";
import { useMemo } from "react";
import { Link } from "react-router";
import { useRead } from "@/api/hooks";
import type { Overview } from "@/api/types";
import { useLook } from "@/kit/look";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { LeftOutBanner, PageFrame, Panel, Tile, useDefinition } from "@/kit/page";
import { Ago } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { activePerDay, eventsPerMinute, salesPerDay } from "./charts";

const EVERY_MS = 5_000;

export default function OverviewPage() {
  const { t } = useLanguage();
  const read = useRead<Overview>("/api/overview", {}, { every: EVERY_MS });
  return (
    <PageFrame testId="page-overview" title={t("overview.title")} about={t("overview.about")}>
      <Shown read={read} rows={10}>
        {(data) => (data.events_total === 0 && data.orders === 0 ? <FirstSteps /> : <Board data={data} />)}
      </Shown>
    </PageFrame>
  );
}

function FirstSteps() {
  const { t } = useLanguage();
  return (
    <Panel>
      <Nothing
        title={t("overview.empty")}
        action={
          <div className="row">
            <Link to="/sources">
              <Button type="primary">{t("overview.connect")}</Button>
            </Link>
            <Link to="/imports">
              <Button>{t("overview.import")}</Button>
            </Link>
          </div>
        }
      >
        {t("overview.emptyText")}
      </Nothing>
    </Panel>
  );
}

function Board({ data }: { data: Overview }) {
  const { t, lang } = useLanguage();
  const { palette } = useLook();
  const f = useFormat();
  const define = useDefinition();
  const { freshness } = data;
  const main = data.gmv.find((one) => one.currency === f.currency) ?? data.gmv[0];
  const others = data.gmv.filter((one) => one !== main);
  const minutes = useMemo(() => eventsPerMinute(data.events_per_minute, palette, f, t), [data, palette, f, t]);
  const sales = useMemo(
    () => salesPerDay(data.orders_per_day, main?.currency ?? f.currency, palette, f, t),
    [data, main?.currency, palette, f, t],
  );
  const active = useMemo(() => activePerDay(data.active_users_per_day, palette, f, t), [data, palette, f, t]);
  const perMinute = data.events_per_minute.at(-2)?.events ?? data.events_per_minute.at(-1)?.events ?? 0;
  const most = Math.max(1, ...data.top_events.map((one) => one.count));
  return (
    <>
      <LeftOutBanner leftOut={data.people_left_out} />
      <div className="tiles" data-lang={lang}>
        <Tile
          testId="tile-users"
          label={t("overview.users")}
          value={f.short(data.users)}
          definition={define("users")}
          note={<Link to="/users">{t("overview.seeUsers")}</Link>}
        />
        <Tile
          testId="tile-orders"
          label={t("overview.orders")}
          value={f.short(data.orders)}
          definition={define("orders")}
          note={t("overview.exact", { n: f.whole(data.orders) })}
        />
        <Tile
          testId="tile-gmv"
          label={t("overview.gmv")}
          value={main ? f.shortMoney(main.amount_minor, main.currency) : "–"}
          definition={define("gmv")}
          note={others.map((one) => f.shortMoney(one.amount_minor, one.currency)).join(" · ") || (main ? f.money(main.amount_minor, main.currency) : "")}
        />
        <Tile
          testId="tile-events"
          label={t("overview.events")}
          value={f.short(data.events_total)}
          definition={define("events_total")}
          note={t("overview.perMinute", { n: f.whole(perMinute) })}
        />
        <Tile
          testId="tile-fresh"
          label={t("overview.fresh")}
          value={<Ago time={freshness.lake_time} />}
          definition={define("lag")}
          note={freshness.lag_records > 0 ? t("overview.lag", { n: f.whole(freshness.lag_records) }) : t("overview.noLag")}
        />
        <Tile
          testId="tile-dead"
          label={t("nav.deadLetters")}
          value={f.short(data.dead_letters)}
          definition={define("dead_letters")}
          note={data.dead_letters > 0 ? <Link to="/dead-letters">{t("overview.seeDead")}</Link> : t("overview.noDead")}
        />
      </div>
      <Panel title={t("overview.chart.minutes")} extra={<span className="faint">{t("overview.chart.minutesNote")}</span>}>
        <Chart option={minutes} height={150} label={t("overview.chart.minutes")} testId="chart-minutes" />
      </Panel>
      <div className="columns">
        <Panel title={t("overview.chart.sales")} extra={<span className="faint">{t("overview.days30")}</span>}>
          <Chart option={sales} height={220} label={t("overview.chart.sales")} testId="chart-sales" />
        </Panel>
        <Panel title={t("overview.chart.active")} extra={<span className="faint">{t("overview.days30")}</span>}>
          <Chart option={active} height={220} label={t("overview.chart.active")} testId="chart-active" />
        </Panel>
      </div>
      <div className="columns columns-wide-left">
        <Panel title={t("overview.top")}>
          <ol className="bars" data-testid="top-events">
            {data.top_events.map((one) => (
              <li key={one.event}>
                <Link to={`/live?event=${encodeURIComponent(one.event)}`}>{one.event}</Link>
                <span className="bar">
                  <i style={{ width: `${(100 * one.count) / most}%` }} />
                </span>
                <b className="number">{f.short(one.count)}</b>
              </li>
            ))}
          </ol>
        </Panel>
        <Panel title={t("overview.freshness")}>
          <dl className="facts" data-testid="freshness">
            <div>
              <dt>{t("overview.lakeTime")}</dt>
              <dd>
                <Ago time={freshness.lake_time} />
              </dd>
            </div>
            <div>
              <dt>{t("overview.lagRecords")}</dt>
              <dd className="number">{f.whole(freshness.lag_records)}</dd>
            </div>
            <div>
              <dt>{t("overview.published")}</dt>
              <dd>
                <Ago time={freshness.published_time} fallback={t("overview.neverBuilt")} />
              </dd>
            </div>
            <div>
              <dt>{t("overview.generation")}</dt>
              <dd className="number">{freshness.generation ?? "–"}</dd>
            </div>
          </dl>
          <Link to="/jobs">{t("overview.toJobs")}</Link>
        </Panel>
      </div>
    </>
  );
}

import { DownloadOutlined } from "@ant-design/icons";
import { AutoComplete, Button, Input, InputNumber, Segmented, Select } from "antd";
import { useMemo } from "react";
import { Link } from "react-router";
import { useRead } from "@/api/hooks";
import type { Attribution, AttributionChannel, AttributionModel } from "@/api/types";
import { saveCsv } from "@/data/metrics/csv";
import { addDays, today } from "@/data/metrics/show";
import { useAddress, useAsk } from "@/data/metrics/useAsk";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { itemsOf } from "@/kit/itemsOf";
import { ListTable, type Columns } from "@/kit/ListTable";
import { useLook } from "@/kit/look";
import { Hint, PageFrame, Panel, Tile } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { modelsByChannel } from "./charts";

const STATE = { from: "", to: "", conversion: "order", lookback: 30, segment: "", measure: "conversions", organic: true };

export default function AttributionPage() {
  const { t } = useLanguage();
  const f = useFormat();
  const [state, change] = useAddress(STATE);
  const to = state.to || addDays(today(f.zone), -1);
  const from = state.from || addDays(to, -29);
  const segments = useRead<{ segment_id: string; name: string }[]>("/api/segments");
  const skip = state.organic ? [] : ["organic"];
  const query = { from, to, conversion: state.conversion, lookback_days: state.lookback, segment: state.segment, skip };
  const read = useAsk<Attribution>("/api/attribution/query", query);
  return (
    <PageFrame testId="page-attribution" title={t("nav.attribution")} about={t("attribution.about")}>
      <div className="tools">
        <AutoComplete
          value={state.conversion === "order" ? t("attribution.order") : state.conversion}
          onSelect={(conversion: string) => change({ conversion })}
          onBlur={(e) => {
            const typed = (e.target as HTMLInputElement).value.trim();
            if (typed && typed !== t("attribution.order")) change({ conversion: typed });
          }}
          options={[{ value: "order", label: t("attribution.order") }, ...["Signed Up", "Product Added", "Checkout Started", "Invite Sent"].map((one) => ({ value: one, label: one }))]}
          key={state.conversion}
          style={{ width: 170 }}
          aria-label={t("attribution.conversion")}
        />
        <Input type="date" value={from} max={to} aria-label={t("metric.from")} onChange={(e) => e.target.value && change({ from: e.target.value })} style={{ width: 142 }} />
        <Input type="date" value={to} min={from} aria-label={t("metric.to")} onChange={(e) => e.target.value && change({ to: e.target.value })} style={{ width: 142 }} />
        <span className="row-tight">
          {t("attribution.lookback")}
          <InputNumber min={1} max={90} value={state.lookback} onChange={(lookback) => lookback && change({ lookback })} aria-label={t("attribution.lookback")} style={{ width: 72 }} />
          {t("attribution.daysUnit")}
        </span>
        <Segmented
          value={state.organic ? "all" : "paid"}
          onChange={(which) => change({ organic: which === "all" })}
          options={[{ value: "all", label: t("attribution.withOrganic") }, { value: "paid", label: t("attribution.withoutOrganic") }]}
        />
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
      <Shown read={read} rows={10}>
        {(found) => <Found found={found} query={query} measure={state.measure} change={change} />}
      </Shown>
    </PageFrame>
  );
}

interface FoundProps {
  found: Attribution;
  query: Record<string, unknown>;
  measure: string;
  change: (some: Partial<typeof STATE>) => void;
}

function Found({ found, query, measure, change }: FoundProps) {
  const { t, w } = useLanguage();
  const { palette } = useLook();
  const f = useFormat();
  const currency = found.money.some((one) => one.currency === measure) ? measure : "";
  const amount = (one: AttributionChannel, model: AttributionModel): number => {
    const credit = one.credit.find((some) => some.model === model)!;
    return currency ? (credit.money.find((some) => some.currency === currency)?.amount_minor ?? 0) : credit.conversions;
  };
  const write = (n: number) => (currency ? f.money(Math.round(n), currency) : f.whole(n));
  const short = (n: number) => (currency ? f.shortMoney(Math.round(n), currency) : f.short(n));
  const option = useMemo(
    () =>
      modelsByChannel(
        found.channels.map((one) => w(one.words)),
        found.models.map((model) => ({ name: w(model.words), values: found.channels.map((one) => amount(one, model.model)) })),
        palette,
        short,
      ),
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [found, currency, palette, w, f],
  );
  if (found.conversions === 0) {
    return (
      <Panel>
        <Nothing title={t("attribution.none")}>{t("attribution.noneText")}</Nothing>
      </Panel>
    );
  }
  const people = (one: AttributionChannel) => (
    <Link to={peopleHref({ kind: "attribution", ...query, channel: one.channel })} className="number">
      {f.whole(one.people)}
    </Link>
  );
  const columns: Columns<AttributionChannel> = [
    { title: t("metric.split.channel"), key: "channel", render: (_, one) => w(one.words) },
    ...found.models.map((model) => ({
      title: w(model.words),
      key: model.model,
      align: "right" as const,
      render: (_: unknown, one: AttributionChannel) => <span className="number">{write(amount(one, model.model))}</span>,
    })),
    { title: t("attribution.touched"), key: "touched", align: "right", render: (_, one) => <span className="number">{f.whole(one.touched)}</span> },
    { title: t("attribution.people"), key: "people", align: "right", render: (_, one) => people(one) },
  ];
  const save = () =>
    saveCsv("attribution.csv", [
      ["channel", "model", "conversions", "amount_minor", "currency"],
      ...found.channels.flatMap((one) =>
        one.credit.flatMap((credit): (string | number | null)[][] =>
          credit.money.length > 0
            ? credit.money.map((money) => [one.channel, credit.model, credit.conversions, money.amount_minor, money.currency])
            : [[one.channel, credit.model, credit.conversions, null, ""]],
        ),
      ),
    ]);
  return (
    <>
      <div className="tiles tiles-4">
        <Tile testId="tile-conversions" label={t("attribution.conversions")} value={f.short(found.conversions)} note={t("attribution.totals")} />
        <Tile label={t("attribution.money")} value={found.money.map((one) => f.shortMoney(one.amount_minor, one.currency)).join(" · ") || "–"} note={t("attribution.net")} />
        <Tile label={t("attribution.mean")} value={found.mean_touches?.toFixed(2) ?? "–"} definition={t("attribution.touch")} />
        <Tile label={t("attribution.without")} value={f.short(found.without_touch)} note={t("attribution.withoutNote")} />
      </div>
      <Panel
        title={
          <>
            {t("attribution.byModel")} <Hint text={t("attribution.models")} />
          </>
        }
        extra={
          <span className="row-tight">
            <Segmented
              size="small"
              value={currency}
              onChange={(next) => change({ measure: next || "conversions" })}
              options={[{ value: "", label: t("attribution.conversions") }, ...found.money.map((one) => ({ value: one.currency, label: one.currency }))]}
            />
            <Button size="small" icon={<DownloadOutlined />} onClick={save} data-testid="attribution-csv">
              CSV
            </Button>
          </span>
        }
      >
        <Chart option={option} height={300} label={t("attribution.byModel")} testId="chart-attribution" />
      </Panel>
      <Panel flush>
        <ListTable
          read={{ data: found.channels, error: null, refetch: () => undefined }}
          columns={columns}
          rowKey={(one) => one.channel}
          label={t("attribution.byModel")}
          testId="attribution-table"
          empty={null}
          card={(one) => (
            <>
              <div className="card-top">
                <b>{w(one.words)}</b>
                {people(one)}
              </div>
              <div className="row wrap">
                {found.models.map((model) => (
                  <span key={model.model} className="faint">
                    {w(model.words)} <b className="number">{write(amount(one, model.model))}</b>
                  </span>
                ))}
              </div>
            </>
          )}
        />
      </Panel>
      <Panel title={t("attribution.ways")}>
        <ol className="ways" data-testid="attribution-ways">
          {found.ways.map((way) => (
            <li key={way.channels.join(">")}>
              <span>{way.channels.map((name) => w(found.channels.find((one) => one.channel === name)?.words ?? { zh: name, en: name })).join(" → ")}</span>
              <b className="number">{f.whole(way.conversions)}</b>
            </li>
          ))}
        </ol>
      </Panel>
    </>
  );
}

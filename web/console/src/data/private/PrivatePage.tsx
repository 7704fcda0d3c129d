import { DownloadOutlined, UploadOutlined } from "@ant-design/icons";
import { Alert, Button, Segmented } from "antd";
import { useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";
import { address } from "@/api/client";
import { useRead } from "@/api/hooks";
import type { OwnedChannel, PrivateFigures, PrivateSide } from "@/api/types";
import { useLanguage, type Key } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { DayRange } from "@/kit/DayRange";
import { ListTable, type Columns } from "@/kit/ListTable";
import { useLook } from "@/kit/look";
import { PageFrame, Panel, Tile } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { useSession } from "@/kit/session";
import { Nothing, Shown } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { movesByDay, sidesByPeriod, type Measure } from "./charts";
import { MembersDialog } from "./MembersDialog";

const FILTERS = { from: "", to: "", grain: "week", measure: "arpu" };
const FIGURES = "/api/private/figures";
const GRAINS = ["day", "week", "month"] as const;
const MEASURES = ["gmv", "arpu", "aov", "active", "order", "repurchase"] as const;

export default function PrivatePage() {
  const { t } = useLanguage();
  const { may } = useSession();
  const { filters, change } = useFilters(FILTERS);
  const query = { from: filters.from, to: filters.to, grain: filters.grain };
  const read = useRead<PrivateFigures>(FIGURES, query, { keep: true });
  const [taking, setTaking] = useState(false);
  const take = may("operate") && (
    <Button icon={<UploadOutlined />} onClick={() => setTaking(true)} data-testid="members-open">
      {t("priv.members.add")}
    </Button>
  );
  return (
    <PageFrame testId="page-private" title={t("nav.private")} about={t("priv.about")} extra={take}>
      <div className="tools">
        <DayRange from={filters.from} to={filters.to} onChange={change} />
        <Segmented
          value={filters.grain}
          onChange={(grain) => change({ grain })}
          options={GRAINS.map((grain) => ({ value: grain, label: t(`priv.grain.${grain}`) }))}
        />
        <span className="grow" />
        <Button icon={<DownloadOutlined />} href={address(`${FIGURES}.csv`, query)} data-testid="private-csv">
          {t("acq.csv")}
        </Button>
      </div>
      <Shown read={read} rows={8}>
        {(data) =>
          data.first_known_day === null ? (
            <Panel>
              <Nothing title={t("priv.none")}>{t("priv.noneText")}</Nothing>
            </Panel>
          ) : (
            <Board data={data} measure={filters.measure} onMeasure={(measure) => change({ measure })} />
          )
        }
      </Shown>
      {taking && <MembersDialog onClose={() => setTaking(false)} />}
    </PageFrame>
  );
}

/** How each measure is read from a side and written. */
function useMeasures(currency: string): Record<(typeof MEASURES)[number], Measure> {
  const f = useFormat();
  return useMemo(() => {
    const money = (value: number) => f.shortMoney(Math.round(value), currency);
    const share = (value: number) => f.percent(value);
    return {
      gmv: { of: (side) => side.gmv.find((one) => one.currency === currency)?.amount_minor ?? 0, show: money },
      arpu: { of: (side) => side.arpu_minor, show: money },
      aov: { of: (side) => side.aov_minor, show: money },
      active: { of: (side) => side.active_share, show: share },
      order: { of: (side) => side.order_rate, show: share },
      repurchase: { of: (side) => side.repurchase, show: share },
    };
  }, [f, currency]);
}

function Board({ data, measure, onMeasure }: { data: PrivateFigures; measure: string; onMeasure: (measure: string) => void }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { palette } = useLook();
  const go = useNavigate();
  const measures = useMeasures(data.currency);
  const chosen = MEASURES.find((one) => one === measure) ?? "arpu";
  const sides = useMemo(() => sidesByPeriod(data, measures[chosen], palette, t), [data, measures, chosen, palette, t]);
  const moves = useMemo(() => movesByDay(data.channels, palette, f, (one) => w(one.words)), [data, palette, f, w]);
  const { whole } = data;
  const ratio = whole.ratio === null ? "–" : `${whole.ratio.toFixed(2)} ×`;
  const later = data.first_known_day !== null && data.first_known_day > whole.first_day;
  return (
    <>
      {later && <Alert className="gap" type="info" showIcon title={t("priv.knownFrom", { day: data.first_known_day ?? "" })} />}
      <div className="tiles tiles-4">
        <Tile
          testId="tile-members"
          label={t("priv.members")}
          value={<Link to={peopleHref({ kind: "private", channel: "", day: whole.last_day })}>{f.short(data.members)}</Link>}
          note={
            <>
              <Link to={peopleHref({ kind: "private_joined", channel: "", from: whole.first_day, to: whole.last_day })}>
                {t("priv.joins", { n: f.whole(whole.joins) })}
              </Link>{" "}
              ·{" "}
              <Link to={peopleHref({ kind: "private_left", channel: "", from: whole.first_day, to: whole.last_day })}>
                {t("priv.leaves", { n: f.whole(whole.leaves) })}
              </Link>
            </>
          }
        />
        <Tile testId="tile-ratio" label={t("priv.ratio")} definition={t("priv.ratioText")} value={ratio} note={t("priv.ratioNote")} />
        <Tile
          testId="tile-private-gmv"
          label={t("priv.gmv")}
          definition={t("priv.gmvText")}
          value={measures.gmv.show(measures.gmv.of(whole.private) ?? 0)}
          note={t("priv.gmvShare", { share: gmvShare(whole.private, whole.public, measures.gmv, f.percent) })}
        />
        <Tile
          testId="tile-private-active"
          label={t("priv.active")}
          definition={t("priv.activeText")}
          value={whole.private.active_share === null ? "–" : f.percent(whole.private.active_share)}
          note={t("priv.publicIs", { value: whole.public.active_share === null ? "–" : f.percent(whole.public.active_share) })}
        />
      </div>
      <Panel
        title={t("priv.sides")}
        extra={
          <Segmented
            className="scrolling"
            value={chosen}
            onChange={onMeasure}
            options={MEASURES.map((one) => ({ value: one, label: t(`priv.measure.${one}`) }))}
          />
        }
      >
        <Chart option={sides} height={230} label={t("priv.sides")} testId="chart-sides" />
      </Panel>
      <Panel flush title={t("priv.compared")} extra={<span className="faint">{`${whole.first_day} – ${whole.last_day}`}</span>}>
        <Compared data={data} measures={measures} />
      </Panel>
      <Panel title={t("priv.moves")}>
        <Chart
          option={moves}
          height={220}
          label={t("priv.moves")}
          testId="chart-moves"
          onPick={(at, series) => {
            const channel = data.channels[Math.floor(series / 2)];
            const day = channel?.moves[at]?.day;
            if (channel && day)
              void go(peopleHref({ kind: series % 2 ? "private_left" : "private_joined", channel: channel.channel, from: day, to: day }));
          }}
        />
      </Panel>
      <Panel flush title={t("priv.byChannel")}>
        <Channels data={data} measures={measures} />
      </Panel>
    </>
  );
}

function gmvShare(mine: PrivateSide, other: PrivateSide, gmv: Measure, percent: (share: number) => string): string {
  const [a, b] = [gmv.of(mine) ?? 0, gmv.of(other) ?? 0];
  return a + b > 0 ? percent(a / (a + b)) : "–";
}

type Measures = ReturnType<typeof useMeasures>;

function Compared({ data, measures }: { data: PrivateFigures; measures: Measures }) {
  const { t } = useLanguage();
  const f = useFormat();
  const { private: mine, public: other } = data.whole;
  const value = (measure: Measure, side: PrivateSide) => {
    const found = measure.of(side);
    return found === null ? "–" : measure.show(found);
  };
  const counts = [
    { key: "people", label: t("priv.people"), a: f.whole(mine.people), b: f.whole(other.people) },
    { key: "activePeople", label: t("priv.activePeople"), a: f.whole(mine.active), b: f.whole(other.active) },
    { key: "buyers", label: t("priv.buyers"), a: f.whole(mine.buyers), b: f.whole(other.buyers) },
    { key: "orders", label: t("priv.orders"), a: f.whole(mine.orders), b: f.whole(other.orders) },
  ];
  const rows = [
    ...counts,
    ...MEASURES.map((key) => ({ key, label: t(`priv.measure.${key}`), a: value(measures[key], mine), b: value(measures[key], other) })),
  ];
  type Row = (typeof rows)[number];
  const columns: Columns<Row> = [
    { title: t("priv.what"), dataIndex: "label" },
    { title: t("priv.private"), dataIndex: "a", align: "right", render: (text: string) => <b className="number">{text}</b> },
    { title: t("priv.public"), dataIndex: "b", align: "right", render: (text: string) => <span className="number">{text}</span> },
  ];
  return (
    <ListTable
      read={{ data: rows, error: null, refetch: () => undefined }}
      columns={columns}
      rowKey={(row) => row.key}
      label={t("priv.compared")}
      testId="private-compared"
      empty={null}
    />
  );
}

function Channels({ data, measures }: { data: PrivateFigures; measures: Measures }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const number = (n: number) => <span className="number">{f.whole(n)}</span>;
  const cell = (key: keyof Measures, label: Key): Columns<OwnedChannel>[number] => ({
    title: t(label),
    key,
    align: "right",
    render: (_, one) => {
      const found = measures[key].of(one.side);
      return found === null ? <span className="faint">–</span> : <span className="number">{measures[key].show(found)}</span>;
    },
  });
  const columns: Columns<OwnedChannel> = [
    {
      title: t("acq.channel"),
      key: "channel",
      render: (_, one) => <Link to={peopleHref({ kind: "private", channel: one.channel, day: data.whole.last_day })}>{w(one.words)}</Link>,
    },
    { title: t("priv.members"), dataIndex: "members", align: "right", render: number },
    { title: t("priv.joined"), dataIndex: "joins", align: "right", render: number },
    { title: t("priv.left"), dataIndex: "leaves", align: "right", render: number },
    cell("gmv", "priv.measure.gmv"),
    cell("active", "priv.measure.active"),
    cell("order", "priv.measure.order"),
    cell("arpu", "priv.measure.arpu"),
    cell("aov", "priv.measure.aov"),
    cell("repurchase", "priv.measure.repurchase"),
    { title: t("priv.ratioShort"), key: "ratio", align: "right", render: (_, one) => <b className="number">{one.ratio === null ? "–" : `${one.ratio.toFixed(2)} ×`}</b> },
  ];
  return (
    <ListTable
      read={{ data: data.channels, error: null, refetch: () => undefined }}
      columns={columns}
      rowKey={(one) => one.channel}
      label={t("priv.byChannel")}
      testId="owned-channels"
      empty={null}
      card={(one) => (
        <>
          <div className="card-top">
            <Link to={peopleHref({ kind: "private", channel: one.channel, day: data.whole.last_day })}>{w(one.words)}</Link>
            <b className="number">{f.whole(one.members)}</b>
          </div>
          <div className="faint">
            {t("priv.joins", { n: f.whole(one.joins) })} · {t("priv.leaves", { n: f.whole(one.leaves) })} · {t("priv.measure.arpu")}{" "}
            {one.side.arpu_minor === null ? "–" : measures.arpu.show(one.side.arpu_minor)}
          </div>
        </>
      )}
    />
  );
}

import { Segmented, Select } from "antd";
import { useMemo } from "react";
import { Link } from "react-router";
import { useRead } from "@/api/hooks";
import type { CascadeFigures, Cascades } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { DayRange } from "@/kit/DayRange";
import { ListTable, type Columns } from "@/kit/ListTable";
import { useLook } from "@/kit/look";
import { PageFrame, Panel } from "@/kit/page";
import { Ago, Cut } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { levels } from "./charts";
import { Amounts, CascadeTiles, CASCADES, creatorHref, PersonLink, useSpan } from "./parts";
import { TreePanel } from "./TreePanel";

const FILTERS = { from: "", to: "", kind: "", by: "item", item: "", creator: "" };
const KINDS = ["content", "product", "invite"] as const;

export default function CascadesPage() {
  const { t } = useLanguage();
  const { filters, change } = useFilters(FILTERS);
  const query = { from: filters.from, to: filters.to, ...(filters.kind ? { kind: filters.kind } : {}) };
  const read = useRead<Cascades>(CASCADES, query, { keep: true });
  const chosen = filters.item || filters.creator;
  return (
    <PageFrame testId="page-cascades" title={t("nav.cascades")} about={t("cas.about")}>
      <div className="tools">
        <DayRange from={filters.from} to={filters.to} onChange={change} />
        <Select
          value={filters.kind}
          onChange={(kind) => change({ kind })}
          aria-label={t("cas.kind")}
          options={[{ value: "", label: t("cas.allKinds") }, ...KINDS.map((one) => ({ value: one, label: t(`cas.kind.${one}`) }))]}
        />
        <span className="grow" />
        <Segmented
          value={filters.by}
          onChange={(by) => change({ by })}
          options={[
            { value: "item", label: t("cas.byItem") },
            { value: "creator", label: t("cas.byCreator") },
          ]}
        />
      </div>
      {chosen && <TreePanel from={filters.from} to={filters.to} item={filters.item} creator={filters.creator} onClose={() => change({ item: "", creator: "" })} />}
      <Shown read={read} rows={8}>
        {(data) =>
          data.everybody.people === 0 ? (
            <Panel>
              <Nothing title={t("cas.none")}>{t("cas.noneText")}</Nothing>
            </Panel>
          ) : (
            <>
              {!chosen && <Whole figures={data.everybody} />}
              <Panel
                flush
                title={filters.by === "creator" ? t("cas.byCreator") : t("cas.byItem")}
                extra={filters.by === "item" && <span className="faint">{t("cas.total", { n: data.items.length, all: data.total })}</span>}
              >
                {filters.by === "creator" ? (
                  <ByCreator data={data} onOpen={(creator) => change({ creator, item: "" })} />
                ) : (
                  <ByItem data={data} onOpen={(item) => change({ item, creator: "" })} />
                )}
              </Panel>
            </>
          )
        }
      </Shown>
    </PageFrame>
  );
}

function Whole({ figures }: { figures: CascadeFigures }) {
  const { t } = useLanguage();
  const f = useFormat();
  const { palette } = useLook();
  const option = useMemo(() => levels(figures.by_depth, palette, t, f), [figures, palette, t, f]);
  return (
    <>
      <CascadeTiles figures={figures} />
      <Panel title={t("cas.levels")}>
        <Chart option={option} height={170} label={t("cas.levels")} testId="chart-levels" />
      </Panel>
    </>
  );
}

function useFigureColumns<Row extends { figures: CascadeFigures }>(): Columns<Row> {
  const { t } = useLanguage();
  const f = useFormat();
  const span = useSpan();
  const number = (text: string) => <span className="number nowrap">{text}</span>;
  return [
    { title: t("cas.size"), key: "people", align: "right", render: (_, one) => <b className="number">{f.whole(one.figures.people)}</b> },
    { title: t("cas.depth"), key: "depth", align: "right", render: (_, one) => number(f.whole(one.figures.depth)) },
    { title: t("cas.breadth"), key: "breadth", align: "right", render: (_, one) => number(f.whole(one.figures.breadth)) },
    { title: t("cas.virality"), key: "virality", align: "right", render: (_, one) => number(one.figures.virality?.toFixed(2) ?? "–") },
    { title: t("cas.cycle"), key: "cycle", align: "right", render: (_, one) => number(span(one.figures.cycle_seconds)) },
    { title: t("cas.orders"), key: "orders", align: "right", render: (_, one) => number(f.whole(one.figures.orders)) },
    { title: t("koc.gmv"), key: "net", align: "right", render: (_, one) => <Amounts net={one.figures.net} /> },
  ];
}

function ByItem({ data, onOpen }: { data: Cascades; onOpen: (item: string) => void }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  type Row = Cascades["items"][number];
  const name = (one: Row) => (one.kind === "invite" ? t("cas.shop") : one.title);
  const columns: Columns<Row> = [
    {
      title: t("cas.item"),
      key: "item",
      render: (_, one) => (
        <a onClick={() => onOpen(one.item)} role="button" tabIndex={0} onKeyDown={(key) => key.key === "Enter" && onOpen(one.item)}>
          <Cut text={name(one)} width={260} />
        </a>
      ),
    },
    { title: t("cas.kind"), key: "kind", render: (_, one) => w(one.kind_words) },
    ...useFigureColumns<Row>(),
    { title: t("cas.last"), key: "last", render: (_, one) => <Ago time={one.last_time} /> },
  ];
  return (
    <ListTable
      read={{ data: data.items, error: null, refetch: () => undefined }}
      columns={columns}
      rowKey={(one) => one.item}
      label={t("cas.byItem")}
      testId="cascades"
      onOpen={(one) => onOpen(one.item)}
      empty={<Nothing title={t("cas.none")}>{t("cas.noneText")}</Nothing>}
      card={(one) => (
        <button type="button" className="card-button" onClick={() => onOpen(one.item)}>
          <div className="card-top">
            <b className="break">{name(one)}</b>
            <b className="number">{f.whole(one.figures.people)}</b>
          </div>
          <div className="faint">
            {w(one.kind_words)} · {t("cas.depth")} {one.figures.depth} · {t("cas.breadth")} {one.figures.breadth} · {t("cas.virality")}{" "}
            {one.figures.virality?.toFixed(2) ?? "–"}
          </div>
        </button>
      )}
    />
  );
}

function ByCreator({ data, onOpen }: { data: Cascades; onOpen: (creator: string) => void }) {
  const { t } = useLanguage();
  const f = useFormat();
  type Row = Cascades["creators"][number];
  const columns: Columns<Row> = [
    { title: t("koc.person"), key: "who", render: (_, one) => <PersonLink userId={one.user_id} to={creatorHref(one.user_id)} /> },
    ...useFigureColumns<Row>(),
    {
      title: "",
      key: "tree",
      render: (_, one) => (
        <a onClick={() => onOpen(one.user_id)} role="button" tabIndex={0}>
          {t("cas.tree")}
        </a>
      ),
    },
  ];
  return (
    <ListTable
      read={{ data: data.creators, error: null, refetch: () => undefined }}
      columns={columns}
      rowKey={(one) => one.person_no}
      label={t("cas.byCreator")}
      testId="creator-cascades"
      onOpen={(one) => onOpen(one.user_id)}
      empty={<Nothing title={t("cas.none")}>{t("cas.noneText")}</Nothing>}
      card={(one) => (
        <>
          <div className="card-top">
            <Link to={creatorHref(one.user_id)}>{one.user_id}</Link>
            <a onClick={() => onOpen(one.user_id)} role="button" tabIndex={0}>
              {t("cas.tree")} · {f.whole(one.figures.people)}
            </a>
          </div>
          <div className="faint">
            {t("cas.depth")} {one.figures.depth} · {t("cas.breadth")} {one.figures.breadth}
          </div>
        </>
      )}
    />
  );
}

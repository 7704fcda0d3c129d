import { DownloadOutlined, SlidersOutlined } from "@ant-design/icons";
import { Button, Segmented } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { address } from "@/api/client";
import { useRead } from "@/api/hooks";
import type { Creator, Creators } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel, Tile } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { Search } from "@/kit/Search";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";
import { Amounts, CREATORS, creatorHref, Passes, PersonLink } from "./parts";
import { RuleDrawer } from "./RuleDrawer";

const FILTERS = { search: "", passes: "", sort: "predicted", up: "" };
const PASSES = ["", "koc", "reach", "trust"] as const;

export function CreatorsTab() {
  const { t } = useLanguage();
  const { filters, change } = useFilters(FILTERS);
  const pager = usePager();
  const query = { search: filters.search, passes: filters.passes, sort: filters.sort, ascending: filters.up === "1" };
  const read = useRead<Creators>(CREATORS, { ...query, cursor: pager.cursor }, { keep: true });
  const [ruling, setRuling] = useState(false);
  const go = useNavigate();
  const columns = useColumns(read.data, filters.sort, filters.up === "1");
  const names = { "": "koc.all", koc: "koc.isKoc", reach: "koc.passReach", trust: "koc.passTrust" } as const;
  return (
    <>
      {read.data && read.data.creators > 0 && <Tiles data={read.data} />}
      <div className="tools gap">
        <Search value={filters.search} onSearch={(search) => change({ search })} placeholder={t("koc.search")} />
        <Segmented
          className="scrolling"
          value={filters.passes}
          onChange={(passes) => change({ passes })}
          options={PASSES.map((one) => ({ value: one, label: t(names[one]) }))}
        />
        <span className="grow" />
        <Button icon={<SlidersOutlined />} onClick={() => setRuling(true)} data-testid="koc-rules">
          {t("koc.rules")}
        </Button>
        <Button icon={<DownloadOutlined />} href={address(`${CREATORS}.csv`, query)} data-testid="koc-csv">
          {t("koc.export")}
        </Button>
      </div>
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(one) => one.person_no}
          label={t("koc.tab.creators")}
          testId="creators"
          pager={pager}
          onOpen={(one) => void go(creatorHref(one.user_id))}
          onChange={(_page, _filter, sorter) => {
            const one = Array.isArray(sorter) ? sorter[0] : sorter;
            change(one?.order ? { sort: String(one.columnKey), up: one.order === "ascend" ? "1" : "" } : { sort: "predicted", up: "" });
          }}
          empty={<Nothing title={t(filters.search || filters.passes ? "list.noMatch" : "koc.none")}>{t("koc.noneText")}</Nothing>}
          card={(one) => <Card one={one} />}
        />
      </Panel>
      {ruling && <RuleDrawer onClose={() => setRuling(false)} />}
    </>
  );
}

function Tiles({ data }: { data: Creators }) {
  const { t } = useLanguage();
  const f = useFormat();
  const { rule, error } = data;
  const rate = (share: number) => f.percent(share, 0);
  return (
    <div className="tiles tiles-4">
      <Tile
        testId="tile-koc"
        label={t("koc.isKoc")}
        definition={t("koc.kocText")}
        value={<Link to={peopleHref({ kind: "koc" })}>{f.whole(data.koc)}</Link>}
        note={t("koc.ofCreators", { n: f.whole(data.creators) })}
      />
      <Tile
        label={t("koc.passReach")}
        definition={t("koc.passReachText", { n: f.whole(rule.min_friends) })}
        value={<Link to={peopleHref({ kind: "koc", passes: "reach" })}>{f.whole(data.reach)}</Link>}
        note={t("koc.passReachText", { n: f.whole(rule.min_friends) })}
      />
      <Tile
        label={t("koc.passTrust")}
        definition={t("koc.passTrustText", {
          fans: rule.min_fans,
          days: rule.interaction_days,
          rate: rate(rule.min_interaction),
          again: rate(rule.min_repurchase),
        })}
        value={<Link to={peopleHref({ kind: "koc", passes: "trust" })}>{f.whole(data.trust)}</Link>}
        note={`${t("koc.interaction")} ≥ ${rate(rule.min_interaction)} · ${t("koc.repurchase")} ≥ ${rate(rule.min_repurchase)}`}
      />
      <Tile
        testId="tile-error"
        label={t("koc.error")}
        definition={t("koc.errorText", { month: error.month, n: f.whole(error.creators) })}
        value={error.median_error === null ? "–" : f.percent(error.median_error)}
        note={
          error.median_error === null
            ? t("koc.errorNone")
            : [t(error.kept ? "koc.errorKept" : "koc.errorNow"), error.spearman === null ? "" : t("koc.rank", { r: error.spearman.toFixed(2) })]
                .filter(Boolean)
                .join(" · ")
        }
      />
    </div>
  );
}

function useColumns(data: Creators | undefined, sort: string, up: boolean): Columns<Creator> {
  const { t } = useLanguage();
  const f = useFormat();
  const order = (key: string) => (sort === key ? (up ? ("ascend" as const) : ("descend" as const)) : null);
  const count = (key: keyof Creator & string, title: string): Columns<Creator>[number] => ({
    title,
    key,
    dataIndex: key,
    align: "right",
    sorter: true,
    sortOrder: order(key),
    render: (n: number) => <span className="number">{f.whole(n)}</span>,
  });
  const rate = (key: "interaction_rate" | "repurchase_rate", title: string): Columns<Creator>[number] => ({
    title,
    key,
    align: "right",
    sorter: true,
    sortOrder: order(key),
    render: (_, one) => (one[key] === null ? <span className="faint">–</span> : <span className="number">{f.percent(one[key])}</span>),
  });
  return [
    { title: t("koc.person"), key: "who", render: (_, one) => <PersonLink userId={one.user_id} to={creatorHref(one.user_id)} /> },
    { title: t("koc.rules.passed"), key: "passes", render: (_, one) => <Passes creator={one} /> },
    count("friends", t("koc.friends")),
    count("followers", t("koc.followers")),
    rate("interaction_rate", t("koc.interaction")),
    rate("repurchase_rate", t("koc.repurchase")),
    {
      title: t("koc.predicted", { month: data?.month.slice(5) ?? "" }),
      key: "predicted",
      align: "right",
      sorter: true,
      sortOrder: order("predicted"),
      render: (_, one) => <b className="number">{one.predicted === null ? "–" : f.whole(Math.round(one.predicted))}</b>,
    },
    {
      title: t("koc.lastBoth"),
      key: "last_actual",
      align: "right",
      sorter: true,
      sortOrder: order("last_actual"),
      render: (_, one) => (
        <span className="number nowrap">
          {one.last_predicted === null ? "–" : f.whole(Math.round(one.last_predicted))} / {f.whole(one.last_actual)}
        </span>
      ),
    },
    count("contents", t("koc.contents")),
    count("shares", t("koc.shares")),
    count("opened", t("koc.opened")),
    count("orders", t("koc.orders")),
    { title: t("koc.gmv"), key: "net", align: "right", render: (_, one) => <Amounts net={one.net} /> },
  ];
}

function Card({ one }: { one: Creator }) {
  const { t } = useLanguage();
  const f = useFormat();
  return (
    <>
      <div className="card-top">
        <PersonLink userId={one.user_id} to={creatorHref(one.user_id)} />
        <Passes creator={one} />
      </div>
      <div className="faint">
        {t("koc.friends")} {f.whole(one.friends)} · {t("koc.followers")} {f.whole(one.followers)} · {t("koc.opened")} {f.whole(one.opened)} ·{" "}
        {t("koc.orders")} {f.whole(one.orders)}
      </div>
      <div className="faint">
        {t("koc.lastBoth")} {one.last_predicted === null ? "–" : f.whole(Math.round(one.last_predicted))} / {f.whole(one.last_actual)}
      </div>
    </>
  );
}

import { ShareAltOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useMemo, useState } from "react";
import { Link, useParams } from "react-router";
import { useRead } from "@/api/hooks";
import type { CreatorFigures } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { ListTable, type Columns } from "@/kit/ListTable";
import { useLook } from "@/kit/look";
import { Hint, PageFrame, Panel, Tile } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { AudienceDrawer } from "./AudienceDrawer";
import { reachByMonth } from "./charts";
import { Amounts, CascadeTiles, CREATORS, Passes } from "./parts";

export default function CreatorPage() {
  const { t } = useLanguage();
  const { userId = "" } = useParams();
  const read = useRead<CreatorFigures>(`${CREATORS}/${encodeURIComponent(userId)}`);
  const [reaching, setReaching] = useState<string | null>(null);
  return (
    <PageFrame
      testId="page-creator"
      title={userId}
      about={t("creator.about")}
      extra={
        <>
          <Link to={`/users/${encodeURIComponent(userId)}`}>{t("creator.profile")}</Link>{" "}
          <Button icon={<ShareAltOutlined />} disabled={!read.data} onClick={() => setReaching("")} data-testid="creator-audience">
            {t("creator.audience")}
          </Button>
        </>
      }
    >
      <Shown read={read} rows={10}>
        {(data) => (
          <>
            <Board data={data} onReach={setReaching} />
            {reaching !== null && <AudienceDrawer page={data} content={reaching} onClose={() => setReaching(null)} />}
          </>
        )}
      </Shown>
    </PageFrame>
  );
}

function Board({ data, onReach }: { data: CreatorFigures; onReach: (content: string) => void }) {
  const { t } = useLanguage();
  const f = useFormat();
  const { palette } = useLook();
  const { creator } = data;
  const chart = useMemo(() => reachByMonth(data, palette, t, f), [data, palette, t, f]);
  const fans = (part: string) => peopleHref({ kind: "fans", creator: creator.person_no, part });
  const share = (value: number | null) => (value === null ? "–" : f.percent(value));
  const tree = `/social/cascades?creator=${encodeURIComponent(creator.user_id)}&from=${data.from_day}&to=${data.to_day}`;
  return (
    <>
      <div className="tiles tiles-4">
        <Tile label={t("koc.friends")} value={<Link to={fans("friends")}>{f.whole(creator.friends)}</Link>} note={<Passes creator={creator} />} />
        <Tile
          label={t("koc.fans")}
          definition={t("koc.fansText")}
          value={<Link to={fans("fans")}>{f.whole(creator.fans)}</Link>}
          note={`${t("koc.followers")} ${f.whole(creator.followers)}`}
        />
        <Tile
          label={t("koc.interaction")}
          value={share(creator.interaction_rate)}
          note={
            <Link to={fans("interacted")}>
              {t("creator.interacted")} {f.whole(creator.interacted)}
            </Link>
          }
        />
        <Tile
          label={t("koc.repurchase")}
          value={share(creator.repurchase_rate)}
          note={
            <>
              <Link to={fans("repeat")}>
                {t("creator.repeat")} {f.whole(creator.repeat)}
              </Link>{" "}
              / <Link to={fans("buyers")}>{f.whole(creator.buyers)}</Link>
            </>
          }
        />
      </div>
      <div className="tiles tiles-4 gap">
        <Tile label={t("koc.opened")} value={f.whole(creator.opened)} note={`${t("koc.shares")} ${f.whole(creator.shares)}`} />
        <Tile label={t("koc.orders")} value={f.whole(creator.orders)} />
        <Tile label={t("koc.gmv")} value={<Amounts net={creator.net} />} />
        <Tile
          label={t("koc.predicted", { month: data.month.slice(5) })}
          value={creator.predicted === null ? "–" : f.whole(Math.round(creator.predicted))}
          note={`${t("koc.lastBoth")} ${creator.last_predicted === null ? "–" : f.whole(Math.round(creator.last_predicted))} / ${f.whole(creator.last_actual)}`}
        />
      </div>
      <div className="two-columns">
        <Panel title={<>{t("creator.reach")} <Hint text={t("creator.reachText")} /></>}>
          <Chart option={chart} height={210} label={t("creator.reach")} testId="chart-reach" />
        </Panel>
        <Panel title={<>{t("creator.why")} <Hint text={t("creator.whyText")} /></>}>
          <Reasons data={data} />
        </Panel>
      </div>
      <Panel
        title={`${t("creator.spread")} · ${data.from_day} – ${data.to_day}`}
        extra={data.cascade.people > 0 && <Link to={tree} data-testid="creator-tree">{t("creator.openTree")}</Link>}
      >
        <CascadeTiles figures={data.cascade} />
      </Panel>
      <Panel flush title={t("creator.contentsOf")} extra={<span className="faint">{t("list.total", { n: f.whole(data.contents_total) })}</span>}>
        <Contents data={data} onReach={onReach} />
      </Panel>
    </>
  );
}

function Reasons({ data }: { data: CreatorFigures }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  if (data.reasons.length === 0) return <p className="faint">{t("creator.noWhy")}</p>;
  return (
    <ul className="reasons" data-testid="reach-reasons">
      {data.reasons.map((one) => (
        <li key={one.key}>
          <span>{w(one.words)}</span>
          <span className="faint number">{f.whole(Math.round(one.value))}</span>
          <b className={`number ${one.factor >= 1 ? "good" : "bad"}`}>× {one.factor.toFixed(2)}</b>
        </li>
      ))}
    </ul>
  );
}

function Contents({ data, onReach }: { data: CreatorFigures; onReach: (content: string) => void }) {
  const { t } = useLanguage();
  const f = useFormat();
  type Row = CreatorFigures["contents"][number];
  const number = (n: number) => <span className="number">{f.whole(n)}</span>;
  const tree = (one: Row) => `/social/cascades?item=${encodeURIComponent(`content:${one.content_id}`)}&from=${data.from_day}&to=${data.to_day}`;
  const columns: Columns<Row> = [
    { title: t("creator.content"), key: "title", render: (_, one) => <span className="cut content-title" title={one.title}>{one.title || one.content_id}</span> },
    { title: t("creator.kind"), dataIndex: "kind" },
    { title: t("creator.published"), key: "published", render: (_, one) => <span className="nowrap">{f.date(one.published_time)}</span> },
    { title: t("creator.reached"), dataIndex: "reached", align: "right", render: number },
    { title: t("creator.acted"), dataIndex: "acted", align: "right", render: number },
    {
      title: t("creator.cascade"),
      key: "cascade",
      align: "right",
      render: (_, one) => (one.cascade > 0 ? <Link to={tree(one)}>{f.whole(one.cascade)}</Link> : <span className="faint">–</span>),
    },
    { title: t("cas.orders"), dataIndex: "orders", align: "right", render: number },
    {
      title: "",
      key: "reach",
      render: (_, one) => (
        <Button size="small" onClick={() => onReach(one.content_id)}>
          {t("creator.audience")}
        </Button>
      ),
    },
  ];
  return (
    <ListTable
      read={{ data: data.contents, error: null, refetch: () => undefined }}
      columns={columns}
      rowKey={(one) => one.content_id}
      label={t("creator.contentsOf")}
      testId="creator-contents"
      empty={<p className="faint pad">{t("creator.noContents")}</p>}
      card={(one) => (
        <>
          <div className="card-top">
            <b className="break">{one.title || one.content_id}</b>
            <span className="nowrap faint">{f.date(one.published_time)}</span>
          </div>
          <div className="faint">
            {t("creator.reached")} {f.whole(one.reached)} · {t("creator.acted")} {f.whole(one.acted)} · {t("creator.cascade")} {f.whole(one.cascade)}
          </div>
        </>
      )}
    />
  );
}

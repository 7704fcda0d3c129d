import { Alert } from "antd";
import { useMemo } from "react";
import { Link } from "react-router";
import { useRead } from "@/api/hooks";
import type { Bridge, Community, SocialGraph } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { baseOption, categories, tip, values } from "@/kit/chartLook";
import { ListTable, type Columns } from "@/kit/ListTable";
import { useLook } from "@/kit/look";
import { Hint, Panel, Tile } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { egoHref, GRAPH, HERE } from "./fields";

export function OverviewTab({ graph }: { graph: SocialGraph }) {
  const { t } = useLanguage();
  const f = useFormat();
  const out = graph.left_out;
  return (
    <>
      {out.living > out.granted && (
        <Alert
          className="left-out"
          type="info"
          showIcon
          data-testid="ties-left-out"
          title={t("ties.leftOut", { n: f.whole(out.living - out.granted) })}
          description={
            <ul>
              {(["refused", "no_receipt", "internal"] as const).map((why) =>
                out[why] > 0 ? (
                  <li key={why}>
                    {t(`ties.leftOut.${why}`)} <b>{f.whole(out[why])}</b>
                  </li>
                ) : null,
              )}
            </ul>
          }
        />
      )}
      <div className="tiles tiles-4">
        <Tile testId="tile-ties-people" label={t("ties.people")} definition={t("ties.peopleText")} value={f.whole(graph.people)} note={t("ties.ofGranted", { n: f.whole(out.granted) })} />
        <Tile testId="tile-ties-pairs" label={t("ties.pairs")} definition={t("ties.pairsText")} value={f.whole(graph.pairs)} note={t("ties.interactions", { n: f.whole(graph.interactions) })} />
        <Tile testId="tile-ties-strong" label={t("ties.strong")} definition={t("ties.strongText")} value={f.whole(graph.strong)} note={t("ties.from", { n: graph.strong_from.toFixed(3) })} />
        <Tile
          testId="tile-ties-communities"
          label={t("ties.communities")}
          definition={t("ties.communitiesText")}
          value={f.whole(graph.communities)}
          note={t("ties.modularity", { n: graph.modularity.toFixed(3) })}
        />
      </div>
      <div className="columns">
        <Panel title={t("ties.distribution")}>
          <Distribution graph={graph} />
        </Panel>
        <Panel title={t("ties.kinds")}>
          <Kinds graph={graph} />
        </Panel>
      </div>
      <Parts graph={graph} />
      <div className="columns">
        <Communities />
        <Bridges />
      </div>
    </>
  );
}

function Distribution({ graph }: { graph: SocialGraph }) {
  const { t } = useLanguage();
  const f = useFormat();
  const { palette } = useLook();
  const option = useMemo(() => {
    const bins = graph.histogram.length;
    return {
      ...baseOption(palette),
      tooltip: {
        ...baseOption(palette).tooltip,
        formatter: (points: unknown) => {
          const at = (points as { dataIndex: number }[])[0]?.dataIndex ?? 0;
          return tip(`${(at / bins).toFixed(2)}–${((at + 1) / bins).toFixed(2)}`, [{ name: t("ties.ties"), value: f.whole(graph.histogram[at] ?? 0) }]);
        },
      },
      xAxis: categories(palette, graph.histogram.map((_, at) => (at / bins).toFixed(2))),
      yAxis: values(palette, f.short),
      series: [
        {
          type: "bar" as const,
          barCategoryGap: "12%",
          data: graph.histogram.map((value, at) => ({
            value,
            itemStyle: { color: (at + 1) / bins > graph.strong_from ? palette.series[0] : palette.series[7] },
          })),
        },
      ],
    };
  }, [graph, palette, f, t]);
  return (
    <>
      <Chart option={option} height={220} label={t("ties.distribution")} testId="chart-ties" />
      <p className="faint">{t("ties.distributionText", { n: graph.strong_from.toFixed(3) })}</p>
    </>
  );
}

function Kinds({ graph }: { graph: SocialGraph }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const seen = graph.kinds.filter((kind) => kind.pairs > 0).sort((a, b) => b.pairs - a.pairs);
  const most = Math.max(1, ...seen.map((kind) => kind.pairs));
  if (seen.length === 0) return <Nothing title={t("ties.noKinds")} />;
  return (
    <ol className="bars" data-testid="ties-kinds">
      {seen.map((kind) => (
        <li key={kind.kind}>
          <span className="cut" title={kind.effort > 0 ? t("ties.effort", { n: kind.effort }) : t("ties.standing")}>
            {w(kind.words)}
          </span>
          <span className="bar">
            <i style={{ width: `${(100 * kind.pairs) / most}%` }} />
          </span>
          <b className="number">{f.short(kind.pairs)}</b>
        </li>
      ))}
    </ol>
  );
}

/** What each part counts, and where that comes from. */
function Parts({ graph }: { graph: SocialGraph }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { weights } = graph;
  return (
    <Panel title={t("ties.parts")} testId="ties-parts">
      <Alert
        className="gap"
        type={weights.learned ? "success" : "warning"}
        showIcon
        data-testid="ties-weights"
        title={w(weights.why)}
        description={
          weights.auc !== null && weights.default_auc !== null
            ? t("ties.auc", { ours: weights.auc.toFixed(3), theirs: weights.default_auc.toFixed(3) })
            : t("ties.answers", { yes: f.whole(weights.positives), no: f.whole(weights.negatives) })
        }
      />
      <div className="table-box">
        <table className="plain">
          <thead>
            <tr>
              <th>{t("ties.part")}</th>
              <th className="number">{t("ties.weight")}</th>
              <th className="number">{t("ties.defaultWeight")}</th>
              <th className="number">{t("ties.mean")}</th>
              <th>{t("ties.spread")}</th>
            </tr>
          </thead>
          <tbody>
            {graph.parts.map((part) => (
              <tr key={part.part} data-testid={`ties-part-${part.part}`}>
                <td>
                  {w(part.words)} <Hint text={w(part.about)} />
                </td>
                <td className="number">{part.weight.toFixed(2)}</td>
                <td className="number faint">{part.default_weight.toFixed(2)}</td>
                <td className="number">{part.mean.toFixed(3)}</td>
                <td>
                  <Spread counts={part.histogram} label={w(part.words)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="faint">{t("ties.formula", { bias: weights.bias.toFixed(2) })}</p>
    </Panel>
  );
}

/** Small bars on a root scale: most ties are weak, and the few others are to be seen. */
function Spread({ counts, label }: { counts: number[]; label: string }) {
  const most = Math.sqrt(Math.max(1, ...counts));
  return (
    <svg className="spread" viewBox={`0 0 ${counts.length * 6} 20`} role="img" aria-label={label}>
      {counts.map((count, at) => {
        const height = (20 * Math.sqrt(count)) / most;
        return <rect key={at} x={at * 6} width={5} y={20 - height} height={height} />;
      })}
    </svg>
  );
}

function Communities() {
  const { t } = useLanguage();
  const f = useFormat();
  const read = useRead<{ items: Community[]; total: number }>(`${GRAPH}/communities`, { limit: 10 });
  const name = (one: Community) => <Link to={peopleHref(one.query)}>{t("ties.community", { n: one.number + 1 })}</Link>;
  const columns: Columns<Community> = [
    { title: t("ties.communityName"), key: "name", render: (_, one) => name(one) },
    { title: t("ties.people"), dataIndex: "people", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
    {
      title: (
        <>
          {t("ties.inside")} <Hint text={t("ties.insideText")} />
        </>
      ),
      dataIndex: "inside",
      align: "right",
      render: (n: number) => <span className="number">{f.percent(n)}</span>,
    },
  ];
  return (
    <Panel flush title={t("ties.largest")} extra={read.data && <span className="faint">{t("ties.ofAll", { n: f.whole(read.data.total) })}</span>}>
      <ListTable
        read={{ ...read, data: read.data?.items }}
        columns={columns}
        rowKey={(one) => one.number}
        empty={<Nothing title={t("ties.none")} />}
        testId="ties-communities"
        label={t("ties.largest")}
      />
    </Panel>
  );
}

function Bridges() {
  const { t } = useLanguage();
  const f = useFormat();
  const read = useRead<{ items: Bridge[] }>(`${GRAPH}/bridges`, { limit: 10 });
  const columns: Columns<Bridge> = [
    {
      title: t("ties.person"),
      key: "person",
      render: (_, one) => (one.user_id ? <Link to={egoHref(one.user_id)}>{one.user_id}</Link> : <span className="faint">–</span>),
    },
    { title: t("ties.reaches"), dataIndex: "communities", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
    {
      title: (
        <>
          {t("ties.bridge")} <Hint text={t("ties.bridgeText")} />
        </>
      ),
      dataIndex: "bridge",
      align: "right",
      render: (n: number) => <span className="number">{n.toFixed(2)}</span>,
    },
    { title: t("ties.outside"), dataIndex: "outside", align: "right", render: (n: number) => <span className="number">{n.toFixed(1)}</span> },
  ];
  return (
    <Panel flush title={t("ties.bridges")} extra={<Link to={peopleHref({ kind: "bridges", size: 100 })}>{t("ties.openBridges")}</Link>}>
      <ListTable
        read={{ ...read, data: read.data?.items }}
        columns={columns}
        rowKey={(one) => one.person_no}
        empty={<Nothing title={t("ties.noBridges")} action={<Link to={HERE}>{t("ties.tab.overview")}</Link>} />}
        testId="ties-bridges"
        label={t("ties.bridges")}
      />
    </Panel>
  );
}

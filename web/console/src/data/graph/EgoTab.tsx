import { Segmented, Tag } from "antd";
import { lazy, Suspense, useEffect, useState } from "react";
import { Link } from "react-router";
import { useRead } from "@/api/hooks";
import type { Ego, EgoTie, SocialGraph } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { Search } from "@/kit/Search";
import { Nothing, Shown, Waiting } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { egoHref, GRAPH, userHref } from "./fields";

const EgoCanvas = lazy(() => import("./EgoCanvas"));
const FILTERS = { user: "", nodes: "60", steps: "1" };
const NODES = ["60", "150", "500"];

/** Somebody's neighbourhood, and on hover or click why a tie is as strong as it is. */
export function EgoTab({ graph }: { graph: SocialGraph }) {
  const { t } = useLanguage();
  const { filters, change } = useFilters(FILTERS);
  const read = useRead<Ego>(`${GRAPH}/ego/${encodeURIComponent(filters.user)}`, { nodes: filters.nodes, steps: filters.steps }, { enabled: filters.user !== "", keep: true });
  return (
    <>
      <div className="tools">
        <Search value={filters.user} onSearch={(user) => change({ user })} placeholder={t("ties.userIdHint")} testId="ego-user" />
        <Segmented
          value={filters.steps}
          onChange={(steps) => change({ steps })}
          options={["1", "2"].map((value) => ({ value, label: t(`ties.steps.${value as "1" | "2"}`) }))}
        />
        <Segmented
          value={filters.nodes}
          onChange={(nodes) => change({ nodes })}
          options={NODES.map((value) => ({ value, label: t("ties.nodes", { n: value }) }))}
        />
      </div>
      {filters.user === "" ? (
        <Panel>
          <Nothing title={t("ties.ego")}>{t("ties.egoText")}</Nothing>
        </Panel>
      ) : (
        <Shown read={read}>{(ego) => <Neighbourhood ego={ego} graph={graph} />}</Shown>
      )}
    </>
  );
}

function Neighbourhood({ ego, graph }: { ego: Ego; graph: SocialGraph }) {
  const { t } = useLanguage();
  const f = useFormat();
  const [tie, setTie] = useState<EgoTie | null>(null);
  const self = ego.nodes[0];
  useEffect(() => {
    const own = ego.ties.filter((one) => one.src === ego.nodes[0]?.person_no);
    setTie(own[0] ?? null);
  }, [ego]);
  if (!self) {
    return (
      <Panel>
        <Nothing title={t("ties.noTies")}>{t("ties.noTiesText")}</Nothing>
      </Panel>
    );
  }
  const name = (number: number) => ego.nodes.find((node) => node.person_no === number)?.user_id ?? `@${number}`;
  return (
    <div className="columns columns-wide-left">
      <Panel
        flush
        title={
          <>
            <Link to={userHref(ego.user_id)}>{ego.user_id}</Link>{" "}
            <span className="faint" data-testid="ego-count">
              {t("ties.neighbours", { n: f.whole(ego.neighbours) })}
              {ego.left > 0 && ` · ${t("ties.hidden", { n: f.whole(ego.left) })}`}
            </span>
          </>
        }
        testId="ego-panel"
      >
        <Suspense fallback={<Waiting rows={10} />}>
          <EgoCanvas ego={ego} onTie={setTie} />
        </Suspense>
        <p className="faint ego-legend">{t("ties.legend")}</p>
      </Panel>
      <Panel title={t("ties.why")} testId="ego-why">
        {tie ? <Why tie={tie} graph={graph} name={name} /> : <Nothing title={t("ties.chooseTie")} />}
      </Panel>
    </div>
  );
}

function Why({ tie, graph, name }: { tie: EgoTie; graph: SocialGraph; name: (number: number) => string }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const parts = new Map(graph.parts.map((part) => [part.part, part]));
  const kinds = new Map(graph.kinds.map((kind) => [kind.kind, kind]));
  const most = Math.max(0.001, ...tie.reasons.map((reason) => reason.adds));
  return (
    <div className="tie-why" data-testid="tie-why">
      <div className="row-tight wrap">
        <Link to={egoHref(name(tie.src))}>{name(tie.src)}</Link> → <Link to={egoHref(name(tie.dst))}>{name(tie.dst)}</Link>
      </div>
      <div className="tile-value" data-testid="tie-strength">
        {tie.strength.toFixed(3)} <Tag color={tie.strong ? "green" : "default"}>{t(tie.strong ? "ties.audience.strong" : "ties.audience.weak")}</Tag>
      </div>
      <p className="faint">{graph.weights.learned ? t("ties.likely", { share: f.percent(tie.strength) }) : t("ties.likelyDefault")}</p>
      <ol className="bars">
        {tie.reasons.map((reason) => {
          const part = parts.get(reason.part);
          return (
            <li key={reason.part} title={part ? w(part.about) : undefined}>
              <span className="cut">{part ? w(part.words) : reason.part}</span>
              <span className="bar">
                <i style={{ width: `${(100 * Math.max(0, reason.adds)) / most}%` }} />
              </span>
              <b className="number">
                {reason.value.toFixed(2)} × {reason.weight.toFixed(1)}
              </b>
            </li>
          );
        })}
      </ol>
      <dl className="facts">
        <div>
          <dt>{t("ties.common")}</dt>
          <dd className="number">{f.whole(tie.common)}</dd>
        </div>
        <div>
          <dt>{t("ties.bothDid")}</dt>
          <dd className="number">{f.whole(tie.interactions)}</dd>
        </div>
        <div>
          <dt>{t("ties.lastDay")}</dt>
          <dd>{tie.last_day ?? "–"}</dd>
        </div>
        <div>
          <dt>{t("ties.ways")}</dt>
          <dd>
            {tie.kinds.map((kind) => (
              <Tag key={kind}>{w(kinds.get(kind)?.words ?? { zh: kind, en: kind })}</Tag>
            ))}
          </dd>
        </div>
      </dl>
    </div>
  );
}

import { DownloadOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useCallback, useMemo } from "react";
import { Link, useNavigate } from "react-router";
import type { PathNode, PathsAnswer } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { useSeenEvents } from "@/kit/EventPicker";
import { useLook } from "@/kit/look";
import { Hint, PageFrame, Panel } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { downloadCsv, useAnswer, useQuestion } from "@/kit/question";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { END, sankey, type Flow } from "./charts";
import { PathsForm } from "./PathsForm";
import { asked, flowRows, PATHS, type PathsQuestion } from "./question";

const ROW_PX = 58;
const STEP_PX = 165;

export default function PathsPage() {
  const { t } = useLanguage();
  const { question, change } = useQuestion(PATHS);
  const read = useAnswer<PathsAnswer>("/api/paths/query", asked(question));
  return (
    <PageFrame testId="page-paths" title={t("nav.paths")} about={t("paths.about")}>
      <PathsForm question={question} change={change} />
      <Shown read={read} rows={8}>
        {(answer) =>
          answer.paths === 0 ? (
            <Panel>
              <Nothing title={t("paths.none")}>{t("paths.noneText")}</Nothing>
            </Panel>
          ) : (
            <Answer question={question} answer={answer} />
          )
        }
      </Shown>
    </PageFrame>
  );
}

/** What a node is called: its event's words, with the value that tells it apart. */
function useNames() {
  const { t, w } = useLanguage();
  const events = useSeenEvents();
  return useCallback(
    (node: PathNode) => {
      if (node.key === "other") return t("paths.other");
      const words = events.data?.items.find((one) => one.event === node.event)?.words;
      const name = words ? w(words) : node.event;
      return node.value === null ? name : `${name} · ${node.value}`;
    },
    [events.data, t, w],
  );
}

function Answer({ question, answer }: { question: PathsQuestion; answer: PathsAnswer }) {
  const { t, w } = useLanguage();
  const { palette } = useLook();
  const f = useFormat();
  const navigate = useNavigate();
  const name = useNames();
  const backwards = question.direction === "to";
  const drawn = useMemo(() => sankey(answer, backwards, { palette, f, t, name }), [answer, backwards, palette, f, t, name]);
  const behind = ({ step, node, to }: Flow) => peopleHref({ kind: "path", query: asked(question, answer), step, node, ...(to === null ? {} : { to }) });
  const most = Math.max(...answer.nodes.map((one) => answer.nodes.filter((other) => other.step === one.step).length));
  const steps = Math.max(...answer.nodes.map((one) => one.step)) + 2;
  return (
    <>
      <Panel
        title={
          <>
            {t("paths.chart")} <Hint text={w(answer.definition)} />{" "}
            <span className="faint" data-testid="paths-total">
              {t(`paths.total.${question.unit}`, { n: f.whole(answer.paths), people: f.whole(answer.people) })}
            </span>
          </>
        }
        extra={
          <Button
            size="small"
            icon={<DownloadOutlined />}
            onClick={() => downloadCsv("paths", flowRows(answer, name, t("paths.end"), [t("paths.steps"), t("period.from"), t("period.to"), t(`paths.unit.${question.unit}`)]))}
            data-testid="paths-csv"
          >
            {t("analyse.csv")}
          </Button>
        }
      >
        <div className="flow-box" tabIndex={0} role="region" aria-label={t("paths.chart")}>
          <div style={{ minWidth: steps * STEP_PX }}>
            <Chart
              option={drawn.option}
              height={Math.max(280, Math.min(760, (most + 1) * ROW_PX))}
              label={t("paths.chart")}
              testId="chart-paths"
              onPick={(place, _series, kind) => {
                const flow = (kind === "edge" ? drawn.links : drawn.nodes)[place];
                if (flow && flow.node !== "") void navigate(behind(flow));
              }}
            />
          </div>
        </div>
      </Panel>
      <Nodes answer={answer} name={name} behind={behind} backwards={backwards} />
    </>
  );
}

interface NodesProps {
  answer: PathsAnswer;
  name: (node: PathNode) => string;
  behind: (flow: Flow) => string;
  backwards: boolean;
}

const SHOWN_FLOWS = 3;

/** The same as a table: each node, where it mostly leads, who ends there; every figure is a way to its people. */
function Nodes({ answer, name, behind, backwards }: NodesProps) {
  const { t } = useLanguage();
  const f = useFormat();
  const names = new Map(answer.nodes.map((node) => [`${node.step} ${node.key}`, name(node)]));
  const head = [t("paths.steps"), t("paths.event"), t("paths.count"), t(backwards ? "paths.start" : "paths.ended"), t(backwards ? "paths.comes" : "paths.goes")];
  return (
    <Panel flush title={t("paths.table")}>
      <div className="triangle-box" tabIndex={0} role="region" aria-label={t("paths.table")}>
        <table className="triangle flows" data-testid="paths-table">
          <thead>
            <tr>
              {head.map((text) => (
                <th scope="col" key={text}>
                  {text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {answer.nodes.map((node) => {
              const flow = { step: node.step, node: node.key };
              const out = answer.edges.filter((edge) => edge.step === node.step && edge.node === node.key).sort((a, b) => b.count - a.count);
              return (
                <tr key={`${node.step} ${node.key}`}>
                  <th scope="row">{t("paths.step", { n: node.step + 1 })}</th>
                  <td>{name(node)}</td>
                  <td>
                    <Link to={behind({ ...flow, to: null })} title={t("paths.share", { share: f.percent(node.count / answer.paths) })} data-testid={`node-${node.step}-${node.key}`}>
                      {f.short(node.count)}
                    </Link>
                  </td>
                  <td>{node.ended > 0 ? <Link to={behind({ ...flow, to: END })}>{f.short(node.ended)}</Link> : 0}</td>
                  <td>
                    <span className="flow-links">
                      {out.slice(0, SHOWN_FLOWS).map((edge) => (
                        <Link key={edge.to} to={behind({ ...flow, to: edge.to })}>
                          {names.get(`${edge.step + 1} ${edge.to}`)} {f.short(edge.count)}
                        </Link>
                      ))}
                      {node.beyond > 0 && (
                        <span className="faint">
                          {t("paths.beyond")} {f.short(node.beyond)}
                        </span>
                      )}
                    </span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

import { DownloadOutlined } from "@ant-design/icons";
import { Button, Segmented } from "antd";
import { useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";
import type { LifecycleAnswer, LifeStage } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Asked, AskPanel } from "@/kit/AskPanel";
import { Chart } from "@/kit/Chart";
import { EventPicker } from "@/kit/EventPicker";
import { useLook } from "@/kit/look";
import { Hint, Panel } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { PeriodField } from "@/kit/PeriodField";
import { downloadCsv, useAnswer, useQuestion } from "@/kit/question";
import { SegmentSelect } from "@/kit/SegmentSelect";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { bars } from "./charts";
import { askedLife, LIFE, lifeRows, MOST_SEGMENTS, STATES, UNITS, type LifeQuestion, type State, type Unit } from "./question";

/** How people come and go. */
export function LifecycleTab() {
  const { t } = useLanguage();
  const { question, change } = useQuestion(LIFE);
  const read = useAnswer<LifecycleAnswer>("/api/lifecycle/query", askedLife(question));
  return (
    <>
      <AskPanel testId="life-form">
        <Asked label={t("life.event")} wide>
          <EventPicker any value={question.event} onChange={(event) => change({ event })} testId="life-event" />
        </Asked>
        <Asked label={t("retention.unit")}>
          <Segmented<Unit> value={question.unit} onChange={(unit) => change({ unit })} options={UNITS.map((one) => ({ value: one, label: t(`retention.unit.${one}`) }))} />
        </Asked>
        <Asked label={t("retention.period")}>
          <PeriodField value={question} onChange={change} testId="life-period" />
        </Asked>
        <SegmentSelect label={t("retention.compare")} value={question.segments} most={MOST_SEGMENTS} onChange={(segments) => change({ segments })} testId="life-segments" />
      </AskPanel>
      <Shown read={read} rows={8}>
        {(answer) =>
          answer.groups.some((group) => group.stages.some((one) => one.why === null)) ? (
            <Answer question={question} answer={answer} />
          ) : (
            <Panel>
              <Nothing title={t("life.none")} action={<Link to="/live">{t("nav.live")}</Link>}>
                {t("life.noneText")}
              </Nothing>
            </Panel>
          )
        }
      </Shown>
    </>
  );
}

function Answer({ question, answer }: { question: LifeQuestion; answer: LifecycleAnswer }) {
  const { t, w } = useLanguage();
  const { palette } = useLook();
  const f = useFormat();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState("");
  const group = answer.groups.find((one) => one.key === chosen) ?? answer.groups[0]!;
  const option = useMemo(() => bars(group.stages, { palette, f, t, w }), [group, palette, f, t, w]);
  const named = question.segments.length > 0 ? { group: group.key } : {};
  const behind = (day: string, state: State) => peopleHref({ kind: "lifecycle", query: askedLife(question, answer), day, state, ...named });
  const head = [t("life.unit"), ...STATES.map((state) => t(`life.state.${state}`)), t("life.active"), t("life.ratio")];
  const meaning = [w(answer.definition), ...STATES.map((state) => w(answer.states[state]!))].join(" ");
  return (
    <>
      {answer.groups.length > 1 && (
        <Segmented
          className="scrolling"
          value={group.key}
          onChange={setChosen}
          options={answer.groups.map((one) => ({ value: one.key, label: w(one.words) }))}
        />
      )}
      <Panel
        title={
          <>
            {t("life.chart")} <Hint text={meaning} />
          </>
        }
        extra={
          <Button size="small" icon={<DownloadOutlined />} onClick={() => downloadCsv("lifecycle", lifeRows(answer, w, [t("retention.compare"), ...head]))} data-testid="life-csv">
            {t("analyse.csv")}
          </Button>
        }
      >
        <Chart
          option={option}
          height={300}
          label={t("life.chart")}
          testId="chart-life"
          onPick={(place, series) => {
            const [one, state] = [group.stages[place], STATES[series]];
            if (one && state && one[state]) void navigate(behind(one.day, state));
          }}
        />
      </Panel>
      <Figures stages={group.stages} behind={behind} head={head} />
    </>
  );
}

/** The same figures as a table, the latest first: each a way to its people. */
function Figures({ stages, behind, head }: { stages: LifeStage[]; behind: (day: string, state: State) => string; head: string[] }) {
  const { t } = useLanguage();
  const f = useFormat();
  return (
    <Panel flush title={t("life.table")}>
      <div className="triangle-box" tabIndex={0} role="region" aria-label={t("life.table")}>
        <table className="triangle" data-testid="life-table">
          <thead>
            <tr>
              {head.map((name) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {[...stages].reverse().map((one) => (
              <tr key={one.day}>
                <th scope="row">{one.day}</th>
                {one.why !== null ? (
                  <td colSpan={6} className="triangle-open faint">
                    {t(`retention.why.${one.why}`)}
                  </td>
                ) : (
                  <>
                    {STATES.map((state) => (
                      <td key={state}>
                        {one[state] ? (
                          <Link to={behind(one.day, state)} data-testid={`life-${one.day}-${state}`}>
                            {f.short(state === "dormant" ? -one[state] : one[state])}
                          </Link>
                        ) : (
                          0
                        )}
                      </td>
                    ))}
                    <td>{f.short(one.active ?? 0)}</td>
                    <td>{one.quick_ratio === null ? "–" : f.whole(one.quick_ratio)}</td>
                  </>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

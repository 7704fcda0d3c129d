import { DownloadOutlined } from "@ant-design/icons";
import { Button, Segmented } from "antd";
import { useMemo, useState } from "react";
import { Link } from "react-router";
import type { RetentionAnswer, RetentionGroup } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { useLook } from "@/kit/look";
import { Hint, Panel, Tile } from "@/kit/page";
import { downloadCsv, useAnswer, useQuestion } from "@/kit/question";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { curve } from "./charts";
import { anybody, asked, RETENTION, retentionRows, type RetentionQuestion } from "./question";
import { RetentionForm } from "./RetentionForm";
import { Triangle } from "./Triangle";

/** How many of the same people come back, by the time since they began. */
export function RetentionTab() {
  const { t } = useLanguage();
  const { question, change } = useQuestion(RETENTION);
  const read = useAnswer<RetentionAnswer>("/api/retention/query", asked(question));
  return (
    <>
      <RetentionForm question={question} change={change} />
      <Shown read={read} rows={8}>
        {(answer) =>
          anybody(answer.groups) ? (
            <Answer question={question} answer={answer} />
          ) : (
            <Panel>
              <Nothing title={t("retention.none")} action={<Link to="/live">{t("nav.live")}</Link>}>
                {t("retention.noneText")}
              </Nothing>
            </Panel>
          )
        }
      </Shown>
    </>
  );
}

function Answer({ question, answer }: { question: RetentionQuestion; answer: RetentionAnswer }) {
  const { t, w } = useLanguage();
  const { palette } = useLook();
  const f = useFormat();
  const [chosen, setChosen] = useState("");
  const [asPeople, setAsPeople] = useState(false);
  const line = useMemo(() => curve(answer.groups, answer.unit, { palette, f, t, w }), [answer, palette, f, t, w]);
  const group = answer.groups.find((one) => one.key === chosen) ?? answer.groups[0]!;
  const head: [string, string, string] = [t("retention.compare"), t("retention.cohort"), t("retention.size")];
  return (
    <>
      {answer.groups.length > 1 && (
        <Segmented
          className="scrolling"
          value={group.key}
          onChange={setChosen}
          options={answer.groups.map((one) => ({ value: one.key, label: `${w(one.words)} ${f.short(one.people)}` }))}
          data-testid="retention-groups"
        />
      )}
      <Marks group={group} definition={w(answer.definition)} />
      <Panel
        title={
          <>
            {t("retention.curve")} <Hint text={w(answer.definition)} />
          </>
        }
        extra={answer.through_day && <span className="faint">{t("retention.through", { day: answer.through_day })}</span>}
      >
        <Chart option={line} height={230} label={t("retention.curve")} testId="chart-retention" />
      </Panel>
      <Panel
        flush
        testId="retention-triangle"
        title={
          <>
            {t("retention.triangle")} <Hint text={`${w(answer.mode_words)} ${w(answer.count_words)}`} />
          </>
        }
        extra={
          <span className="row wrap">
            <Segmented
              size="small"
              value={asPeople}
              onChange={setAsPeople}
              options={[
                { value: false, label: t("retention.asShare") },
                { value: true, label: t("retention.asPeople") },
              ]}
            />
            <Button size="small" icon={<DownloadOutlined />} onClick={() => downloadCsv("retention", retentionRows(answer, w, head))} data-testid="retention-csv">
              {t("analyse.csv")}
            </Button>
          </span>
        }
      >
        <Triangle
          answer={answer}
          group={group}
          asPeople={asPeople}
          query={asked(question, answer)}
          named={question.segments.length > 0 || question.tag !== ""}
        />
      </Panel>
    </>
  );
}

function Marks({ group, definition }: { group: RetentionGroup; definition: string }) {
  const { t } = useLanguage();
  const f = useFormat();
  if (group.marks.length === 0) return null;
  return (
    <div className="tiles tiles-4" data-testid="retention-marks">
      {group.marks.map((one) => (
        <Tile
          key={one.n}
          testId={`retention-mark-${one.n}`}
          label={t("retention.mark", { n: one.n })}
          value={one.share === null ? <span className="faint">–</span> : f.percent(one.share)}
          definition={`${definition} ${t("retention.markHint", { n: one.n })}`}
          note={
            one.share === null
              ? t(`retention.why.${one.why ?? "nobody"}`)
              : t("retention.markNote", { back: f.short(one.returned), size: f.short(one.people) })
          }
        />
      ))}
    </div>
  );
}

/** What a funnel answers: figures, the chart, the steps with their times, groups, and the trend. */
import { DownloadOutlined } from "@ant-design/icons";
import { Button, Segmented, Select } from "antd";
import { useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { ListTable, type Columns } from "@/kit/ListTable";
import { useLook } from "@/kit/look";
import { Panel, Tile } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { useNarrow } from "@/kit/useNarrow";
import { stepsChart, timeChart, trendChart, type Tools } from "./charts";
import { ALL, lasting, peopleOf, type FunnelAnswer, type FunnelGroup, type FunnelQuestion } from "./question";

interface ResultProps {
  question: FunnelQuestion;
  answer: FunnelAnswer;
  change: (some: Partial<FunnelQuestion>) => void;
}
type Row = FunnelGroup["steps"][number] & { at: number; name: string };
const own = <T,>(data: T[]) => ({ data, error: null, refetch: () => undefined });

export function Results({ question, answer, change }: ResultProps) {
  const { t, w } = useLanguage();
  const { palette } = useLook();
  const f = useFormat();
  const navigate = useNavigate();
  const narrow = useNarrow();
  const tools: Tools = useMemo(() => ({ palette, f, t, w, narrow }), [palette, f, t, w, narrow]);
  const all = answer.groups[0]!;
  const groups = answer.groups.length > 1 ? answer.groups.slice(1) : answer.groups;
  const chart = useMemo(() => stepsChart(answer, groups, tools), [answer, tools]); // eslint-disable-line react-hooks/exhaustive-deps
  const open = (step: number, more: Record<string, unknown>) => void navigate(peopleHref(peopleOf(question, answer, step, more)));
  const pick = (step: number, series: number) => {
    if (groups.length > 1) open(step + 1, { group: groups[series]!.key });
    else if (series === 1 && step > 0) open(step, { dropped: true });
    else open(step + 1, {});
  };
  const csv = `/api/funnels/csv?q=${encodeURIComponent(JSON.stringify(question))}`;
  if (all.steps[0]!.people === 0) {
    return (
      <Panel>
        <Nothing title={t("funnel.nobody")}>
          {answer.last_event_day ? t("funnel.nobodyText", { day: answer.last_event_day }) : t("funnel.noEvents")}
        </Nothing>
      </Panel>
    );
  }
  return (
    <>
      <Tiles answer={answer} all={all} />
      <Panel
        title={t("funnel.chart")}
        extra={
          <span className="row-tight wrap">
            <span className="faint wide-only">{t("funnel.chartNote")}</span>
            <Button size="small" icon={<DownloadOutlined />} href={csv} data-testid="funnel-csv">
              {t("funnel.csv")}
            </Button>
          </span>
        }
      >
        <Chart option={chart} height={280} label={t("funnel.chart")} onPick={pick} testId="funnel-chart" />
      </Panel>
      {groups.length > 1 && <Groups question={question} answer={answer} />}
      <Steps question={question} answer={answer} tools={tools} />
      <Panel
        title={t("funnel.trend")}
        extra={
          <span className="row-tight wrap">
            <Segmented
              size="small"
              value={question.grain}
              options={(["day", "week"] as const).map((grain) => ({ value: grain, label: t(`funnel.grain.${grain}`) }))}
              onChange={(grain) => change({ grain })}
            />
            <Button size="small" icon={<DownloadOutlined />} href={`${csv}&what=trend`} aria-label={t("funnel.csvTrend")} title={t("funnel.csvTrend")} />
          </span>
        }
      >
        <Trend answer={answer} tools={tools} onPick={(from, to) => open(1, { entered_from: from, entered_to: to })} />
      </Panel>
    </>
  );
}

function Tiles({ answer, all }: { answer: FunnelAnswer; all: FunnelGroup }) {
  const { t } = useLanguage();
  const f = useFormat();
  const last = all.steps.at(-1)!;
  const worst = all.steps.reduce((most, one, at) => (at > 0 && one.lost > all.steps[most]!.lost ? at : most), 1);
  const kept = all.steps[worst]?.of_former ?? 0;
  return (
    <div className="tiles tiles-4">
      <Tile testId="tile-entered" label={t("funnel.entered")} value={f.short(all.steps[0]!.people)} note={t("funnel.enteredNote", { from: answer.from_day, to: answer.to_day })} />
      <Tile testId="tile-converted" label={t("funnel.converted")} value={f.short(last.people)} note={t("funnel.worst", { n: worst, share: f.percent(1 - kept) })} />
      <Tile testId="tile-rate" label={t("funnel.rate")} value={f.percent(last.of_first ?? 0)} />
      <Tile testId="tile-open" label={t("funnel.open")} value={f.short(answer.open_people)} note={t("funnel.openNote")} />
    </div>
  );
}

function Trend({ answer, tools, onPick }: { answer: FunnelAnswer; tools: Tools; onPick: (from: string, to: string) => void }) {
  const { t } = useLanguage();
  const option = useMemo(() => trendChart(answer, tools), [answer, tools]);
  const pick = (at: number) => {
    const row = answer.trend[at];
    if (row && row.entered > 0) onPick(row.day < answer.from_day ? answer.from_day : row.day, row.until_day);
  };
  return <Chart option={option} height={220} label={t("funnel.trend")} onPick={pick} testId="funnel-trend" />;
}

function Steps({ question, answer, tools }: { question: FunnelQuestion; answer: FunnelAnswer; tools: Tools }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const [key, setKey] = useState(ALL);
  const [timed, setTimed] = useState(1);
  const group = answer.groups.find((one) => one.key === key) ?? answer.groups[0]!;
  const rows: Row[] = group.steps.map((one, at) => ({ ...one, at, name: w(answer.steps[at]!.words) }));
  const href = (step: number, more: Record<string, unknown>) =>
    peopleHref(peopleOf(question, answer, step, group.key === ALL ? more : { ...more, group: group.key }));
  const people = (row: Row) => <Link to={href(row.at + 1, {})} className="number" data-testid={`people-${row.at}`}>{f.whole(row.people)}</Link>;
  const lost = (row: Row) =>
    row.at === 0 ? <span className="faint">–</span> : <Link to={href(row.at, { dropped: true })} className="number" data-testid={`lost-${row.at}`}>{f.whole(row.lost)}</Link>;
  const share = (value: number | null) => (value === null ? <span className="faint">–</span> : <span className="number">{f.percent(value)}</span>);
  const time = (row: Row, of: "median_s" | "p75_s" | "p90_s") =>
    row.times ? <span className="nowrap">{lasting(row.times[of], t)}</span> : <span className="faint">–</span>;
  const columns: Columns<Row> = [
    { title: t("funnel.step"), key: "step", render: (_, row) => <><b className="number">{row.at + 1}</b> {row.name}</> },
    { title: t("funnel.people"), key: "people", align: "right", render: (_, row) => people(row) },
    { title: t("funnel.ofFirst"), key: "first", align: "right", render: (_, row) => share(row.of_first) },
    { title: t("funnel.ofFormer"), key: "former", align: "right", render: (_, row) => share(row.of_former) },
    { title: t("funnel.lost"), key: "lost", align: "right", render: (_, row) => lost(row) },
    { title: t("funnel.median"), key: "median", align: "right", render: (_, row) => time(row, "median_s") },
    { title: t("funnel.p75"), key: "p75", align: "right", render: (_, row) => time(row, "p75_s") },
    { title: t("funnel.p90"), key: "p90", align: "right", render: (_, row) => time(row, "p90_s") },
  ];
  const step = Math.min(timed, rows.length - 1);
  const histogram = rows[step]?.times?.histogram;
  return (
    <>
      <Panel
        title={t("funnel.table")}
        extra={
          answer.groups.length > 1 && (
            <Select size="small" value={group.key} options={answer.groups.map((one) => ({ value: one.key, label: w(one.words) }))} onChange={setKey} aria-label={t("funnel.group")} style={{ minWidth: 120 }} />
          )
        }
        flush
      >
        <ListTable
          read={own(rows)}
          columns={columns}
          rowKey={(row) => row.at}
          label={t("funnel.table")}
          testId="funnel-table"
          empty={null}
          card={(row) => (
            <>
              <div className="card-top">
                <span><b className="number">{row.at + 1}</b> {row.name}</span>
                {people(row)}
              </div>
              <div className="faint">
                {t("funnel.ofFirst")} {share(row.of_first)} · {t("funnel.ofFormer")} {share(row.of_former)} · {t("funnel.lost")} {lost(row)}
              </div>
              <div className="faint">{t("funnel.median")} {time(row, "median_s")} · {t("funnel.p90")} {time(row, "p90_s")}</div>
            </>
          )}
        />
      </Panel>
      <Panel
        title={t("funnel.time")}
        extra={
          <Select
            size="small"
            value={step}
            options={rows.slice(1).map((row) => ({ value: row.at, label: t("funnel.timeTo", { n: row.at + 1 }) }))}
            onChange={setTimed}
            aria-label={t("funnel.time")}
            style={{ minWidth: 110 }}
          />
        }
      >
        {histogram ? <Chart option={timeChart(answer, histogram, tools)} height={170} label={t("funnel.time")} /> : <p className="faint">{t("funnel.noTime")}</p>}
      </Panel>
    </>
  );
}

function Groups({ question, answer }: { question: FunnelQuestion; answer: FunnelAnswer }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const cell = (group: FunnelGroup, at: number) => {
    const one = group.steps[at]!;
    const more = group.key === ALL ? {} : { group: group.key };
    return (
      <Link to={peopleHref(peopleOf(question, answer, at + 1, more))} className="number nowrap">
        {f.short(one.people)} <span className="faint">{one.of_first === null ? "–" : f.percent(one.of_first)}</span>
      </Link>
    );
  };
  const columns: Columns<FunnelGroup> = [
    { title: t("funnel.group"), key: "group", fixed: "left", render: (_, group) => w(group.words) },
    ...answer.steps.map((step, at) => ({
      title: `${at + 1} ${w(step.words)}`,
      key: `step-${at}`,
      align: "right" as const,
      render: (_: unknown, group: FunnelGroup) => cell(group, at),
    })),
  ];
  return (
    <Panel title={t("funnel.groups")} flush>
      <ListTable
        read={own(answer.groups)}
        columns={columns}
        rowKey={(group) => group.key}
        label={t("funnel.groups")}
        testId="funnel-groups"
        empty={null}
        card={(group) => (
          <>
            <b>{w(group.words)}</b>
            <div className="funnel-cells">{answer.steps.map((_, at) => <span key={at}>{at + 1} {cell(group, at)}</span>)}</div>
          </>
        )}
      />
    </Panel>
  );
}

import { Link } from "react-router";
import { useRead } from "@/api/hooks";
import type { SegmentOne, SegmentRun } from "@/api/types";
import { useLanguage, type Key } from "@/i18n";
import { Chart } from "@/kit/Chart";
import type { ChartOption } from "@/kit/ChartCanvas";
import { baseOption, categories, tip, values } from "@/kit/chartLook";
import { ListTable, type Columns } from "@/kit/ListTable";
import { useLook } from "@/kit/look";
import { Panel } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { At } from "@/kit/small";
import { Nothing } from "@/kit/states";
import type { Palette } from "@/kit/theme";
import { useFormat } from "@/kit/useFormat";

/** How the size went, run by run, and who entered and left. */
export function HistoryTab({ segment }: { segment: SegmentOne }) {
  const { t } = useLanguage();
  const f = useFormat();
  const { palette } = useLook();
  const read = useRead<SegmentRun[]>(`/api/segments/${segment.segment_id}/history`);
  const who = (run: SegmentRun, kind: "segment_entered" | "segment_left", count: number) =>
    count === 0 ? (
      <span className="faint">0</span>
    ) : (
      <Link to={peopleHref({ kind, segment_id: segment.segment_id, run: run.run_no })} className="number">
        {f.whole(count)}
      </Link>
    );
  const columns: Columns<SegmentRun> = [
    { title: t("segment.run"), key: "run", render: (_, run) => run.run_no },
    { title: t("segment.time"), key: "time", render: (_, run) => <At time={run.time} /> },
    { title: t("segment.size"), key: "size", align: "right", render: (_, run) => <span className="number">{f.whole(run.size)}</span> },
    { title: t("segment.entered"), key: "entered", align: "right", render: (_, run) => who(run, "segment_entered", run.entered) },
    { title: t("segment.left"), key: "left", align: "right", render: (_, run) => who(run, "segment_left", run.left) },
    { title: t("segment.version"), key: "version", render: (_, run) => t("segment.versionN", { n: run.version }) },
  ];
  const runs = read.data ?? [];
  const newest = read.data ? [...read.data].reverse() : undefined;
  return (
    <>
      {runs.length > 0 && (
        <Panel title={t("segment.sizeOverTime")}>
          <Chart option={sizes(runs, palette, f, t)} height={220} label={t("segment.sizeOverTime")} testId="segment-chart" />
        </Panel>
      )}
      <Panel flush title={t("segment.runs")}>
        <ListTable
          read={{ ...read, data: newest }}
          columns={columns}
          rowKey={(run) => run.run_no}
          label={t("segment.runs")}
          testId="runs-table"
          empty={<Nothing title={t("segment.noRuns")} />}
        />
      </Panel>
    </>
  );
}

function sizes(runs: SegmentRun[], palette: Palette, f: ReturnType<typeof useFormat>, t: (key: Key) => string): ChartOption {
  const bars = (name: string, data: number[], colour: string) => ({ type: "bar" as const, name, data, stack: "moves", barMaxWidth: 18, itemStyle: { color: colour } });
  return {
    ...baseOption(palette),
    tooltip: {
      ...baseOption(palette).tooltip,
      formatter: (points) => {
        const first = (Array.isArray(points) ? points[0] : points) as { dataIndex: number } | undefined;
        const run = runs[first?.dataIndex ?? 0];
        if (!run) return "";
        return tip(f.dateTime(run.time), [
          { colour: palette.accent, name: t("segment.size"), value: f.whole(run.size) },
          { colour: palette.series[1], name: t("segment.entered"), value: f.whole(run.entered) },
          { colour: palette.series[3], name: t("segment.left"), value: f.whole(run.left) },
        ]);
      },
    },
    xAxis: categories(palette, runs.map((run) => run.time), (time) => f.dateTime(time).slice(5)),
    yAxis: values(palette, f.short),
    series: [
      { type: "line", name: t("segment.size"), data: runs.map((run) => run.size), step: "end", showSymbol: runs.length < 30, itemStyle: { color: palette.accent } },
      bars(t("segment.entered"), runs.map((run) => run.entered), palette.series[1] ?? palette.accent),
      bars(t("segment.left"), runs.map((run) => -run.left), palette.series[3] ?? palette.faint),
    ],
  };
}

/** A tile of a metric: its number with the change, or its days as a line or bars. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, ApiError } from "@/api/client";
import type { BoardTile } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { baseOption, categories, tip, values } from "@/kit/chartLook";
import { useLook } from "@/kit/look";
import { Failure, Nothing, Waiting } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import type { Days } from "./days";
import type { Metric, MetricAnswer, MetricSeries } from "./metricApi";

type Format = ReturnType<typeof useFormat>;

/** A metric's value as its unit writes it; money is in minor units. */
export function valueText(f: Format, metric: Metric, value: number | null, currency: string, short = true): string {
  if (value === null) return "–";
  if (metric.unit === "money") return short ? f.shortMoney(value, currency || null) : f.money(value, currency || null);
  if (metric.unit === "share") return f.percent(value);
  return short ? f.short(value) : f.whole(value);
}

interface MetricTileProps {
  tile: BoardTile;
  days: Days;
  height: number;
  every: number | false;
}

export function useMetric(tile: BoardTile, days: Days, every: number | false) {
  const by = tile.holds.show === "number" ? "range" : "day";
  const body = { metrics: [tile.holds.key ?? ""], from: days.from, to: days.to, by, compare: by === "range" };
  return useQuery<MetricAnswer, ApiError>({
    queryKey: ["/api/metrics/query", body],
    queryFn: () => api.post<MetricAnswer>("/api/metrics/query", body),
    refetchInterval: every,
    retry: false,
  });
}

export function MetricTile({ tile, days, height, every }: MetricTileProps) {
  const { t, w } = useLanguage();
  const read = useMetric(tile, days, every);
  const { error, data } = read;
  if (error && !data) {
    if (error.status === 404 || error.status === 405) {
      return <Nothing title={t("board.noMetric")}>{t("board.noMetricText", { key: tile.holds.key ?? "" })}</Nothing>;
    }
    return <Failure error={error} retry={() => void read.refetch()} />;
  }
  if (!data) return <Waiting rows={2} />;
  const metric = data.metrics.find((one) => one.key === tile.holds.key);
  if (!metric) return <Nothing title={t("board.noMetric")}>{t("board.noMetricText", { key: tile.holds.key ?? "" })}</Nothing>;
  if (metric.no_data || data.series.length === 0) {
    return <Nothing title={t("board.noData")}>{metric.no_data ? w(metric.no_data) : t("board.noDataText")}</Nothing>;
  }
  if (tile.holds.show === "number" || !tile.holds.show) return <Figures metric={metric} series={data.series} />;
  return <Curve metric={metric} series={data.series} height={height} bars={tile.holds.show === "bar"} />;
}

function Figures({ metric, series }: { metric: Metric; series: MetricSeries[] }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  return (
    <div className="board-figures">
      {series.map((one) => {
        const point = one.points[one.points.length - 1];
        if (!point) return null;
        const change = point.previous.change;
        const good = change === null || metric.up_is_good === null || change === 0 ? "" : change > 0 === metric.up_is_good ? "good" : "bad";
        return (
          <div key={`${one.split}:${one.currency}`}>
            <b className={point.state === "complete" ? "board-figure" : "board-figure faint"} title={valueText(f, metric, point.value, one.currency, false)}>
              {valueText(f, metric, point.value, one.currency)}
            </b>
            <span className={`small ${good || "faint"}`}>
              {point.value === null
                ? point.reason && w(point.reason)
                : change === null
                  ? (point.previous.reason && w(point.previous.reason)) || t("board.noBefore")
                  : t("board.change", { n: `${change > 0 ? "+" : ""}${f.percent(change)}` })}
            </span>
          </div>
        );
      })}
    </div>
  );
}

function Curve({ metric, series, height, bars }: { metric: Metric; series: MetricSeries[]; height: number; bars: boolean }) {
  const { w } = useLanguage();
  const { palette } = useLook();
  const f = useFormat();
  const option = useMemo(() => {
    const xs = series[0]!.points.map((one) => one.from);
    const name = (one: MetricSeries) => [w(one.split_words), one.currency].filter(Boolean).join(" ") || w(metric.words);
    return {
      ...baseOption(palette),
      tooltip: {
        ...baseOption(palette).tooltip,
        formatter: (points: unknown) => {
          const at = (Array.isArray(points) ? points[0] : points) as { dataIndex: number } | undefined;
          const place = at?.dataIndex ?? 0;
          return tip(
            xs[place] ?? "",
            series.map((one, n) => ({
              colour: palette.series[n % palette.series.length],
              name: name(one),
              value: valueText(f, metric, one.points[place]?.value ?? null, one.currency, false),
            })),
          );
        },
      },
      xAxis: categories(palette, xs, (day) => day.slice(5)),
      yAxis: { ...values(palette, (value) => valueText(f, metric, value, series[0]!.currency)), minInterval: 0 },
      series: series.map((one, n) => ({
        type: bars ? ("bar" as const) : ("line" as const),
        name: name(one),
        symbolSize: 4,
        showSymbol: xs.length < 40,
        barMaxWidth: 28,
        // A day that is not over yet is grey, one without a value is a gap.
        data: one.points.map((point) => ({
          value: point.value,
          itemStyle: { color: point.state === "complete" ? palette.series[n % palette.series.length] : palette.faint },
        })),
        lineStyle: { color: palette.series[n % palette.series.length] },
        itemStyle: { color: palette.series[n % palette.series.length] },
      })),
    };
  }, [series, metric, palette, f, w, bars]);
  return <Chart option={option} height={height} label={w(metric.words)} />;
}

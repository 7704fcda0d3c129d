/** A tile to add or to change: what it shows, and how. */
import { Form, Input, Select } from "antd";
import { useRead } from "@/api/hooks";
import type { BoardTile, SavedQuery } from "@/api/types";
import { KINDS } from "@/data/sql/ResultChart";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import { useSession } from "@/kit/session";
import type { Metric } from "./metricApi";

interface Wanted {
  kind: BoardTile["kind"];
  title: string;
  key?: string;
  show?: "number" | "line" | "bar";
  query_id?: string;
  chart?: (typeof KINDS)[number];
  x?: string;
  y?: string;
  series?: string;
  href?: string;
  text?: string;
}

interface TileDialogProps {
  /** Null for a new one. */
  tile: BoardTile | null;
  newId: string;
  onDone: (tile: BoardTile) => void;
  onClose: () => void;
}

const SIZES: Record<BoardTile["kind"], [number, number]> = { metric: [6, 4], query: [6, 4], link: [3, 1], text: [6, 1] };
const IDLE = { isPending: false, error: null };

function tileOf(id: string, before: BoardTile | null, wanted: Wanted, queries: SavedQuery[]): BoardTile {
  const [wide, high] = wanted.kind === "metric" && wanted.show === "number" ? [3, 2] : SIZES[wanted.kind];
  const same = before?.kind === wanted.kind;
  const saved = queries.find((one) => one.query_id === wanted.query_id);
  const chart =
    wanted.chart === undefined
      ? (saved?.chart ?? undefined)
      : {
          kind: wanted.chart,
          x: wanted.x?.trim() ?? "",
          y: (wanted.y ?? "").split(/[,，]/).map((one) => one.trim()).filter(Boolean),
          series: wanted.series?.trim() ?? "",
        };
  const holds = {
    metric: { key: wanted.key, show: wanted.show ?? "line" },
    query: { query_id: wanted.query_id, chart },
    link: { href: hrefIn(wanted.href ?? "") },
    text: { text: wanted.text },
  }[wanted.kind];
  return {
    tile_id: id,
    kind: wanted.kind,
    title: wanted.title?.trim() ?? "",
    wide: same ? before.wide : wide,
    high: same ? before.high : high,
    holds: holds as BoardTile["holds"],
  };
}

/** The path of a pasted address of this console. */
function hrefIn(text: string): string {
  const trimmed = text.trim();
  return trimmed.startsWith(window.location.origin) ? trimmed.slice(window.location.origin.length) || "/" : trimmed;
}

export function TileDialog({ tile, newId, onDone, onClose }: TileDialogProps) {
  const { t, w, named } = useLanguage();
  const { may } = useSession();
  const [form] = Form.useForm<Wanted>();
  const kind = Form.useWatch("kind", form) ?? tile?.kind ?? "metric";
  const queryId = Form.useWatch("query_id", form);
  const metrics = useRead<Metric[]>("/api/metrics");
  const queries = useRead<SavedQuery[]>("/api/sql/queries", undefined, { enabled: may("query") });
  const chosen = queries.data?.find((one) => one.query_id === queryId);
  const chart = tile?.holds.chart;
  const kinds = (["metric", "query", "link", "text"] as const).filter((one) => one !== "query" || may("query"));
  const required = [{ required: true, whitespace: true, message: t("form.required") }];
  return (
    <FormDialog
      name="tile"
      form={form}
      title={t(tile ? "board.editTile" : "board.addTile")}
      does={t("board.done")}
      initialValues={{
        kind: tile?.kind ?? "metric",
        title: tile?.title ?? "",
        key: tile?.holds.key ?? undefined,
        show: tile?.holds.show ?? "line",
        query_id: tile?.holds.query_id ?? undefined,
        chart: chart?.kind,
        x: chart?.x,
        y: chart?.y?.join(", "),
        series: chart?.series,
        href: tile?.holds.href ?? undefined,
        text: tile?.holds.text ?? undefined,
      }}
      saving={IDLE}
      onFinish={(wanted) => onDone(tileOf(tile?.tile_id ?? newId, tile, wanted, queries.data ?? []))}
      onClose={onClose}
    >
      <Form.Item name="kind" label={t("board.shows")}>
        <Select options={kinds.map((one) => ({ value: one, label: named("board.kind", one) }))} data-testid="tile-kind" />
      </Form.Item>
      {kind === "metric" && (
        <>
          <Form.Item
            name="key"
            label={t("board.kind.metric")}
            rules={required}
            extra={metrics.error ? t("board.noCatalogue") : undefined}
          >
            <Select
              showSearch
              optionFilterProp="label"
              disabled={metrics.error !== null}
              loading={metrics.isPending}
              options={(metrics.data ?? []).map((one) => ({ value: one.key, label: w(one.words) }))}
              data-testid="tile-key"
            />
          </Form.Item>
          <Form.Item name="show" label={t("board.as")}>
            <Select options={(["number", "line", "bar"] as const).map((one) => ({ value: one, label: named("sql.kind", one) }))} />
          </Form.Item>
        </>
      )}
      {kind === "query" && (
        <>
          <Form.Item name="query_id" label={t("board.kind.query")} rules={required} extra={chosen && !chosen.shared ? t("board.notShared") : undefined}>
            <Select
              showSearch
              optionFilterProp="label"
              options={(queries.data ?? []).map((one) => ({ value: one.query_id, label: one.name }))}
              data-testid="tile-query-id"
            />
          </Form.Item>
          <Form.Item name="chart" label={t("board.as")} extra={t("board.asSaved")}>
            <Select allowClear options={KINDS.map((one) => ({ value: one, label: named("sql.kind", one) }))} />
          </Form.Item>
          <Form.Item noStyle shouldUpdate>
            {({ getFieldValue }) =>
              getFieldValue("chart") && getFieldValue("chart") !== "table" ? (
                <div className="sql-fields">
                  <Form.Item name="x" label={t("sql.x")}>
                    <Input />
                  </Form.Item>
                  <Form.Item name="y" label={t("sql.y")} rules={required}>
                    <Input />
                  </Form.Item>
                  <Form.Item name="series" label={t("sql.series")}>
                    <Input />
                  </Form.Item>
                </div>
              ) : null
            }
          </Form.Item>
        </>
      )}
      {kind === "link" && (
        <Form.Item name="href" label={t("board.href")} rules={required} extra={t("board.hrefText")}>
          <Input maxLength={4000} data-testid="tile-href" />
        </Form.Item>
      )}
      {kind === "text" && (
        <Form.Item name="text" label={t("board.kind.text")} rules={required}>
          <Input.TextArea rows={4} maxLength={4000} data-testid="tile-words" />
        </Form.Item>
      )}
      <Form.Item name="title" label={t("board.title")} extra={kind === "metric" || kind === "query" ? t("board.titleText") : undefined}>
        <Input maxLength={120} data-testid="tile-title" />
      </Form.Item>
    </FormDialog>
  );
}

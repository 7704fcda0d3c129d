/** A tile of a saved query: its result drawn; a failure is its own. */
import { Alert } from "antd";
import { useRef } from "react";
import { useRead } from "@/api/hooks";
import type { BoardTile, TileData } from "@/api/types";
import type { Cell } from "@/data/sql/charts";
import { NO_CHART, type ChartSpec } from "@/data/sql/params";
import { Drawn } from "@/data/sql/ResultChart";
import { useLanguage } from "@/i18n";
import { Failure, Waiting } from "@/kit/states";
import type { Days } from "./days";

const LOOK_MS = 700;

interface QueryTileProps {
  boardId: string;
  tile: BoardTile;
  /** The tile is on the board but not saved yet: there is nothing to ask for. */
  fresh: boolean;
  days: Days;
  height: number;
  every: number | false;
}

export function useTile(boardId: string, tileId: string, days: Days, enabled: boolean, every: number | false) {
  const path = `/api/boards/${encodeURIComponent(boardId)}/tiles/${encodeURIComponent(tileId)}`;
  const first = useRead<TileData>(path, { ...days }, { enabled, keep: true, every });
  const running = first.data?.state === "running";
  // Asked again sooner while it is being computed.
  const again = useRead<TileData>(path, { ...days }, { enabled: enabled && running, keep: true, every: running ? LOOK_MS : false });
  const read = running ? again : first;
  // What was shown stays until there is something newer: a wall screen does not blink each minute.
  const last = useRef<TileData>(undefined);
  if (read.data?.state === "done") last.current = read.data;
  const kept = read.data?.state === "running" && last.current ? last.current : read.data;
  return { data: kept, error: read.error, refetch: read.refetch };
}

export function QueryTile({ boardId, tile, fresh, days, height, every }: QueryTileProps) {
  const { t, w } = useLanguage();
  const read = useTile(boardId, tile.tile_id, days, !fresh, every);
  if (fresh) return <p className="faint">{t("board.afterSaving")}</p>;
  if (read.error && !read.data) return <Failure error={read.error} retry={() => void read.refetch()} />;
  if (!read.data || read.data.state === "running") return <Waiting rows={2} />;
  if (read.data.state === "failed") {
    return <Alert type="error" showIcon title={read.data.error ? w(read.data.error) : t("board.failed")} data-testid="tile-error" />;
  }
  const chart = { ...NO_CHART, ...tile.holds.chart } as ChartSpec;
  return (
    <Drawn
      result={{ columns: read.data.columns, rows: read.data.rows as Cell[][] }}
      chart={chart}
      height={height}
      label={tile.title || read.data.query_name}
      testId="tile-drawn"
    />
  );
}

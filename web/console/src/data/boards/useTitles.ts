/** What a tile is called: its own title, or the name of what it shows. */
import { useRead } from "@/api/hooks";
import type { BoardTile, SavedQuery } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useSession } from "@/kit/session";
import type { Metric } from "./metricApi";

export function useTitles(tiles: BoardTile[]): (tile: BoardTile) => string {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const metrics = useRead<Metric[]>("/api/metrics", undefined, { enabled: tiles.some((one) => one.kind === "metric") });
  const queries = useRead<SavedQuery[]>("/api/sql/queries", { archived: true }, { enabled: may("query") });
  return (tile) => {
    if (tile.title) return tile.title;
    if (tile.kind === "metric") {
      const metric = metrics.data?.find((one) => one.key === tile.holds.key);
      return metric ? w(metric.words) : (tile.holds.key ?? "");
    }
    if (tile.kind === "query") return queries.data?.find((one) => one.query_id === tile.holds.query_id)?.name ?? t("board.kind.query");
    return t(tile.kind === "link" ? "board.kind.link" : "board.kind.text");
  };
}

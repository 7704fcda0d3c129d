/** The tiles of a board in a grid; moved and resized by the pointer or by the arrow keys while the board is edited. */
import { CloseOutlined, DragOutlined, EditOutlined, LinkOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useRef, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { Link } from "react-router";
import type { BoardTile } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useNarrow } from "@/kit/useNarrow";
import type { Days } from "./days";
import { bodyHeight, moved, resized, sizeOf } from "./layout";
import { MetricTile } from "./MetricTile";
import { QueryTile } from "./QueryTile";
import { useTitles } from "./useTitles";

const HEAD_PX = 62;

interface GridProps {
  boardId: string;
  tiles: BoardTile[];
  saved: BoardTile[];
  editing: boolean;
  days: Days;
  every: number | false;
  /** `done` ends a movement: what was before it can be undone. */
  onChange: (tiles: BoardTile[], done: boolean) => void;
  onEdit: (tile: BoardTile) => void;
}

export function Grid({ boardId, tiles, saved, editing, days, every, onChange, onEdit }: GridProps) {
  const { t } = useLanguage();
  const narrow = useNarrow();
  const titleOf = useTitles(tiles);
  const grid = useRef<HTMLDivElement>(null);
  const latest = useRef(tiles);
  latest.current = tiles;
  const place = (id: string) => latest.current.findIndex((one) => one.tile_id === id);

  const drag = (id: string) => (down: PointerEvent<HTMLElement>) => {
    if (down.button !== 0) return;
    down.preventDefault();
    const handle = down.currentTarget;
    handle.setPointerCapture(down.pointerId);
    const move = (step: globalThis.PointerEvent) => {
      const over = document
        .elementsFromPoint(step.clientX, step.clientY)
        .map((element) => element.closest<HTMLElement>("[data-tile]")?.dataset.tile)
        .find((other) => other !== undefined && other !== id);
      if (over !== undefined) onChange(moved(latest.current, id, place(over)), false);
    };
    follow(handle, move);
  };
  const stretch = (id: string) => (down: PointerEvent<HTMLElement>) => {
    if (down.button !== 0) return;
    down.preventDefault();
    const handle = down.currentTarget;
    const box = handle.closest<HTMLElement>("[data-tile]")!.getBoundingClientRect();
    const width = grid.current!.clientWidth;
    handle.setPointerCapture(down.pointerId);
    follow(handle, (step) => {
      const size = sizeOf(box.width + step.clientX - down.clientX, box.height + step.clientY - down.clientY, width);
      onChange(resized(latest.current, id, size.wide, size.high), false);
    });
  };
  const follow = (handle: HTMLElement, move: (step: globalThis.PointerEvent) => void) => {
    const end = () => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
      handle.removeEventListener("pointercancel", end);
      onChange(latest.current, true);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
  };
  const keys = (tile: BoardTile) => (press: KeyboardEvent) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[press.key];
    if (!step) return;
    press.preventDefault();
    const [across, down] = step as [number, number];
    const next = press.shiftKey
      ? resized(tiles, tile.tile_id, tile.wide + across, tile.high + down)
      : moved(tiles, tile.tile_id, place(tile.tile_id) + across + down);
    onChange(next, true);
  };
  const known = new Map(saved.map((one) => [one.tile_id, one]));
  return (
    <div ref={grid} className={editing ? "board-grid board-editing" : "board-grid"} data-testid="board-grid">
      {tiles.map((tile) => {
        const height = bodyHeight(narrow ? Math.max(tile.high, tile.kind === "text" ? 1 : 2) : tile.high, HEAD_PX);
        const before = known.get(tile.tile_id);
        const fresh = before === undefined || before.holds.query_id !== tile.holds.query_id;
        return (
          <section
            key={tile.tile_id}
            className="board-tile"
            data-tile={tile.tile_id}
            data-testid={`tile-${tile.kind}`}
            style={{ gridColumn: narrow ? "1 / -1" : `span ${tile.wide}`, gridRow: `span ${tile.high}` }}
          >
            <header>
              <h2 className="cut">{titleOf(tile)}</h2>
              {editing && (
                <span className="row-tight">
                  <Button size="small" type="text" icon={<EditOutlined />} aria-label={t("board.editTile")} onClick={() => onEdit(tile)} />
                  <Button
                    size="small"
                    type="text"
                    icon={<CloseOutlined />}
                    aria-label={t("board.removeTile")}
                    onClick={() => onChange(tiles.filter((one) => one !== tile), true)}
                    data-testid="tile-remove"
                  />
                  <button
                    type="button"
                    className="board-handle"
                    aria-label={t("board.handle", { title: titleOf(tile) })}
                    title={t("board.handleHelp")}
                    onPointerDown={drag(tile.tile_id)}
                    onKeyDown={keys(tile)}
                    data-testid="tile-handle"
                  >
                    <DragOutlined />
                  </button>
                </span>
              )}
            </header>
            <div className="board-body">{content(tile, fresh, boardId, days, height, every, t("board.openLink"))}</div>
            {editing && !narrow && (
              <span className="board-stretch" onPointerDown={stretch(tile.tile_id)} data-testid="tile-stretch" aria-hidden="true" />
            )}
          </section>
        );
      })}
    </div>
  );
}

function content(
  tile: BoardTile,
  fresh: boolean,
  boardId: string,
  days: Days,
  height: number,
  every: number | false,
  open: string,
): ReactNode {
  if (tile.kind === "metric") return <MetricTile tile={tile} days={days} height={height} every={every} />;
  if (tile.kind === "query") {
    return <QueryTile boardId={boardId} tile={tile} fresh={fresh} days={days} height={height} every={every} />;
  }
  if (tile.kind === "link") {
    return (
      <Link to={tile.holds.href ?? "/"} className="row">
        <LinkOutlined /> {open}
      </Link>
    );
  }
  return <p className="board-text">{tile.holds.text}</p>;
}

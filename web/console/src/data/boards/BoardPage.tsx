/** One board: its days stand in the address, its tiles are moved, saved and brought back. */
import { EditOutlined, FullscreenExitOutlined, FullscreenOutlined, PlusOutlined, UndoOutlined } from "@ant-design/icons";
import { Alert, App, Button, Drawer, Input, Segmented, Select } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { useParams } from "react-router";
import { api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Board, BoardTile } from "@/api/types";
import { useLanguage } from "@/i18n";
import { PageFrame, Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Actor, At } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { daysOf, SPANS, todayIn } from "./days";
import { Grid } from "./Grid";
import { newTileId } from "./layout";
import { TileDialog } from "./TileDialog";

const FILTERS = { days: 30, from: "", to: "", edit: 0 };
const EVERY_MS = 60_000;
const pathOf = (id: string) => `/api/boards/${encodeURIComponent(id)}`;

export default function BoardPage() {
  const { boardId = "" } = useParams();
  const read = useRead<Board>(pathOf(boardId));
  return <Shown read={read}>{(board) => <OneBoard key={board.board_id} board={board} />}</Shown>;
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
}

function OneBoard({ board }: { board: Board }) {
  const { t, w, named } = useLanguage();
  const { zone } = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const client = useQueryClient();
  const { filters, change } = useFilters(FILTERS);
  const days = useMemo(() => daysOf(filters, todayIn(zone, Date.now())), [filters, zone]);
  const [tiles, setTiles] = useState(board.tiles);
  const [past, setPast] = useState<BoardTile[][]>([]);
  const settled = useRef(board.tiles);
  const [shown, setShown] = useState<BoardTile | "new" | null>(null);
  const [history, setHistory] = useState(false);
  const [whole, setWhole] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const changes = board.may_change && (may("operate") || may("query"));
  const editing = changes && filters.edit === 1 && !whole;
  const name = board.words ? w(board.words) : board.name;
  const fresh = board.version;
  useEffect(() => {
    // Somebody's saving, ours too: from here on that is what stands.
    setTiles(board.tiles);
    settled.current = board.tiles;
    setPast([]);
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [fresh]);
  const save = useWrite<object, Board>((body) => api.patch(pathOf(board.board_id), body), ["/api/boards", pathOf(board.board_id), `${pathOf(board.board_id)}/`]);
  const complain = (error: ApiError) => void message.error(w(error.words));
  const onChange = (next: BoardTile[], done: boolean) => {
    setTiles(next);
    if (!done || next === settled.current) return;
    const before = settled.current;
    settled.current = next;
    setPast((stack) => [...stack, before]);
  };
  const undo = () => {
    const before = past[past.length - 1];
    if (!before) return;
    settled.current = before;
    setTiles(before);
    setPast(past.slice(0, -1));
  };
  const dirty = JSON.stringify(tiles) !== JSON.stringify(board.tiles);
  const keep = () =>
    save.mutate(
      { tiles, version: board.version },
      {
        onSuccess: (after) => {
          client.setQueryData([pathOf(board.board_id), {}], after);
          void message.success(t("board.savedAs", { n: after.version }));
          change({ edit: 0 });
        },
        onError: complain,
      },
    );
  const toggleWhole = () => {
    if (whole) {
      if (document.fullscreenElement) void document.exitFullscreen();
      setWhole(false);
    } else {
      setWhole(true);
      // Where the browser refuses it, the board still fills the window.
      void frame.current?.requestFullscreen?.().catch(() => undefined);
    }
  };
  useEffect(() => {
    const onKey = (press: globalThis.KeyboardEvent) => {
      if (typing(press.target) || press.altKey || press.metaKey) return;
      if (press.key === "f" && !press.ctrlKey) toggleWhole();
      else if (press.key === "Escape" && whole) setWhole(false);
      else if (press.key === "z" && press.ctrlKey && editing) undo();
      else return;
      press.preventDefault();
    };
    const onScreen = () => {
      if (!document.fullscreenElement) setWhole(false);
    };
    document.addEventListener("keydown", onKey);
    document.addEventListener("fullscreenchange", onScreen);
    return () => {
      document.removeEventListener("keydown", onKey);
      document.removeEventListener("fullscreenchange", onScreen);
    };
  });
  return (
    <div ref={frame} className={whole ? "board-whole" : undefined} data-testid="board-frame">
      <PageFrame
        testId="page-board"
        title={name}
        about={board.words ? t("board.shipsText") : undefined}
        extra={
          <>
            {!whole && board.mine && (
              <Select
                value={board.access}
                onChange={(access: Board["access"]) => save.mutate({ access }, { onError: complain, onSuccess: () => void message.success(t("form.saved")) })}
                options={(["own", "view", "edit"] as const).map((one) => ({ value: one, label: named("board.access", one) }))}
                aria-label={t("board.sharing")}
                popupMatchSelectWidth={false}
                data-testid="board-access"
              />
            )}
            {!whole && !board.words && (
              <Button onClick={() => setHistory(true)} data-testid="board-history">
                {t("sql.versions")}
              </Button>
            )}
            <Button
              icon={whole ? <FullscreenExitOutlined /> : <FullscreenOutlined />}
              onClick={toggleWhole}
              title={t("board.wholeHelp")}
              data-testid="board-whole"
            >
              {t(whole ? "board.leave" : "board.whole")}
            </Button>
            {changes && !editing && !whole && (
              <Button type="primary" icon={<EditOutlined />} onClick={() => change({ edit: 1 })} data-testid="board-edit">
                {t("board.edit")}
              </Button>
            )}
          </>
        }
      >
        <div className="tools board-tools">
          <Segmented
            value={filters.from && filters.to ? 0 : filters.days}
            onChange={(span) => change({ days: Number(span), from: "", to: "" })}
            options={SPANS.map((span) => ({ value: span, label: t("board.days", { n: span }) }))}
          />
          <span className="row">
            <Input
              type="date"
              size="small"
              value={days.from}
              max={days.to}
              onChange={(event) => event.target.value && change({ from: event.target.value, to: days.to })}
              aria-label={t("board.from")}
              data-testid="board-from"
            />
            –
            <Input
              type="date"
              size="small"
              value={days.to}
              min={days.from}
              onChange={(event) => event.target.value && change({ from: days.from, to: event.target.value })}
              aria-label={t("board.to")}
              data-testid="board-to"
            />
          </span>
          {whole && <span className="faint small">{t("board.refreshes")}</span>}
          {editing && (
            <span className="row wrap board-acts">
              <Button size="small" icon={<PlusOutlined />} onClick={() => setShown("new")} data-testid="tile-add">
                {t("board.addTile")}
              </Button>
              <Button size="small" icon={<UndoOutlined />} disabled={past.length === 0} onClick={undo} data-testid="board-undo">
                {t("board.undo")}
              </Button>
              <Button
                size="small"
                onClick={() => {
                  setTiles(board.tiles);
                  settled.current = board.tiles;
                  setPast([]);
                  change({ edit: 0 });
                }}
              >
                {t("board.cancel")}
              </Button>
              <Button size="small" type="primary" disabled={!dirty} loading={save.isPending} onClick={keep} data-testid="board-save">
                {t("form.save")}
              </Button>
            </span>
          )}
        </div>
        {editing && <Alert type="info" showIcon title={t("board.editHelp")} className="board-help" />}
        {tiles.length === 0 ? (
          <Panel>
            <Nothing title={t("board.empty")}>{t("board.emptyText")}</Nothing>
          </Panel>
        ) : (
          <Grid
            boardId={board.board_id}
            tiles={tiles}
            saved={board.tiles}
            editing={editing}
            days={days}
            every={whole ? EVERY_MS : false}
            onChange={onChange}
            onEdit={setShown}
          />
        )}
      </PageFrame>
      {shown && (
        <TileDialog
          tile={shown === "new" ? null : shown}
          newId={newTileId(tiles)}
          onClose={() => setShown(null)}
          onDone={(tile) => {
            onChange(shown === "new" ? [...tiles, tile] : tiles.map((one) => (one.tile_id === tile.tile_id ? tile : one)), true);
            setShown(null);
          }}
        />
      )}
      <Drawer open={history} onClose={() => setHistory(false)} title={t("sql.versions")}>
        {history && <Versions board={board} changes={changes} onError={complain} />}
      </Drawer>
    </div>
  );
}

function Versions({ board, changes, onError }: { board: Board; changes: boolean; onError: (error: ApiError) => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const path = pathOf(board.board_id);
  const read = useRead<Board[]>(`${path}/versions`);
  const restore = useWrite<number, Board>((version) => api.post(`${path}/versions/${version}/restore`), ["/api/boards", path, `${path}/`]);
  return (
    <Shown read={read} rows={4}>
      {(versions) => (
        <ul className="sql-versions">
          {versions.map((one, place) => (
            <li key={one.version}>
              <div className="card-top">
                <b>{t("sql.version", { n: one.version })}</b>
                <At time={one.made_time} seconds={false} />
              </div>
              <div className="card-top faint">
                <span>
                  {t("board.nTiles", { n: one.tiles.length })} · <Actor id={one.owner} name={one.made_by_name} />
                </span>
                {place > 0 && changes && (
                  <Button
                    size="small"
                    onClick={() => restore.mutate(one.version, { onError, onSuccess: () => void message.success(t("sql.restored")) })}
                    data-testid="board-restore"
                  >
                    {t("sql.restore")}
                  </Button>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Shown>
  );
}

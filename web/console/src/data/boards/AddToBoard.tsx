/** Puts a saved query, as it is drawn, onto a board of one's choice. */
import { AppstoreAddOutlined } from "@ant-design/icons";
import { App, Button, Form, Select } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Board, BoardTile, SavedQuery } from "@/api/types";
import type { ChartSpec } from "@/data/sql/params";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import { newTileId } from "./layout";

const NEW = "new";

export function AddToBoard({ query, chart }: { query: SavedQuery; chart: ChartSpec }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm<{ board: string }>();
  const boards = useRead<Board[]>("/api/boards", undefined, { enabled: open });
  const add = useWrite<string, Board>(
    (board) => {
      const tiles = boards.data?.find((one) => one.board_id === board)?.tiles ?? [];
      const small = chart.kind === "number";
      const tile: BoardTile = {
        tile_id: newTileId(tiles),
        kind: "query",
        title: "",
        wide: small ? 3 : 6,
        high: small ? 2 : 4,
        holds: { query_id: query.query_id, chart },
      };
      if (board === NEW) return api.post("/api/boards", { name: query.name, tiles: [tile] });
      const version = boards.data?.find((one) => one.board_id === board)?.version;
      return api.patch(`/api/boards/${encodeURIComponent(board)}`, { tiles: [...tiles, tile], version });
    },
    ["/api/boards", "/api/boards/"],
  );
  const mine = (boards.data ?? []).filter((one) => one.may_change && one.archived_time === null);
  return (
    <>
      <Button size="small" icon={<AppstoreAddOutlined />} onClick={() => setOpen(true)} data-testid="to-board">
        {t("board.add")}
      </Button>
      {open && (
        <FormDialog
          name="to-board"
          form={form}
          title={t("board.add")}
          does={t("board.addDo")}
          initialValues={{ board: NEW }}
          saving={add}
          onFinish={({ board }) =>
            add.mutate(board, {
              onSuccess: (made) => {
                setOpen(false);
                void message.success(t("board.added"));
                void navigate(`/boards/${encodeURIComponent(made.board_id)}`);
              },
            })
          }
          onClose={() => setOpen(false)}
        >
          <Form.Item name="board" label={t("board.one")} extra={query.shared ? undefined : t("board.notShared")}>
            <Select
              loading={boards.isPending}
              options={[
                { value: NEW, label: t("board.newNamed", { name: query.name }) },
                ...mine.map((one) => ({ value: one.board_id, label: one.name })),
              ]}
              data-testid="board-choice"
            />
          </Form.Item>
        </FormDialog>
      )}
    </>
  );
}

/** Every board that the person may see; make, copy, archive. */
import { PlusOutlined } from "@ant-design/icons";
import { App, Button, Form, Input, Switch, Tag } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Board } from "@/api/types";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import { ListTable, type Columns } from "@/kit/ListTable";
import { PageFrame, Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Actor, Ago } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";

const STALE = ["/api/boards", "/api/boards/"];
export const boardPath = (id: string) => `/boards/${encodeURIComponent(id)}`;

export default function BoardsPage() {
  const { t, w, named } = useLanguage();
  const { whole } = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const [archived, setArchived] = useState(false);
  const [making, setMaking] = useState<Board | "new" | null>(null);
  const read = useRead<Board[]>("/api/boards", { archived }, { keep: true });
  const makes = may("operate") || may("query");
  const change = useWrite<{ board: Board; archived: boolean }, Board>(
    ({ board, archived: to }) => api.patch(`/api/boards/${encodeURIComponent(board.board_id)}`, { archived: to }),
    STALE,
  );
  const complain = { onError: (error: ApiError) => void message.error(w(error.words)) };
  const name = (board: Board) => (board.words ? w(board.words) : board.name);
  const marks = (board: Board) => (
    <>
      <Tag color={board.access === "own" ? "default" : "blue"}>{board.words ? t("board.ships") : named("board.access", board.access)}</Tag>
      {board.archived_time !== null && <Tag>{t("sql.archived")}</Tag>}
    </>
  );
  const actions = (board: Board) =>
    makes && (
      <span className="row-tight">
        <Button size="small" onClick={() => setMaking(board)} data-testid="board-copy">
          {t("board.copy")}
        </Button>
        {board.mine && (
          <Button
            size="small"
            onClick={() => change.mutate({ board, archived: board.archived_time === null }, complain)}
            data-testid="board-archive"
          >
            {t(board.archived_time === null ? "sql.archive" : "sql.unarchive")}
          </Button>
        )}
      </span>
    );
  const columns: Columns<Board> = [
    { title: t("sql.name"), key: "name", render: (_, one) => <Link to={boardPath(one.board_id)}>{name(one)}</Link> },
    { title: t("board.sharing"), key: "access", render: (_, one) => marks(one) },
    { title: t("board.tiles"), key: "tiles", align: "right", render: (_, one) => <span className="number">{whole(one.tiles.length)}</span> },
    { title: t("sql.owner"), key: "owner", render: (_, one) => (one.words ? "–" : <Actor id={one.owner} name={one.owner_name} />) },
    { title: t("sql.changed"), key: "changed", render: (_, one) => <Ago time={one.changed_time} /> },
    { title: "", key: "actions", align: "right", render: (_, one) => actions(one) },
  ];
  return (
    <PageFrame
      testId="page-boards"
      title={t("nav.boards")}
      about={t("board.about")}
      extra={
        makes && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking("new")} data-testid="board-new">
            {t("board.new")}
          </Button>
        )
      }
    >
      <div className="tools">
        <label className="row">
          <Switch size="small" checked={archived} onChange={setArchived} /> {t("sql.withArchived")}
        </label>
      </div>
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(one) => one.board_id}
          label={t("nav.boards")}
          testId="boards-table"
          onOpen={(one) => void navigate(boardPath(one.board_id))}
          empty={<Nothing title={t("board.none")}>{t("board.noneText")}</Nothing>}
          card={(one) => (
            <>
              <div className="card-top">
                <Link to={boardPath(one.board_id)}>
                  <b>{name(one)}</b>
                </Link>
                <span>{marks(one)}</span>
              </div>
              <div className="card-top faint">
                <Ago time={one.changed_time} />
                {actions(one)}
              </div>
            </>
          )}
        />
      </Panel>
      {making && (
        <NameDialog
          of={making === "new" ? null : making}
          onClose={() => setMaking(null)}
          onMade={(board) => void navigate(`${boardPath(board.board_id)}?edit=1`)}
        />
      )}
    </PageFrame>
  );
}

interface NameProps {
  /** The board that is copied; null for an empty one. */
  of: Board | null;
  onMade: (board: Board) => void;
  onClose: () => void;
}

function NameDialog({ of, onMade, onClose }: NameProps) {
  const { t, w } = useLanguage();
  const [form] = Form.useForm<{ name: string }>();
  const make = useWrite<{ name: string }, Board>(
    ({ name }) => api.post("/api/boards", { name: name.trim(), copy_of: of?.board_id ?? null }),
    STALE,
  );
  const called = of ? (of.words ? w(of.words) : of.name) : "";
  return (
    <FormDialog
      name="board"
      form={form}
      title={t(of ? "board.copy" : "board.new")}
      initialValues={{ name: of ? t("board.copyOf", { name: called }) : "" }}
      saving={make}
      onFinish={(wanted) => make.mutate(wanted, { onSuccess: onMade })}
      onClose={onClose}
    >
      <Form.Item name="name" label={t("sql.name")} rules={[{ required: true, whitespace: true, message: t("form.required") }]}>
        <Input maxLength={120} data-testid="board-name" />
      </Form.Item>
    </FormDialog>
  );
}

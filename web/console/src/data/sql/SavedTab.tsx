/** Saved queries: one's own and the shared ones; earlier versions, archive and back. */
import { App, Button, Drawer, Switch, Tag } from "antd";
import { useState } from "react";
import { api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { SavedQuery } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Actor, Ago, At, Code } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";

const STALE = ["/api/sql/queries", "/api/sql/queries/"];
const pathOf = (query: SavedQuery) => `/api/sql/queries/${encodeURIComponent(query.query_id)}`;

export function SavedTab({ onOpen }: { onOpen: (query: SavedQuery) => void }) {
  const { t, w } = useLanguage();
  const { message } = App.useApp();
  const [archived, setArchived] = useState(false);
  const [shown, setShown] = useState<SavedQuery | null>(null);
  const read = useRead<SavedQuery[]>("/api/sql/queries", { archived }, { keep: true });
  const complain = { onError: (error: ApiError) => void message.error(w(error.words)) };
  const change = useWrite<{ query: SavedQuery; body: object }, SavedQuery>(({ query, body }) => api.patch(pathOf(query), body), STALE);
  const actions = (query: SavedQuery) => (
    <span className="row-tight">
      <Button size="small" onClick={() => setShown(query)} data-testid="query-versions">
        {t("sql.versions")}
      </Button>
      {query.mine && (
        <>
          <Button size="small" onClick={() => change.mutate({ query, body: { shared: !query.shared } }, complain)}>
            {t(query.shared ? "sql.unshare" : "sql.share")}
          </Button>
          <Button
            size="small"
            onClick={() => change.mutate({ query, body: { archived: query.archived_time === null } }, complain)}
            data-testid="query-archive"
          >
            {t(query.archived_time === null ? "sql.archive" : "sql.unarchive")}
          </Button>
        </>
      )}
    </span>
  );
  const marks = (query: SavedQuery) => (
    <>
      {query.shared && <Tag color="blue">{t("sql.shared")}</Tag>}
      {query.archived_time !== null && <Tag>{t("sql.archived")}</Tag>}
    </>
  );
  const columns: Columns<SavedQuery> = [
    { title: t("sql.name"), key: "name", render: (_, query) => <button type="button" className="link" onClick={() => onOpen(query)}>{query.name}</button> },
    { title: "", key: "marks", render: (_, query) => marks(query) },
    { title: t("sql.owner"), key: "owner", render: (_, query) => <Actor id={query.owner} name={query.owner_name} /> },
    { title: t("sql.changed"), dataIndex: "changed_time", render: (time: string) => <Ago time={time} /> },
    { title: "", key: "actions", align: "right", render: (_, query) => actions(query) },
  ];
  return (
    <>
      <div className="tools sql-tools">
        <label className="row">
          <Switch size="small" checked={archived} onChange={setArchived} /> {t("sql.withArchived")}
        </label>
      </div>
      <ListTable
        read={read}
        columns={columns}
        rowKey={(query) => query.query_id}
        label={t("sql.saved")}
        testId="sql-saved"
        onOpen={onOpen}
        empty={<Nothing title={t("sql.noSaved")}>{t("sql.noSavedText")}</Nothing>}
        card={(query) => (
          <>
            <button type="button" className="card-button" onClick={() => onOpen(query)}>
              <div className="card-top">
                <b>{query.name}</b>
                <span>{marks(query)}</span>
              </div>
            </button>
            <div className="row wrap">{actions(query)}</div>
          </>
        )}
      />
      <Drawer open={shown !== null} onClose={() => setShown(null)} title={shown?.name} size="large">
        {shown && <Versions query={shown} />}
      </Drawer>
    </>
  );
}

function Versions({ query }: { query: SavedQuery }) {
  const { t, w } = useLanguage();
  const { message } = App.useApp();
  const read = useRead<SavedQuery[]>(`${pathOf(query)}/versions`);
  const restore = useWrite<number, SavedQuery>((version) => api.post(`${pathOf(query)}/versions/${version}/restore`), STALE);
  return (
    <Shown read={read} rows={4}>
      {(versions) => (
        <ul className="sql-versions">
          {versions.map((one, place) => (
            <li key={one.version}>
              <div className="card-top">
                <b>{t("sql.version", { n: one.version })}</b>
                <At time={one.made_time} />
                {place > 0 && query.mine && (
                  <Button
                    size="small"
                    onClick={() =>
                      restore.mutate(one.version, {
                        onSuccess: () => void message.success(t("sql.restored")),
                        onError: (error) => void message.error(w(error.words)),
                      })
                    }
                  >
                    {t("sql.restore")}
                  </Button>
                )}
              </div>
              <Code text={one.sql} />
            </li>
          ))}
        </ul>
      )}
    </Shown>
  );
}

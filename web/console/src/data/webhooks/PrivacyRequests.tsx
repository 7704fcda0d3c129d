import { App, Button, Tag } from "antd";
import { Link } from "react-router";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Page, PrivacyRequest } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Ago, At } from "@/kit/small";
import { usePager } from "@/kit/usePager";

const ADDRESS = "/api/privacy-requests";

/** What shop platforms ask on customers' behalf; shown to compliance, and only where there is anything. */
export function PrivacyRequests() {
  const { t, w, named } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const pager = usePager();
  const read = useRead<Page<PrivacyRequest>>(ADDRESS, { cursor: pager.cursor }, { enabled: may("comply"), keep: true });
  const settle = useWrite<string, PrivacyRequest>((id) => api.post(`${ADDRESS}/${encodeURIComponent(id)}/done`), [ADDRESS]);
  if (!read.data || (read.data.items.length === 0 && !pager.cursor)) return null;
  const subject = (one: PrivacyRequest) => {
    if (one.kind === "shop_redact") return "–";
    if (!one.subject) return <span className="faint">{t("privacy.gone")}</span>;
    return <Link to={`/users/${encodeURIComponent(one.subject)}`}>{one.subject}</Link>;
  };
  const state = (one: PrivacyRequest) =>
    one.done_time ? (
      <Tag color="success">{t("privacy.isDone")}</Tag>
    ) : (
      <span className="row-tight">
        {new Date(one.due_time).getTime() < Date.now() && <Tag color="error">{t("privacy.late")}</Tag>}
        <Button
          size="small"
          data-testid="privacy-done"
          onClick={() => settle.mutate(one.request_id, { onError: (error) => void message.error(w(error.words)) })}
        >
          {t("privacy.done")}
        </Button>
      </span>
    );
  const columns: Columns<PrivacyRequest> = [
    { title: t("privacy.what"), key: "kind", render: (_, one) => named("privacy.kind", one.kind) },
    { title: t("privacy.subject"), key: "subject", render: (_, one) => subject(one) },
    { title: t("privacy.received"), dataIndex: "received_time", render: (time: string) => <Ago time={time} /> },
    { title: t("privacy.due"), dataIndex: "due_time", render: (time: string) => <At time={time} seconds={false} /> },
    { title: "", key: "state", align: "right", render: (_, one) => state(one) },
  ];
  return (
    <Panel flush title={t("privacy.title")} testId="privacy-requests">
      <p className="faint panel-note">{t("privacy.about")}</p>
      <ListTable
        read={read}
        columns={columns}
        rowKey={(one) => one.request_id}
        label={t("privacy.title")}
        testId="privacy-table"
        pager={pager}
        empty={null}
        card={(one) => (
          <>
            <div className="card-top">
              <b>{named("privacy.kind", one.kind)}</b>
              {state(one)}
            </div>
            <div className="faint">
              {t("privacy.subject")} {subject(one)} · {t("privacy.due")} <At time={one.due_time} seconds={false} />
            </div>
          </>
        )}
      />
    </Panel>
  );
}

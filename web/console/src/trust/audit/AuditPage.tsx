import { DownloadOutlined, SafetyOutlined } from "@ant-design/icons";
import { Alert, Button, Drawer } from "antd";
import { useState } from "react";
import { api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { AuditCheck, AuditEntry, Page } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Json } from "@/kit/Json";
import { ListTable, type Columns } from "@/kit/ListTable";
import { PageFrame, Panel } from "@/kit/page";
import { Search } from "@/kit/Search";
import { Actor, At, Cut } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";

const FILTERS = { search: "" };

export default function AuditPage() {
  const { t, named } = useLanguage();
  const { filters, change } = useFilters(FILTERS);
  const pager = usePager();
  const read = useRead<Page<AuditEntry>>("/api/audit", { ...filters, cursor: pager.cursor }, { keep: true });
  const check = useWrite<void, AuditCheck>(() => api.get<AuditCheck>("/api/audit/verify"));
  const [open, setOpen] = useState<AuditEntry | null>(null);
  const columns: Columns<AuditEntry> = [
    { title: t("audit.time"), dataIndex: "at_time", render: (time: string) => <At time={time} /> },
    { title: t("audit.actor"), key: "actor", render: (_, row) => <Actor id={row.actor} name={row.actor_name} /> },
    { title: t("audit.action"), dataIndex: "action", render: (action: string) => <span title={action}>{named("audit.do", action)}</span> },
    { title: t("audit.object"), key: "object", render: (_, row) => <Cut text={objectOf(row)} width={260} /> },
    {
      title: t("audit.detail"),
      dataIndex: "detail",
      render: (detail: unknown) => <Cut text={JSON.stringify(detail)} width={320} />,
    },
  ];
  return (
    <PageFrame
      testId="page-audit"
      title={t("audit.title")}
      about={t("audit.about")}
      extra={
        <>
          <Button
            icon={<SafetyOutlined />}
            loading={check.isPending}
            onClick={() => check.mutate()}
            data-testid="audit-verify"
          >
            {t("audit.verify")}
          </Button>
          <Button icon={<DownloadOutlined />} href="/api/audit/export" data-testid="audit-export">
            {t("list.export")}
          </Button>
        </>
      }
    >
      <Verified result={check.data} error={check.error} onClose={() => check.reset()} />
      <div className="tools">
        <Search value={filters.search} onSearch={(search) => change({ search })} placeholder={t("audit.search")} />
      </div>
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(row) => row.id}
          label={t("audit.title")}
          testId="audit-table"
          pager={pager}
          onOpen={setOpen}
          empty={<Nothing title={t("list.noMatch")}>{t("audit.empty")}</Nothing>}
          card={(row) => (
            <button type="button" className="card-button" onClick={() => setOpen(row)}>
              <div className="card-top">
                <b>{named("audit.do", row.action)}</b>
                <At time={row.at_time} />
              </div>
              <div>
                <Actor id={row.actor} name={row.actor_name} />
              </div>
              <div className="faint">{objectOf(row)}</div>
            </button>
          )}
        />
      </Panel>
      <Drawer open={open !== null} onClose={() => setOpen(null)} title={open && named("audit.do", open.action)} size="large">
        {open && <Json value={open} />}
      </Drawer>
    </PageFrame>
  );
}

function objectOf(row: AuditEntry): string {
  return [row.object_kind, row.object_id].filter(Boolean).join(" ");
}

/** What the server found when it computed the hash chain anew. */
function Verified({ result, error, onClose }: { result: AuditCheck | undefined; error: ApiError | null; onClose: () => void }) {
  const { t, w } = useLanguage();
  const { whole } = useFormat();
  if (!result && !error) return null;
  const said = error
    ? w(error.words)
    : result?.ok
      ? t("audit.verified", { n: whole(result.checked) })
      : t("audit.broken", { id: result?.first_bad ?? "?" });
  return (
    <Alert
      data-testid="audit-verified"
      showIcon
      closable={{ onClose }}
      type={result?.ok ? "success" : "error"}
      title={said}
    />
  );
}

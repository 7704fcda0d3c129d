import { CloudServerOutlined } from "@ant-design/icons";
import { Alert, App, Button, Tag } from "antd";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Backup, Backups, Job } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { Ago, At, Code, Facts } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";

const REFRESH_MS = 3_000;
const MIB = 1024 * 1024;

export function BackupsPanel() {
  const { t, w } = useLanguage();
  const { message } = App.useApp();
  const read = useRead<Backups>("/api/backups", {}, { keep: true, every: REFRESH_MS });
  const start = useWrite<void, Job>(() => api.post("/api/backups", {}), ["/api/backups", "/api/jobs"]);
  const ask = () =>
    start.mutate(undefined, {
      onSuccess: () => void message.success(t("backup.asked")),
      onError: (error) => void message.error(w(error.words)),
    });
  return (
    <Shown read={read}>
      {(found) => (
        <>
          {found.problem && (
            <Alert type="error" showIcon title={t("backup.problem")} description={w(found.problem)} data-testid="backup-problem" />
          )}
          <Panel
            title={t("settings.backups")}
            extra={
              found.folder && (
                <Button
                  type="primary"
                  icon={<CloudServerOutlined />}
                  loading={start.isPending}
                  onClick={ask}
                  data-testid="backup-now"
                >
                  {t("backup.now")}
                </Button>
              )
            }
          >
            {found.folder ? <Plan found={found} /> : <Unset />}
            <Alert type="info" showIcon title={t("backup.key")} />
          </Panel>
          {found.folder && (
            <Panel flush>
              <List read={{ ...read, data: found.items }} />
            </Panel>
          )}
        </>
      )}
    </Shown>
  );
}

function Plan({ found }: { found: Backups }) {
  const { t } = useLanguage();
  const counts = { hours: found.every_hours, keep: found.keep };
  return (
    <Facts
      items={[
        [t("backup.folder"), <code key="folder">{found.folder}</code>],
        [t("backup.schedule"), t(found.every_hours ? "backup.every" : "backup.onDemand", counts)],
        [t("backup.last"), <Ago key="last" time={found.items[0]?.taken_time} fallback={t("backup.never")} />],
      ]}
    />
  );
}

function Unset() {
  const { t } = useLanguage();
  return (
    <Nothing title={t("backup.unset")} action={<Code text="weaktie backup --to /mnt/backups" />}>
      {t("backup.unsetText")}
    </Nothing>
  );
}

type Read = Parameters<typeof ListTable<Backup>>[0]["read"];

function List({ read }: { read: Read }) {
  const { t } = useLanguage();
  const { whole } = useFormat();
  const size = (row: Backup) => `${whole(Math.max(1, Math.round(row.bytes / MIB)))} MB`;
  const state = (row: Backup) => (
    <>
      {row.verified_time ? <Tag color="success">{t("backup.good")}</Tag> : <Tag color="warning">{t("backup.unverified")}</Tag>}
      {row.cleansed_time && <Tag>{t("backup.cleansed")}</Tag>}
    </>
  );
  const columns: Columns<Backup> = [
    { title: t("backup.taken"), dataIndex: "taken_time", render: (time: string) => <At time={time} /> },
    { title: t("backup.size"), key: "size", align: "right", render: (_, row) => <span className="number nowrap">{size(row)}</span> },
    { title: t("backup.files"), dataIndex: "files", align: "right", render: (count: number) => <span className="number">{whole(count)}</span> },
    { title: t("backup.events"), dataIndex: "events", align: "right", render: (count: number) => <span className="number">{whole(count)}</span> },
    { title: t("backup.verified"), key: "state", render: (_, row) => state(row) },
    { title: t("backup.id"), dataIndex: "backup_id", render: (id: string) => <code className="faint">{id}</code> },
  ];
  return (
    <ListTable
      read={read}
      columns={columns}
      rowKey={(row) => row.backup_id}
      label={t("settings.backups")}
      testId="backups-table"
      empty={<Nothing title={t("backup.none")}>{t("backup.noneText")}</Nothing>}
      card={(row) => (
        <>
          <div className="card-top">
            <At time={row.taken_time} />
            <span className="number">{size(row)}</span>
          </div>
          <div>{state(row)}</div>
        </>
      )}
    />
  );
}

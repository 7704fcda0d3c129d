import { ApiOutlined, CodeOutlined, EditOutlined, ExperimentOutlined, InboxOutlined, PlusOutlined } from "@ant-design/icons";
import { App, Button, Modal, Switch, Tag, Tooltip } from "antd";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Source } from "@/api/types";
import { TrialDrawer } from "@/data/collect/TrialDrawer";
import { PrivacyRequests } from "@/data/webhooks/PrivacyRequests";
import { WebhooksDrawer } from "@/data/webhooks/WebhooksDrawer";
import { useSession } from "@/kit/session";
import { useLanguage } from "@/i18n";
import { itemsOf } from "@/kit/itemsOf";
import { ListTable, type Columns } from "@/kit/ListTable";
import { PageFrame, Panel } from "@/kit/page";
import { Ago } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { PURPOSES } from "./BasisFields";
import { EditSourceForm, NewSourceForm, Snippets } from "./SourceForms";

const EVERY_MS = 10_000;

export default function SourcesPage() {
  const { t, w, named } = useLanguage();
  const { whole } = useFormat();
  const { may } = useSession();
  const { modal, message } = App.useApp();
  const read = useRead<Source[]>("/api/sources", {}, { every: EVERY_MS });
  const [making, setMaking] = useState(false);
  const [editing, setEditing] = useState<Source | null>(null);
  const [connecting, setConnecting] = useState<Source | null>(null);
  const [hooking, setHooking] = useState<Source | null>(null);
  const [trying, setTrying] = useState(false);
  const [archived, setArchived] = useState(false);
  const archive = useWrite<{ id: string; archived: boolean }, Source>(
    ({ id, archived: to }) => api.patch(`/api/sources/${encodeURIComponent(id)}`, { archived: to }),
    ["/api/sources"],
  );
  const all = itemsOf(read.data);
  const shown = all.filter((one) => archived || one.archived_time === null);
  const put = (source: Source, to: boolean) =>
    archive.mutateAsync({ id: source.source_id, archived: to }).catch((error) => void message.error(w(error.words)));
  const ask = (source: Source) =>
    void modal.confirm({
      title: t("source.archiveAsk", { name: source.name }),
      content: t("source.archiveText"),
      okText: t("source.archive"),
      okButtonProps: { danger: true },
      onOk: () => put(source, true),
    });
  const actions = (source: Source): ReactNode =>
    may("develop") && (
      <span className="row-tight">
        <Tooltip title={t("source.connect")}>
          <Button size="small" type="text" icon={<CodeOutlined />} aria-label={t("source.connect")} onClick={() => setConnecting(source)} />
        </Tooltip>
        <Tooltip title={t("webhook.title")}>
          <Button size="small" type="text" icon={<ApiOutlined />} aria-label={t("webhook.title")} onClick={() => setHooking(source)} data-testid="source-webhooks" />
        </Tooltip>
        <Tooltip title={t("source.edit")}>
          <Button size="small" type="text" icon={<EditOutlined />} aria-label={t("source.edit")} onClick={() => setEditing(source)} />
        </Tooltip>
        {source.archived_time === null ? (
          <Tooltip title={t("source.archive")}>
            <Button size="small" type="text" icon={<InboxOutlined />} aria-label={t("source.archive")} onClick={() => ask(source)} data-testid="source-archive" />
          </Tooltip>
        ) : (
          <Button size="small" onClick={() => void put(source, false)}>
            {t("source.restore")}
          </Button>
        )}
      </span>
    );
  const name = (source: Source) => (
    <>
      <b>{source.name}</b> {source.simulated && <Tag color="warning">{t("shell.simulated")}</Tag>}
      {source.archived_time && <Tag>{t("source.archived")}</Tag>}
    </>
  );
  const kind = (source: Source) => named("source.kind", source.kind);
  const columns: Columns<Source> = [
    {
      title: t("source.name"),
      key: "name",
      render: (_, one) => (
        <>
          {name(one)}
          <div className="faint">
            <code>{one.source_id}</code>
          </div>
        </>
      ),
    },
    { title: t("source.kind"), key: "kind", render: (_, one) => kind(one) },
    { title: t("basis.title"), key: "basis", render: (_, one) => <BasisTags source={one} /> },
    { title: t("source.events24"), dataIndex: "events_24h", align: "right", render: (n: number) => <span className="number">{whole(n)}</span> },
    {
      title: t("source.last"),
      dataIndex: "last_event_time",
      render: (time: string | null) => <Ago time={time} fallback={t("source.never")} />,
    },
    { title: "", key: "actions", align: "right", render: (_, one) => actions(one) },
  ];
  return (
    <PageFrame
      testId="page-sources"
      title={t("nav.sources")}
      about={t("source.about")}
      extra={
        may("develop") && (
          <span className="row-tight wrap">
            <Button icon={<ExperimentOutlined />} onClick={() => setTrying(true)} data-testid="trial-open">
              {t("trial.title")}
            </Button>
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)} data-testid="source-new">
              {t("source.new")}
            </Button>
          </span>
        )
      }
    >
      {all.some((one) => one.archived_time !== null) && (
        <div className="tools">
          <Switch size="small" checked={archived} onChange={setArchived} aria-label={t("source.showArchived")} />
          <span>{t("source.showArchived")}</span>
        </div>
      )}
      <Panel flush>
        <ListTable
          read={{ ...read, data: read.data && shown }}
          columns={columns}
          rowKey={(one) => one.source_id}
          label={t("nav.sources")}
          testId="sources-table"
          empty={<Nothing title={t("source.none")}>{t("source.noneText")}</Nothing>}
          card={(one) => (
            <>
              <div className="card-top">
                <span>{name(one)}</span>
                {actions(one)}
              </div>
              <div className="faint">
                {kind(one)} · {t("source.events24")} {whole(one.events_24h)} ·{" "}
                <Ago time={one.last_event_time} fallback={t("source.never")} />
              </div>
              <BasisTags source={one} />
            </>
          )}
        />
      </Panel>
      <PrivacyRequests />
      {trying && <TrialDrawer onClose={() => setTrying(false)} />}
      {hooking && <WebhooksDrawer source={hooking} onClose={() => setHooking(null)} />}
      {making && <NewSourceForm onClose={() => setMaking(false)} />}
      {editing && <EditSourceForm source={editing} onClose={() => setEditing(null)} />}
      {connecting && (
        <Modal open width={680} footer={null} title={t("source.connect")} onCancel={() => setConnecting(null)}>
          <p className="faint">
            {t("source.keyElsewhere")} <Link to="/settings/keys">{t("settings.keys")}</Link>
          </p>
          <Snippets writeKey="WRITE_KEY" />
        </Modal>
      )}
    </PageFrame>
  );
}

function BasisTags({ source }: { source: Source }) {
  const { t } = useLanguage();
  return (
    <span className="row-tight wrap">
      {PURPOSES.map((purpose) => {
        const basis = source.basis[purpose] ?? "ask_us";
        return (
          <Tooltip key={purpose} title={`${t(`purpose.${purpose}`)} · ${t(`basis.${basis}`)}`}>
            <Tag color={basis === "ask_us" ? "default" : "success"} className={basis === "ask_us" ? "tag-off" : ""}>
              {t(`purpose.${purpose}`)}
            </Tag>
          </Tooltip>
        );
      })}
    </span>
  );
}

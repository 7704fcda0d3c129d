import { PlusOutlined } from "@ant-design/icons";
import { Alert, App, Button, Form, Input, Modal, Select, Tag } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { ApiKey, Source } from "@/api/types";
import { useLanguage } from "@/i18n";
import { itemsOf } from "@/kit/itemsOf";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { Ago, Code } from "@/kit/small";
import { Nothing } from "@/kit/states";

interface NewKey {
  kind: "write" | "read";
  name: string;
  source_id?: string;
}

export function KeysPanel() {
  const { t, w, named } = useLanguage();
  const { modal, message } = App.useApp();
  const [open, setOpen] = useState(false);
  const read = useRead<ApiKey[]>("/api/keys");
  const sources = useRead<Source[]>("/api/sources");
  const revoke = useWrite<string, unknown>((id) => api.remove(`/api/keys/${encodeURIComponent(id)}`), ["/api/keys"]);
  const ask = (row: ApiKey) =>
    void modal.confirm({
      title: t("key.revokeAsk", { name: row.name }),
      content: t(row.kind === "write" ? "key.revokeWrite" : "key.revokeRead"),
      okText: t("key.revoke"),
      okButtonProps: { danger: true },
      onOk: () => revoke.mutateAsync(row.key_id).catch((error) => void message.error(w(error.words))),
    });
  const nameOf = (id: string | null) => itemsOf(sources.data).find((one) => one.source_id === id)?.name ?? id ?? "–";
  const end = (row: ApiKey) =>
    row.revoked_time ? (
      <Tag>{t("key.revoked")}</Tag>
    ) : (
      <Button size="small" danger type="text" onClick={() => ask(row)} data-testid="key-revoke">
        {t("key.revoke")}
      </Button>
    );
  const columns: Columns<ApiKey> = [
    {
      title: t("key.name"),
      key: "name",
      render: (_, row) => (
        <>
          {row.name} <code className="faint">{row.hint}…</code>
        </>
      ),
    },
    { title: t("key.kind"), dataIndex: "kind", render: (kind: string) => <Tag>{named("key.kind", kind)}</Tag> },
    { title: t("key.source"), dataIndex: "source_id", render: nameOf },
    { title: t("key.created"), dataIndex: "created_time", render: (time: string) => <Ago time={time} /> },
    {
      title: t("key.used"),
      dataIndex: "last_used_time",
      render: (time: string | null) => <Ago time={time} fallback={t("key.never")} />,
    },
    { title: "", key: "end", align: "right", render: (_, row) => end(row) },
  ];
  return (
    <Panel
      flush
      title={t("settings.keys")}
      extra={
        <Button icon={<PlusOutlined />} onClick={() => setOpen(true)} data-testid="key-new">
          {t("key.new")}
        </Button>
      }
    >
      <ListTable
        read={read}
        columns={columns}
        rowKey={(row) => row.key_id}
        label={t("settings.keys")}
        testId="keys-table"
        empty={<Nothing title={t("key.none")}>{t("key.noneText")}</Nothing>}
        card={(row) => (
          <>
            <div className="card-top">
              <b>{row.name}</b>
              <Tag>{named("key.kind", row.kind)}</Tag>
            </div>
            <div className="faint">{nameOf(row.source_id)}</div>
            <div className="card-top">
              <Ago time={row.last_used_time} fallback={t("key.never")} />
              {end(row)}
            </div>
          </>
        )}
      />
      {open && <KeyForm sources={itemsOf(sources.data)} onClose={() => setOpen(false)} />}
    </Panel>
  );
}

function KeyForm({ sources, onClose }: { sources: Source[]; onClose: () => void }) {
  const { t, w } = useLanguage();
  const [form] = Form.useForm<NewKey>();
  const kind = Form.useWatch("kind", form) ?? "read";
  const make = useWrite<NewKey, { key: string }>((given) => api.post("/api/keys", given), ["/api/keys"]);
  const needed = { required: true, message: t("form.required") };
  if (make.data) {
    return (
      <Modal open onCancel={onClose} onOk={onClose} title={t("key.made")} footer={(_, { OkBtn }) => <OkBtn />} keyboard={false} mask={{ closable: false }}>
        <Alert type="warning" showIcon title={t("key.once")} className="gap" />
        <Code text={make.data.key} testId="key-value" />
      </Modal>
    );
  }
  return (
    <Modal
      open
      title={t("key.new")}
      okText={t("key.make")}
      confirmLoading={make.isPending}
      onCancel={onClose}
      onOk={() => form.submit()}
    >
      <Form form={form} layout="vertical" initialValues={{ kind: "read" }} onFinish={(given) => make.mutate(given)}>
        {make.error && <Alert type="error" title={w(make.error.words)} className="gap" />}
        <Form.Item name="kind" label={t("key.kind")} extra={t(`key.kind.${kind}.help`)}>
          <Select options={(["read", "write"] as const).map((one) => ({ value: one, label: t(`key.kind.${one}`) }))} />
        </Form.Item>
        <Form.Item name="name" label={t("key.name")} rules={[needed]}>
          <Input data-testid="key-name" autoComplete="off" />
        </Form.Item>
        {kind === "write" && (
          <Form.Item name="source_id" label={t("key.source")} rules={[needed]}>
            <Select options={sources.map((one) => ({ value: one.source_id, label: one.name }))} />
          </Form.Item>
        )}
      </Form>
    </Modal>
  );
}

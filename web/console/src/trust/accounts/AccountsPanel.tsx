import { PlusOutlined } from "@ant-design/icons";
import { Alert, App, Button, Form, Input, Modal, Select, Switch, Tag } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Account, Invitation, Role } from "@/api/types";
import { useSession } from "@/kit/session";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { Ago, Code } from "@/kit/small";
import { Nothing } from "@/kit/states";

const ROLES: Role[] = ["owner", "operator", "analyst", "developer", "compliance"];
interface Invited {
  name: string;
  email: string;
  role: Role;
}

export function AccountsPanel() {
  const { t, w } = useLanguage();
  const { message } = App.useApp();
  const { person } = useSession();
  const [open, setOpen] = useState(false);
  const read = useRead<Account[]>("/api/accounts");
  const change = useWrite<{ id: string; role?: Role; disabled?: boolean }, unknown>(
    ({ id, ...body }) => api.patch(`/api/accounts/${encodeURIComponent(id)}`, body),
    ["/api/accounts"],
  );
  const patch = (body: { id: string; role?: Role; disabled?: boolean }) =>
    change.mutate(body, { onError: (error) => void message.error(w(error.words)) });
  const roleBox = (row: Account) => (
    <Select
      size="small"
      className="role-select"
      value={row.role}
      aria-label={t("account.role")}
      options={ROLES.map((role) => ({ value: role, label: t(`role.${role}`) }))}
      onChange={(role) => patch({ id: row.account_id, role })}
    />
  );
  const activeSwitch = (row: Account) => (
    <Switch
      size="small"
      checked={!row.disabled}
      disabled={row.account_id === person?.account_id}
      aria-label={t("account.active")}
      onChange={(active) => patch({ id: row.account_id, disabled: !active })}
    />
  );
  const columns: Columns<Account> = [
    {
      title: t("account.name"),
      key: "name",
      render: (_, row) => (
        <>
          {row.name} {row.invited && <Tag>{t("account.invited")}</Tag>}
        </>
      ),
    },
    { title: t("account.email"), dataIndex: "email" },
    { title: t("account.role"), key: "role", render: (_, row) => roleBox(row) },
    { title: t("account.lastSignIn"), dataIndex: "last_sign_in_time", render: (time: string | null) => <Ago time={time} /> },
    { title: t("account.active"), key: "active", render: (_, row) => activeSwitch(row) },
  ];
  return (
    <Panel
      flush
      title={t("settings.accounts")}
      extra={
        <Button icon={<PlusOutlined />} onClick={() => setOpen(true)} data-testid="account-invite">
          {t("account.invite")}
        </Button>
      }
    >
      <ListTable
        read={read}
        columns={columns}
        rowKey={(row) => row.account_id}
        label={t("settings.accounts")}
        testId="accounts-table"
        empty={<Nothing title={t("account.none")} />}
        card={(row) => (
          <>
            <div className="card-top">
              <b>{row.name}</b>
              {activeSwitch(row)}
            </div>
            <div className="faint">{row.email}</div>
            <div className="card-top">
              {roleBox(row)}
              <Ago time={row.last_sign_in_time} />
            </div>
          </>
        )}
      />
      {open && <InviteForm onClose={() => setOpen(false)} />}
    </Panel>
  );
}

function InviteForm({ onClose }: { onClose: () => void }) {
  const { t, w } = useLanguage();
  const [form] = Form.useForm<Invited>();
  const invite = useWrite<Invited, Invitation>((given) => api.post("/api/accounts", given), ["/api/accounts"]);
  const needed = { required: true, message: t("form.required") };
  if (invite.data) {
    return (
      <Modal open onCancel={onClose} onOk={onClose} title={t("account.invited")} footer={(_, { OkBtn }) => <OkBtn />} keyboard={false} mask={{ closable: false }}>
        <p>{t("account.inviteLink")}</p>
        <Code text={new URL(invite.data.link, location.origin).href} testId="invite-link" />
      </Modal>
    );
  }
  return (
    <Modal
      open
      onCancel={onClose}
      title={t("account.invite")}
      okText={t("account.makeLink")}
      confirmLoading={invite.isPending}
      onOk={() => form.submit()}
    >
      <Form form={form} layout="vertical" onFinish={(given) => invite.mutate(given)} initialValues={{ role: "operator" }}>
        {invite.error && <Alert type="error" title={w(invite.error.words)} className="gap" />}
        <Form.Item name="name" label={t("account.name")} rules={[needed]}>
          <Input data-testid="invite-name" autoComplete="off" />
        </Form.Item>
        <Form.Item name="email" label={t("account.email")} rules={[needed, { type: "email", message: t("form.email") }]}>
          <Input data-testid="invite-email" autoComplete="off" />
        </Form.Item>
        <Form.Item name="role" label={t("account.role")}>
          <Select options={ROLES.map((role) => ({ value: role, label: `${t(`role.${role}`)} · ${t(`role.${role}.may`)}` }))} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

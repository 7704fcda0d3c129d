import { PlusOutlined } from "@ant-design/icons";
import { Alert, App, Button, Drawer, Form, Input, Modal, Select, Tag } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Source, Webhook, WebhookKind } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useSession } from "@/kit/session";
import { Ago, Code, Facts } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";

const FIELDS = {
  shopify: ["secret"],
  youzan: ["client_id", "client_secret"],
  wecom: ["token", "aes_key", "receive_id"],
} as const satisfies Record<WebhookKind, readonly string[]>;
const KINDS = Object.keys(FIELDS) as WebhookKind[];
/** Names that the other side uses, whatever the language. */
const SAME_EVERYWHERE: Record<string, string> = {
  shopify: "Shopify",
  client_id: "client_id",
  client_secret: "client_secret",
  token: "Token",
};
type Secrets = Record<string, string>;

/** The addresses that other systems push this source's data to. */
export function WebhooksDrawer({ source, onClose }: { source: Source; onClose: () => void }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const address = `/api/sources/${encodeURIComponent(source.source_id)}/webhooks`;
  const read = useRead<Webhook[]>(address);
  const [making, setMaking] = useState(false);
  return (
    <Drawer
      open
      onClose={onClose}
      title={t("webhook.of", { name: source.name })}
      size="large"
      extra={
        may("develop") && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)} data-testid="webhook-new">
            {t("webhook.add")}
          </Button>
        )
      }
    >
      <p className="faint gap">{t("webhook.about")}</p>
      <Shown read={read}>
        {(found) =>
          found.length === 0 ? (
            <Nothing title={t("webhook.none")}>{t("webhook.noneText")}</Nothing>
          ) : (
            <>
              {found.map((one) => (
                <OneWebhook key={one.webhook_id} one={one} stale={address} />
              ))}
            </>
          )
        }
      </Shown>
      {making && <SecretsForm stale={address} onClose={() => setMaking(false)} />}
    </Drawer>
  );
}

function OneWebhook({ one, stale }: { one: Webhook; stale: string }) {
  const { t, w, named } = useLanguage();
  const { whole } = useFormat();
  const { may } = useSession();
  const { modal, message } = App.useApp();
  const [changing, setChanging] = useState(false);
  const end = useWrite<string, Webhook>((id) => api.remove(`/api/webhooks/${encodeURIComponent(id)}`), [stale]);
  const ask = () =>
    void modal.confirm({
      title: t("webhook.endAsk"),
      content: t("webhook.endText"),
      okText: t("webhook.end"),
      okButtonProps: { danger: true },
      onOk: () => end.mutateAsync(one.webhook_id).catch((error) => void message.error(w(error.words))),
    });
  const living = one.ended_time === null;
  return (
    <section className="panel gap" data-testid={`webhook-${one.kind}`}>
      <div className="panel-head">
        <h2>
          {SAME_EVERYWHERE[one.kind] ?? named("webhook.kind", one.kind)} {!living && <Tag>{t("webhook.ended")}</Tag>}
        </h2>
        {living && may("develop") && (
          <span className="row-tight">
            <Button size="small" onClick={() => setChanging(true)} data-testid="webhook-rotate">
              {t("webhook.rotate")}
            </Button>
            <Button size="small" danger onClick={ask} data-testid="webhook-end">
              {t("webhook.end")}
            </Button>
          </span>
        )}
      </div>
      <div className="panel-body">
        {living && (
          <>
            <div className="faint">{t("webhook.address")}</div>
            <Code text={`${location.origin}${one.path}`} testId="webhook-address" />
            <p className="faint gap gap-top">{t(`webhook.help.${one.kind}`)}</p>
          </>
        )}
        <Facts
          items={[
            [t("webhook.accepted"), <span key="n" className="number">{whole(one.accepted)}</span>],
            [t("webhook.repeated"), <span key="r" className="number">{whole(one.repeated)}</span>],
            [t("webhook.last"), <Ago key="l" time={one.last_time} fallback={t("source.never")} />],
            [t("webhook.rotated"), <Ago key="s" time={one.rotated_time} />],
            ...(one.last_refusal
              ? [
                  [
                    t("webhook.refused"),
                    <span key="x">
                      <code>{one.last_refusal}</code> <Ago time={one.last_refused_time} />
                    </span>,
                  ] as [string, React.ReactNode],
                ]
              : []),
          ]}
        />
      </div>
      {changing && <SecretsForm stale={stale} webhook={one} onClose={() => setChanging(false)} />}
    </section>
  );
}

/** Makes a webhook, or sets other secrets of one that there is. */
function SecretsForm({ stale, webhook, onClose }: { stale: string; webhook?: Webhook; onClose: () => void }) {
  const { t, w, named } = useLanguage();
  const [form] = Form.useForm<{ kind: WebhookKind; secrets: Secrets }>();
  const [kind, setKind] = useState<WebhookKind>(webhook?.kind ?? "shopify");
  const save = useWrite<Secrets, Webhook>(
    (secrets) =>
      webhook
        ? api.post(`/api/webhooks/${encodeURIComponent(webhook.webhook_id)}/secrets`, { secrets })
        : api.post(stale, { kind, secrets }),
    [stale],
  );
  return (
    <Modal
      open
      title={t(webhook ? "webhook.rotate" : "webhook.add")}
      okText={t(webhook ? "form.save" : "webhook.make")}
      okButtonProps={{ "data-testid": "webhook-save" }}
      confirmLoading={save.isPending}
      onCancel={onClose}
      onOk={() => form.submit()}
    >
      <Form form={form} layout="vertical" onFinish={({ secrets }) => save.mutate(secrets, { onSuccess: onClose })}>
        {save.error && <Alert type="error" showIcon className="gap" title={w(save.error.words)} />}
        {webhook ? (
          <Alert type="info" showIcon className="gap" title={t("webhook.rotateNote")} />
        ) : (
          <Form.Item label={t("webhook.kind")}>
            <Select
              value={kind}
              data-testid="webhook-kind"
              onChange={(to: WebhookKind) => {
                setKind(to);
                form.resetFields(["secrets"]);
              }}
              options={KINDS.map((one) => ({ value: one, label: SAME_EVERYWHERE[one] ?? named("webhook.kind", one) }))}
            />
          </Form.Item>
        )}
        {FIELDS[kind].map((field) => (
          <Form.Item
            key={field}
            name={["secrets", field]}
            label={SAME_EVERYWHERE[field] ?? named("webhook", field)}
            rules={[{ required: true, message: t("form.required") }]}
          >
            <Input.Password autoComplete="new-password" data-testid={`webhook-${field}`} maxLength={512} />
          </Form.Item>
        ))}
      </Form>
    </Modal>
  );
}

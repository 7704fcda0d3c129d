/** Addresses of the shop that are told what happens, each message signed; a secret is shown once. */
import { Alert, App, Button, Checkbox, Drawer, Form, Input, Popconfirm, Switch } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { ReferralHook, ReferralHooks } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useSession } from "@/kit/session";
import { Code } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";

const HOOKS = "/api/referral/hooks";
interface Wanted {
  url: string;
  events: string[];
}

export function HooksDrawer({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const read = useRead<ReferralHooks>(HOOKS, {}, { every: 5_000 });
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <Drawer open onClose={onClose} title={t("ref.hooks")} size="large">
      <p className="faint">{t("ref.hooksText")}</p>
      {secret && (
        <Alert
          type="success"
          showIcon
          className="gap"
          title={t("ref.hookSecret")}
          description={<Code text={secret} testId="ref-hook-secret" />}
        />
      )}
      <Shown read={read}>
        {(data) => (
          <>
            {data.items.length === 0 ? (
              <Nothing title={t("ref.hookNone")}>{t("ref.hookNoneText")}</Nothing>
            ) : (
              <ul className="cards" data-testid="ref-hook-list">
                {data.items.map((hook) => (
                  <li key={hook.hook_id} className="card">
                    <One hook={hook} may={may("operate")} />
                  </li>
                ))}
              </ul>
            )}
            {may("operate") && <Make events={data.events} onMade={setSecret} />}
          </>
        )}
      </Shown>
    </Drawer>
  );
}

function One({ hook, may }: { hook: ReferralHook; may: boolean }) {
  const { t, w, named } = useLanguage();
  const f = useFormat();
  const { message } = App.useApp();
  const path = `${HOOKS}/${encodeURIComponent(hook.hook_id)}`;
  const complain = { onError: (error: { words: { zh: string; en: string } }) => void message.error(w(error.words)) };
  const change = useWrite<boolean, ReferralHook>((enabled) => api.patch(path, { enabled }), [HOOKS]);
  const remove = useWrite<void, null>(() => api.remove(path), [HOOKS]);
  return (
    <>
      <div className="card-top">
        <b className="break">{hook.url}</b>
        {may && <Switch checked={hook.enabled} onChange={(on) => change.mutate(on, complain)} aria-label={t("ref.hookOn")} />}
      </div>
      <div className="faint">{hook.events.map((event) => named("ref.event", event)).join(" · ")}</div>
      <div className="card-top faint">
        <span>
          {t("ref.hookWaiting", { n: f.whole(hook.waiting) })} · {t("ref.hookFailed", { n: f.whole(hook.failed) })}
          {hook.error && (
            <>
              {" "}
              <code className="bad">{hook.error}</code>
            </>
          )}
        </span>
        {may && (
          <Popconfirm title={t("ref.hookSure")} onConfirm={() => remove.mutate(undefined, complain)}>
            <Button size="small" danger>
              {t("ref.hookRemove")}
            </Button>
          </Popconfirm>
        )}
      </div>
    </>
  );
}

function Make({ events, onMade }: { events: string[]; onMade: (secret: string | null) => void }) {
  const { t, w, named } = useLanguage();
  const [form] = Form.useForm<Wanted>();
  const make = useWrite<Wanted, ReferralHook>((given) => api.post(HOOKS, given), [HOOKS]);
  return (
    <Form
      form={form}
      layout="vertical"
      className="gap"
      initialValues={{ events: ["reward.paid", "reward.clawed_back", "group.failed"] }}
      onFinish={(given) =>
        make.mutate(given, {
          onSuccess: (hook) => {
            onMade(hook.secret ?? null);
            form.resetFields();
          },
        })
      }
    >
      {make.error && <Alert type="error" showIcon className="gap" title={w(make.error.words)} data-testid="ref-hook-error" />}
      <Form.Item name="url" label={t("ref.hookUrl")} rules={[{ required: true }]}>
        <Input placeholder="https://shop.example.com/hooks/weaktie" data-testid="ref-hook-url" />
      </Form.Item>
      <Form.Item name="events" label={t("ref.hookEvents")} rules={[{ required: true }]}>
        <Checkbox.Group className="ref-checks" options={events.map((event) => ({ value: event, label: named("ref.event", event) }))} />
      </Form.Item>
      <Button type="primary" htmlType="submit" loading={make.isPending} data-testid="ref-hook-save">
        {t("ref.hookAdd")}
      </Button>
    </Form>
  );
}

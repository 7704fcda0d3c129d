import { App, Button, Form, Input, Select, Tooltip } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { CustomTags, OwnTag } from "@/api/types";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import { profilePath } from "@/kit/paths";
import { useSession } from "@/kit/session";
import { Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { TAGS } from "./fields";

/** The shop's own tags of one person; who operates sets and removes those that are set by hand. */
export function OwnTags({ userId }: { userId: string }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const [setting, setSetting] = useState(false);
  const path = profilePath(userId, "/custom-tags");
  const read = useRead<OwnTag[]>(path);
  const take = useWrite<string, null>((key) => api.remove(`${path}/${key}`), [path, TAGS]);
  return (
    <section data-testid="own-tags">
      <div className="tools tag-own-head">
        <h3>{t("tags.own")}</h3>
        <span className="grow" />
        {may("operate") && (
          <Button size="small" onClick={() => setSetting(true)} data-testid="set-tag">
            {t("tags.setHere")}
          </Button>
        )}
      </div>
      <Shown read={read} rows={2}>
        {(own) =>
          own.length === 0 ? (
            <p className="faint">{t("tags.ownNone")}</p>
          ) : (
            <dl className="tag-grid">
              {own.map((tag) => (
                <Tooltip key={tag.key} title={w(tag.definition)} placement="topLeft">
                  <div tabIndex={0} data-testid={`tag-${tag.key}`}>
                    <dt>{w(tag.words)}</dt>
                    <dd>
                      {w(tag.display)}
                      {tag.expires_time && <span className="faint small"> {t("tags.until", { day: f.date(tag.expires_time) })}</span>}
                      {tag.how && may("operate") && (
                        <Button
                          size="small"
                          type="link"
                          data-testid={`take-${tag.key}`}
                          onClick={() => take.mutate(tag.key, { onError: (error) => void message.error(w(error.words)) })}
                        >
                          {t("tags.take")}
                        </Button>
                      )}
                    </dd>
                  </div>
                </Tooltip>
              ))}
            </dl>
          )
        }
      </Shown>
      {setting && <SetDialog path={path} onClose={() => setSetting(false)} />}
    </section>
  );
}

function SetDialog({ path, onClose }: { path: string; onClose: () => void }) {
  const { t, w } = useLanguage();
  const [form] = Form.useForm<{ key: string; value: string }>();
  const read = useRead<CustomTags>(TAGS);
  const manual = (read.data?.items ?? []).filter((tag) => tag.kind === "manual" && !tag.over);
  const set = useWrite<{ key: string; value: string }, null>(({ key, value }) => api.put(`${path}/${key}`, { value }), [path, TAGS]);
  return (
    <FormDialog form={form} title={t("tags.setTitle")} initialValues={{ value: "" }} saving={set} onFinish={(wanted) => set.mutate(wanted, { onSuccess: onClose })} onClose={onClose} name="set-tag">
      {read.data && manual.length === 0 && <p className="faint">{t("tags.noManual")}</p>}
      <Form.Item name="key" label={t("tags.tag")} rules={[{ required: true }]}>
        <Select data-testid="set-tag-key" options={manual.map((tag) => ({ value: tag.key, label: `${w(tag.words)}（${t(`tags.dtype.${tag.dtype}`)}）` }))} />
      </Form.Item>
      <Form.Item name="value" label={t("tags.value")} rules={[{ required: true }]}>
        <Input maxLength={100} data-testid="set-tag-value" />
      </Form.Item>
    </FormDialog>
  );
}

import { Alert, App, Button, Drawer, Form, Input, InputNumber, Select } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { AudienceDraft, CreatorAudience, CreatorFigures } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useSession } from "@/kit/session";
import { useFormat } from "@/kit/useFormat";
import { AudiencePeople } from "./AudiencePeople";
import { AUDIENCES } from "./parts";

interface Wanted {
  content_id: string;
  size: number;
  name: string;
}

/** Chooses friends of friends for a creator's content: a preview first, kept then. */
export function AudienceDrawer({ page, content, onClose }: { page: CreatorFigures; content: string; onClose: () => void }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const creator = page.creator.user_id;
  const [form] = Form.useForm<Wanted>();
  const [draft, setDraft] = useState<AudienceDraft | null>(null);
  const preview = useWrite<Wanted, AudienceDraft>(({ content_id, size }) => api.post(`${AUDIENCES}/preview`, { creator, content_id, size }));
  const make = useWrite<Wanted, CreatorAudience>((wanted) => api.post(AUDIENCES, { creator, ...wanted }), [AUDIENCES]);
  const titled = page.contents.find((one) => one.content_id === content)?.title ?? creator;
  const error = preview.error ?? make.error;
  return (
    <Drawer open onClose={onClose} title={t("aud.title")} size="large" data-testid="audience-drawer">
      <p className="faint">{t("aud.about")}</p>
      <Form
        form={form}
        layout="vertical"
        initialValues={{ content_id: content, size: 200, name: titled.slice(0, 80) }}
        onValuesChange={() => setDraft(null)}
        onFinish={(wanted) => preview.mutate(wanted, { onSuccess: setDraft })}
      >
        <Form.Item name="content_id" label={t("aud.content")}>
          <Select
            options={[
              { value: "", label: t("aud.noContent") },
              ...page.contents.map((one) => ({ value: one.content_id, label: one.title || one.content_id })),
            ]}
          />
        </Form.Item>
        <Form.Item name="size" label={t("aud.size")} rules={[{ required: true }]}>
          <InputNumber min={1} max={100_000} precision={0} data-testid="audience-size" />
        </Form.Item>
        <Form.Item name="name" label={t("aud.name")} rules={[{ required: true, max: 100 }]}>
          <Input data-testid="audience-name" />
        </Form.Item>
        {error && <Alert className="gap" type="error" showIcon title={w(error.words)} data-testid="audience-error" />}
        <div className="tools gap">
          <Button htmlType="submit" loading={preview.isPending} data-testid="audience-preview">
            {t("aud.preview")}
          </Button>
          {may("operate") && (
            <Button
              type="primary"
              disabled={!draft || draft.size === 0}
              loading={make.isPending}
              data-testid="audience-make"
              onClick={() =>
                make.mutate(form.getFieldsValue(), {
                  onSuccess: () => {
                    void message.success(t("aud.made"));
                    onClose();
                  },
                })
              }
            >
              {t("aud.make")}
            </Button>
          )}
        </div>
      </Form>
      {draft && (
        <>
          <Alert
            className="gap"
            type="info"
            showIcon
            data-testid="audience-draft"
            title={t("aud.pool", { friends: f.whole(draft.friends), pool: f.whole(draft.pool), size: f.whole(draft.size) })}
            description={
              <>
                {t("aud.leftOut")}: {draft.left_out.map((one) => `${w(one.words)} ${f.whole(one.count)}`).join(" · ")}
                <div className="faint">{t("aud.cap", { n: draft.cap })}</div>
              </>
            }
          />
          <AudiencePeople items={draft.items} />
        </>
      )}
    </Drawer>
  );
}

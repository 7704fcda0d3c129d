import { Button, Checkbox, Drawer, Form, Input, Segmented } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { ConsentDraft, ConsentNotice, ConsentSubject } from "@/api/types";
import { useLanguage, type Key } from "@/i18n";
import type { Lang } from "@/kit/format";
import { Refused } from "@/trust/rights/Refused";
import { draftFrom, draftOf, publishedOf } from "./texts";
import { TEXTS } from "./useSubjects";

interface TextEditorProps {
  subject: ConsentSubject;
  onClose: () => void;
}

const BOXES: { lang: Lang; title: "title_zh" | "title_en"; body: "body_zh" | "body_en"; titleWords: Key; bodyWords: Key }[] = [
  { lang: "zh-CN", title: "title_zh", body: "body_zh", titleWords: "centre.titleZh", bodyWords: "centre.bodyZh" },
  { lang: "en", title: "title_en", body: "body_en", titleWords: "centre.titleEn", bodyWords: "centre.bodyEn" },
];

/** Writes a draft in both languages; what is published never changes. */
export function TextEditor({ subject, onClose }: TextEditorProps) {
  const { t, w } = useLanguage();
  const [form] = Form.useForm<ConsentDraft>();
  const [seen, setSeen] = useState<ConsentDraft | null>(null);
  const save = useWrite<ConsentDraft, ConsentNotice>((draft) => api.post(`${TEXTS}/${subject.subject}`, draft), [TEXTS]);
  const next = draftOf(subject)?.version ?? (subject.versions[0]?.version ?? 0) + 1;
  const required = [{ required: true, whitespace: true, message: t("form.required") }];
  return (
    <Drawer
      open
      onClose={onClose}
      size="large"
      title={`${w(subject.words)} · ${t("centre.draftVersion", { n: next })}`}
      footer={
        <div className="drawer-foot">
          <Button onClick={onClose}>{t("centre.cancel")}</Button>
          <Button type="primary" loading={save.isPending} onClick={() => form.submit()} data-testid="text-save">
            {t("centre.saveDraft")}
          </Button>
        </div>
      }
    >
      <div className="tools gap">
        <Segmented
          value={seen !== null}
          onChange={(preview) => setSeen(preview ? form.getFieldsValue() : null)}
          options={[
            { value: false, label: t("centre.write") },
            { value: true, label: <span data-testid="text-preview">{t("centre.preview")}</span> },
          ]}
        />
      </div>
      <Refused error={save.error} />
      {seen && <Preview draft={seen} />}
      <Form<ConsentDraft>
        form={form}
        layout="vertical"
        style={{ display: seen ? "none" : undefined }}
        initialValues={draftFrom(subject)}
        onFinish={(draft) => save.mutate(draft, { onSuccess: onClose })}
        onFinishFailed={() => setSeen(null)}
      >
        {BOXES.map((box) => (
          <div key={box.lang}>
            <Form.Item name={box.title} label={t(box.titleWords)} rules={required}>
              <Input maxLength={120} data-testid={`text-${box.title}`} lang={box.lang} />
            </Form.Item>
            <Form.Item name={box.body} label={t(box.bodyWords)} rules={required}>
              <Input.TextArea rows={8} maxLength={20_000} data-testid={`text-${box.body}`} lang={box.lang} />
            </Form.Item>
          </div>
        ))}
        <Form.Item name="material" valuePropName="checked" extra={t("centre.materialText")}>
          <Checkbox data-testid="text-material" disabled={!publishedOf(subject)}>
            {t("centre.material")}
          </Checkbox>
        </Form.Item>
      </Form>
    </Drawer>
  );
}

/** The text as a person reads it on their page, in both languages. */
export function Preview({ draft }: { draft: ConsentDraft }) {
  return (
    <div className="text-previews" data-testid="text-previewed">
      {BOXES.map((box) => (
        <article key={box.lang} className="text-preview" lang={box.lang}>
          <h3>{draft[box.title] || "–"}</h3>
          <p>{draft[box.body] || "–"}</p>
        </article>
      ))}
    </div>
  );
}

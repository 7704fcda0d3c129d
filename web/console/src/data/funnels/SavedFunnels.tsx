/** Kept funnels: open, keep, rename, delete with undo. */
import { DeleteOutlined, EditOutlined, FolderOpenOutlined, SaveOutlined } from "@ant-design/icons";
import { App, Button, Form, Input, Popover } from "antd";
import { useState } from "react";
import { api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import type { FunnelQuestion, SavedFunnel } from "./question";

const PATH = "/api/funnels";
const one = (id: string) => `${PATH}/${encodeURIComponent(id)}`;

interface SavedProps {
  question: FunnelQuestion | null;
  onOpen: (question: FunnelQuestion) => void;
}

export function SavedFunnels({ question, onOpen }: SavedProps) {
  const { t, w } = useLanguage();
  const { message } = App.useApp();
  const read = useRead<{ items: SavedFunnel[] }>(PATH);
  const [naming, setNaming] = useState<SavedFunnel | "new" | null>(null);
  const complain = { onError: (error: ApiError) => void message.error(w(error.words)) };
  const restore = useWrite<SavedFunnel, SavedFunnel>((gone) => api.post(`${one(gone.funnel_id)}/restore`), [PATH]);
  const remove = useWrite<SavedFunnel, null>((gone) => api.remove(one(gone.funnel_id)), [PATH]);
  const removed = (gone: SavedFunnel) =>
    void message.success({
      content: (
        <>
          {t("funnel.deleted", { name: gone.name })}{" "}
          <Button type="link" size="small" onClick={() => restore.mutate(gone, complain)} data-testid="funnel-undo">
            {t("funnel.undo")}
          </Button>
        </>
      ),
      duration: 8,
    });
  const list = (
    <ul className="funnel-saved" data-testid="funnel-saved">
      {(read.data?.items ?? []).map((saved) => (
        <li key={saved.funnel_id}>
          <Button type="link" size="small" onClick={() => onOpen(saved.funnel as FunnelQuestion)}>
            {saved.name}
          </Button>
          <span className="grow" />
          <Button type="text" size="small" icon={<EditOutlined />} onClick={() => setNaming(saved)} aria-label={t("funnel.rename")} />
          <Button
            type="text"
            size="small"
            icon={<DeleteOutlined />}
            onClick={() => remove.mutate(saved, { ...complain, onSuccess: () => removed(saved) })}
            aria-label={t("funnel.delete")}
            data-testid="funnel-delete"
          />
        </li>
      ))}
      {read.data?.items.length === 0 && <li className="faint">{t("funnel.noneSaved")}</li>}
    </ul>
  );
  return (
    <>
      <Popover trigger="click" placement="bottomRight" content={list}>
        <Button icon={<FolderOpenOutlined />} data-testid="funnel-open">
          {t("funnel.saved")}
        </Button>
      </Popover>
      <Button type="primary" icon={<SaveOutlined />} disabled={question === null} onClick={() => setNaming("new")} data-testid="funnel-save">
        {t("funnel.save")}
      </Button>
      {naming !== null && <NameDialog naming={naming} question={question} onClose={() => setNaming(null)} />}
    </>
  );
}

function NameDialog({ naming, question, onClose }: { naming: SavedFunnel | "new"; question: FunnelQuestion | null; onClose: () => void }) {
  const { t } = useLanguage();
  const [form] = Form.useForm<{ name: string }>();
  const fresh = naming === "new";
  const saving = useWrite<{ name: string }, SavedFunnel>(
    ({ name }) => (fresh ? api.post(PATH, { name, funnel: question }) : api.patch(one(naming.funnel_id), { name })),
    [PATH],
  );
  return (
    <FormDialog
      form={form}
      name="funnel-name"
      title={t(fresh ? "funnel.saveAs" : "funnel.rename")}
      initialValues={{ name: fresh ? "" : naming.name }}
      saving={saving}
      onFinish={(wanted) => saving.mutate(wanted, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Form.Item name="name" label={t("funnel.name")} rules={[{ required: true, message: t("form.required") }]}>
        <Input maxLength={120} autoFocus data-testid="funnel-name" />
      </Form.Item>
    </FormDialog>
  );
}

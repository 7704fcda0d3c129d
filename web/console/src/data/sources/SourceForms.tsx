import { Alert, Form, Input, Modal, Select, Tabs } from "antd";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { BasisPerPurpose, NewSource, Source } from "@/api/types";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import { Code } from "@/kit/small";
import { BasisFields, DEFAULT_BASIS } from "./BasisFields";
import { snippets } from "./snippets";

export const CONNECTED_KINDS = ["web", "app", "miniprogram", "server"] as const;
interface Wanted {
  name: string;
  kind: string;
  basis: BasisPerPurpose;
}

/** Makes a source, then shows its write key once with code to paste. */
export function NewSourceForm({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  const [form] = Form.useForm<Wanted>();
  const make = useWrite<Wanted, NewSource>((wanted) => api.post("/api/sources", wanted), ["/api/sources"]);
  if (make.data) {
    return (
      <Modal
        open
        width={680}
        title={t("source.made", { name: make.data.source.name })}
        onCancel={onClose}
        onOk={onClose}
        okText={t("source.kept")}
        footer={(_, { OkBtn }) => <OkBtn />} keyboard={false}
        mask={{ closable: false }}
      >
        <Alert type="warning" showIcon title={t("key.once")} className="gap" />
        <Code text={make.data.write_key} testId="write-key" />
        <h3>{t("source.connect")}</h3>
        <Snippets writeKey={make.data.write_key} />
      </Modal>
    );
  }
  return (
    <FormDialog
      form={form}
      name="source"
      title={t("source.new")}
      does={t("source.make")}
      initialValues={{ kind: "web", basis: DEFAULT_BASIS }}
      saving={make}
      onFinish={(wanted) => make.mutate(wanted)}
      onClose={onClose}
    >
      <Form.Item name="name" label={t("source.name")} rules={[{ required: true, message: t("form.required") }]}>
        <Input data-testid="source-name" maxLength={80} autoComplete="off" placeholder={t("source.nameExample")} />
      </Form.Item>
      <Form.Item name="kind" label={t("source.kind")}>
        <Select options={CONNECTED_KINDS.map((kind) => ({ value: kind, label: t(`source.kind.${kind}`) }))} />
      </Form.Item>
      <BasisFields />
    </FormDialog>
  );
}

export function EditSourceForm({ source, onClose }: { source: Source; onClose: () => void }) {
  const { t } = useLanguage();
  const [form] = Form.useForm<Pick<Wanted, "name" | "basis">>();
  const save = useWrite<Pick<Wanted, "name" | "basis">, Source>(
    (wanted) => api.patch(`/api/sources/${encodeURIComponent(source.source_id)}`, wanted),
    ["/api/sources"],
  );
  return (
    <FormDialog
      form={form}
      name="source"
      title={t("source.edit")}
      initialValues={{ name: source.name, basis: source.basis }}
      saving={save}
      onFinish={(wanted) => save.mutate(wanted, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Form.Item name="name" label={t("source.name")} rules={[{ required: true, message: t("form.required") }]}>
        <Input data-testid="source-name" maxLength={80} autoComplete="off" />
      </Form.Item>
      <BasisFields />
      <Alert type="info" showIcon title={t("source.basisChange")} />
    </FormDialog>
  );
}

export function Snippets({ writeKey }: { writeKey: string }) {
  const { t } = useLanguage();
  return (
    <Tabs
      size="small"
      items={snippets(location.origin, writeKey).map((one) => ({
        key: one.key,
        label: one.name,
        children: (
          <>
            {one.install && <Code text={one.install} />}
            <Code text={one.code} testId={`snippet-${one.key}`} />
            <p className="faint">{t("source.snippetNote")}</p>
          </>
        ),
      }))}
    />
  );
}

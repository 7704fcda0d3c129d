import { Alert, Form, Input, Modal, Select, Tabs } from "antd";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { BasisPerPurpose, NewSource, Source } from "@/api/types";
import { useLanguage } from "@/i18n";
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
  const { t, w } = useLanguage();
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
    <Modal
      open
      title={t("source.new")}
      okText={t("source.make")}
      okButtonProps={{ "data-testid": "source-make" }}
      confirmLoading={make.isPending}
      onCancel={onClose}
      onOk={() => form.submit()}
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={{ kind: "web", basis: DEFAULT_BASIS }}
        onFinish={(wanted) => make.mutate(wanted)}
      >
        {make.error && <Alert type="error" showIcon title={w(make.error.words)} className="gap" />}
        <Form.Item name="name" label={t("source.name")} rules={[{ required: true, message: t("form.required") }]}>
          <Input data-testid="source-name" maxLength={80} autoComplete="off" placeholder={t("source.nameExample")} />
        </Form.Item>
        <Form.Item name="kind" label={t("source.kind")}>
          <Select options={CONNECTED_KINDS.map((kind) => ({ value: kind, label: t(`source.kind.${kind}`) }))} />
        </Form.Item>
        <BasisFields />
      </Form>
    </Modal>
  );
}

export function EditSourceForm({ source, onClose }: { source: Source; onClose: () => void }) {
  const { t, w } = useLanguage();
  const [form] = Form.useForm<Pick<Wanted, "name" | "basis">>();
  const save = useWrite<Pick<Wanted, "name" | "basis">, Source>(
    (wanted) => api.patch(`/api/sources/${encodeURIComponent(source.source_id)}`, wanted),
    ["/api/sources"],
  );
  return (
    <Modal
      open
      title={t("source.edit")}
      okText={t("form.save")}
      confirmLoading={save.isPending}
      onCancel={onClose}
      onOk={() => form.submit()}
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={{ name: source.name, basis: source.basis }}
        onFinish={(wanted) => save.mutate(wanted, { onSuccess: onClose })}
      >
        {save.error && <Alert type="error" showIcon title={w(save.error.words)} className="gap" />}
        <Form.Item name="name" label={t("source.name")} rules={[{ required: true, message: t("form.required") }]}>
          <Input data-testid="source-name" maxLength={80} autoComplete="off" />
        </Form.Item>
        <BasisFields />
        <Alert type="info" showIcon title={t("source.basisChange")} />
      </Form>
    </Modal>
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

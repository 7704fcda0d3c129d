import { Alert, App, Form, Input, Modal, Radio } from "antd";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import { useLanguage } from "@/i18n";

interface Said {
  verdict: "same" | "different";
  other: string;
  reason: string;
}

/** This person and another one are one, or are two: what no rule could know. */
export function AnotherDialog({ userId, onClose }: { userId: string; onClose: () => void }) {
  const { t, w } = useLanguage();
  const { message } = App.useApp();
  const [form] = Form.useForm<Said>();
  const verdict = Form.useWatch("verdict", form) ?? "same";
  const write = useWrite<Said, unknown>(
    ({ verdict: said, other, reason }) => api.post("/api/identity/decisions", { verdict: said, a: userId, b: other.trim(), reason }),
    ["/api/profiles/", "/api/identity/", "/api/audit"],
  );
  const done = () => {
    void message.success(t("identity.review.done"));
    onClose();
  };
  return (
    <Modal
      open
      title={t("identity.another")}
      okText={t(verdict === "same" ? "identity.review.same" : "identity.review.different")}
      okButtonProps={{ "data-testid": "another-do" }}
      confirmLoading={write.isPending}
      onCancel={onClose}
      onOk={() => form.submit()}
    >
      {write.error && <Alert type="error" showIcon title={w(write.error.words)} className="gap" />}
      <Form form={form} layout="vertical" initialValues={{ verdict: "same" }} onFinish={(given) => write.mutate(given, { onSuccess: done })}>
        <Form.Item name="other" label={t("identity.another.who")} rules={[{ required: true, whitespace: true, message: t("form.required") }]}>
          <Input maxLength={200} placeholder={t("identity.another.example")} data-testid="another-who" />
        </Form.Item>
        <Form.Item name="verdict" extra={t(verdict === "same" ? "identity.another.sameText" : "identity.another.differentText")}>
          <Radio.Group
            options={[
              { value: "same", label: t("identity.review.same") },
              { value: "different", label: t("identity.review.different") },
            ]}
          />
        </Form.Item>
        <Form.Item
          name="reason"
          label={t("identity.reason")}
          extra={t("identity.audit")}
          rules={[{ required: true, whitespace: true, min: 3, message: t("identity.review.needReason") }]}
        >
          <Input.TextArea rows={2} maxLength={500} data-testid="another-reason" />
        </Form.Item>
      </Form>
    </Modal>
  );
}

import { Alert, Form, Input, Modal } from "antd";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { IdentityLink } from "@/api/types";
import { useLanguage } from "@/i18n";

interface LinkDialogProps {
  link: IdentityLink;
  act: "undo" | "redo";
  names: [string, string];
  onClose: () => void;
  onDone: () => void;
}

/** Says what undoing or restoring a link will do, and asks for the reason that enters the audit log. */
export function LinkDialog({ link, act, names, onClose, onDone }: LinkDialogProps) {
  const { t, w } = useLanguage();
  const [form] = Form.useForm<{ reason: string }>();
  const write = useWrite<{ reason: string }, unknown>(
    ({ reason }) => api.post(`/api/identity/links/${act}`, { a: link.a, b: link.b, reason }),
    ["/api/profiles/", "/api/identity/", "/api/audit"],
  );
  const [a, b] = names;
  return (
    <Modal
      open
      title={t(act === "undo" ? "identity.undoAsk" : "identity.redoAsk")}
      okText={t(act === "undo" ? "identity.undo" : "identity.redo")}
      okButtonProps={{ danger: act === "undo", "data-testid": "identity-confirm" }}
      confirmLoading={write.isPending}
      onCancel={onClose}
      onOk={() => form.submit()}
    >
      <p>{t(act === "undo" ? "identity.undoText" : "identity.redoText", { a, b })}</p>
      {write.error && <Alert type="error" showIcon title={w(write.error.words)} className="gap" />}
      <Form form={form} layout="vertical" onFinish={(given) => write.mutate(given, { onSuccess: onDone })}>
        <Form.Item
          name="reason"
          label={t("identity.reason")}
          extra={t("identity.audit")}
          rules={[{ required: true, whitespace: true, min: 3, message: t("identity.review.needReason") }]}
        >
          <Input.TextArea rows={2} maxLength={500} placeholder={t("identity.reasonExample")} data-testid="identity-reason" />
        </Form.Item>
      </Form>
    </Modal>
  );
}

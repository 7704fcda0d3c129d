import { Alert, Form, Input, Modal } from "antd";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { Revealed } from "@/api/types";
import { useLanguage } from "@/i18n";
import { profilePath } from "@/kit/paths";

interface RevealDialogProps {
  userId: string;
  onClose: () => void;
  onRevealed: (contact: Revealed) => void;
}

/** Shows contact data in the clear for this visit only, after a reason that enters the audit log. */
export function RevealDialog({ userId, onClose, onRevealed }: RevealDialogProps) {
  const { t, w } = useLanguage();
  const [form] = Form.useForm<{ reason: string }>();
  const reveal = useWrite<{ reason: string }, Revealed>((given) => api.post(profilePath(userId, "/reveal"), given), ["/api/audit"]);
  return (
    <Modal
      open
      title={t("reveal.title")}
      okText={t("reveal.do")}
      okButtonProps={{ "data-testid": "reveal-do" }}
      confirmLoading={reveal.isPending}
      onCancel={onClose}
      onOk={() => form.submit()}
    >
      <p>{t("reveal.text")}</p>
      {reveal.error && <Alert type="error" showIcon title={w(reveal.error.words)} className="gap" />}
      <Form
        form={form}
        layout="vertical"
        onFinish={(given) =>
          reveal.mutate(given, {
            onSuccess: (contact) => {
              onRevealed(contact);
              onClose();
            },
          })
        }
      >
        <Form.Item name="reason" label={t("reveal.reason")} rules={[{ required: true, whitespace: true, message: t("form.required") }]}>
          <Input.TextArea rows={2} maxLength={200} data-testid="reveal-reason" placeholder={t("reveal.example")} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

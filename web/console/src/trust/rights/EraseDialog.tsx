import { Alert, Form, Input, Modal } from "antd";
import { useNavigate } from "react-router";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { Erasure } from "@/api/types";
import { profilePath } from "@/kit/paths";
import { useLanguage } from "@/i18n";

interface Given {
  reason: string;
  confirm: string;
}

/** Erasing a person cannot be undone: it says what will happen and wants the id typed. */
export function EraseDialog({ userId, onClose }: { userId: string; onClose: () => void }) {
  const { t, w } = useLanguage();
  const navigate = useNavigate();
  const [form] = Form.useForm<Given>();
  const typed = Form.useWatch("confirm", form);
  const erase = useWrite<Given, Erasure>(
    (given) => api.post(profilePath(userId, "/erasure"), given),
    ["/api/erasures", "/api/users", "/api/audit", "/api/overview"],
  );
  return (
    <Modal
      open
      title={t("erase.title")}
      okText={t("erase.do")}
      okButtonProps={{ danger: true, disabled: typed !== userId, "data-testid": "erase-do" }}
      confirmLoading={erase.isPending}
      onCancel={onClose}
      onOk={() => form.submit()}
    >
      <p>{t("erase.text")}</p>
      <ul className="consequences">
        <li>{t("erase.now")}</li>
        <li>{t("erase.keys")}</li>
        <li>{t("erase.files")}</li>
        <li>{t("erase.proof")}</li>
      </ul>
      <Alert type="error" showIcon title={t("erase.final")} className="gap" />
      {erase.error && <Alert type="error" showIcon title={w(erase.error.words)} className="gap" data-testid="erase-error" />}
      <Form form={form} layout="vertical" onFinish={(given) => erase.mutate(given, { onSuccess: () => void navigate("/erasures") })}>
        <Form.Item name="reason" label={t("erasure.reason")} rules={[{ required: true, whitespace: true, message: t("form.required") }]}>
          <Input.TextArea rows={2} maxLength={200} data-testid="erase-reason" />
        </Form.Item>
        <Form.Item name="confirm" label={<span>{t("erase.type")} <code>{userId}</code></span>}>
          <Input autoComplete="off" data-testid="erase-confirm" />
        </Form.Item>
      </Form>
    </Modal>
  );
}

import { Form, Input, Modal } from "antd";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { RightsRequest } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Refused } from "./Refused";
import { requestPath, STALE } from "./useRequest";

interface RefuseDialogProps {
  request: RightsRequest;
  refresh: () => void;
  onClose: () => void;
}

/** A refusal closes the request and wants the reason that the person is told. */
export function RefuseDialog({ request, refresh, onClose }: RefuseDialogProps) {
  const { t } = useLanguage();
  const [form] = Form.useForm<{ note: string }>();
  const refuse = useWrite<{ note: string }, RightsRequest>(
    (given) => api.post(requestPath(request.request_id, "/refuse"), { note: given.note.trim() }),
    STALE,
  );
  return (
    <Modal
      open
      title={t("rights.refuseTitle")}
      okText={t("rights.refuseDo")}
      okButtonProps={{ danger: true, "data-testid": "refuse-do" }}
      confirmLoading={refuse.isPending}
      onCancel={onClose}
      onOk={() => form.submit()}
    >
      <p className="gap">{t("rights.refuseText")}</p>
      <Refused error={refuse.error} />
      <Form form={form} layout="vertical" onFinish={(given) => refuse.mutate(given, { onSuccess: onClose, onError: refresh })}>
        <Form.Item name="note" label={t("rights.reason")} rules={[{ required: true, whitespace: true, message: t("form.required") }]}>
          <Input.TextArea rows={3} maxLength={500} showCount autoFocus placeholder={t("rights.reasonExample")} data-testid="refuse-note" />
        </Form.Item>
      </Form>
    </Modal>
  );
}

import { Form, Input, Modal, Select } from "antd";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { NewRightsRequest, RightsRequest } from "@/api/types";
import { useLanguage } from "@/i18n";
import { KINDS } from "./kinds";
import { Refused } from "./Refused";
import { QUEUE, STALE } from "./useRequest";

interface NewRequestProps {
  /** For whom, where that is known already. */
  userId?: string;
  onClose: () => void;
  onMade: (id: string) => void;
}

/** Takes in a request that came by phone, mail or at the counter. */
export function NewRequest({ userId, onClose, onMade }: NewRequestProps) {
  const { t } = useLanguage();
  const [form] = Form.useForm<NewRightsRequest>();
  const make = useWrite<NewRightsRequest, RightsRequest>(
    (given) =>
      api.post(QUEUE, {
        user_id: given.user_id.trim(),
        kind: given.kind,
        text: given.text?.trim() ?? "",
        verified_how: given.verified_how?.trim() || null,
      }),
    STALE,
  );
  const done = (made: RightsRequest) => {
    onClose();
    onMade(made.request_id);
  };
  return (
    <Modal
      open
      title={t("rights.new")}
      okText={t("rights.take")}
      okButtonProps={{ "data-testid": "request-take" }}
      confirmLoading={make.isPending}
      onCancel={onClose}
      onOk={() => form.submit()}
    >
      <p className="faint gap">{t("rights.newText")}</p>
      <Refused error={make.error} />
      <Form<NewRightsRequest>
        form={form}
        layout="vertical"
        initialValues={{ kind: "see", user_id: userId }}
        onFinish={(given) => make.mutate(given, { onSuccess: done })}
      >
        <Form.Item
          name="user_id"
          label={t("rights.personId")}
          extra={t("rights.personIdText")}
          rules={[{ required: true, whitespace: true, message: t("form.required") }]}
        >
          <Input maxLength={200} autoComplete="off" autoFocus={!userId} data-testid="request-user" />
        </Form.Item>
        <Form.Item name="kind" label={t("rights.kind")}>
          <Select options={KINDS.map((one) => ({ value: one, label: t(`rights.kind.${one}`) }))} data-testid="request-kind" />
        </Form.Item>
        <Form.Item name="text" label={t("rights.said")} extra={t("rights.saidText")}>
          <Input.TextArea rows={3} maxLength={500} showCount data-testid="request-text" />
        </Form.Item>
        <Form.Item name="verified_how" label={t("rights.verifiedHow")} extra={t("rights.verifiedText")}>
          <Input maxLength={200} placeholder={t("rights.verifiedExample")} data-testid="request-verified" />
        </Form.Item>
      </Form>
    </Modal>
  );
}

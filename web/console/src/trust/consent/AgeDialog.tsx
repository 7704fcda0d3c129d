import { Form, Input, Modal, Radio } from "antd";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { AgeStatement, PersonConsent } from "@/api/types";
import { useLanguage } from "@/i18n";
import { profilePath } from "@/kit/paths";
import { Refused } from "@/trust/rights/Refused";
import { NUMBERS } from "./useSubjects";

const BANDS: PersonConsent["age_band"][] = ["child", "youth", "adult"];

interface AgeDialogProps {
  userId: string;
  band: PersonConsent["age_band"];
  onClose: () => void;
}

/** The shop's own word on somebody's age; it holds against whatever events state. */
export function AgeDialog({ userId, band, onClose }: AgeDialogProps) {
  const { t } = useLanguage();
  const [form] = Form.useForm<AgeStatement>();
  const set = useWrite<AgeStatement, null>(
    (given) => api.post(`/api/consent/people/${encodeURIComponent(userId)}/age`, { band: given.band, reason: given.reason.trim() }),
    [profilePath(userId, "/consent"), profilePath(userId), NUMBERS, "/api/audit"],
  );
  return (
    <Modal
      open
      title={t("centre.setAge")}
      okText={t("form.save")}
      okButtonProps={{ "data-testid": "age-do" }}
      confirmLoading={set.isPending}
      onCancel={onClose}
      onOk={() => form.submit()}
    >
      <p className="gap">{t("centre.setAgeText")}</p>
      <Refused error={set.error} />
      <Form<AgeStatement> form={form} layout="vertical" initialValues={{ band }} onFinish={(given) => set.mutate(given, { onSuccess: onClose })}>
        <Form.Item name="band" label={t("centre.age")}>
          <Radio.Group options={BANDS.map((value) => ({ value, label: t(`centre.age.${value}`) }))} data-testid="age-pick" />
        </Form.Item>
        <Form.Item name="reason" label={t("centre.ageReason")} rules={[{ required: true, whitespace: true, message: t("form.required") }]}>
          <Input maxLength={200} placeholder={t("centre.ageExample")} data-testid="age-reason" />
        </Form.Item>
      </Form>
    </Modal>
  );
}

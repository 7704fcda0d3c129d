import { Form, Select } from "antd";
import type { Basis, BasisPerPurpose, Purpose } from "@/api/types";
import { useLanguage } from "@/i18n";

export const PURPOSES: Purpose[] = ["analytics", "personalisation", "marketing", "social"];
export const BASES: Basis[] = ["contract", "consented_upstream", "ask_us"];
export const DEFAULT_BASIS: BasisPerPurpose = {
  analytics: "consented_upstream",
  personalisation: "consented_upstream",
  marketing: "ask_us",
  social: "ask_us",
};

/** On what ground each purpose may use what this source sends; `ask_us` grants nothing until the person agrees. */
export function BasisFields({ titled = true }: { titled?: boolean }) {
  const { t } = useLanguage();
  return (
    <div className="basis" role="group" aria-label={t("basis.title")}>
      {titled && <h3>{t("basis.title")}</h3>}
      <p className="faint">{t("basis.about")}</p>
      {PURPOSES.map((purpose) => (
        <Form.Item key={purpose} name={["basis", purpose]} label={t(`purpose.${purpose}`)} className="basis-row">
          <Select
            data-testid={`basis-${purpose}`}
            options={BASES.map((basis) => ({ value: basis, label: t(`basis.${basis}`) }))}
          />
        </Form.Item>
      ))}
    </div>
  );
}

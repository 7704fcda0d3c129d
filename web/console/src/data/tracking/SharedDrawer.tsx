import { Alert, Button, Drawer, Form } from "antd";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { Plan } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useSession } from "@/kit/session";
import { STALE } from "./PlanTab";
import { PromoteButton } from "./PromoteButton";
import { cleaned, PropertyRows } from "./PropertyRows";

type Shared = Pick<Plan, "common" | "user_properties">;

/** Properties that every event may carry, and those of people. */
export function SharedDrawer({ plan, onClose }: { plan: Plan; onClose: () => void }) {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const [form] = Form.useForm<Shared>();
  const save = useWrite<Shared, Plan>((shared) => api.post("/api/tracking/plan/shared", { base_version: plan.version, ...shared }), STALE);
  const promote = (property: string) => {
    const saved = plan.common.find((one) => one.name === property);
    return saved && <PromoteButton plan={plan} event="" property={saved} />;
  };
  return (
    <Drawer
      open
      size="large"
      onClose={onClose}
      title={t("track.shared")}
      footer={
        may("develop") && (
          <Button type="primary" loading={save.isPending} onClick={() => form.submit()} data-testid="shared-save">
            {t("form.save")}
          </Button>
        )
      }
    >
      {save.error && <Alert type="error" showIcon title={w(save.error.words)} description={save.error.place} className="gap" />}
      <Form
        form={form}
        layout="vertical"
        initialValues={{ common: plan.common, user_properties: plan.user_properties }}
        onFinish={(shared) =>
          save.mutate(
            { common: cleaned(shared.common), user_properties: cleaned(shared.user_properties) },
            { onSuccess: onClose },
          )
        }
      >
        <h3>{t("track.common")}</h3>
        <p className="faint">{t("track.commonText")}</p>
        <PropertyRows name="common" disabled={!may("develop")} action={promote} />
        <h3>{t("track.userProperties")}</h3>
        <p className="faint">{t("track.userPropertiesText")}</p>
        <PropertyRows name="user_properties" disabled={!may("develop")} required={false} />
      </Form>
    </Drawer>
  );
}

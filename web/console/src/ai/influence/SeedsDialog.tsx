import { Form, InputNumber, Select } from "antd";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { SeedPlan, SeedsAsk } from "@/api/types";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import { minorDigits } from "@/kit/format";
import { SEEDS } from "./parts";

interface Wanted {
  most: number;
  budget?: number | null;
  base?: number | null;
  perFriend?: number | null;
  among: NonNullable<SeedsAsk["among"]>;
  segment?: string;
  model: NonNullable<SeedsAsk["model"]>;
  weights: NonNullable<SeedsAsk["weights"]>;
}
interface Segment {
  segment_id: string;
  name: string;
}
const AMONG = ["everybody", "creators", "koc", "people"] as const;
const MODELS = ["cascade", "threshold"] as const;
const WEIGHTS = ["in_degree", "strength"] as const;

/** Asks for seeds: how many or how much, what each costs, among whom, and how word spreads. */
export function SeedsDialog({ currency, onClose, onMade }: { currency: string; onClose: () => void; onMade: (plan: SeedPlan) => void }) {
  const { t } = useLanguage();
  const [form] = Form.useForm<Wanted>();
  const among = Form.useWatch("among", form);
  const segments = useRead<Segment[] | { items: Segment[] }>("/api/segments");
  const listed = Array.isArray(segments.data) ? segments.data : (segments.data?.items ?? []);
  const minor = (value: number | null | undefined) => Math.round((value ?? 0) * 10 ** minorDigits(currency));
  const run = useWrite<Wanted, SeedPlan>(
    (wanted) =>
      api.post(SEEDS, {
        most: wanted.most,
        budget_minor: wanted.budget === null || wanted.budget === undefined ? null : minor(wanted.budget),
        base_minor: minor(wanted.base),
        per_friend_minor: minor(wanted.perFriend),
        among: wanted.among,
        people: wanted.among === "people" && wanted.segment ? { kind: "segment", segment_id: wanted.segment } : null,
        model: wanted.model,
        weights: wanted.weights,
      }),
    [SEEDS],
  );
  return (
    <FormDialog
      form={form}
      name="seeds"
      title={t("seeds.title")}
      does={t("seeds.go")}
      initialValues={{ most: 20, among: "everybody", model: "cascade", weights: "in_degree" }}
      saving={run}
      onFinish={(wanted) => run.mutate(wanted, { onSuccess: onMade })}
      onClose={onClose}
    >
      <p className="faint">{t("seeds.about")}</p>
      <Form.Item name="most" label={t("seeds.most")} rules={[{ required: true }]}>
        <InputNumber min={1} max={1000} precision={0} data-testid="seeds-most" />
      </Form.Item>
      <Form.Item name="among" label={t("seeds.among")}>
        <Select options={AMONG.map((one) => ({ value: one, label: t(`seeds.among.${one}`) }))} />
      </Form.Item>
      {among === "people" && (
        <Form.Item name="segment" label={t("seeds.segment")} rules={[{ required: true }]}>
          <Select options={listed.map((one) => ({ value: one.segment_id, label: one.name }))} />
        </Form.Item>
      )}
      <Form.Item name="budget" label={t("seeds.budget", { currency })}>
        <InputNumber min={0} data-testid="seeds-budget" />
      </Form.Item>
      <Form.Item name="base" label={t("seeds.base", { currency })}>
        <InputNumber min={0} data-testid="seeds-base" />
      </Form.Item>
      <Form.Item name="perFriend" label={t("seeds.perFriend", { currency })}>
        <InputNumber min={0} data-testid="seeds-per-friend" />
      </Form.Item>
      <Form.Item name="model" label={t("seeds.model")}>
        <Select options={MODELS.map((one) => ({ value: one, label: t(`seeds.model.${one}`) }))} />
      </Form.Item>
      <Form.Item name="weights" label={t("seeds.weights")}>
        <Select options={WEIGHTS.map((one) => ({ value: one, label: t(`seeds.weights.${one}`) }))} />
      </Form.Item>
    </FormDialog>
  );
}

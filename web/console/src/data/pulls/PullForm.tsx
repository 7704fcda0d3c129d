import { Form, Input, InputNumber, Segmented, Select } from "antd";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { BasisPerPurpose, ImportKind, Mapping, Pull, PullWay } from "@/api/types";
import { KINDS } from "@/data/imports/ImportsPage";
import { BasisFields, DEFAULT_BASIS } from "@/data/sources/BasisFields";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import { itemsOf } from "@/kit/itemsOf";

const WAYS: PullWay[] = ["folder", "http", "database"];
interface Wanted {
  name: string;
  way: PullWay;
  address: string;
  options: Partial<Pull["options"]>;
  secret?: string;
  kind: ImportKind;
  mapping: string | null;
  basis: BasisPerPurpose;
  when: "every" | "daily";
  every_minutes?: number;
  daily_at?: string;
}

/** Makes a pull, or changes one; a secret that is kept is never shown. */
export function PullForm({ pull, onClose }: { pull: Pull | null; onClose: () => void }) {
  const { t, w } = useLanguage();
  const [form] = Form.useForm<Wanted>();
  const way = Form.useWatch("way", form) ?? pull?.way ?? "folder";
  const kind = Form.useWatch("kind", form) ?? pull?.kind ?? "orders";
  const when = Form.useWatch("when", form) ?? (pull?.daily_at ? "daily" : "every");
  const mappings = useRead<Mapping[]>("/api/imports/mappings");
  const save = useWrite<Wanted, Pull>(
    ({ when: chosen, secret, ...wanted }) => {
      const body = {
        ...wanted,
        mapping: wanted.mapping || null,
        every_minutes: chosen === "every" ? (wanted.every_minutes ?? 60) : null,
        daily_at: chosen === "daily" ? wanted.daily_at : null,
        ...(secret ? { secret } : {}),
      };
      return pull ? api.patch(`/api/pulls/${encodeURIComponent(pull.pull_id)}`, body) : api.post("/api/pulls", body);
    },
    ["/api/pulls"],
  );
  const needed = [{ required: true, message: t("form.required") }];
  return (
    <FormDialog
      form={form}
      name="pull"
      width={640}
      title={t(pull ? "pull.edit" : "pull.new")}
      initialValues={{
        name: pull?.name ?? "",
        way: pull?.way ?? "folder",
        address: pull?.address ?? "",
        options: pull?.options ?? { pattern: "*", header: "Authorization", query: "", mark_column: "" },
        kind: pull?.kind ?? "orders",
        mapping: pull?.mapping ?? "",
        basis: { ...DEFAULT_BASIS, ...(pull?.basis ?? {}) },
        when: pull?.daily_at ? "daily" : "every",
        every_minutes: pull?.every_minutes ?? 60,
        daily_at: pull?.daily_at ?? "03:00",
      }}
      saving={save}
      onFinish={(wanted) => save.mutate({ ...wanted, options: { ...pull?.options, ...wanted.options } }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Form.Item name="name" label={t("pull.name")} rules={needed}>
        <Input data-testid="pull-name" maxLength={120} autoComplete="off" />
      </Form.Item>
      <Form.Item name="way" label={t("pull.way")}>
        <Segmented options={WAYS.map((one) => ({ value: one, label: t(`pull.way.${one}`) }))} />
      </Form.Item>
      <Form.Item name="address" label={t("pull.address")} rules={needed} extra={t(`pull.address.${way}`)}>
        <Input data-testid="pull-address" maxLength={2000} autoComplete="off" />
      </Form.Item>
      {way === "folder" && (
        <Form.Item name={["options", "pattern"]} label={t("pull.pattern")} rules={needed}>
          <Input placeholder="*.csv" />
        </Form.Item>
      )}
      {way === "http" && (
        <Form.Item name={["options", "header"]} label={t("pull.header")} rules={needed}>
          <Input autoComplete="off" />
        </Form.Item>
      )}
      {way === "database" && (
        <>
          <Form.Item name={["options", "query"]} label={t("pull.query")} rules={needed}>
            <Input.TextArea rows={5} className="code-input" spellCheck={false} />
          </Form.Item>
          <Form.Item name={["options", "mark_column"]} label={t("pull.mark")} extra={t("pull.markText")}>
            <Input placeholder="updated_at" autoComplete="off" />
          </Form.Item>
        </>
      )}
      {way !== "folder" && (
        <Form.Item name="secret" label={t("pull.secret")} extra={t("pull.secretText")}>
          <Input.Password
            autoComplete="new-password"
            placeholder={t(pull?.has_secret ? "pull.secretKept" : way === "http" ? "pull.secretHttp" : "pull.secretDatabase")}
          />
        </Form.Item>
      )}
      <div className="mapping-head">
        <Form.Item name="kind" label={t("pull.kind")}>
          <Select options={KINDS.map((one) => ({ value: one, label: t(`import.kind.${one}`) }))} onChange={() => form.setFieldValue("mapping", "")} />
        </Form.Item>
        <Form.Item name="mapping" label={t("pull.mapping")}>
          <Select
            options={[
              { value: "", label: t("pull.mappingHeader") },
              ...itemsOf(mappings.data)
                .filter((one) => one.kind === kind && one.name !== kind)
                .map((one) => ({ value: one.name, label: w(one.words) })),
            ]}
          />
        </Form.Item>
        <Form.Item name="when" label={t("pull.schedule")}>
          <Segmented
            options={[
              { value: "every", label: t("pull.schedule.every") },
              { value: "daily", label: t("pull.schedule.daily") },
            ]}
          />
        </Form.Item>
        {when === "every" ? (
          <Form.Item name="every_minutes" label={t("pull.minutes")} rules={needed}>
            <InputNumber min={1} max={43_200} precision={0} />
          </Form.Item>
        ) : (
          <Form.Item name="daily_at" label={t("pull.at")} rules={[{ required: true, pattern: /^([01]\d|2[0-3]):[0-5]\d$/, message: "hh:mm" }]}>
            <Input placeholder="03:00" maxLength={5} />
          </Form.Item>
        )}
      </div>
      <BasisFields />
    </FormDialog>
  );
}

import { App, Form, Input, Segmented, Select } from "antd";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { ColumnType, Plan, PlannedProperty, PromotedColumns } from "@/api/types";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import { COLUMN_TYPES, COLUMNS_STALE, suggestedColumn, typeOf } from "./columns";

interface Wanted {
  property: string;
  scope: "one" | "all";
  type: ColumnType;
  name: string;
}

interface PromoteFormProps {
  plan: Plan;
  /** Empty: the property of all events. */
  event: string;
  /** None: it is chosen here. */
  property: PlannedProperty | null;
  onClose: () => void;
}

export function PromoteForm({ plan, event, property, onClose }: PromoteFormProps) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [form] = Form.useForm<Wanted>();
  const type = Form.useWatch("type", form) ?? typeOf(property?.type ?? "text");
  const save = useWrite<Wanted, PromotedColumns>(
    (wanted) =>
      api.post("/api/tracking/columns", {
        property: wanted.property,
        event: wanted.scope === "one" ? event : "",
        type: wanted.type,
        // What was only suggested is the server's to choose: it knows which names are taken.
        name: wanted.name === suggestedColumn(wanted.property) ? null : wanted.name,
      }),
    COLUMNS_STALE,
  );
  const every = new Map([...plan.events.flatMap((one) => one.properties), ...plan.common].map((one) => [one.name, one]));
  return (
    <FormDialog
      form={form}
      name="column"
      title={property ? t("column.promoteTitle", { name: property.name }) : t("column.choose")}
      does={t("column.promote")}
      initialValues={{
        property: property?.name,
        scope: event ? "one" : "all",
        type,
        name: property ? suggestedColumn(property.name) : "",
      }}
      saving={save}
      onFinish={(wanted) =>
        save.mutate(wanted, {
          onSuccess: (found) => {
            void message.success(t("column.done", { name: found.items.at(-1)?.name ?? wanted.name }));
            onClose();
          },
        })
      }
      onClose={onClose}
    >
      <Form.Item name="property" label={t("column.property")} hidden={property !== null} rules={[{ required: true, message: t("form.required") }]}>
        <Select
          showSearch
          placeholder={t("column.pick")}
          data-testid="column-property"
          options={[...every.keys()].sort().map((value) => ({ value, label: value }))}
          onChange={(name: string) => form.setFieldsValue({ type: typeOf(every.get(name)?.type ?? "text"), name: suggestedColumn(name) })}
        />
      </Form.Item>
      <Form.Item name="scope" label={t("column.scope")} hidden={!event}>
        <Segmented block options={(["one", "all"] as const).map((value) => ({ value, label: t(`column.scope.${value}`) }))} />
      </Form.Item>
      <Form.Item name="type" label={t("column.type")} extra={`${t(`column.takes.${type}`)}${type === "text" ? "" : ` ${t("column.misfitNote")}`}`}>
        <Select data-testid="column-type" options={COLUMN_TYPES.map((value) => ({ value, label: t(`column.type.${value}`) }))} />
      </Form.Item>
      <Form.Item
        name="name"
        label={t("column.name")}
        extra={t("column.nameRule")}
        rules={[
          { required: true, message: t("form.required") },
          { pattern: /^p(_[a-z0-9]+)+$/, message: t("column.nameRule") },
        ]}
      >
        <Input maxLength={63} autoComplete="off" className="track-code" data-testid="column-name" />
      </Form.Item>
    </FormDialog>
  );
}

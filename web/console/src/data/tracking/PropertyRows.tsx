import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, Form, Input, Select } from "antd";
import type { ReactNode } from "react";
import { useLanguage } from "@/i18n";
import { TYPES } from "./names";

const EMPTY = { name: "", type: "text", label: { zh: "", en: "" }, about: { zh: "", en: "" }, required: false, values: [] };

interface PropertyRowsProps {
  name: string;
  disabled: boolean;
  required?: boolean;
  /** What more may be done with a property, by its name. */
  action?: (property: string) => ReactNode;
}

/** The rows of properties in a form, under `name`. */
export function PropertyRows({ name, disabled, required = true, action }: PropertyRowsProps) {
  const { t, w } = useLanguage();
  return (
    <Form.List name={name}>
      {(rows, { add, remove }) => (
        <div className="track-properties" data-testid={`rows-${name}`}>
          {rows.length === 0 && <p className="faint">{t("track.noProperties")}</p>}
          {rows.map((row) => (
            <div key={row.key} className="track-property">
              <Form.Item name={[row.name, "name"]} label={t("track.property")} rules={[{ required: true, message: t("form.required") }]}>
                <Input disabled={disabled} maxLength={255} autoComplete="off" />
              </Form.Item>
              <Form.Item name={[row.name, "type"]} label={t("track.type")}>
                <Select disabled={disabled} options={Object.entries(TYPES).map(([value, words]) => ({ value, label: w(words) }))} />
              </Form.Item>
              <Form.Item name={[row.name, "label", "zh"]} label={t("track.labelZh")}>
                <Input disabled={disabled} maxLength={1000} />
              </Form.Item>
              <Form.Item name={[row.name, "label", "en"]} label={t("track.labelEn")}>
                <Input disabled={disabled} maxLength={1000} />
              </Form.Item>
              <Form.Item noStyle dependencies={[[name, row.name, "type"]]}>
                {(form) =>
                  form.getFieldValue([name, row.name, "type"]) === "enum" && (
                    <Form.Item
                      className="track-wide"
                      name={[row.name, "values"]}
                      label={t("track.values")}
                      rules={[{ required: true, message: t("form.required") }]}
                    >
                      <Select mode="tags" disabled={disabled} tokenSeparators={[",", ";"]} />
                    </Form.Item>
                  )
                }
              </Form.Item>
              <div className="track-wide track-foot">
                {required && (
                  <Form.Item name={[row.name, "required"]} valuePropName="checked" noStyle>
                    <Checkbox disabled={disabled}>{t("track.required")}</Checkbox>
                  </Form.Item>
                )}
                <span className="grow" />
                {action && (
                  <Form.Item noStyle dependencies={[[name, row.name, "name"]]}>
                    {(form) => action(form.getFieldValue([name, row.name, "name"]) as string)}
                  </Form.Item>
                )}
                {!disabled && (
                  <Button size="small" type="text" danger icon={<DeleteOutlined />} onClick={() => remove(row.name)}>
                    {t("track.remove")}
                  </Button>
                )}
              </div>
            </div>
          ))}
          {!disabled && (
            <Button icon={<PlusOutlined />} onClick={() => add(EMPTY)} block type="dashed" data-testid={`add-${name}`}>
              {t("track.addProperty")}
            </Button>
          )}
        </div>
      )}
    </Form.List>
  );
}

/** Values of an enum only: another type has none. */
export function cleaned<P extends { type: string; values?: string[] }>(properties: P[] | undefined): P[] {
  return (properties ?? []).map((one) => (one.type === "enum" ? one : { ...one, values: [] }));
}

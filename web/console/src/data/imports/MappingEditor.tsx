import { Alert, Form, Select, Tag } from "antd";
import { useState } from "react";
import { useRead } from "@/api/hooks";
import type { BasisPerPurpose, Import, Mapping } from "@/api/types";
import { BasisFields, DEFAULT_BASIS } from "@/data/sources/BasisFields";
import { useLanguage } from "@/i18n";
import { itemsOf } from "@/kit/itemsOf";
import { Panel } from "@/kit/page";
import { FIELD_WORDS } from "./fields";
import type { ImportChange } from "./ImportPage";
import { KINDS } from "./ImportsPage";

interface MappingEditorProps {
  one: Import;
  busy: boolean;
  disabled: boolean;
  onChange: (change: ImportChange) => void;
}

/** What kind of rows these are, which column feeds which field, and on what ground the data may be used. */
export function MappingEditor({ one, busy, disabled, onChange }: MappingEditorProps) {
  const { t, w } = useLanguage();
  const mappings = useRead<Mapping[]>("/api/imports/mappings");
  const [basis, setBasis] = useState<BasisPerPurpose>(one.basis ?? DEFAULT_BASIS);
  const chosen = Object.fromEntries(one.fields.filter((field) => field.column).map((field) => [field.field, field.column!]));
  const missing = one.fields.filter((field) => field.required && !field.column);
  const setColumn = (field: string, column: string | undefined) => {
    const next = { ...chosen };
    if (column) next[field] = column;
    else delete next[field];
    onChange({ mapping: next });
  };
  const used = new Set(Object.values(chosen));
  const rest = one.columns.filter((column) => !used.has(column));
  return (
    <div className="columns columns-wide-left">
      <Panel title={t("import.mapping")} testId="mapping">
        <div className="mapping-head">
          <label>
            <span>{t("import.kind")}</span>
            <Select
              value={one.kind}
              disabled={disabled || busy}
              data-testid="import-kind"
              aria-label={t("import.kind")}
              options={KINDS.map((kind) => ({ value: kind, label: t(`import.kind.${kind}`) }))}
              onChange={(kind) => onChange({ kind })}
            />
          </label>
          <label>
            <span>{t("import.mappingName")}</span>
            <Select
              value={one.mapping}
              disabled={disabled || busy}
              data-testid="import-mapping"
              aria-label={t("import.mappingName")}
              options={itemsOf(mappings.data)
                .filter((mapping) => mapping.kind === one.kind)
                .map((mapping) => ({ value: mapping.name, label: w(mapping.words) }))}
              onChange={(mapping) => onChange({ mapping })}
            />
          </label>
        </div>
        {missing.length > 0 && (
          <Alert
            type="warning"
            showIcon
            className="gap"
            title={t("import.missing", { names: missing.map((field) => w(FIELD_WORDS[field.field] ?? field.field)).join("、") })}
          />
        )}
        <ul className="mapping" data-testid="mapping-fields">
          {one.fields.map((field) => (
            <li key={field.field}>
              <div>
                {w(FIELD_WORDS[field.field] ?? field.field)} {field.required && <Tag color="warning">{t("import.required")}</Tag>}
                <div className="faint">
                  <code>{field.field}</code>
                </div>
              </div>
              <Select
                allowClear
                showSearch
                disabled={disabled || busy}
                value={field.column ?? undefined}
                placeholder={t("import.noColumn")}
                aria-label={w(FIELD_WORDS[field.field] ?? field.field)}
                data-testid={`column-${field.field}`}
                status={field.required && !field.column ? "warning" : undefined}
                options={one.columns.map((column) => ({ value: column, label: column }))}
                onChange={(column?: string) => setColumn(field.field, column)}
              />
            </li>
          ))}
        </ul>
        {rest.length > 0 && (
          <p className="faint">
            {t("import.unmapped")} {rest.join(", ")}
          </p>
        )}
      </Panel>
      <Panel title={t("import.basis")} testId="import-basis">
        <Form
          layout="vertical"
          disabled={disabled || busy}
          initialValues={{ basis }}
          onValuesChange={(_, all: { basis: BasisPerPurpose }) => {
            setBasis(all.basis);
            onChange({ basis: all.basis });
          }}
        >
          <BasisFields />
        </Form>
      </Panel>
    </div>
  );
}

import { Alert, Form, Select, Tag } from "antd";
import { useRead } from "@/api/hooks";
import type { BasisPerPurpose, Mapping, Prepared } from "@/api/types";
import { BasisFields } from "@/data/sources/BasisFields";
import { useLanguage } from "@/i18n";
import { itemsOf } from "@/kit/itemsOf";
import { Panel } from "@/kit/page";
import { FIELD_WORDS } from "./fields";
import type { ImportChange } from "./ImportPage";
import { KINDS } from "./ImportsPage";

interface MappingEditorProps {
  one: Prepared;
  basis: BasisPerPurpose;
  onBasis: (basis: BasisPerPurpose) => void;
  busy: boolean;
  onChange: (change: ImportChange) => void;
}

/** What kind of rows these are, which column feeds which field, and on what ground the data may be used. */
export function MappingEditor({ one, basis, onBasis, busy, onChange }: MappingEditorProps) {
  const { t, w } = useLanguage();
  const mappings = useRead<Mapping[]>("/api/imports/mappings");
  const offered = itemsOf(mappings.data).filter((mapping) => mapping.kind === one.kind);
  const missing = one.fields.filter((field) => field.required && !(field.name in one.mapping));
  const called = (field: string) => w(FIELD_WORDS[field] ?? field);
  const used = new Set(Object.values(one.mapping));
  const rest = one.columns.filter((column) => !used.has(column));
  return (
    <div className="columns columns-wide-left">
      <Panel title={t("import.mapping")} testId="mapping">
        <div className="mapping-head">
          <label>
            <span>{t("import.kind")}</span>
            <Select
              value={one.kind}
              disabled={busy}
              data-testid="import-kind"
              aria-label={t("import.kind")}
              options={KINDS.map((kind) => ({ value: kind, label: t(`import.kind.${kind}`) }))}
              onChange={(kind) => onChange({ kind })}
            />
          </label>
          <label>
            <span>{t("import.mappingName")}</span>
            <Select
              value={offered.some((mapping) => mapping.name === one.mapping_name) ? one.mapping_name : ""}
              disabled={busy}
              data-testid="import-mapping"
              aria-label={t("import.mappingName")}
              options={[
                { value: "", label: t(one.suggested ? "import.mappingHeader" : "import.mappingOwn"), disabled: true },
                ...offered.map((mapping) => ({ value: mapping.name, label: w(mapping.words) })),
              ]}
              onChange={(mapping) => onChange({ mapping })}
            />
          </label>
        </div>
        {missing.length > 0 && (
          <Alert
            type="warning"
            showIcon
            className="gap"
            title={t("import.missing", { names: missing.map((field) => called(field.name)).join("、") })}
          />
        )}
        <ul className="mapping" data-testid="mapping-fields">
          {one.fields.map((field) => {
            const column = one.mapping[field.name];
            return (
              <li key={field.name}>
                <div>
                  {called(field.name)} {field.required && <Tag color="warning">{t("import.required")}</Tag>}
                  <div className="faint">
                    <code>{field.name}</code>
                  </div>
                </div>
                {column === null ? (
                  // a constant or a rule of the chosen mapping; there is no column to choose
                  <span className="faint">{t("import.byMapping")}</span>
                ) : (
                  <Select
                    allowClear
                    showSearch
                    disabled={busy}
                    value={column}
                    placeholder={t("import.noColumn")}
                    aria-label={called(field.name)}
                    data-testid={`column-${field.name}`}
                    status={field.required && !column ? "warning" : undefined}
                    options={one.columns.map((name) => ({ value: name, label: name }))}
                    onChange={(name?: string) => onChange({ mapping: { [field.name]: name ?? "" } })}
                  />
                )}
              </li>
            );
          })}
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
          disabled={busy}
          initialValues={{ basis }}
          onValuesChange={(_, all: { basis: BasisPerPurpose }) => onBasis(all.basis)}
        >
          <BasisFields titled={false} />
        </Form>
      </Panel>
    </div>
  );
}

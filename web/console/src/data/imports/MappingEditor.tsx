import { DownloadOutlined, SaveOutlined, SettingOutlined, UploadOutlined } from "@ant-design/icons";
import { Alert, App, Button, Form, Input, Modal, Select, Switch, Tag, Tooltip, Upload } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { BasisPerPurpose, Mapping, Prepared } from "@/api/types";
import { BasisFields } from "@/data/sources/BasisFields";
import { useLanguage } from "@/i18n";
import { itemsOf } from "@/kit/itemsOf";
import { Panel } from "@/kit/page";
import { FieldDialog, Sampled } from "./FieldDialog";
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
type Field = Prepared["fields"][number];

/** What kind of rows these are, which column feeds which field, and on what ground the data may be used. */
export function MappingEditor({ one, basis, onBasis, busy, onChange }: MappingEditorProps) {
  const { t, w } = useLanguage();
  const mappings = useRead<Mapping[]>("/api/imports/mappings");
  const offered = itemsOf(mappings.data).filter((mapping) => mapping.kind === one.kind);
  const [open, setOpen] = useState<Field | null>(null);
  const missing = one.fields.filter((field) => field.required && !(field.name in one.mapping));
  const called = (field: string) => w(FIELD_WORDS[field] ?? field);
  const used = new Set(Object.values(one.cells).flatMap((cell) => cell.columns));
  const rest = one.columns.filter((column) => !used.has(column));
  return (
    <div className="columns columns-wide-left">
      <Panel title={t("import.mapping")} testId="mapping" extra={<MappingTools one={one} busy={busy} onChange={onChange} />}>
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
        {one.decoder !== null ? (
          <Alert type="info" showIcon title={t("import.decoder")} description={t("import.decoderText")} data-testid="mapping-decoder" />
        ) : (
          <>
            <div className="row wrap">
              <label className="row-tight">
                <Switch size="small" checked={one.header} disabled={busy} onChange={(header) => onChange({ header })} />
                {t("mapping.header")}
              </label>
              {(one.kind === "events" || one.kind === "users") && (
                <label className="row-tight">
                  <Switch size="small" checked={one.rest} disabled={busy} onChange={(kept) => onChange({ rest: kept })} />
                  {t("mapping.rest")}
                </label>
              )}
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
              {one.fields.map((field) => (
                <FieldRow
                  key={field.name}
                  one={one}
                  field={field}
                  busy={busy}
                  onColumn={(name) => onChange({ mapping: { [field.name]: name } })}
                  onMore={() => setOpen(field)}
                />
              ))}
            </ul>
            {rest.length > 0 && (
              <p className="faint">
                {t("import.unmapped")} {rest.join(", ")}
              </p>
            )}
          </>
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
      {open && (
        <FieldDialog
          one={one}
          field={open.name}
          reading={open.reading}
          busy={busy}
          onClose={() => setOpen(null)}
          onSave={(cell) => {
            onChange({ mapping: { [open.name]: cell } });
            setOpen(null);
          }}
        />
      )}
    </div>
  );
}

interface FieldRowProps {
  one: Prepared;
  field: Field;
  busy: boolean;
  onColumn: (name: string) => void;
  onMore: () => void;
}

function FieldRow({ one, field, busy, onColumn, onMore }: FieldRowProps) {
  const { t, w } = useLanguage();
  const cell = one.cells[field.name];
  const column = cell?.columns[0];
  const words = w(FIELD_WORDS[field.name] ?? field.name);
  const samples = column ? one.samples[column] : undefined;
  const open = one.statuses.filter((status) => status.field === field.name && status.becomes === null);
  return (
    <li>
      <div>
        {words} {field.required && <Tag color="warning">{t("import.required")}</Tag>}
        <div className="faint">
          <code>{field.name}</code>
        </div>
      </div>
      <div>
        <div className="mapping-cell">
          {cell && cell.columns.length === 0 ? (
            <Tag data-testid={`constant-${field.name}`}>= {cell.constant}</Tag>
          ) : (
            <Select
              allowClear
              showSearch
              disabled={busy}
              value={column}
              placeholder={t("import.noColumn")}
              aria-label={words}
              data-testid={`column-${field.name}`}
              status={field.required && !column ? "warning" : undefined}
              options={one.columns.map((name) => ({ value: name, label: name }))}
              optionRender={(option) => <Sampled name={String(option.value)} samples={one.samples[String(option.value)]} />}
              onChange={(name?: string) => onColumn(name ?? "")}
            />
          )}
          <Tooltip title={t("mapping.more", { name: words })}>
            <Button
              type="text"
              size="small"
              disabled={busy}
              icon={<SettingOutlined />}
              aria-label={t("mapping.more", { name: words })}
              data-testid={`more-${field.name}`}
              onClick={onMore}
            />
          </Tooltip>
        </div>
        {samples && samples.length > 0 && (
          <div className="faint cut" title={samples.join(" · ")} data-testid={`sample-${field.name}`}>
            {samples.slice(0, 3).join(" · ")}
          </div>
        )}
        {open.length > 0 && (
          <div className="bad">
            {t("mapping.unknown")}: {open.map((status) => status.value).join("、")}
          </div>
        )}
      </div>
    </li>
  );
}

/** Save under a name, take away as a file, read a file in. */
function MappingTools({ one, busy, onChange }: Pick<MappingEditorProps, "one" | "busy" | "onChange">) {
  const { t, w } = useLanguage();
  const { message } = App.useApp();
  const [naming, setNaming] = useState(false);
  const [name, setName] = useState("");
  const save = useWrite<string, Mapping>(
    (as) => api.put(`/api/imports/mappings/${encodeURIComponent(as)}`, { import_id: one.import_id }),
    ["/api/imports/mappings"],
  );
  const keep = () =>
    save.mutate(name.trim(), {
      onSuccess: (made) => {
        void message.success(t("mapping.keptAs", { name: made.name }));
        setNaming(false);
        onChange({ mapping: made.name });
      },
    });
  return (
    <div className="row-tight wrap">
      {one.decoder === null && (
        <Button size="small" icon={<SaveOutlined />} disabled={busy} onClick={() => setNaming(true)} data-testid="mapping-save">
          {t("mapping.saveAs")}
        </Button>
      )}
      <Button
        size="small"
        icon={<DownloadOutlined />}
        href={`/api/imports/${encodeURIComponent(one.import_id)}/mapping`}
        aria-label={t("mapping.export")}
        title={t("mapping.export")}
        data-testid="mapping-export"
      />
      <Upload
        accept=".toml"
        showUploadList={false}
        beforeUpload={(file) => {
          void file.text().then((toml) => onChange({ toml }));
          return false;
        }}
      >
        <Button size="small" icon={<UploadOutlined />} disabled={busy} aria-label={t("mapping.import")} title={t("mapping.import")} />
      </Upload>
      <Modal
        open={naming}
        title={t("mapping.saveTitle")}
        okText={t("form.save")}
        okButtonProps={{ disabled: name.trim() === "", "data-testid": "mapping-save-do" }}
        confirmLoading={save.isPending}
        onCancel={() => setNaming(false)}
        onOk={keep}
      >
        {save.error && <Alert type="error" showIcon title={w(save.error.words)} className="gap" />}
        <p className="faint">{t("mapping.saveText")}</p>
        <Input
          value={name}
          maxLength={60}
          placeholder={t("mapping.nameExample")}
          aria-label={t("mapping.name")}
          data-testid="mapping-name"
          onChange={(event) => setName(event.target.value)}
          onPressEnter={keep}
        />
      </Modal>
    </div>
  );
}

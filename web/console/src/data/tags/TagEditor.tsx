import { Alert, App, Button, Drawer, Form, Input, InputNumber, Segmented, Select, type FormInstance } from "antd";
import { Link } from "react-router";
import { api, ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { CustomTag, TagPreview, TagTables, TagVersion } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Ago } from "@/kit/small";
import { Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { Bars } from "./Bars";
import { DIMENSIONS, DTYPES, inDays, TAGS, TAGS_STALE } from "./fields";

interface Wanted {
  kind: "sql" | "manual";
  key: string;
  name_zh: string;
  name_en: string;
  definition_zh: string;
  definition_en: string;
  dimension: CustomTag["dimension"];
  dtype: CustomTag["dtype"];
  sql: string;
  days: number;
}

const EXAMPLE = `SELECT person_no, count(*) AS value
FROM events
WHERE event = 'Product Viewed'
GROUP BY person_no`;

function asBody(wanted: Wanted) {
  return {
    key: wanted.key, kind: wanted.kind, words: { zh: wanted.name_zh, en: wanted.name_en },
    definition: { zh: wanted.definition_zh, en: wanted.definition_en }, dimension: wanted.dimension, dtype: wanted.dtype,
    sql: wanted.sql ?? "", expires_time: wanted.kind === "manual" ? inDays(wanted.days) : null,
  };
}

/** Makes a tag or gives one a new version; a query is previewed before it is saved. */
export function TagEditor({ tag, onClose }: { tag: CustomTag | null; onClose: () => void }) {
  const { t, w } = useLanguage();
  const { message } = App.useApp();
  const [form] = Form.useForm<Wanted>();
  const kind = Form.useWatch("kind", form) ?? tag?.kind ?? "sql";
  const preview = useWrite<string, TagPreview>((sql) => api.post(`${TAGS}/preview`, { sql }));
  const save = useWrite<Wanted, CustomTag>(
    (wanted) => (tag ? api.put(`${TAGS}/${tag.key}`, asBody(wanted)) : api.post(TAGS, asBody(wanted))),
    TAGS_STALE,
  );
  const problem = save.error ?? preview.error;
  return (
    <Drawer
      open
      onClose={onClose}
      title={tag ? w(tag.words) : t("tags.new")}
      size="large"
      footer={
        <div className="drawer-foot">
          {kind === "sql" && (
            <Button data-testid="tag-preview" loading={preview.isPending} onClick={() => preview.mutate(form.getFieldValue("sql") as string)}>
              {t("tags.preview")}
            </Button>
          )}
          <Button type="primary" data-testid="tag-save" loading={save.isPending} onClick={() => form.submit()}>
            {t("tags.save")}
          </Button>
        </div>
      }
    >
      {problem && <Problem error={problem} />}
      <Form
        form={form}
        layout="vertical"
        initialValues={{
          kind: tag?.kind ?? "sql", key: tag?.key ?? "x_", name_zh: tag?.words.zh, name_en: tag?.words.en,
          definition_zh: tag?.definition.zh, definition_en: tag?.definition.en, dimension: tag?.dimension ?? "behaviour",
          dtype: tag?.dtype ?? "text", sql: tag?.sql || EXAMPLE, days: 90,
        }}
        onFinish={(wanted) =>
          save.mutate(wanted, {
            onSuccess: () => {
              void message.success(t(kind === "sql" ? "tags.filling" : "tags.saved"));
              onClose();
            },
          })
        }
      >
        <Form.Item name="kind" label={t("tags.kind")}>
          <Segmented disabled={tag !== null} options={(["sql", "manual"] as const).map((value) => ({ value, label: t(`tags.kind.${value}`) }))} />
        </Form.Item>
        <Texts fixed={tag !== null} />
        {kind === "sql" ? <SqlFields form={form} preview={preview.data} /> : <ManualFields />}
      </Form>
      {tag && <Versions tag={tag} onDone={onClose} />}
    </Drawer>
  );
}

function Problem({ error }: { error: Error }) {
  const { w } = useLanguage();
  const known = error instanceof ApiError ? error : null;
  return <Alert className="gap" type="error" showIcon data-testid="tag-error" title={known ? w(known.words) : error.message} description={known?.place} />;
}

function Texts({ fixed }: { fixed: boolean }) {
  const { t } = useLanguage();
  const needed = [{ required: true }];
  return (
    <>
      <div className="form-pair">
        <Form.Item name="key" label={t("tags.key")} extra={t("tags.keyHelp")} rules={needed}>
          <Input disabled={fixed} maxLength={60} data-testid="tag-key" />
        </Form.Item>
        <Form.Item name="dimension" label={t("tags.dimension")}>
          <Select options={DIMENSIONS.map((value) => ({ value, label: t(`tags.dimension.${value}`) }))} />
        </Form.Item>
        <Form.Item name="name_zh" label={t("tags.nameZh")} rules={needed}>
          <Input maxLength={40} data-testid="tag-name-zh" />
        </Form.Item>
        <Form.Item name="name_en" label={t("tags.nameEn")} rules={needed}>
          <Input maxLength={40} data-testid="tag-name-en" />
        </Form.Item>
        <Form.Item name="definition_zh" label={t("tags.definitionZh")} rules={needed}>
          <Input.TextArea rows={2} maxLength={500} data-testid="tag-definition-zh" />
        </Form.Item>
        <Form.Item name="definition_en" label={t("tags.definitionEn")} rules={needed}>
          <Input.TextArea rows={2} maxLength={500} data-testid="tag-definition-en" />
        </Form.Item>
      </div>
    </>
  );
}

function ManualFields() {
  const { t } = useLanguage();
  return (
    <div className="form-pair">
      <Form.Item name="dtype" label={t("tags.dtype")}>
        <Select options={DTYPES.map((value) => ({ value, label: t(`tags.dtype.${value}`) }))} />
      </Form.Item>
      <Form.Item name="days" label={t("tags.expiresIn")}>
        <InputNumber min={1} max={366} precision={0} />
      </Form.Item>
    </div>
  );
}

function SqlFields({ form, preview }: { form: FormInstance<Wanted>; preview: TagPreview | undefined }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const tables = useRead<TagTables>(`${TAGS}/tables`);
  const add = (text: string) => form.setFieldValue("sql", `${(form.getFieldValue("sql") as string) ?? ""} ${text}`);
  return (
    <>
      <Form.Item name="sql" label={t("tags.sql")} extra={t("tags.sqlHelp")} rules={[{ required: true }]}>
        <Input.TextArea rows={9} className="sql-text" spellCheck={false} data-testid="tag-sql" />
      </Form.Item>
      {preview && (
        <div className="tag-previewed" data-testid="tag-previewed">
          <b>{t("tags.previewed", { n: f.whole(preview.people), all: f.whole(preview.crowd), share: f.percent(preview.coverage) })}</b>
          <Bars parts={preview.distribution} />
          {preview.sample.length > 0 && <h3>{t("tags.sample")}</h3>}
          <div className="chips-line">
            {preview.sample.map((one) => (
              <Link key={one.person_no} to={`/users/${encodeURIComponent(one.user_id)}`} target="_blank">
                {one.user_id} <span className="faint">{w(one.display)}</span>
              </Link>
            ))}
          </div>
        </div>
      )}
      <details className="tag-tables">
        <summary>{t("tags.tables")}</summary>
        <Shown read={tables} rows={4}>
          {(all) => (
            <dl>
              {all.map((table) => (
                <div key={table.name}>
                  <dt>
                    <code>{table.name}</code> <span className="faint">{w(table.words)}</span>
                  </dt>
                  <dd>
                    {table.columns.map((column) => (
                      <Button key={column.name} size="small" type="text" title={column.type} onClick={() => add(column.name)}>
                        <code>{column.name}</code>
                      </Button>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          )}
        </Shown>
      </details>
    </>
  );
}

function Versions({ tag, onDone }: { tag: CustomTag; onDone: () => void }) {
  const { t, w } = useLanguage();
  const { message } = App.useApp();
  const read = useRead<TagVersion[]>(`${TAGS}/${tag.key}/versions`);
  const restore = useWrite<number, CustomTag>((version) => api.post(`${TAGS}/${tag.key}/versions/${version}/restore`), TAGS_STALE);
  return (
    <>
      <h3>{t("tags.versions")}</h3>
      <Shown read={read} rows={2}>
        {(versions) => (
          <ul className="tag-versions" data-testid="tag-versions">
            {versions.map((one) => (
              <li key={one.version}>
                <b>{t("tags.version", { n: one.version })}</b>
                <span className="faint">
                  {one.made_by} · <Ago time={one.made_time} />
                </span>
                {one.version !== tag.version && (
                  <Button
                    size="small"
                    data-testid={`tag-restore-${one.version}`}
                    onClick={() =>
                      restore.mutate(one.version, {
                        onSuccess: () => {
                          void message.success(t("tags.restored"));
                          onDone();
                        },
                        onError: (error) => void message.error(w(error.words)),
                      })
                    }
                  >
                    {t("tags.restore")}
                  </Button>
                )}
                {one.sql && <pre className="sql-text">{one.sql}</pre>}
              </li>
            ))}
          </ul>
        )}
      </Shown>
    </>
  );
}

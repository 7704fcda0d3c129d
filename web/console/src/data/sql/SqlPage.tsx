/** Ask the tables in SQL: write, run, look, draw, keep. */
import { CaretRightOutlined, DatabaseOutlined, SaveOutlined, StopOutlined } from "@ant-design/icons";
import { Alert, Button, Drawer, Input, Skeleton, Tabs } from "antd";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { useRead } from "@/api/hooks";
import type { SavedQuery, SqlRun, SqlSchema } from "@/api/types";
import { AddToBoard } from "@/data/boards/AddToBoard";
import { useLanguage } from "@/i18n";
import { PageFrame, Panel } from "@/kit/page";
import { Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { useNarrow } from "@/kit/useNarrow";
import type { EditorHandle } from "./editorProps";
import { HistoryTab } from "./HistoryTab";
import { NO_CHART, parametersOf, valueOf, type ChartSpec, type Value } from "./params";
import { ResultPanel } from "./ResultPanel";
import { SaveDialog } from "./SaveDialog";
import { SavedTab } from "./SavedTab";
import { SchemaPanel } from "./SchemaPanel";
import { useRun } from "./useRun";

const Editor = lazy(() => import("./Editor"));
const LONGEST_IN_ADDRESS = 4_000;

interface State {
  sql: string;
  values: Record<string, Value>;
  query_id: string | null;
  chart: ChartSpec;
}
const EMPTY: State = { sql: "", values: {}, query_id: null, chart: NO_CHART };

/** The query as it stands in the address; what cannot be read is nothing. */
function stateIn(text: string | null): State {
  try {
    const read = JSON.parse(text ?? "") as Partial<State>;
    return {
      sql: String(read.sql ?? ""),
      values: read.values ?? {},
      query_id: read.query_id ?? null,
      chart: { ...NO_CHART, ...read.chart },
    };
  } catch {
    return EMPTY;
  }
}

export default function SqlPage() {
  const { t } = useLanguage();
  const read = useRead<SqlSchema>("/api/sql/schema");
  return (
    <PageFrame testId="page-sql" title={t("nav.sql")} about={t("sql.about")}>
      <Shown read={read} rows={8}>
        {(schema) => <Desk schema={schema} />}
      </Shown>
    </PageFrame>
  );
}

function Desk({ schema }: { schema: SqlSchema }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const narrow = useNarrow();
  const [search, setSearch] = useSearchParams();
  const [state, setState] = useState<State>(() => stateIn(search.get("q")));
  const [tab, setTab] = useState("history");
  const [tablesOpen, setTablesOpen] = useState(false);
  const [saving, setSaving] = useState<"new" | "version" | null>(null);
  const handle = useRef<EditorHandle | null>(null);
  const { run, refused, busy, go, show, stop, stopping } = useRun();
  const saved = useRead<SavedQuery>(`/api/sql/queries/${encodeURIComponent(state.query_id ?? "")}`, undefined, {
    enabled: state.query_id !== null,
  });
  const query = state.query_id !== null && saved.data?.query_id === state.query_id ? saved.data : null;
  const names = useMemo(() => parametersOf(state.sql), [state.sql]);
  const values = useMemo(
    () => Object.fromEntries(names.flatMap((name) => (state.values[name] === undefined ? [] : [[name, state.values[name]]]))),
    [names, state.values],
  );
  const keep = useCallback(
    (next: State) => {
      setState(next);
      const text = JSON.stringify(next);
      setSearch(text.length > LONGEST_IN_ADDRESS ? {} : { q: text }, { replace: true });
    },
    [setSearch],
  );
  const start = () => {
    if (busy || !state.sql.trim()) return;
    keep({ ...state, values });
    go({ sql: state.sql, values, query_id: query?.mine || query?.shared ? state.query_id : null });
  };
  const openRun = (one: SqlRun) => {
    keep({ sql: one.sql, values: one.values, query_id: null, chart: NO_CHART });
    show(one);
    window.scrollTo({ top: 0 });
  };
  const openQuery = (one: SavedQuery) => {
    const chart = { ...NO_CHART, ...one.chart } as ChartSpec;
    keep({ sql: one.sql, values: one.values, query_id: one.query_id, chart });
    if (!busy) go({ sql: one.sql, values: one.values, query_id: one.query_id });
    window.scrollTo({ top: 0 });
  };
  const first = useRef(true);
  useEffect(() => {
    // A link shows its figure at once.
    if (first.current && state.sql.trim()) go({ sql: state.sql, values: state.values, query_id: null });
    first.current = false;
  }, [go, state]);
  const failed = run?.error?.line ? { line: run.error.line, column: run.error.column ?? 1 } : null;
  const error = useMemo(() => failed, [failed?.line, failed?.column]); // eslint-disable-line react-hooks/exhaustive-deps
  const insert = (name: string) => {
    setTablesOpen(false);
    handle.current?.insert(name);
  };
  const tables = <SchemaPanel tables={schema.tables} onInsert={insert} />;
  return (
    <div className="sql-desk">
      {!narrow && <Panel className="sql-side" title={t("sql.tables")}>{tables}</Panel>}
      <div className="sql-main">
        <Panel
          title={query ? query.name : t("sql.query")}
          extra={
            <div className="row wrap">
              {narrow && (
                <Button size="small" icon={<DatabaseOutlined />} onClick={() => setTablesOpen(true)}>
                  {t("sql.tables")}
                </Button>
              )}
              <Button size="small" icon={<SaveOutlined />} disabled={!state.sql.trim()} onClick={() => setSaving(query?.mine ? "version" : "new")} data-testid="sql-save">
                {t("form.save")}
              </Button>
              {query?.mine && (
                <Button size="small" onClick={() => setSaving("new")}>
                  {t("sql.saveCopy")}
                </Button>
              )}
            </div>
          }
        >
          <Suspense fallback={<Skeleton active title={false} paragraph={{ rows: 5 }} />}>
            <Editor
              value={state.sql}
              onChange={(sql) => setState((before) => ({ ...before, sql }))}
              onRun={start}
              tables={schema.tables}
              error={error}
              handle={handle}
              label={t("sql.query")}
              hint={t("sql.hint")}
            />
          </Suspense>
          {names.length > 0 && (
            <div className="sql-fields">
              {names.map((name) => (
                <label key={name}>
                  <span>{name}</span>
                  <Input
                    size="small"
                    value={String(state.values[name] ?? "")}
                    placeholder={/from|to|date|day/.test(name) ? "2026-01-31" : ""}
                    onChange={(event) => setState({ ...state, values: { ...state.values, [name]: valueOf(event.target.value) } })}
                    onPressEnter={start}
                    data-testid={`value-${name}`}
                  />
                </label>
              ))}
            </div>
          )}
          <div className="sql-bar">
            {busy ? (
              <Button danger icon={<StopOutlined />} loading={stopping} onClick={stop} data-testid="sql-stop">
                {t("sql.stop")}
              </Button>
            ) : (
              <Button type="primary" icon={<CaretRightOutlined />} disabled={!state.sql.trim()} onClick={start} data-testid="sql-run">
                {t("sql.run")}
              </Button>
            )}
            <span className="faint small">
              {t("sql.limits", { s: f.whole(schema.limits.seconds), gb: f.whole(schema.limits.memory_gb), n: f.short(schema.limits.most_rows) })}
            </span>
          </div>
        </Panel>
        {refused && <Alert type="error" showIcon title={w(refused.words)} data-testid="sql-refused" />}
        <ResultPanel
          run={run}
          busy={busy}
          chart={state.chart}
          onChart={(chart) => keep({ ...state, chart })}
          extra={query && run?.state === "done" ? <AddToBoard query={query} chart={state.chart} /> : null}
        />
        <Panel flush>
          <Tabs
            className="sql-tabs"
            activeKey={tab}
            onChange={setTab}
            items={[
              { key: "history", label: t("sql.history"), children: tab === "history" && <HistoryTab onOpen={openRun} /> },
              { key: "saved", label: <span data-testid="sql-tab-saved">{t("sql.saved")}</span>, children: tab === "saved" && <SavedTab onOpen={openQuery} /> },
            ]}
          />
        </Panel>
      </div>
      <Drawer open={tablesOpen} onClose={() => setTablesOpen(false)} title={t("sql.tables")} placement="left">
        {tables}
      </Drawer>
      {saving && (
        <SaveDialog
          own={saving === "version" ? query : null}
          sql={state.sql}
          values={values}
          chart={state.chart}
          onClose={() => setSaving(null)}
          onSaved={(one) => {
            setSaving(null);
            keep({ ...state, query_id: one.query_id });
          }}
        />
      )}
    </div>
  );
}

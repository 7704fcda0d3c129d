import { DownloadOutlined, PlayCircleOutlined } from "@ant-design/icons";
import { Alert, App, Button, Progress, Result } from "antd";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { api, ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { BasisPerPurpose, Import, ImportKind, Job, Prepared } from "@/api/types";
import { useSession } from "@/kit/session";
import { DEFAULT_BASIS } from "@/data/sources/BasisFields";
import { useLanguage } from "@/i18n";
import { isActive, JobProgress } from "@/kit/jobs";
import { PageFrame, Panel } from "@/kit/page";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { ImportState } from "./ImportsPage";
import { MappingEditor } from "./MappingEditor";
import { PreviewTables } from "./PreviewTables";

export interface ImportChange {
  kind?: ImportKind;
  mapping?: string | Record<string, unknown>;
  toml?: string;
  header?: boolean;
  rest?: boolean;
  basis?: BasisPerPurpose;
}
const BUSY_MS = 1_000;

export default function ImportPage() {
  const { t } = useLanguage();
  const { importId = "" } = useParams();
  const path = `/api/imports/${encodeURIComponent(importId)}`;
  const read = useRead<Import>(path);
  const moving = isMoving(read.data);
  useRead<Import>(path, {}, { enabled: moving, every: moving ? BUSY_MS : false });
  const data = read.data;
  return (
    <PageFrame
      testId="page-import"
      title={
        <span className="row-tight wrap">
          <span className="break">{data?.filename ?? t("nav.imports")}</span>
          {data && <ImportState state={data.state} />}
        </span>
      }
      about={
        <Link to="/imports" className="faint">
          ← {t("nav.imports")}
        </Link>
      }
    >
      <Shown read={read}>
        {(one) => (one.state === "new" ? <Preparing one={one} path={path} /> : <Running one={one} path={path} />)}
      </Shown>
    </PageFrame>
  );
}

function isMoving(one: Import | undefined): boolean {
  return one?.state === "running" || one?.state === "waiting";
}

/** Before the start: what the file is, which column feeds which field, and what would be stored. */
function Preparing({ one, path }: { one: Import; path: string }) {
  const { t, w } = useLanguage();
  const { whole } = useFormat();
  const { may } = useSession();
  const { modal, message } = App.useApp();
  const navigate = useNavigate();
  const prepared = useRead<Prepared>(`${path}/preview`, {}, { enabled: may("operate") });
  const change = useWrite<ImportChange, Prepared>((body) => api.patch(path, body));
  const [basis, setBasis] = useState<BasisPerPurpose>({ ...DEFAULT_BASIS, ...(one.basis as Partial<BasisPerPurpose> | null) });
  // the basis that is shown is the one that holds: it is declared with the start
  const start = useWrite<void, unknown>(async () => {
    await api.patch(path, { basis });
    await api.post(`${path}/start`);
  }, [path, "/api/imports", "/api/jobs"]);
  const drop = useWrite<void, unknown>(() => api.remove(path));
  const error = change.error ?? start.error;
  const ask = () =>
    void modal.confirm({
      title: t("import.dropAsk", { name: one.filename }),
      content: t("import.dropText"),
      okText: t("import.dropDo"),
      okButtonProps: { danger: true },
      onOk: async () => {
        try {
          await drop.mutateAsync();
          await navigate("/imports");
        } catch (problem) {
          if (problem instanceof ApiError) void message.error(w(problem.words));
        }
      },
    });
  if (!may("operate")) return <Nothing title={t("import.state.new")}>{t("import.onlyOperators")}</Nothing>;
  return (
    <Shown read={{ ...prepared, data: change.data ?? prepared.data }}>
      {(shown) => {
        const problem = error ? { words: error.words, place: error.place } : shown.problem ? { words: shown.problem.message, place: shown.problem.place } : null;
        const good = shown.preview?.rows.length ?? 0;
        return (
          <>
            {change.data === undefined && shown.recognised && (
              <Alert
                type="success"
                showIcon
                className="gap"
                data-testid="import-recognised"
                title={t("import.recognised", { name: w(shown.mapping_words) })}
                description={t("import.recognisedText")}
              />
            )}
            {problem && (
              <Alert type="error" showIcon title={w(problem.words)} description={problem.place} data-testid="import-error" />
            )}
            <MappingEditor
              one={shown}
              basis={basis}
              onBasis={setBasis}
              busy={change.isPending}
              onChange={(body) => change.mutate(body)}
            />
            <PreviewTables preview={shown.preview} kind={shown.kind} busy={change.isPending} />
            <div className="action-bar">
              <span className="faint" data-testid="preview-says">
                {shown.preview &&
                  t("import.previewSays", { ok: whole(good), bad: whole(shown.preview.bad.length), n: whole(shown.preview.lines_read) })}
              </span>
              <span className="grow" />
              <Button onClick={ask} data-testid="import-drop-file">
                {t("import.dropDo")}
              </Button>
              <Button
                type="primary"
                icon={<PlayCircleOutlined />}
                loading={start.isPending}
                disabled={good === 0}
                onClick={() => start.mutate()}
                data-testid="import-start"
              >
                {t("import.start")}
              </Button>
            </div>
          </>
        );
      }}
    </Shown>
  );
}

function Running({ one, path }: { one: Import; path: string }) {
  const { t, w, named } = useLanguage();
  const { whole } = useFormat();
  const { may } = useSession();
  const busy = isMoving(one);
  const job = useRead<Job>(
    `/api/jobs/${encodeURIComponent(one.job_id ?? "")}`,
    {},
    { enabled: one.job_id !== null, every: busy ? BUSY_MS : false },
  );
  const resume = useWrite<void, unknown>(() => api.post(`${path}/start`), [path, "/api/imports", "/api/jobs"]);
  const done = one.state === "done";
  return (
    <>
      <Panel>
        {done ? (
          <Result
            status="success"
            title={t("import.finished")}
            subTitle={t("import.thenBuild")}
            extra={
              <div className="row">
                <Link to="/jobs">
                  <Button type="primary">{t("import.toJobs")}</Button>
                </Link>
                <Link to="/users">
                  <Button>{t("overview.seeUsers")}</Button>
                </Link>
              </div>
            }
          />
        ) : job.data ? (
          <JobProgress job={job.data} />
        ) : (
          <Progress percent={one.rows_total ? Math.round((100 * one.rows_done) / one.rows_total) : 0} status={busy ? "active" : "normal"} />
        )}
        {one.error && <Alert type="error" showIcon title={w(one.error.message)} description={one.error.place} className="gap" />}
        <div className="tiles tiles-small">
          <Figure label={t("import.done")} value={whole(one.rows_done)} testId="rows-done" />
          <Figure label={t("import.duplicate")} value={whole(one.rows_duplicate)} testId="rows-duplicate" />
          <Figure label={t("import.bad")} value={whole(one.rows_bad)} testId="rows-bad" bad={one.rows_bad > 0} />
        </div>
        {Object.keys(one.stored).length > 0 && (
          <p data-testid="stored">
            <span className="faint">{t("import.stored")}</span>{" "}
            {Object.entries(one.stored)
              .map(([table, rows]) => `${named("table", table)} ${whole(rows)}`)
              .join(" · ")}
          </p>
        )}
        <div className="row">
          {one.bad_rows && may("operate") && (
            <Button icon={<DownloadOutlined />} href={`${path}/bad-rows`} data-testid="bad-rows">
              {t("import.badFile")}
            </Button>
          )}
          {may("operate") && ((job.data && !isActive(job.data) && !done) || one.state === "failed") && (
            <Button loading={resume.isPending} onClick={() => resume.mutate()} data-testid="import-resume">
              {t("import.resume")}
            </Button>
          )}
        </div>
      </Panel>
    </>
  );
}

function Figure({ label, value, testId, bad = false }: { label: string; value: string; testId: string; bad?: boolean }) {
  return (
    <div className="tile">
      <div className="tile-label">{label}</div>
      <div className={bad ? "tile-value bad" : "tile-value"} data-testid={testId}>
        {value}
      </div>
    </div>
  );
}

import { DownloadOutlined, PlayCircleOutlined } from "@ant-design/icons";
import { Alert, App, Button, Progress, Result } from "antd";
import { Link, useNavigate, useParams } from "react-router";
import { api, ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { BasisPerPurpose, Import, ImportKind, Job } from "@/api/types";
import { useSession } from "@/kit/session";
import { useLanguage } from "@/i18n";
import { isActive, JobProgress } from "@/kit/jobs";
import { PageFrame, Panel } from "@/kit/page";
import { Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { ImportState } from "./ImportsPage";
import { MappingEditor } from "./MappingEditor";
import { PreviewTables } from "./PreviewTables";

export interface ImportChange {
  kind?: ImportKind;
  mapping?: string | Record<string, string>;
  basis?: BasisPerPurpose;
}
const BUSY_MS = 1_000;

export default function ImportPage() {
  const { t } = useLanguage();
  const { importId = "" } = useParams();
  const path = `/api/imports/${encodeURIComponent(importId)}`;
  const read = useRead<Import>(path);
  const state = read.data?.state;
  const moving = useRead<Import>(path, {}, { enabled: state === "running" || state === "waiting", every: BUSY_MS });
  const data = moving.data ?? read.data;
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
      <Shown read={{ ...read, data }}>
        {(one) => (one.state === "new" ? <Preparing one={one} path={path} /> : <Running one={one} path={path} />)}
      </Shown>
    </PageFrame>
  );
}

function Preparing({ one, path }: { one: Import; path: string }) {
  const { t, w } = useLanguage();
  const { whole } = useFormat();
  const { may } = useSession();
  const { modal, message } = App.useApp();
  const navigate = useNavigate();
  const change = useWrite<ImportChange, Import>((body) => api.patch(path, body), ["/api/imports"]);
  const start = useWrite<void, Job>(() => api.post(`${path}/start`), ["/api/imports", "/api/jobs"]);
  const drop = useWrite<void, unknown>(() => api.remove(path), ["/api/imports/list"]);
  const shown = change.data ?? one;
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
  return (
    <>
      {error && (
        <Alert type="error" showIcon className="gap" title={w(error.words)} description={error.place} data-testid="import-error" />
      )}
      <MappingEditor one={shown} busy={change.isPending} onChange={(body) => change.mutate(body)} disabled={!may("operate")} />
      <PreviewTables preview={shown.preview} kind={shown.kind} busy={change.isPending} />
      {may("operate") && (
        <div className="action-bar">
          <span className="faint">
            {shown.preview
              ? t("import.previewSays", { ok: whole(shown.preview.rows.length), bad: whole(shown.preview.bad.length) })
              : ""}
          </span>
          <span className="grow" />
          <Button onClick={ask} data-testid="import-drop-file">
            {t("import.dropDo")}
          </Button>
          <Button
            type="primary"
            icon={<PlayCircleOutlined />}
            loading={start.isPending}
            disabled={!shown.preview || shown.preview.rows.length === 0}
            onClick={() => start.mutate()}
            data-testid="import-start"
          >
            {t("import.start")}
          </Button>
        </div>
      )}
    </>
  );
}

function Running({ one, path }: { one: Import; path: string }) {
  const { t } = useLanguage();
  const { whole } = useFormat();
  const { may } = useSession();
  const busy = one.state === "running" || one.state === "waiting";
  const job = useRead<Job>(
    `/api/jobs/${encodeURIComponent(one.job_id ?? "")}`,
    {},
    { enabled: one.job_id !== null, every: busy ? BUSY_MS : false },
  );
  const resume = useWrite<void, Job>(() => api.post(`${path}/start`), ["/api/imports", "/api/jobs"]);
  const done = one.state === "done";
  return (
    <>
      <Panel>
        {done ? (
          <Result status="success" title={t("import.finished", { n: whole(one.rows_done) })} subTitle={t("import.thenBuild")} extra={
            <div className="row">
              <Link to="/jobs"><Button type="primary">{t("import.toJobs")}</Button></Link>
              <Link to="/users"><Button>{t("overview.seeUsers")}</Button></Link>
            </div>
          } />
        ) : job.data ? (
          <JobProgress job={job.data} />
        ) : (
          <Progress percent={one.rows_total ? Math.round((100 * one.rows_done) / one.rows_total) : 0} status={busy ? "active" : "normal"} />
        )}
        <div className="tiles tiles-small">
          <Figure label={t("import.done")} value={whole(one.rows_done)} testId="rows-done" />
          <Figure label={t("import.duplicate")} value={whole(one.rows_duplicate)} testId="rows-duplicate" />
          <Figure label={t("import.bad")} value={whole(one.rows_bad)} testId="rows-bad" bad={one.rows_bad > 0} />
        </div>
        <div className="row">
          {one.rows_bad > 0 && (
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

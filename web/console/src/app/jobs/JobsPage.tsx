import { PlayCircleOutlined } from "@ant-design/icons";
import { Alert, App, Button, Drawer } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Job, Page } from "@/api/types";
import { useSession } from "@/kit/session";
import { useLanguage } from "@/i18n";
import { itemsOf } from "@/kit/itemsOf";
import { isActive, JobProgress } from "@/kit/jobs";
import { Json } from "@/kit/Json";
import { ListTable, type Columns } from "@/kit/ListTable";
import { PageFrame, Panel } from "@/kit/page";
import { Actor, Ago, At, Facts, StateTag } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";

const BUSY_MS = 1_000;
const IDLE_MS = 5_000;

export default function JobsPage() {
  const { t, w } = useLanguage();
  const { duration } = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const pager = usePager();
  const [busy, setBusy] = useState(true);
  const read = useRead<Page<Job>>("/api/jobs", { cursor: pager.cursor }, { keep: true, every: busy ? BUSY_MS : IDLE_MS });
  const active = itemsOf(read.data).some(isActive);
  if (read.data && active !== busy) setBusy(active);
  const [open, setOpen] = useState<string | null>(null);
  const shown = itemsOf(read.data).find((job) => job.job_id === open);
  const start = useWrite<void, Job>(() => api.post("/api/jobs", { kind: "build" }), ["/api/jobs"]);
  const cancel = useWrite<string, Job>((id) => api.post(`/api/jobs/${encodeURIComponent(id)}/cancel`), ["/api/jobs"]);
  const complain = { onError: (error: { words: { zh: string; en: string } }) => void message.error(w(error.words)) };
  const took = (job: Job) => (job.started_time && job.ended_time ? duration(job.started_time, job.ended_time) : "–");
  const stop = (job: Job) =>
    isActive(job) && may("operate") ? (
      <Button size="small" onClick={() => cancel.mutate(job.job_id, complain)} data-testid="job-cancel">
        {t("job.cancel")}
      </Button>
    ) : null;
  const columns: Columns<Job> = [
    { title: t("job.kind"), key: "kind", render: (_, job) => <b>{w(job.words)}</b> },
    { title: t("job.state"), key: "state", render: (_, job) => <StateTag state={job.state} /> },
    { title: t("job.progress"), key: "progress", width: 280, render: (_, job) => <JobProgress job={job} /> },
    { title: t("job.made"), dataIndex: "made_time", render: (time: string) => <Ago time={time} /> },
    { title: t("job.took"), key: "took", render: (_, job) => <span className="number nowrap">{took(job)}</span> },
    { title: t("job.actor"), key: "actor", render: (_, job) => <Actor id={job.actor} name={job.actor_name} width={110} /> },
    { title: "", key: "stop", align: "right", render: (_, job) => stop(job) },
  ];
  return (
    <PageFrame
      testId="page-jobs"
      title={t("nav.jobs")}
      about={t("job.about")}
      extra={
        may("operate") && (
          <Button
            type="primary"
            icon={<PlayCircleOutlined />}
            loading={start.isPending}
            onClick={() => start.mutate(undefined, complain)}
            data-testid="job-build"
          >
            {t("job.build")}
          </Button>
        )
      }
    >
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(job) => job.job_id}
          label={t("nav.jobs")}
          testId="jobs-table"
          pager={pager}
          onOpen={(job) => setOpen(job.job_id)}
          empty={<Nothing title={t("job.none")}>{t("job.noneText")}</Nothing>}
          card={(job) => (
            <>
              <button type="button" className="card-button" onClick={() => setOpen(job.job_id)}>
                <div className="card-top">
                  <b>{w(job.words)}</b>
                  <StateTag state={job.state} />
                </div>
                <JobProgress job={job} />
              </button>
              <div className="card-top faint">
                <span>
                  <Ago time={job.made_time} /> · {took(job)}
                </span>
                {stop(job)}
              </div>
            </>
          )}
        />
      </Panel>
      <Drawer open={shown !== undefined} onClose={() => setOpen(null)} title={shown ? w(shown.words) : ""} size="large">
        {shown && (
          <>
            <Facts
              items={[
                [t("job.state"), <StateTag key="state" state={shown.state} />],
                [t("job.progress"), <JobProgress key="progress" job={shown} />],
                [t("job.made"), <At key="made" time={shown.made_time} />],
                [t("job.started"), <At key="started" time={shown.started_time} />],
                [t("job.ended"), <At key="ended" time={shown.ended_time} />],
                [t("job.took"), took(shown)],
                [t("job.actor"), <Actor key="actor" id={shown.actor} name={shown.actor_name} />],
              ]}
            />
            {shown.error && (
              <Alert
                type="error"
                showIcon
                className="gap"
                data-testid="job-error"
                title={shown.error_words ? w(shown.error_words) : t("job.why")}
                description={<code>{shown.error}</code>}
              />
            )}
            {Object.keys(shown.result).length > 0 && (
              <>
                <h3>{t("job.result")}</h3>
                <Json value={shown.result} />
              </>
            )}
          </>
        )}
      </Drawer>
    </PageFrame>
  );
}

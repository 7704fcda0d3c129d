import { Progress } from "antd";
import type { Job } from "@/api/types";
import { useLanguage } from "@/i18n";

export function isActive(job: Job): boolean {
  return job.state === "running" || job.state === "waiting";
}

export function JobProgress({ job }: { job: Job }) {
  const { w } = useLanguage();
  const status = job.state === "failed" ? "exception" : job.state === "running" ? "active" : undefined;
  return (
    <div className="job-progress">
      <Progress
        size="small"
        percent={Math.round((job.state === "done" ? 1 : job.progress) * 100)}
        status={status}
        aria-label={w(job.words)}
      />
      {job.state === "running" && job.step && <div className="faint">{w(job.step)}</div>}
      {job.error && <div className="bad" title={job.error}>{job.error_words ? w(job.error_words) : job.error}</div>}
    </div>
  );
}

import { CaretRightOutlined, DeleteOutlined, EditOutlined, PauseOutlined, PlusOutlined, ReloadOutlined } from "@ant-design/icons";
import { Alert, App, Button, Drawer, Tag, Tooltip } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Pull, PullRun } from "@/api/types";
import { ImportTabs } from "@/data/imports/ImportTabs";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { PageFrame, Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Actor, Ago, At, Cut, Facts } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { PullForm } from "./PullForm";

const EVERY_MS = 4_000;
const COLOURS: Record<string, string> = { running: "processing", done: "success", failed: "error" };

export default function PullsPage() {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { modal, message } = App.useApp();
  const read = useRead<Pull[]>("/api/pulls", {}, { every: EVERY_MS });
  const [form, setForm] = useState<{ pull: Pull | null } | null>(null);
  const [open, setOpen] = useState<string | null>(null);
  const complain = { onError: (error: ApiError) => void message.error(w(error.words)) };
  const run = useWrite<string, unknown>((id) => api.post(`${address(id)}/run`), ["/api/pulls", "/api/jobs"]);
  const pause = useWrite<Pull, Pull>((pull) => api.patch(address(pull.pull_id), { paused: !pull.paused }), ["/api/pulls"]);
  const drop = useWrite<string, unknown>((id) => api.remove(address(id)), ["/api/pulls"]);
  const shown = read.data?.find((pull) => pull.pull_id === open);
  const ask = (pull: Pull) =>
    void modal.confirm({
      title: t("pull.deleteAsk", { name: pull.name }),
      content: t("pull.deleteText"),
      okText: t("pull.delete"),
      okButtonProps: { danger: true },
      onOk: () => drop.mutateAsync(pull.pull_id).catch((error) => void message.error(w(error.words))),
    });
  const runNow = (pull: Pull) =>
    run.mutate(pull.pull_id, { ...complain, onSuccess: () => void message.success(t("pull.asked")) });
  const actions = (pull: Pull) => (
    <span className="row-tight">
      {may("operate") && (
        <Tooltip title={t("pull.runNow")}>
          <Button size="small" type="text" icon={<ReloadOutlined />} aria-label={t("pull.runNow")} data-testid="pull-run" onClick={() => runNow(pull)} />
        </Tooltip>
      )}
      {may("develop") && (
        <>
          <Tooltip title={t(pull.paused ? "pull.go" : "pull.pause")}>
            <Button
              size="small"
              type="text"
              icon={pull.paused ? <CaretRightOutlined /> : <PauseOutlined />}
              aria-label={t(pull.paused ? "pull.go" : "pull.pause")}
              data-testid="pull-pause"
              onClick={() => pause.mutate(pull, complain)}
            />
          </Tooltip>
          <Tooltip title={t("pull.edit")}>
            <Button size="small" type="text" icon={<EditOutlined />} aria-label={t("pull.edit")} onClick={() => setForm({ pull })} />
          </Tooltip>
          <Tooltip title={t("pull.delete")}>
            <Button size="small" type="text" icon={<DeleteOutlined />} aria-label={t("pull.delete")} onClick={() => ask(pull)} />
          </Tooltip>
        </>
      )}
    </span>
  );
  const schedule = (pull: Pull) => (pull.daily_at ? t("pull.daily", { at: pull.daily_at }) : t("pull.every", { n: pull.every_minutes ?? 0 }));
  const columns: Columns<Pull> = [
    {
      title: t("pull.name"),
      key: "name",
      render: (_, pull) => (
        <>
          <b>{pull.name}</b>
          <div className="faint">
            <Cut text={`${t(`pull.way.${pull.way}`)} · ${pull.address}`} width={320} />
          </div>
        </>
      ),
    },
    { title: t("pull.kind"), key: "kind", render: (_, pull) => t(`import.kind.${pull.kind}`) },
    { title: t("pull.schedule"), key: "schedule", render: (_, pull) => schedule(pull) },
    { title: t("pull.state"), key: "state", render: (_, pull) => <PullState pull={pull} /> },
    { title: t("pull.last"), key: "last", render: (_, pull) => <LastRun run={pull.last} /> },
    { title: t("pull.next"), key: "next", render: (_, pull) => (pull.paused ? "–" : <At time={pull.next_time} seconds={false} />) },
    { title: "", key: "actions", align: "right", render: (_, pull) => actions(pull) },
  ];
  return (
    <PageFrame
      testId="page-pulls"
      title={t("nav.imports")}
      about={t("pull.about")}
      extra={
        may("develop") && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setForm({ pull: null })} data-testid="pull-new">
            {t("pull.new")}
          </Button>
        )
      }
    >
      <ImportTabs here="/imports/pulls" />
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(pull) => pull.pull_id}
          label={t("import.tab.pulls")}
          testId="pulls-table"
          onOpen={(pull) => setOpen(pull.pull_id)}
          empty={<Nothing title={t("pull.none")}>{t("pull.noneText")}</Nothing>}
          card={(pull) => (
            <>
              <button type="button" className="card-button" onClick={() => setOpen(pull.pull_id)}>
                <div className="card-top">
                  <b className="break">{pull.name}</b>
                  <PullState pull={pull} />
                </div>
                <div className="faint break">
                  {t(`pull.way.${pull.way}`)} · {schedule(pull)} · <LastRun run={pull.last} />
                </div>
              </button>
              {actions(pull)}
            </>
          )}
        />
      </Panel>
      <Drawer open={shown !== undefined} onClose={() => setOpen(null)} title={shown?.name ?? ""} size="large">
        {shown && (
          <>
            <Facts
              items={[
                [t("pull.way"), t(`pull.way.${shown.way}`)],
                [t("pull.address"), <span key="address" className="break">{shown.address}</span>],
                [t("pull.schedule"), schedule(shown)],
                [t("pull.mapping"), shown.mapping ?? t("pull.mappingHeader")],
                [t("pull.next"), shown.paused ? t("pull.state.paused") : <At key="next" time={shown.next_time} seconds={false} />],
                [t("import.actor"), <Actor key="actor" id={shown.actor} name={shown.actor_name} />],
              ]}
            />
            <h3>{t("pull.runs")}</h3>
            <Runs pull={shown} />
          </>
        )}
      </Drawer>
      {form && <PullForm pull={form.pull} onClose={() => setForm(null)} />}
    </PageFrame>
  );
}

function address(id: string): string {
  return `/api/pulls/${encodeURIComponent(id)}`;
}

function PullState({ pull }: { pull: Pull }) {
  const { t } = useLanguage();
  if (pull.paused) return <Tag>{t("pull.state.paused")}</Tag>;
  if (!pull.last) return <Tag>{t("pull.state.never")}</Tag>;
  return (
    <Tag color={COLOURS[pull.last.state]} data-state={pull.last.state}>
      {t(`pull.state.${pull.last.state}`)}
    </Tag>
  );
}

function LastRun({ run }: { run: PullRun | null }) {
  const { w } = useLanguage();
  if (!run) return <span className="faint">–</span>;
  return (
    <>
      <Ago time={run.started_time} />
      <div className={run.error ? "bad" : "faint"}>{run.error ? <Cut text={w(run.error.message)} width={260} /> : <Brought run={run} />}</div>
    </>
  );
}

function Brought({ run }: { run: PullRun }) {
  const { t } = useLanguage();
  const { whole } = useFormat();
  if (run.state === "done" && run.files === 0) return <>{t("pull.nothingNew")}</>;
  return (
    <>
      {t("pull.brought", { files: whole(run.files), rows: whole(run.rows) })}
      {run.bad > 0 && t("pull.brought.bad", { bad: whole(run.bad) })}
    </>
  );
}

function Runs({ pull }: { pull: Pull }) {
  const { t, w } = useLanguage();
  const read = useRead<PullRun[]>(`${address(pull.pull_id)}/runs`, {}, { every: EVERY_MS });
  return (
    <Shown read={read} rows={3}>
      {(runs) =>
        runs.length === 0 ? (
          <Nothing title={t("pull.noRuns")} />
        ) : (
          <ul className="plain-list" data-testid="pull-runs">
            {runs.map((run) => (
              <li key={run.run_id}>
                <div className="card-top">
                  <At time={run.started_time} />
                  <Tag color={COLOURS[run.state]}>{t(`pull.state.${run.state}`)}</Tag>
                </div>
                {run.error ? (
                  <Alert type="error" title={w(run.error.message)} description={<code>{run.error.code}</code>} />
                ) : (
                  <div className="faint">
                    <Brought run={run} />
                  </div>
                )}
                {run.import_ids.map((id) => (
                  <div key={id}>
                    <Link to={`/imports/${encodeURIComponent(id)}`}>
                      {t("pull.imports")} <code>{id}</code>
                    </Link>
                  </div>
                ))}
              </li>
            ))}
          </ul>
        )
      }
    </Shown>
  );
}

import { App, Button, Drawer } from "antd";
import { useState } from "react";
import { address, api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Plan, PlanChange, PlanVersion } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { At, Cut } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { Changes } from "./Changes";
import { STALE } from "./PlanTab";

export function VersionsTab() {
  const { t } = useLanguage();
  const read = useRead<PlanVersion[]>("/api/tracking/plan/versions");
  const [open, setOpen] = useState<PlanVersion | null>(null);
  const latest = read.data?.[0]?.version ?? 0;
  const columns: Columns<PlanVersion> = [
    { title: t("track.planVersion"), key: "version", render: (_, row) => <b className="number">v{row.version}</b> },
    { title: t("track.saved"), key: "saved", render: (_, row) => <At time={row.saved_time} /> },
    { title: t("job.actor"), key: "actor", render: (_, row) => <Cut text={row.actor} width={160} /> },
    { title: t("track.note"), key: "note", render: (_, row) => row.note || <span className="faint">–</span> },
  ];
  return (
    <Panel flush>
      <ListTable
        read={read}
        columns={columns}
        rowKey={(row) => row.version}
        label={t("track.tab.versions")}
        testId="versions-table"
        onOpen={setOpen}
        empty={<Nothing title={t("track.noVersion")}>{t("track.noPlanText")}</Nothing>}
        card={(row) => (
          <button type="button" className="card-button" onClick={() => setOpen(row)}>
            <div className="card-top">
              <b className="number">v{row.version}</b>
              <At time={row.saved_time} />
            </div>
            <div className="faint break">{row.note || row.actor}</div>
          </button>
        )}
      />
      {open && <OneVersion version={open} latest={latest} onClose={() => setOpen(null)} />}
    </Panel>
  );
}

function OneVersion({ version, latest, onClose }: { version: PlanVersion; latest: number; onClose: () => void }) {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const read = useRead<PlanChange[]>("/api/tracking/plan/difference", { before: version.version - 1, after: version.version });
  const restore = useWrite<void, Plan>(
    () => api.post("/api/tracking/plan/restore", { base_version: latest, version: version.version }),
    STALE,
  );
  return (
    <Drawer
      open
      size="large"
      onClose={onClose}
      title={`v${version.version}`}
      footer={
        <div className="track-foot">
          <Button href={address("/api/tracking/plan/yaml", { version: version.version })}>{t("track.exportYaml")}</Button>
          <span className="grow" />
          {may("develop") && version.version !== latest && (
            <Button
              type="primary"
              loading={restore.isPending}
              data-testid="version-restore"
              onClick={() => restore.mutate(undefined, { onSuccess: onClose, onError: (error) => void message.error(w(error.words)) })}
            >
              {t("track.restore")}
            </Button>
          )}
        </div>
      }
    >
      <h3>{t("track.changes", { n: version.version - 1 })}</h3>
      <Shown read={read}>{(changes) => <Changes changes={changes} />}</Shown>
    </Drawer>
  );
}

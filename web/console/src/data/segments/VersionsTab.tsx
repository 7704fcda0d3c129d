import { App, Button, Tag } from "antd";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { SegmentMade, SegmentOne, SegmentVersion } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Actor, At } from "@/kit/small";
import { Nothing } from "@/kit/states";

/** What the segment was; each earlier version can be taken back. */
export function VersionsTab({ segment }: { segment: SegmentOne }) {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const path = `/api/segments/${segment.segment_id}`;
  const read = useRead<SegmentVersion[]>(`${path}/versions`);
  const restore = useWrite<number, SegmentMade>(
    (version) => api.post(`${path}/versions/${version}/restore`, { version: segment.version }),
    ["/api/segments", "/api/segments/"],
  );
  const back = (version: number) =>
    restore.mutate(version, {
      onSuccess: () => void message.success(t("segment.done")),
      onError: (error) => void message.error(w(error.words)),
    });
  const columns: Columns<SegmentVersion> = [
    {
      title: t("segment.version"),
      key: "version",
      render: (_, one) => (
        <>
          {t("segment.versionN", { n: one.version })}{" "}
          {one.restored_from !== null && <Tag>{t("segment.restoredFrom", { n: one.restored_from })}</Tag>}
        </>
      ),
    },
    { title: t("segment.name"), dataIndex: "name", key: "name" },
    { title: t("segment.conditions"), key: "sentence", render: (_, one) => <div className="segment-sentence-long">{w(one.sentence)}</div> },
    { title: t("segment.changedBy"), key: "by", render: (_, one) => <Actor id={one.changed_by} name={one.changed_by_name} /> },
    { title: t("segment.changed"), key: "time", render: (_, one) => <At time={one.changed_time} /> },
    {
      key: "act",
      render: (_, one) =>
        may("operate") &&
        one.version !== segment.version && (
          <Button size="small" onClick={() => back(one.version)} loading={restore.isPending} data-testid={`restore-${one.version}`}>
            {t("segment.restore")}
          </Button>
        ),
    },
  ];
  return (
    <Panel flush>
      <ListTable
        read={read}
        columns={columns}
        rowKey={(one) => one.version}
        label={t("segment.tab.versions")}
        testId="versions-table"
        empty={<Nothing title={t("list.noMatch")} />}
      />
    </Panel>
  );
}

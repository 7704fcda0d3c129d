import { DownloadOutlined, EllipsisOutlined } from "@ant-design/icons";
import { App, Button, Dropdown, Tabs, Tag } from "antd";
import { Navigate, useNavigate, useParams, useSearchParams } from "react-router";
import { address, api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { SegmentOne } from "@/api/types";
import { useLanguage } from "@/i18n";
import { PageFrame } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Ago } from "@/kit/small";
import { Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { Builder } from "./Builder";
import { HistoryTab } from "./HistoryTab";
import { MembersTab } from "./MembersTab";
import { ruleFrom, type Rule } from "./rule";
import { VersionsTab } from "./VersionsTab";

const TABS = ["rule", "members", "history", "versions"] as const;

export default function SegmentPage() {
  const { t } = useLanguage();
  const { segmentId = "", tab = "rule" } = useParams();
  const [search] = useSearchParams();
  const made = segmentId !== "new";
  const read = useRead<SegmentOne>(`/api/segments/${encodeURIComponent(segmentId)}`, {}, { enabled: made });
  if (!made) {
    return (
      <PageFrame testId="page-segment" title={t("segment.new")} about={t("segment.newAbout")}>
        <Builder first={ruleFrom(search.get("rule")) ?? { is: "all", of: [] }} />
      </PageFrame>
    );
  }
  if (!(TABS as readonly string[]).includes(tab)) return <Navigate replace to={`/segments/${segmentId}`} />;
  return <Shown read={read}>{(segment) => <One segment={segment} tab={tab} />}</Shown>;
}

function One({ segment, tab }: { segment: SegmentOne; tab: string }) {
  const { t, w } = useLanguage();
  const { whole, percent } = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const path = `/api/segments/${segment.segment_id}`;
  const run = useWrite<string, unknown>((step) => api.post(`${path}/${step}`), ["/api/segments", "/api/segments/", path]);
  const does = (step: string) =>
    run.mutate(step, {
      onSuccess: () => void message.success(t("segment.done")),
      onError: (error) => void message.error(w(error.words)),
    });
  const archived = segment.archived_time !== null;
  return (
    <PageFrame
      testId="page-segment"
      title={
        <>
          {segment.name} <Tag color={segment.frozen ? "default" : "processing"}>{t(segment.frozen ? "segment.frozen" : "segment.dynamic")}</Tag>
          {archived && <Tag color="warning">{t("segment.archived")}</Tag>}
        </>
      }
      about={
        <>
          {w(segment.sentence)} · {t("segment.sizeNow", { n: whole(segment.size), share: percent(segment.share) })} ·{" "}
          <Ago time={segment.computed_time} />
        </>
      }
      extra={
        <>
          <Button icon={<DownloadOutlined />} href={address(`${path}/export`, { format: "csv" })} data-testid="segment-csv">
            CSV
          </Button>
          <Button icon={<DownloadOutlined />} href={address(`${path}/export`, { format: "parquet" })} data-testid="segment-parquet">
            Parquet
          </Button>
          {may("operate") && (
            <Dropdown
              trigger={["click"]}
              menu={{
                items: [
                  { key: "refresh", label: t("segment.refresh") },
                  archived ? { key: "take-back", label: t("segment.takeBack") } : { key: "archive", label: t("segment.archive") },
                ],
                onClick: ({ key }) => does(key),
              }}
            >
              <Button icon={<EllipsisOutlined />} aria-label={t("segment.more")} data-testid="segment-more" loading={run.isPending} />
            </Dropdown>
          )}
        </>
      }
    >
      <Tabs
        activeKey={tab}
        onChange={(key) => void navigate(key === "rule" ? `/segments/${segment.segment_id}` : `/segments/${segment.segment_id}/${key}`)}
        items={TABS.map((key) => ({ key, label: <span data-testid={`segment-tab-${key}`}>{t(`segment.tab.${key}`)}</span> }))}
      />
      {tab === "rule" && <Builder key={segment.version} segment={segment} first={segment.rule as unknown as Rule} />}
      {tab === "members" && <MembersTab segment={segment} />}
      {tab === "history" && <HistoryTab segment={segment} />}
      {tab === "versions" && <VersionsTab segment={segment} />}
    </PageFrame>
  );
}

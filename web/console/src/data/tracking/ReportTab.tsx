import { DownloadOutlined } from "@ant-design/icons";
import { Button, Input, Segmented, Select, Tag } from "antd";
import { Link } from "react-router";
import { address } from "@/api/client";
import { useRead } from "@/api/hooks";
import type { Violation, ViolationReport } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chips } from "@/kit/Chips";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel, Tile } from "@/kit/page";
import { Search } from "@/kit/Search";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { PLATFORMS, platformWords } from "./names";
import { TraitsPanel } from "./TraitsPanel";

const FILTERS = { days: "7", event: "", property: "", kind: "", platform: "", app_version: "" };
const KINDS = ["unplanned_event", "unplanned_property", "missing_required", "wrong_type", "not_in_enum", "unexpected_platform"];

export function ReportTab() {
  const { t, w, named } = useLanguage();
  const { whole, percent } = useFormat();
  const { filters, change } = useFilters(FILTERS);
  const read = useRead<ViolationReport>("/api/tracking/violations", { ...filters }, { keep: true });
  const report = read.data;
  const columns: Columns<Violation> = [
    {
      title: t("track.event"),
      key: "event",
      render: (_, row) => (
        <Link to={`/tracking?open=${encodeURIComponent(row.event)}`}>
          <code className="break">{row.event}</code>
        </Link>
      ),
    },
    { title: t("track.reason"), key: "kind", render: (_, row) => <Tag color="error">{w(row.message)}</Tag> },
    { title: t("track.property"), key: "property", render: (_, row) => (row.property ? <code>{row.property}</code> : "–") },
    { title: t("track.platform"), key: "platform", render: (_, row) => (row.platform ? w(platformWords(row.platform)) : "–") },
    { title: t("track.version"), key: "version", render: (_, row) => row.app_version || "–" },
    { title: t("dead.source"), dataIndex: "source" },
    { title: t("track.count"), key: "events", align: "right", render: (_, row) => <span className="number">{whole(row.events)}</span> },
    {
      title: t("track.share"),
      key: "share",
      align: "right",
      render: (_, row) => <span className="number">{row.share === null ? "–" : percent(row.share)}</span>,
    },
    { title: t("track.sample"), key: "sample", render: (_, row) => <code className="cut track-sample" title={row.sample}>{row.sample}</code> },
  ];
  return (
    <>
      <div className="tools">
        <Segmented
          value={filters.days}
          onChange={(days) => change({ days })}
          options={["1", "7", "30"].map((days) => ({ value: days, label: days === "1" ? t("track.today") : t("track.lastDays", { n: days }) }))}
        />
        <Search value={filters.event} onSearch={(event) => change({ event })} placeholder={t("track.eventName")} />
        <Select
          className="track-select"
          value={filters.platform}
          onChange={(platform) => change({ platform })}
          aria-label={t("track.platform")}
          options={[
            { value: "", label: t("track.anyPlatform") },
            ...Object.entries(PLATFORMS).filter(([key]) => key).map(([value, words]) => ({ value, label: w(words) })),
          ]}
        />
        <Input
          className="track-select"
          allowClear
          defaultValue={filters.app_version}
          placeholder={t("track.version")}
          aria-label={t("track.version")}
          onPressEnter={(press) => change({ app_version: press.currentTarget.value.trim() })}
          onBlur={(left) => change({ app_version: left.target.value.trim() })}
        />
        <Input
          className="track-select"
          allowClear
          defaultValue={filters.property}
          placeholder={t("track.property")}
          aria-label={t("track.property")}
          onPressEnter={(press) => change({ property: press.currentTarget.value.trim() })}
          onBlur={(left) => change({ property: left.target.value.trim() })}
        />
        <span className="grow" />
        <Button icon={<DownloadOutlined />} href={address("/api/tracking/violations.csv", filters)} data-testid="track-csv">
          {t("list.export")}
        </Button>
      </div>
      {report && (
        <>
          <div className="tiles tiles-4">
            <Tile label={t("track.checkedEvents")} value={whole(report.events)} testId="report-events" />
            <Tile
              label={t("track.failedEvents")}
              value={whole(report.failed)}
              note={report.events > 0 ? percent(report.failed / report.events) : ""}
              testId="report-failed"
            />
            <Tile label={t("track.passRate")} value={report.events > 0 ? percent(1 - report.failed / report.events) : "–"} />
            <Tile label={t("track.allViolations")} value={whole(Object.values(report.kinds).reduce((sum, n) => sum + n, 0))} />
          </div>
          <Chips
            testId="report-kinds"
            chips={KINDS.map((kind) => ({ value: kind, label: named("track.violation", kind), count: report.kinds[kind] ?? 0 }))}
            chosen={filters.kind}
            onChoose={(kind) => change({ kind })}
          />
        </>
      )}
      <Panel flush title={t("track.tab.report")} extra={report && <span className="faint">{t("list.total", { n: whole(report.total) })}</span>}>
        <ListTable
          read={{ ...read, data: report?.items }}
          columns={columns}
          rowKey={(row) => [row.event, row.property, row.kind, row.platform, row.app_version, row.source].join("\u0001")}
          label={t("track.tab.report")}
          testId="report-table"
          empty={<Nothing title={t("track.noViolations")}>{t("track.noViolationsText")}</Nothing>}
          card={(row) => (
            <Link to={`/tracking?open=${encodeURIComponent(row.event)}`} className="card-button">
              <div className="card-top">
                <code className="break">{row.event}</code>
                <b className="number">{whole(row.events)}</b>
              </div>
              <div className="faint break">
                {w(row.message)} {row.property && <code>{row.property}</code>} ·{" "}
                {[row.platform && w(platformWords(row.platform)), row.app_version, row.source].filter(Boolean).join(" · ")}
              </div>
            </Link>
          )}
        />
      </Panel>
      <TraitsPanel days={filters.days} />
    </>
  );
}

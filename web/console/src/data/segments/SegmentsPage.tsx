import { PlusOutlined, UploadOutlined } from "@ant-design/icons";
import { Button, Segmented, Tag } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { useRead } from "@/api/hooks";
import type { SegmentCard } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { PageFrame, Panel } from "@/kit/page";
import { Search } from "@/kit/Search";
import { useSession } from "@/kit/session";
import { Actor, Ago } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { Spark } from "./Spark";
import { UploadDialog } from "./UploadDialog";

const FILTERS = { search: "", state: "", sort: "changed", order: "desc" };
type Sort = (one: SegmentCard) => string | number;
const SORTS: Record<string, Sort> = {
  changed: (one) => one.changed_time,
  name: (one) => one.name,
  size: (one) => one.size,
  computed: (one) => one.computed_time ?? "",
};

export default function SegmentsPage() {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const navigate = useNavigate();
  const { filters, change } = useFilters(FILTERS);
  const [uploading, setUploading] = useState(false);
  const read = useRead<{ items: SegmentCard[] }>("/api/segments", { archived: filters.state === "archived" || undefined });
  const wanted = filters.search.toLowerCase();
  const by = SORTS[filters.sort] ?? SORTS.changed!;
  const found = read.data?.items
    .filter((one) => [one.name, one.note, one.sentence.zh, one.sentence.en].some((text) => text.toLowerCase().includes(wanted)))
    .sort((a, b) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0) * (filters.order === "asc" ? 1 : -1));
  const open = (one: SegmentCard) => void navigate(`/segments/${one.segment_id}`);
  const sorted = (key: string) => ({
    key,
    sorter: true,
    sortOrder: filters.sort === key ? (filters.order === "asc" ? ("ascend" as const) : ("descend" as const)) : null,
    sortDirections: ["descend" as const, "ascend" as const, "descend" as const],
  });
  const state = (one: SegmentCard) => (
    <Tag color={one.frozen ? "default" : "processing"}>{t(one.frozen ? "segment.frozen" : "segment.dynamic")}</Tag>
  );
  const columns: Columns<SegmentCard> = [
    {
      title: t("segment.name"),
      ...sorted("name"),
      render: (_, one) => (
        <>
          <Link to={`/segments/${one.segment_id}`}>{one.name}</Link>
          <div className="faint small segment-sentence" title={w(one.sentence)}>
            {w(one.sentence)}
          </div>
        </>
      ),
    },
    {
      title: t("segment.size"),
      ...sorted("size"),
      align: "right",
      render: (_, one) => (
        <>
          <span className="number">{f.whole(one.size)}</span> <span className="faint small">{f.percent(one.share)}</span>
        </>
      ),
    },
    { title: t("segment.trend"), key: "trend", render: (_, one) => <Spark values={one.trend} /> },
    { title: t("segment.state"), key: "state", render: (_, one) => state(one) },
    { title: t("segment.computed"), ...sorted("computed"), render: (_, one) => <Ago time={one.computed_time} /> },
    { title: t("segment.owner"), key: "owner", render: (_, one) => <Actor id={one.owner} name={one.owner_name} /> },
    { title: t("segment.changed"), ...sorted("changed"), render: (_, one) => <Ago time={one.changed_time} /> },
  ];
  const create = (
    <Link to="/segments/new">
      <Button type="primary" icon={<PlusOutlined />} data-testid="segment-new">
        {t("segment.new")}
      </Button>
    </Link>
  );
  return (
    <PageFrame
      testId="page-segments"
      title={t("nav.segments")}
      about={t("segment.about")}
      extra={
        may("operate") && (
          <>
            <Button icon={<UploadOutlined />} onClick={() => setUploading(true)} data-testid="segment-upload">
              {t("segment.upload")}
            </Button>
            {create}
          </>
        )
      }
    >
      <div className="tools">
        <Search value={filters.search} onSearch={(search) => change({ search })} placeholder={t("segment.search")} testId="segments-search" />
        <Segmented
          value={filters.state}
          onChange={(value) => change({ state: value })}
          options={[
            { value: "", label: t("segment.inUse") },
            { value: "archived", label: t("segment.archived") },
          ]}
        />
      </div>
      <Panel flush>
        <ListTable
          read={{ ...read, data: found }}
          columns={columns}
          rowKey={(one) => one.segment_id}
          label={t("nav.segments")}
          testId="segments-table"
          onOpen={open}
          onChange={(_page, _filter, sorter) => {
            const one = Array.isArray(sorter) ? sorter[0] : sorter;
            if (one?.columnKey) change({ sort: String(one.columnKey), order: one.order === "ascend" ? "asc" : "desc" });
          }}
          empty={
            filters.search || filters.state ? (
              <Nothing title={t("list.noMatch")} />
            ) : (
              <Nothing title={t("segment.none")} action={may("operate") && create}>
                {t("segment.noneText")}
              </Nothing>
            )
          }
          card={(one) => (
            <button type="button" className="card-button" onClick={() => open(one)}>
              <div className="card-top">
                <b className="break">{one.name}</b>
                <span className="number">{f.whole(one.size)}</span>
              </div>
              <div className="faint small">{w(one.sentence)}</div>
              <div className="card-top">
                {state(one)}
                <Spark values={one.trend} />
              </div>
            </button>
          )}
        />
      </Panel>
      {uploading && <UploadDialog onClose={() => setUploading(false)} />}
    </PageFrame>
  );
}

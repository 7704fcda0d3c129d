import { ArrowLeftOutlined, ArrowRightOutlined } from "@ant-design/icons";
import { Tag } from "antd";
import { Link } from "react-router";
import { useRead } from "@/api/hooks";
import type { Relation } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Ago } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { profilePath } from "@/kit/paths";

export function RelationsPanel({ userId }: { userId: string }) {
  const { t, named } = useLanguage();
  const { whole } = useFormat();
  const read = useRead<{ items: Relation[] }>(profilePath(userId, "/relations"));
  const kind = (row: Relation) => <Tag>{named("relation.kind", row.kind)}</Tag>;
  const other = (row: Relation) =>
    row.user_id ? <Link to={`/users/${encodeURIComponent(row.user_id)}`}>{row.user_id}</Link> : <span className="faint">{t("profile.hidden")}</span>;
  const direction = (row: Relation) => (
    <span className="faint nowrap">
      {row.direction === "out" ? <ArrowRightOutlined /> : <ArrowLeftOutlined />} {t(`relation.${row.direction}`)}
    </span>
  );
  const columns: Columns<Relation> = [
    { title: t("relation.direction"), key: "direction", render: (_, row) => direction(row) },
    { title: t("relation.other"), key: "other", render: (_, row) => other(row) },
    { title: t("relation.kind"), key: "kind", render: (_, row) => kind(row) },
    { title: t("relation.count"), dataIndex: "count", align: "right", render: (n: number) => <span className="number">{whole(n)}</span> },
    { title: t("relation.last"), dataIndex: "last_time", render: (time: string | null) => <Ago time={time} /> },
  ];
  return (
    <ListTable
      read={{ ...read, data: read.data?.items }}
      columns={columns}
      rowKey={(row) => `${row.direction}-${row.user_id}-${row.kind}`}
      label={t("profile.tab.relations")}
      testId="profile-relations"
      empty={<Nothing title={t("relation.none")}>{t("relation.noneText")}</Nothing>}
      card={(row) => (
        <>
          <div className="card-top">
            {other(row)}
            {kind(row)}
          </div>
          <div className="card-top">
            {direction(row)}
            <Ago time={row.last_time} />
          </div>
        </>
      )}
    />
  );
}

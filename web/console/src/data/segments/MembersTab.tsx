import { Button } from "antd";
import { Link, useNavigate } from "react-router";
import { useRead } from "@/api/hooks";
import type { SegmentOne, UserPage, UserRow } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { Ago } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";

/** The members as the list of users shows them, newest seen first. */
export function MembersTab({ segment }: { segment: SegmentOne }) {
  const { t } = useLanguage();
  const f = useFormat();
  const navigate = useNavigate();
  const pager = usePager();
  const people = JSON.stringify({ kind: "segment", segment_id: segment.segment_id });
  const read = useRead<UserPage>("/api/users", { people, cursor: pager.cursor, limit: 50 }, { keep: true });
  const path = (row: UserRow) => `/users/${encodeURIComponent(row.user_id)}`;
  const columns: Columns<UserRow> = [
    {
      title: t("user.user"),
      key: "user",
      render: (_, row) => (
        <>
          <Link to={path(row)}>{row.name || row.user_id}</Link>
          {row.name && <div className="faint small">{row.user_id}</div>}
        </>
      ),
    },
    { title: t("user.orders"), key: "orders", align: "right", render: (_, row) => <span className="number">{f.whole(row.orders)}</span> },
    { title: t("user.spend"), key: "spend", align: "right", render: (_, row) => <span className="number">{f.money(row.spend_minor, row.currency)}</span> },
    { title: t("user.lastSeen"), key: "last", render: (_, row) => <Ago time={row.last_seen_time} /> },
    { title: t("user.place"), key: "place", render: (_, row) => [row.province, row.city].filter(Boolean).join(" ") || "–" },
  ];
  const asked = read.data?.people;
  return (
    <Panel
      flush
      title={asked ? t("segment.membersOf", { users: f.whole(asked.users), visitors: f.whole(asked.visitors) }) : t("segment.tab.members")}
      extra={
        <Link to={`/users?segment=${segment.segment_id}`}>
          <Button size="small" data-testid="members-in-list">
            {t("segment.openList")}
          </Button>
        </Link>
      }
    >
      <ListTable
        read={read}
        columns={columns}
        rowKey={(row) => row.person_no}
        label={t("segment.tab.members")}
        testId="members-table"
        pager={pager}
        onOpen={(row) => void navigate(path(row))}
        empty={<Nothing title={t("segment.noMembers")}>{t("segment.noMembersText")}</Nothing>}
        card={(row) => (
          <>
            <div className="card-top">
              <Link to={path(row)} className="strong">
                {row.name || row.user_id}
              </Link>
              <Ago time={row.last_seen_time} />
            </div>
            <div className="faint">
              {f.whole(row.orders)} · {f.money(row.spend_minor, row.currency)}
            </div>
          </>
        )}
      />
    </Panel>
  );
}

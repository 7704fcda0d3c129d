import { Button, Tag } from "antd";
import type { OrderRow } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { At, Cut } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { profilePath } from "@/kit/paths";
import { useFacets } from "./useFacets";
import { useMore } from "./useMore";

const COLOURS: Record<string, string> = {
  paid: "success",
  completed: "success",
  refunded: "warning",
  partly_refunded: "warning",
};

export function OrdersPanel({ userId }: { userId: string }) {
  const { t, named } = useLanguage();
  const f = useFormat();
  const { channel } = useFacets();
  const read = useMore<OrderRow>(profilePath(userId, "/orders"));
  const status = (row: OrderRow) => <Tag color={COLOURS[row.status]}>{named("order.status", row.status)}</Tag>;
  const goods = (row: OrderRow) =>
    row.items.map((item) => `${item.name ?? item.product_id ?? "?"} ×${f.whole(item.quantity)}`).join("、");
  const amount = (row: OrderRow) => <span className="number">{f.money(row.amount_minor, row.currency)}</span>;
  const columns: Columns<OrderRow> = [
    { title: t("order.paidTime"), dataIndex: "paid_time", render: (time: string | null) => <At time={time} seconds={false} /> },
    { title: t("order.id"), dataIndex: "order_id", render: (id: string) => <code>{id}</code> },
    { title: t("order.amount"), key: "amount", align: "right", render: (_, row) => amount(row) },
    { title: t("order.status"), key: "status", render: (_, row) => status(row) },
    { title: t("order.items"), key: "items", render: (_, row) => <Cut text={goods(row) || "–"} width={300} /> },
    { title: t("user.channel"), dataIndex: "channel", render: (value: string | null) => channel(value) ?? "–" },
  ];
  return (
    <>
      <ListTable
        read={read}
        columns={columns}
        rowKey={(row) => row.order_id}
        label={t("profile.tab.orders")}
        testId="profile-orders"
        empty={<Nothing title={t("order.none")}>{t("order.noneText")}</Nothing>}
        card={(row) => (
          <>
            <div className="card-top">
              {amount(row)}
              {status(row)}
            </div>
            <div>{goods(row)}</div>
            <div className="faint">
              <code>{row.order_id}</code> · <At time={row.paid_time} seconds={false} />
            </div>
          </>
        )}
      />
      {read.hasNextPage && (
        <Button block loading={read.isFetchingNextPage} onClick={() => void read.fetchNextPage()}>
          {t("list.more")}
        </Button>
      )}
    </>
  );
}

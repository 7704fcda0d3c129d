import { Button, Tag } from "antd";
import type { OrderRow } from "@/api/types";
import { useLanguage, type Key } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { At, Cut } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { profilePath } from "@/kit/paths";
import { useMore } from "./useMore";

const STATUS: Record<string, [Key, string]> = {
  paid: ["order.paid", "success"],
  completed: ["order.completed", "success"],
  refunded: ["order.refunded", "warning"],
  partly_refunded: ["order.partlyRefunded", "warning"],
  cancelled: ["order.cancelled", "default"],
  adjustment: ["order.adjustment", "default"],
};

export function OrdersPanel({ userId }: { userId: string }) {
  const { t } = useLanguage();
  const f = useFormat();
  const read = useMore<OrderRow>(profilePath(userId, "/orders"));
  const status = (row: OrderRow) => {
    const known = STATUS[row.status];
    return <Tag color={known?.[1]}>{known ? t(known[0]) : row.status}</Tag>;
  };
  const goods = (row: OrderRow) =>
    row.items.map((item) => `${item.name ?? item.product_id ?? "?"} ×${f.whole(item.quantity)}`).join("、");
  const amount = (row: OrderRow) => <span className="number">{f.money(row.amount_minor, row.currency)}</span>;
  const columns: Columns<OrderRow> = [
    { title: t("order.paidTime"), dataIndex: "paid_time", render: (time: string | null) => <At time={time} seconds={false} /> },
    { title: t("order.id"), dataIndex: "order_id", render: (id: string) => <code>{id}</code> },
    { title: t("order.amount"), key: "amount", align: "right", render: (_, row) => amount(row) },
    { title: t("order.status"), key: "status", render: (_, row) => status(row) },
    { title: t("order.items"), key: "items", render: (_, row) => <Cut text={goods(row) || "–"} width={300} /> },
    { title: t("user.channel"), dataIndex: "channel", render: (channel: string | null) => channel ?? "–" },
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

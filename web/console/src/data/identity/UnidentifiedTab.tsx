import { useRead } from "@/api/hooks";
import type { OpenOrder, OpenOrders } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chips } from "@/kit/Chips";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { At } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";

const FILTERS = { reason: "" };

/** Orders of which nobody knows the buyer: how many, why, which. */
export function UnidentifiedTab() {
  const { t, w } = useLanguage();
  const { whole, money } = useFormat();
  const { filters, change } = useFilters(FILTERS);
  const pager = usePager();
  const read = useRead<OpenOrders>("/api/identity/unidentified", { ...filters, cursor: pager.cursor }, { keep: true });
  const tallies = read.data?.tallies ?? [];
  const reasons = [...new Map(tallies.map((one) => [one.reason, one])).values()];
  const count = (reason: string) => tallies.filter((one) => one.reason === reason).reduce((sum, one) => sum + one.orders, 0);
  const why = (row: OpenOrder) => w(reasons.find((one) => one.reason === row.reason)?.words);
  const amount = (row: OpenOrder) => (row.amount_minor === null ? "–" : money(row.amount_minor, row.currency));
  const columns: Columns<OpenOrder> = [
    { title: t("identity.orders.order"), dataIndex: "order_id", render: (id: string) => <code className="break">{id}</code> },
    { title: t("identity.orders.paid"), dataIndex: "paid_time", render: (time: string) => <At time={time} seconds={false} /> },
    { title: t("identity.orders.amount"), key: "amount", align: "right", render: (_, row) => <span className="number">{amount(row)}</span> },
    { title: t("identity.orders.why"), key: "why", render: (_, row) => why(row) },
    { title: t("identity.orders.source"), key: "source", render: (_, row) => row.source ?? row.source_id },
  ];
  return (
    <>
      {reasons.length > 0 && (
        <>
          <p className="faint" data-testid="unidentified-about">
            {t("identity.orders.about", {
              all: whole(read.data?.all_orders ?? 0),
              n: whole(tallies.reduce((sum, one) => sum + one.orders, 0)),
            })}
          </p>
          <Chips
            testId="unidentified-counts"
            chips={reasons.map((one) => ({ value: one.reason, label: w(one.words), count: count(one.reason) }))}
            chosen={filters.reason}
            onChoose={(reason) => change({ reason })}
          />
        </>
      )}
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(row) => row.order_id}
          label={t("identity.tab.unidentified")}
          testId="unidentified-table"
          pager={pager}
          empty={<Nothing title={t("identity.orders.none")}>{t("identity.orders.noneText")}</Nothing>}
          card={(row) => (
            <>
              <div className="card-top">
                <code className="break">{row.order_id}</code>
                <b className="number">{amount(row)}</b>
              </div>
              <div className="card-top">
                <span className="faint">{why(row)}</span>
                <At time={row.paid_time} seconds={false} />
              </div>
            </>
          )}
        />
      </Panel>
    </>
  );
}

import { DownloadOutlined } from "@ant-design/icons";
import { Alert, Button, Drawer, Tag } from "antd";
import { useState } from "react";
import { useParams } from "react-router";
import { useRead } from "@/api/hooks";
import type { DifferingOrder, Reconciliation, ReconcileTerms } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Hint, PageFrame, Panel, Tile } from "@/kit/page";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";

type Day = Reconciliation["days"][number];
type Pair = [number, number];

export default function ReconciliationPage() {
  const { t } = useLanguage();
  const { recId = "" } = useParams();
  const address = `/api/reconciliations/${encodeURIComponent(recId)}`;
  const read = useRead<Reconciliation>(address);
  const terms = useRead<ReconcileTerms>("/api/reconciliations/terms");
  const one = read.data;
  return (
    <PageFrame
      testId="page-reconciliation"
      title={one?.name ?? t("nav.reconcile")}
      about={one && `${one.from_day ?? "–"} – ${one.to_day ?? "–"} · ${one.zone}`}
      extra={
        one && (
          <span className="row-tight wrap">
            <Button icon={<DownloadOutlined />} href={`${address}/csv`} data-testid="reconcile-csv">
              {t("reconcile.csvDays")}
            </Button>
            {!one.split && (
              <Button icon={<DownloadOutlined />} href={`${address}/csv?what=orders`}>
                {t("reconcile.csvOrders")}
              </Button>
            )}
          </span>
        )
      }
    >
      <Shown read={read}>
        {(found) => (found.split ? <Split split={found.split} terms={terms.data} /> : <Days one={found} address={address} terms={terms.data} />)}
      </Shown>
    </PageFrame>
  );
}

function Split({ split, terms }: { split: NonNullable<Reconciliation["split"]>; terms: ReconcileTerms | undefined }) {
  const { t, w } = useLanguage();
  const { whole, money } = useFormat();
  const show = (n: number) => (split.measure === "paid_orders" ? whole(n) : money(n, split.currency));
  const measure = terms?.measures[split.measure];
  const rows = [
    { key: "ours", label: `${w(measure?.words)} · ${t("reconcile.ours")}`, amount: split.ours, strong: true },
    ...split.reasons.map((one) => ({ key: one.code, label: w(one.words), amount: one.amount, strong: false })),
    { key: "unexplained", label: t("reconcile.unexplained"), amount: split.unexplained, strong: false },
    { key: "theirs", label: `${w(measure?.words)} · ${t("reconcile.theirs")}`, amount: split.theirs, strong: true },
  ];
  const columns: Columns<(typeof rows)[number]> = [
    { title: t("reconcile.reason"), key: "label", render: (_, row) => (row.strong ? <b>{row.label}</b> : row.label) },
    {
      title: t("reconcile.diff"),
      key: "amount",
      align: "right",
      render: (_, row) => (
        <span className={`number ${row.key === "unexplained" && row.amount !== 0 ? "bad" : ""}`} data-testid={`split-${row.key}`}>
          {row.strong ? <b>{show(row.amount)}</b> : show(row.amount)}
        </span>
      ),
    },
  ];
  return (
    <>
      {split.unexplained === 0 && <Alert type="success" showIcon className="gap" title={t("reconcile.exact")} />}
      {split.also > 0 && <Alert type="warning" showIcon className="gap" title={t("reconcile.also", { n: split.also })} />}
      <Panel
        flush
        title={
          <>
            {t("reconcile.split")} <Hint text={w(measure?.definition)} />
          </>
        }
        extra={<span className="faint">{t("reconcile.theirZone", { zone: split.their_zone })}</span>}
      >
        <ListTable
          read={{ data: rows, error: null, refetch: () => undefined }}
          columns={columns}
          rowKey={(row) => row.key}
          label={t("reconcile.split")}
          testId="reconcile-split"
          empty={null}
        />
      </Panel>
    </>
  );
}

function Days({ one, address, terms }: { one: Reconciliation; address: string; terms: ReconcileTerms | undefined }) {
  const { t, w } = useLanguage();
  const { whole, money, percent } = useFormat();
  const [open, setOpen] = useState<string | null>(null);
  const trio = ([ours, theirs]: Pair, show: (n: number) => string) => (
    <span className="number nowrap">
      {show(ours)} <span className="faint">|</span> {show(theirs)} <span className="faint">|</span>{" "}
      <b className={ours === theirs ? "good" : "bad"}>{show(ours - theirs)}</b>
    </span>
  );
  const head = (code: string) => (
    <>
      {w(terms?.columns[code]?.words)} <Hint text={w(terms?.columns[code]?.definition)} />
      <div className="faint">
        {t("reconcile.ours")} | {t("reconcile.theirs")} | {t("reconcile.diff")}
      </div>
    </>
  );
  const cash = (day: Day) => (n: number) => money(n, day.currency || null);
  const columns: Columns<Day> = [
    { title: t("reconcile.day"), dataIndex: "day", render: (day: string) => <span className="number nowrap">{day}</span> },
    { title: head("orders"), key: "orders", align: "right", render: (_, day) => trio(day.orders as Pair, whole) },
    { title: head("paid"), key: "paid", align: "right", render: (_, day) => trio(day.paid_minor as Pair, cash(day)) },
    { title: head("refunded"), key: "refunded", align: "right", render: (_, day) => trio(day.refunded_minor as Pair, cash(day)) },
    {
      title: t("reconcile.differing"),
      dataIndex: "differing",
      align: "right",
      render: (n: number) => (n === 0 ? <Tag color="success">0</Tag> : <Tag color="error">{whole(n)}</Tag>),
    },
  ];
  const leftOut = Object.entries(one.left_out);
  return (
    <>
      <div className="tiles tiles-4">
        <Tile
          label={t("reconcile.accuracy")}
          value={one.accuracy === null ? "–" : percent(one.accuracy, 2)}
          definition={t("reconcile.accuracyHelp")}
          testId="reconcile-accuracy"
        />
        <Tile label={t("reconcile.orders")} value={whole(one.orders)} />
        <Tile label={t("reconcile.differing")} value={whole(one.differing)} testId="reconcile-differing" />
        <Tile
          label={t("reconcile.reason")}
          value={whole(Object.keys(one.reasons).length)}
          note={Object.entries(one.reasons).map(([code, n]) => `${w(terms?.order_reasons[code])} ${whole(n)}`).join(" · ") || "–"}
        />
      </div>
      {leftOut.length > 0 && (
        <Alert
          type="warning"
          showIcon
          className="gap"
          title={t("reconcile.leftOut")}
          description={leftOut.map(([code, n]) => `${w(terms?.line_reasons[code])} ${whole(n)}`).join(" · ")}
        />
      )}
      <Panel flush title={t("reconcile.days")}>
        <ListTable
          read={{ data: one.days, error: null, refetch: () => undefined }}
          columns={columns}
          rowKey={(day) => `${day.day} ${day.currency}`}
          label={t("reconcile.days")}
          testId="reconcile-days"
          onOpen={(day) => setOpen(day.day)}
          empty={<Nothing title={t("reconcile.noDays")} />}
          card={(day) => (
            <button type="button" className="card-button" onClick={() => setOpen(day.day)}>
              <div className="card-top">
                <b className="number">{day.day}</b>
                <span className={day.differing ? "bad" : "good"}>
                  {t("reconcile.differing")} {whole(day.differing)}
                </span>
              </div>
              <div>
                {w(terms?.columns.orders?.words)} {trio(day.orders as Pair, whole)}
              </div>
              <div>
                {w(terms?.columns.paid?.words)} {trio(day.paid_minor as Pair, cash(day))}
              </div>
              <div>
                {w(terms?.columns.refunded?.words)} {trio(day.refunded_minor as Pair, cash(day))}
              </div>
            </button>
          )}
        />
      </Panel>
      <Drawer open={open !== null} onClose={() => setOpen(null)} size="large" title={t("reconcile.dayOrders", { day: open ?? "" })}>
        {open && <Orders address={address} day={open} terms={terms} />}
      </Drawer>
    </>
  );
}

function Orders({ address, day, terms }: { address: string; day: string; terms: ReconcileTerms | undefined }) {
  const { t, w } = useLanguage();
  const { money } = useFormat();
  const read = useRead<DifferingOrder[]>(`${address}/orders`, { day });
  const pair = (row: DifferingOrder, ours: number | null, theirs: number | null) => (
    <span className="number nowrap">
      {ours === null ? "–" : money(ours, row.currency)} | {theirs === null ? "–" : money(theirs, row.currency)}
    </span>
  );
  const columns: Columns<DifferingOrder> = [
    { title: t("reconcile.order"), dataIndex: "order_id", render: (id: string) => <code>{id}</code> },
    { title: t("reconcile.reason"), key: "reason", render: (_, row) => <b>{w(terms?.order_reasons[row.reason])}</b> },
    { title: w(terms?.columns.paid?.words), key: "paid", align: "right", render: (_, row) => pair(row, row.our_minor, row.their_minor) },
    { title: w(terms?.columns.refunded?.words), key: "refunded", align: "right", render: (_, row) => pair(row, row.our_refunded_minor, row.their_refunded_minor) },
    { title: t("reconcile.day"), key: "days", render: (_, row) => <span className="number nowrap">{row.day} | {row.their_day ?? "–"}</span> },
  ];
  return (
    <ListTable
      read={read}
      columns={columns}
      rowKey={(row) => row.order_id}
      label={t("reconcile.differing")}
      testId="reconcile-orders"
      empty={<Nothing title={t("reconcile.agreed")} />}
      card={(row) => (
        <>
          <div className="card-top">
            <code>{row.order_id}</code>
            <b>{w(terms?.order_reasons[row.reason])}</b>
          </div>
          <div className="faint">
            {pair(row, row.our_minor, row.their_minor)} · {pair(row, row.our_refunded_minor, row.their_refunded_minor)}
          </div>
        </>
      )}
    />
  );
}

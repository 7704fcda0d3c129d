import { UploadOutlined } from "@ant-design/icons";
import { Alert, App, Button, Input, Modal } from "antd";
import { useRef, useState } from "react";
import { useParams } from "react-router";
import { api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Parity } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Hint, PageFrame, Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";

type Row = Parity["rows"][number];
const FILTERS = { from: "", to: "" };
const DAY_MS = 86_400_000;
const DAYS = 30;

export default function ParityPage() {
  const { t, w } = useLanguage();
  const { whole, percent, date } = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const { relayId = "" } = useParams();
  const { filters, change } = useFilters(FILTERS);
  const [today] = useState(() => Date.now());
  const from = filters.from || date(new Date(today - DAYS * DAY_MS).toISOString());
  const to = filters.to || date(new Date(today + DAY_MS).toISOString());
  const address = `/api/relays/${encodeURIComponent(relayId)}`;
  const read = useRead<Parity>(`${address}/parity`, { from, to }, { keep: true });
  const note = useWrite<string, { rows: number }>((csv) => api.post(`${address}/vendor-numbers`, { csv }), [`${address}/parity`]);
  const [pasting, setPasting] = useState<string | null>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const keep = (csv: string) =>
    note.mutate(csv, {
      onSuccess: (done) => {
        setPasting(null);
        void message.success(t("parity.noted", { n: done.rows }));
      },
      onError: (error: ApiError) => void message.error(`${w(error.words)} ${error.place}`),
    });
  const reasons = (row: Row) => {
    const lost = Object.entries(row.lost).map(([code, n]) => `${w(read.data?.reasons[code])} ${whole(n)}`);
    return [...lost, ...(row.not_stored > 0 && row.event ? [t("parity.copies", { n: whole(row.not_stored) })] : [])].join(" · ") || "–";
  };
  const event = (row: Row) => row.event || <span className="faint">{t("parity.unreadable")}</span>;
  const difference = (row: Row) =>
    row.vendor === null || !row.event ? (
      <span className="faint">–</span>
    ) : (
      <b className={row.within ? "good" : "bad"}>{row.difference === null ? "∞" : percent(row.difference, 2)}</b>
    );
  const vendor = (row: Row) => (row.vendor === null ? <span className="faint">{t("parity.notKnown")}</span> : whole(row.vendor));
  const head = (label: string, help: string) => (
    <>
      {label} <Hint text={help} />
    </>
  );
  const columns: Columns<Row> = [
    { title: t("parity.day"), dataIndex: "day", render: (day: string) => <span className="number nowrap">{day}</span> },
    { title: t("parity.event"), key: "event", render: (_, row) => event(row) },
    { title: head(t("parity.ours"), t("parity.oursHelp")), dataIndex: "ours", align: "right", render: (n: number) => whole(n) },
    { title: head(t("parity.delivered"), t("parity.deliveredHelp")), dataIndex: "delivered", align: "right", render: (n: number) => whole(n) },
    { title: head(t("parity.vendor"), t("parity.vendorHelp")), key: "vendor", align: "right", render: (_, row) => vendor(row) },
    { title: head(t("parity.difference"), t("parity.differenceHelp")), key: "difference", align: "right", render: (_, row) => difference(row) },
    { title: t("parity.reasons"), key: "reasons", render: (_, row) => <span className="faint">{reasons(row)}</span> },
  ];
  return (
    <PageFrame
      testId="page-parity"
      title={t("relay.parity")}
      about={t("parity.about")}
      extra={
        may("develop") && (
          <span className="row-tight wrap">
            <Button onClick={() => setPasting("")} data-testid="parity-paste">
              {t("parity.typed")}
            </Button>
            <Button icon={<UploadOutlined />} title={t("parity.uploadNote")} onClick={() => chooser.current?.click()}>
              {t("parity.upload")}
            </Button>
            <input
              ref={chooser}
              type="file"
              hidden
              accept=".csv,text/csv"
              aria-label={t("parity.upload")}
              onChange={(chosen) => {
                const file = chosen.target.files?.[0];
                if (file) void file.text().then(keep);
                chosen.target.value = "";
              }}
            />
          </span>
        )
      }
    >
      <div className="tools">
        <Input type="date" value={from} aria-label={t("reconcile.from")} onChange={(e) => change({ from: e.target.value })} style={{ width: 150 }} />
        <Input type="date" value={to} aria-label={t("reconcile.to")} onChange={(e) => change({ to: e.target.value })} style={{ width: 150 }} />
      </div>
      {read.data?.lake_behind && <Alert type="info" showIcon title={t("parity.behind")} className="gap" />}
      <Panel flush>
        <ListTable
          read={{ ...read, data: read.data?.rows }}
          columns={columns}
          rowKey={(row) => `${row.day} ${row.event}`}
          label={t("relay.parity")}
          testId="parity-table"
          empty={<Nothing title={t("parity.none")}>{t("parity.noneText")}</Nothing>}
          card={(row) => (
            <>
              <div className="card-top">
                <b>{event(row)}</b>
                <span className="number">{row.day}</span>
              </div>
              <div>
                {t("parity.ours")} {whole(row.ours)} · {t("parity.delivered")} {whole(row.delivered)} · {t("parity.vendor")} {vendor(row)} · {difference(row)}
              </div>
              <div className="faint">{reasons(row)}</div>
            </>
          )}
        />
      </Panel>
      <Modal
        open={pasting !== null}
        title={t("parity.typed")}
        okText={t("form.save")}
        okButtonProps={{ "data-testid": "parity-keep" }}
        confirmLoading={note.isPending}
        onCancel={() => setPasting(null)}
        onOk={() => keep(pasting ?? "")}
      >
        <p className="faint">{t("parity.uploadNote")}</p>
        <Input.TextArea
          rows={8}
          value={pasting ?? ""}
          onChange={(e) => setPasting(e.target.value)}
          placeholder={"2026-11-01,product_view,12034"}
          aria-label={t("parity.typed")}
          data-testid="parity-text"
        />
      </Modal>
    </PageFrame>
  );
}

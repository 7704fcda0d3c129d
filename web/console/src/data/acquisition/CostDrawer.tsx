import { Alert, App, AutoComplete, Button, Drawer, Input } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Acquisition, CostDetail } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Cut, Facts } from "@/kit/small";
import { Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { BatchState, COSTS } from "./CostsTab";
import { FIGURES } from "./OverviewTab";

/** One file of costs: what was understood, which channel each campaign belongs to, what is bad, and applying or undoing it. */
export function CostDrawer({ batchId, onClose }: { batchId: string; onClose: () => void }) {
  const { t } = useLanguage();
  const read = useRead<CostDetail>(`${COSTS}/${encodeURIComponent(batchId)}`);
  return (
    <Drawer open onClose={onClose} title={t("cost.batch")} size="large" data-testid="cost-drawer">
      <Shown read={read}>{(detail) => <Detail detail={detail} onClose={onClose} />}</Shown>
    </Drawer>
  );
}

function Detail({ detail, onClose }: { detail: CostDetail; onClose: () => void }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const { batch, campaigns } = detail;
  const path = `${COSTS}/${encodeURIComponent(batch.batch_id)}`;
  const [said, setSaid] = useState<Record<string, string>>(() =>
    Object.fromEntries(campaigns.map((one) => [one.campaign, one.channel ?? ""])),
  );
  const stale = [COSTS, path, FIGURES];
  const complain = { onError: (error: { words: { zh: string; en: string } }) => void message.error(w(error.words)) };
  const apply = useWrite<void, CostDetail>(
    () =>
      api.post(`${path}/apply`, {
        campaigns: campaigns.map((one) => ({ campaign: one.campaign, channel: said[one.campaign]?.trim() || null, code: one.code })),
      }),
    stale,
  );
  const undo = useWrite<void, CostDetail>(() => api.post(`${path}/undo`), stale);
  const discard = useWrite<void, null>(() => api.remove(path), [COSTS]);
  const open = campaigns.filter((one) => !said[one.campaign]?.trim()).length;
  const sums = batch.totals.map((sum) => f.money(sum.amount_minor, sum.currency)).join(" + ");
  return (
    <>
      <Facts
        items={[
          [t("cost.file"), <span key="file" className="break">{batch.filename}</span>],
          [t("cost.platform"), w(batch.platform_words)],
          [t("cost.state"), <BatchState key="state" state={batch.state} />],
          [t("cost.days"), `${batch.from_day ?? "–"} – ${batch.to_day ?? "–"}`],
          [t("cost.total"), sums || "–"],
          [t("cost.rows"), f.whole(batch.rows)],
          [t("cost.columns"), Object.entries(batch.columns).map(([what, header]) => `${t(`cost.column.${what as "day"}`)} = ${header}`).join("，")],
        ]}
      />
      {batch.state !== "draft" && batch.without_channel > 0 && (
        <Alert className="gap" type="warning" showIcon title={t("cost.without", { n: f.whole(batch.without_channel) })} />
      )}
      {campaigns.length > 0 && (
        <Campaigns detail={detail} said={said} onSay={(campaign, channel) => setSaid({ ...said, [campaign]: channel })} />
      )}
      {batch.bad.length > 0 && <BadLines detail={detail} />}
      {may("operate") && batch.state === "draft" && (
        <>
          {open > 0 && <Alert className="gap" type="info" showIcon title={t("cost.open", { n: f.whole(open) })} />}
          <div className="tools gap">
            <Button
              type="primary"
              loading={apply.isPending}
              disabled={batch.rows === 0}
              data-testid="cost-apply"
              onClick={() => apply.mutate(undefined, { ...complain, onSuccess: () => void message.success(t("cost.applied")) })}
            >
              {t("cost.apply")}
            </Button>
            <Button
              loading={discard.isPending}
              data-testid="cost-discard"
              onClick={() => discard.mutate(undefined, { ...complain, onSuccess: onClose })}
            >
              {t("cost.discard")}
            </Button>
            <span className="faint">{t("cost.applyText")}</span>
          </div>
        </>
      )}
      {may("operate") && batch.state === "applied" && (
        <div className="tools gap">
          <Button danger loading={undo.isPending} data-testid="cost-undo" onClick={() => undo.mutate(undefined, complain)}>
            {t("cost.undo")}
          </Button>
          <span className="faint">{t("cost.undoText")}</span>
        </div>
      )}
    </>
  );
}

type Campaign = CostDetail["campaigns"][number];

function Campaigns({ detail, said, onSay }: { detail: CostDetail; said: Record<string, string>; onSay: (campaign: string, channel: string) => void }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const figures = useRead<Acquisition>(FIGURES, { from: "", to: "" });
  const known = (figures.data?.channels ?? []).flatMap((one) =>
    one.key ? [{ value: one.key, label: one.words ? `${w(one.words)} ${one.key}` : one.key }] : [],
  );
  const channel = (one: Campaign) =>
    detail.batch.state === "draft" ? (
      <AutoComplete
        value={said[one.campaign] ?? ""}
        options={known}
        onChange={(value: string) => onSay(one.campaign, value)}
        filterOption={(typed, option) => String(option?.value ?? "").includes(typed)}
      >
        <Input
          maxLength={64}
          status={said[one.campaign]?.trim() ? "" : "warning"}
          aria-label={`${t("acq.channel")} ${one.campaign}`}
          data-testid={`campaign-${one.campaign}`}
        />
      </AutoComplete>
    ) : (
      <code>{one.channel ?? t("cost.noChannel")}</code>
    );
  const columns: Columns<Campaign> = [
    { title: t("cost.campaign"), dataIndex: "campaign", render: (name: string) => <Cut text={name} width={240} /> },
    { title: t("cost.total"), key: "cost", align: "right", render: (_, one) => <span className="number">{f.money(one.cost_minor, one.currency)}</span> },
    { title: t("cost.rows"), dataIndex: "rows", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
    { title: t("acq.channel"), key: "channel", width: 220, render: (_, one) => channel(one) },
  ];
  return (
    <Panel flush title={t("cost.campaigns")} className="gap">
      <ListTable
        read={{ data: detail.campaigns, error: null, refetch: () => undefined }}
        columns={columns}
        rowKey={(one) => `${one.campaign}:${one.currency}`}
        label={t("cost.campaigns")}
        testId="campaigns-table"
        empty={null}
        card={(one) => (
          <>
            <div className="card-top">
              <b className="break">{one.campaign}</b>
              <span className="number">{f.money(one.cost_minor, one.currency)}</span>
            </div>
            {channel(one)}
          </>
        )}
      />
    </Panel>
  );
}

function BadLines({ detail }: { detail: CostDetail }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  type Bad = CostDetail["batch"]["bad"][number];
  const columns: Columns<Bad> = [
    { title: t("cost.line"), dataIndex: "line", align: "right" },
    { title: t("cost.reason"), key: "reason", render: (_, bad) => w(bad.words) },
    { title: t("cost.cell"), key: "cell", render: (_, bad) => <><code>{bad.column}</code> <Cut text={bad.cell || "–"} width={160} /></> },
  ];
  return (
    <Panel flush title={t("cost.badLines", { n: f.whole(detail.batch.bad.length) })} className="gap">
      <ListTable
        read={{ data: detail.batch.bad, error: null, refetch: () => undefined }}
        columns={columns}
        rowKey={(bad) => `${bad.line}:${bad.column}`}
        label={t("cost.bad")}
        testId="bad-costs"
        empty={null}
      />
    </Panel>
  );
}

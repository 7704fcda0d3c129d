import { App, Button, Drawer, Input, Segmented, Tag } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { DeadLetter, DeadLetterCount, Page } from "@/api/types";
import { useSession } from "@/kit/session";
import { useLanguage } from "@/i18n";
import { Chips } from "@/kit/Chips";
import { itemsOf } from "@/kit/itemsOf";
import { ListTable, type Columns } from "@/kit/ListTable";
import { PageFrame, Panel } from "@/kit/page";
import { Ago, At, Code, Cut, Facts } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";
import { MendDrawer } from "./MendDrawer";

const FILTERS = { code: "", state: "open" };
const STATES = ["open", "mended", "discarded", ""] as const;
const COLOURS: Record<string, string> = { open: "warning", mended: "success" };

export default function DeadLettersPage() {
  const { t, w, named } = useLanguage();
  const { whole } = useFormat();
  const { may } = useSession();
  const { modal, message } = App.useApp();
  const { filters, change } = useFilters(FILTERS);
  const pager = usePager();
  const summary = useRead<DeadLetterCount[]>("/api/dead-letters/summary");
  const read = useRead<Page<DeadLetter>>("/api/dead-letters", { ...filters, cursor: pager.cursor }, { keep: true });
  const [open, setOpen] = useState<DeadLetter | null>(null);
  const [mending, setMending] = useState(false);
  const wanted = filters.code ? { code: filters.code } : {};
  const chosen = summary.data?.find((one) => one.code === filters.code);
  const openCount = chosen ? chosen.count : (summary.data ?? []).reduce((sum, one) => sum + one.count, 0);
  const complain = { onError: (error: { words: { zh: string; en: string } }) => void message.error(w(error.words)) };
  const discard = useWrite<string, { count: number }>(
    (reason) => api.post("/api/dead-letters/discard", { wanted, reason }),
    ["/api/dead-letters"],
  );
  const takeBack = useWrite<void, { count: number }>(() => api.post("/api/dead-letters/take-back", wanted), ["/api/dead-letters"]);
  const askDiscard = () => {
    let reason = "";
    modal.confirm({
      title: t("dead.discardAsk", { n: whole(openCount) }),
      content: (
        <>
          <p>{t("dead.discardText")}</p>
          <Input maxLength={64} onChange={(event) => (reason = event.target.value)} data-testid="discard-reason" />
        </>
      ),
      okText: t("dead.discard"),
      okButtonProps: { danger: true },
      onOk: () =>
        discard.mutate(reason, {
          ...complain,
          onSuccess: ({ count }) => void message.success(t("dead.discarded", { n: whole(count) })),
        }),
    });
  };
  const outcome = (row: DeadLetter) =>
    row.state === "mended" ? named("dead.outcome", row.outcome ?? "") : (row.outcome ?? "");
  const columns: Columns<DeadLetter> = [
    { title: t("dead.received"), dataIndex: "received_time", render: (time: string) => <At time={time} /> },
    {
      title: t("dead.reason"),
      key: "reason",
      render: (_, row) => (
        <>
          {w(row.message)}
          <div className="faint">
            <code>{row.code}</code>
          </div>
        </>
      ),
    },
    { title: t("dead.event"), dataIndex: "event", render: (event: string | null) => <Cut text={event ?? "–"} width={140} /> },
    { title: t("dead.place"), dataIndex: "place", render: (place: string) => <code>{place || "–"}</code> },
    { title: t("dead.source"), dataIndex: "source" },
    {
      title: t("dead.state"),
      key: "state",
      render: (_, row) => <Tag color={COLOURS[row.state] ?? "default"}>{named("dead.state", row.state)}</Tag>,
    },
    {
      title: t("dead.sample"),
      dataIndex: "sample",
      render: (sample: string | null) => <Cut text={sample ?? "–"} width={260} />,
    },
  ];
  return (
    <PageFrame
      testId="page-dead-letters"
      title={t("nav.deadLetters")}
      about={t("dead.about")}
      extra={
        (may("develop") || may("operate")) && (
          <>
            {filters.state === "discarded" && (
              <Button
                onClick={() =>
                  takeBack.mutate(undefined, {
                    ...complain,
                    onSuccess: ({ count }) => void message.success(t("dead.tookBack", { n: whole(count) })),
                  })
                }
                data-testid="dead-take-back"
              >
                {t("dead.takeBack")}
              </Button>
            )}
            <Button disabled={openCount === 0} onClick={askDiscard} data-testid="dead-discard">
              {t("dead.discard")}
            </Button>
            <Button type="primary" disabled={openCount === 0} onClick={() => setMending(true)} data-testid="dead-mend">
              {t("dead.mend")}
            </Button>
          </>
        )
      }
    >
      <Chips
        testId="dead-summary"
        chips={itemsOf(summary.data).map((one) => ({
          value: one.code,
          label: w(one.message),
          count: one.count,
          more: <span className="faint"><Ago time={one.last_time} /></span>,
        }))}
        chosen={filters.code}
        onChoose={(code) => change({ code })}
      />
      <div className="tools">
        <Segmented
          className="scrolling"
          value={filters.state}
          onChange={(state) => change({ state })}
          options={STATES.map((state) => ({ value: state, label: state ? named("dead.state", state) : t("dead.allStates") }))}
        />
      </div>
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(row) => row.id}
          label={t("nav.deadLetters")}
          testId="dead-table"
          pager={pager}
          onOpen={setOpen}
          empty={<Nothing title={t("dead.empty")}>{t("dead.emptyText")}</Nothing>}
          card={(row) => (
            <button type="button" className="card-button" onClick={() => setOpen(row)}>
              <div className="card-top">
                <b>{w(row.message)}</b>
                <Ago time={row.received_time} />
              </div>
              <div className="faint">
                {row.source} · <code>{row.place || row.code}</code>
              </div>
            </button>
          )}
        />
      </Panel>
      <Drawer open={open !== null} onClose={() => setOpen(null)} title={open ? w(open.message) : ""} size="large">
        {open && (
          <>
            <Facts
              items={[
                [t("dead.code"), <code key="code">{open.code}</code>],
                [t("dead.place"), <code key="place">{open.place || "–"}</code>],
                [t("dead.received"), <At key="at" time={open.received_time} />],
                [t("dead.event"), open.event ?? "–"],
                [t("dead.source"), open.source],
                [t("dead.state"), named("dead.state", open.state)],
                ...(outcome(open) ? [[t("dead.outcome"), outcome(open)] as [string, string]] : []),
                [t("dead.protocol"), <Tag key="protocol">{open.protocol}</Tag>],
              ]}
            />
            <h3>{t("dead.sample")}</h3>
            <p className="faint">{t("dead.sampleNote")}</p>
            {open.sample ? <Code text={open.sample} /> : <p>{t("dead.noSample")}</p>}
            {open.state === "open" && !open.mendable && open.sample && <p className="faint">{t("dead.notMendable")}</p>}
          </>
        )}
      </Drawer>
      {mending && (
        <MendDrawer
          wanted={wanted}
          about={chosen ? w(chosen.message) : t("mend.everything")}
          onClose={() => setMending(false)}
        />
      )}
    </PageFrame>
  );
}

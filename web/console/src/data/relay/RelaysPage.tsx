import { PlusOutlined } from "@ant-design/icons";
import { App, Button, Switch, Tag } from "antd";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Relay, RelayTest, Source } from "@/api/types";
import { useLanguage } from "@/i18n";
import { itemsOf } from "@/kit/itemsOf";
import { ListTable, type Columns } from "@/kit/ListTable";
import { PageFrame, Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Ago, Code, Cut } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { RelayForm } from "./RelayForm";

const EVERY_MS = 3_000;
const at = (relay: Relay) => `/api/relays/${encodeURIComponent(relay.relay_id)}`;

export default function RelaysPage() {
  const { t, w, named } = useLanguage();
  const { whole } = useFormat();
  const { may } = useSession();
  const { modal, message } = App.useApp();
  const read = useRead<Relay[]>("/api/relays", {}, { every: EVERY_MS });
  const sources = useRead<Source[]>("/api/sources");
  const [form, setForm] = useState<{ relay: Relay | null } | null>(null);
  const stale = ["/api/relays"];
  const put = useWrite<{ relay: Relay; enabled: boolean }, Relay>(({ relay, enabled }) => api.patch(at(relay), { enabled }), stale);
  const test = useWrite<Relay, RelayTest>((relay) => api.post(`${at(relay)}/test`));
  const remove = useWrite<Relay, null>((relay) => api.remove(at(relay)), stale);
  const complain = (error: ApiError) => void message.error(w(error.words));
  const sourceOf = (relay: Relay) => itemsOf(sources.data).find((one) => one.source_id === relay.source_id)?.name ?? relay.source_id;
  const tell = (done: RelayTest) =>
    void modal[done.fine ? "success" : "warning"]({
      title: t(done.fine ? "relay.testFine" : "relay.testNot", { status: done.status }),
      content: <Code text={`POST ${done.url}\n\n${done.answer || "–"}`} testId="relay-answer" />,
      width: 560,
    });
  const ask = (relay: Relay) =>
    void modal.confirm({
      title: t("relay.removeAsk"),
      content: t("relay.removeText"),
      okText: t("relay.remove"),
      okButtonProps: { danger: true },
      onOk: () => remove.mutateAsync(relay).catch(complain),
    });
  const lost = (relay: Relay) => Object.values(relay.counts).reduce((sum, n) => sum + n, 0) - relay.delivered;
  const actions = (relay: Relay): ReactNode => (
    <span className="row-tight wrap">
      <Link to={`/relays/${encodeURIComponent(relay.relay_id)}`} data-testid="relay-parity">
        {t("relay.parity")}
      </Link>
      {may("develop") && (
        <>
          <Button
            size="small"
            title={t("relay.testAbout")}
            loading={test.isPending && test.variables?.relay_id === relay.relay_id}
            onClick={() => test.mutate(relay, { onSuccess: tell, onError: complain })}
            data-testid="relay-test"
          >
            {t("relay.test")}
          </Button>
          <Button size="small" onClick={() => setForm({ relay })}>
            {t("relay.edit")}
          </Button>
          <Button size="small" danger onClick={() => ask(relay)}>
            {t("relay.remove")}
          </Button>
        </>
      )}
    </span>
  );
  const toggle = (relay: Relay) => (
    <Switch
      checked={relay.enabled}
      disabled={!may("develop")}
      checkedChildren={t("relay.on")}
      unCheckedChildren={t("relay.off")}
      aria-label={t("relay.switch")}
      loading={put.isPending && put.variables?.relay.relay_id === relay.relay_id}
      onChange={(enabled) => put.mutate({ relay, enabled }, { onError: complain })}
      data-testid="relay-switch"
    />
  );
  const lag = (relay: Relay) =>
    relay.waiting === 0 ? t("relay.noLag") : t("relay.lagValue", { n: whole(relay.waiting), s: whole(Math.round(relay.oldest_s)) });
  const name = (relay: Relay) => (
    <>
      <b>{sourceOf(relay)}</b> → {named("relay.kind", relay.kind)}
      <div className="faint">
        <Cut text={relay.url} width={280} />
      </div>
    </>
  );
  const numbers = (relay: Relay) => (
    <>
      {t("relay.delivered")} <b className="number" data-testid="relay-delivered">{whole(relay.delivered)}</b>
      <div className="faint">
        {t("relay.lost")} <span className="number">{whole(lost(relay))}</span>
      </div>
    </>
  );
  const columns: Columns<Relay> = [
    { title: t("relay.source"), key: "source", render: (_, one) => name(one) },
    { title: t("relay.switch"), key: "switch", render: (_, one) => toggle(one) },
    { title: t("relay.state"), key: "state", render: (_, one) => <Health relay={one} lag={lag(one)} /> },
    { title: t("relay.since"), dataIndex: "since_time", render: (time: string) => <Ago time={time} /> },
    { title: t("relay.delivered"), key: "delivered", render: (_, one) => numbers(one) },
    { title: "", key: "actions", align: "right", render: (_, one) => actions(one) },
  ];
  return (
    <PageFrame
      testId="page-relays"
      title={t("nav.relays")}
      about={t("relay.about")}
      extra={
        may("develop") && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setForm({ relay: null })} data-testid="relay-new">
            {t("relay.new")}
          </Button>
        )
      }
    >
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(one) => one.relay_id}
          label={t("nav.relays")}
          testId="relays-table"
          empty={<Nothing title={t("relay.none")}>{t("relay.noneText")}</Nothing>}
          card={(one) => (
            <>
              <div className="card-top">
                <span>{name(one)}</span>
                {toggle(one)}
              </div>
              <Health relay={one} lag={lag(one)} />
              <div>{numbers(one)}</div>
              {actions(one)}
            </>
          )}
        />
      </Panel>
      {form && (
        <RelayForm relay={form.relay} taken={itemsOf(read.data).map((one) => one.source_id)} onClose={() => setForm(null)} />
      )}
    </PageFrame>
  );
}

function Health({ relay, lag }: { relay: Relay; lag: string }) {
  const { t, w } = useLanguage();
  const state = !relay.enabled ? "off" : relay.failing_time ? "failing" : relay.last_ok_time ? "ok" : "waiting";
  const colours = { off: "default", failing: "error", ok: "success", waiting: "processing" };
  return (
    <div data-testid="relay-health">
      <Tag color={colours[state]}>{t(`relay.state.${state}`)}</Tag>
      <div className="faint">
        {lag}
        {relay.last_ok_time && (
          <>
            {" · "}
            {t("relay.lastOk")} <Ago time={relay.last_ok_time} />
          </>
        )}
      </div>
      {relay.error && relay.enabled && <div className="bad">{w(relay.error)}</div>}
    </div>
  );
}

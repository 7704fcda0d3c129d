import { AimOutlined } from "@ant-design/icons";
import { Alert, Button, Drawer } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { useRead } from "@/api/hooks";
import type { SeedPlan, SeedPlans } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { useSession } from "@/kit/session";
import { Ago } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { creatorHref, PersonLink, SEEDS } from "./parts";
import { SeedsDialog } from "./SeedsDialog";

const taken = (plan: SeedPlan) => plan.methods.find((one) => one.method === plan.method)!;
const byDegree = (plan: SeedPlan) => plan.methods.find((one) => one.method === "degree")!;

/** Choices of seeds under a budget: what was asked, who was taken, how far they reach against the best-connected. */
export function SeedsTab() {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const read = useRead<SeedPlans>(SEEDS);
  const [choosing, setChoosing] = useState(false);
  const [open, setOpen] = useState<string | null>(null);
  const add = may("operate") && (
    <Button type="primary" icon={<AimOutlined />} onClick={() => setChoosing(true)} data-testid="seeds-new">
      {t("seeds.new")}
    </Button>
  );
  const columns: Columns<SeedPlan> = [
    { title: t("seeds.when"), key: "when", render: (_, one) => <Ago time={one.made_time} /> },
    { title: t("seeds.among"), key: "among", render: (_, one) => t(`seeds.among.${one.ask.among ?? "everybody"}`) },
    { title: t("seeds.method"), key: "method", render: (_, one) => w(one.method_words) },
    { title: t("seeds.count"), key: "count", align: "right", render: (_, one) => <span className="number">{f.whole(taken(one).seeds)}</span> },
    { title: t("seeds.cost"), key: "cost", align: "right", render: (_, one) => <Cost plan={one} /> },
    { title: t("seeds.spread"), key: "spread", align: "right", render: (_, one) => <Spread plan={one} method={one.method} /> },
    { title: t("seeds.against"), key: "against", align: "right", render: (_, one) => <Against plan={one} /> },
  ];
  return (
    <>
      <div className="tools">
        <span className="faint">{t("seeds.about")}</span>
        <span className="grow" />
        {add}
      </div>
      <Panel flush>
        <ListTable
          read={{ data: read.data?.items, error: read.error, refetch: read.refetch }}
          columns={columns}
          rowKey={(one) => one.plan_id}
          label={t("koc.tab.seeds")}
          testId="seed-plans"
          onOpen={(one) => setOpen(one.plan_id)}
          empty={<Nothing title={t("seeds.none")} action={add}>{t("seeds.noneText")}</Nothing>}
          card={(one) => (
            <button type="button" className="card-button" onClick={() => setOpen(one.plan_id)}>
              <div className="card-top">
                <b>{w(one.method_words)}</b>
                <Against plan={one} />
              </div>
              <div className="faint">
                {t("seeds.count")} {f.whole(taken(one).seeds)} · <Spread plan={one} method={one.method} /> · <Ago time={one.made_time} />
              </div>
            </button>
          )}
        />
      </Panel>
      {choosing && (
        <SeedsDialog
          currency={read.data?.currency ?? f.currency}
          onClose={() => setChoosing(false)}
          onMade={(plan) => {
            setChoosing(false);
            setOpen(plan.plan_id);
          }}
        />
      )}
      {open && <Plan planId={open} onClose={() => setOpen(null)} />}
    </>
  );
}

function Cost({ plan }: { plan: SeedPlan }) {
  const f = useFormat();
  const cost = taken(plan).cost_minor;
  if (plan.ask.budget_minor === null || plan.ask.budget_minor === undefined) return <span className="faint">–</span>;
  return <span className="number">{f.money(cost, plan.currency)}</span>;
}

function Spread({ plan, method }: { plan: SeedPlan; method: string }) {
  const f = useFormat();
  const one = plan.methods.find((other) => other.method === method)!;
  const round = (n: number) => f.whole(Math.round(n));
  return (
    <span className="number nowrap">
      {round(one.mean)} <span className="faint">({round(one.low)}–{round(one.high)})</span>
    </span>
  );
}

function Against({ plan }: { plan: SeedPlan }) {
  const ratio = byDegree(plan).mean > 0 ? taken(plan).mean / byDegree(plan).mean : null;
  return <b className="number">{ratio === null ? "–" : `${ratio.toFixed(2)} ×`}</b>;
}

function Plan({ planId, onClose }: { planId: string; onClose: () => void }) {
  const { t } = useLanguage();
  const read = useRead<SeedPlan>(`${SEEDS}/${encodeURIComponent(planId)}`);
  return (
    <Drawer open onClose={onClose} title={t("seeds.title")} size="large" data-testid="seed-plan">
      <Shown read={read} rows={10}>
        {(plan) => <Chosen plan={plan} />}
      </Shown>
    </Drawer>
  );
}

function Chosen({ plan }: { plan: SeedPlan }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const priced = plan.ask.budget_minor !== null && plan.ask.budget_minor !== undefined;
  type Method = SeedPlan["methods"][number];
  type Seed = SeedPlan["seeds"][number];
  const methods: Columns<Method> = [
    { title: t("seeds.method"), key: "method", render: (_, one) => (one.method === plan.method ? <b>{w(one.words)}</b> : w(one.words)) },
    { title: t("seeds.count"), dataIndex: "seeds", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
    { title: t("seeds.spread"), key: "spread", align: "right", render: (_, one) => <Spread plan={plan} method={one.method} /> },
  ];
  const seeds: Columns<Seed> = [
    { title: "#", dataIndex: "place", align: "right", width: 50, render: (n: number) => <span className="faint number">{n}</span> },
    { title: t("seeds.person"), key: "who", render: (_, one) => <PersonLink userId={one.user_id} to={creatorHref(one.user_id)} /> },
    { title: t("seeds.gain"), dataIndex: "gain", align: "right", render: (n: number) => <b className="number">{f.whole(Math.round(n))}</b> },
    { title: t("seeds.alone"), dataIndex: "alone", align: "right", render: (n: number) => <span className="number">{f.whole(Math.round(n))}</span> },
    ...(priced
      ? [{ title: t("seeds.cost"), dataIndex: "cost_minor", align: "right" as const, render: (n: number) => <span className="number">{f.money(n, plan.currency)}</span> }]
      : []),
  ];
  return (
    <>
      <Alert
        type="info"
        showIcon
        className="gap"
        title={t("seeds.guarantee", { share: f.percent(plan.guarantee), sets: f.whole(plan.sets), ms: f.whole(plan.took_ms) })}
        description={
          <>
            {t("seeds.network", { people: f.whole(plan.people), ties: f.whole(plan.ties), candidates: f.whole(plan.candidates) })} · {w(plan.model_words)} ·{" "}
            {w(plan.weights_words)}
            {plan.overlap !== null && <> · {t("seeds.overlap", { share: f.percent(plan.overlap) })}</>}
            <div className="faint">{t("seeds.simulated")}</div>
          </>
        }
      />
      <ListTable
        read={{ data: plan.methods, error: null, refetch: () => undefined }}
        columns={methods}
        rowKey={(one) => one.method}
        label={t("seeds.against")}
        testId="seed-methods"
        empty={null}
      />
      <div className="tools gap">
        <Link to={peopleHref({ kind: "seeds", plan_id: plan.plan_id })} data-testid="seed-people">
          {t("seeds.people")}
        </Link>
        {plan.gone > 0 && <span className="faint">{t("seeds.gone", { n: plan.gone })}</span>}
      </div>
      <ListTable
        read={{ data: plan.seeds, error: null, refetch: () => undefined }}
        columns={seeds}
        rowKey={(one) => one.person_no}
        label={t("seeds.people")}
        testId="seed-list"
        empty={null}
      />
    </>
  );
}

import { PlusOutlined } from "@ant-design/icons";
import { Button, Form, Input, InputNumber } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { LedgerBudget } from "@/api/types";
import { useLanguage } from "@/i18n";
import { minorDigits } from "@/kit/format";
import { FormDialog } from "@/kit/FormDialog";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { onceKey } from "@/kit/onceKey";
import { useSession } from "@/kit/session";
import { Ago } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";

export const BUDGETS = "/api/ledger/budgets";

export function BudgetsTab() {
  const { t } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const read = useRead<LedgerBudget[]>(BUDGETS);
  const [making, setMaking] = useState(false);
  const [funding, setFunding] = useState<LedgerBudget | null>(null);
  const money = (minor: number, one: LedgerBudget) => <span className="number nowrap">{f.money(minor, one.currency)}</span>;
  const fund = (one: LedgerBudget) =>
    may("operate") && (
      <Button size="small" onClick={() => setFunding(one)} data-testid="budget-fund">
        {t("ledger.fund")}
      </Button>
    );
  const columns: Columns<LedgerBudget> = [
    { title: t("ledger.budget"), dataIndex: "name", render: (name: string) => <b>{name}</b> },
    { title: t("ledger.available"), key: "available", align: "right", render: (_, one) => money(one.available_minor, one) },
    { title: t("ledger.pendingOut"), key: "held", align: "right", render: (_, one) => money(one.held_minor, one) },
    { title: t("ledger.created"), dataIndex: "created_time", render: (time: string) => <Ago time={time} /> },
    { title: "", key: "fund", align: "right", render: (_, one) => fund(one) },
  ];
  return (
    <>
      <div className="tools">
        <span className="grow" />
        {may("operate") && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)} data-testid="budget-new">
            {t("ledger.budgetNew")}
          </Button>
        )}
      </div>
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(one) => one.budget_id}
          label={t("ledger.tab.budgets")}
          testId="budgets-table"
          empty={<Nothing title={t("ledger.noBudgets")}>{t("ledger.noBudgetsText")}</Nothing>}
          card={(one) => (
            <>
              <div className="card-top">
                <b className="break">{one.name}</b>
                {money(one.available_minor, one)}
              </div>
              <div className="card-top faint">
                <Ago time={one.created_time} />
                {fund(one)}
              </div>
            </>
          )}
        />
      </Panel>
      {making && <NewBudget onClose={() => setMaking(false)} />}
      {funding && <Fund budget={funding} onClose={() => setFunding(null)} />}
    </>
  );
}

const minor = (major: number, currency: string) => Math.round(major * 10 ** minorDigits(currency));

function NewBudget({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  const { currency } = useFormat();
  const [form] = Form.useForm<{ name: string; amount: number; currency: string }>();
  const save = useWrite<object, LedgerBudget>((body) => api.post(BUDGETS, body), [BUDGETS]);
  return (
    <FormDialog
      form={form}
      name="budget"
      title={t("ledger.budgetNew")}
      initialValues={{ name: "", amount: 0, currency }}
      saving={save}
      onFinish={(given) =>
        save.mutate(
          { name: given.name, currency: given.currency, amount_minor: minor(given.amount ?? 0, given.currency) },
          { onSuccess: onClose },
        )
      }
      onClose={onClose}
    >
      <Form.Item name="name" label={t("ledger.budgetName")} rules={[{ required: true, whitespace: true, message: t("form.required") }]}>
        <Input maxLength={120} />
      </Form.Item>
      <Form.Item name="currency" label={t("ledger.currency")} rules={[{ pattern: /^[A-Z]{3}$/, message: t("form.required") }]}>
        <Input maxLength={3} />
      </Form.Item>
      <Form.Item name="amount" label={t("ledger.budgetAmount")}>
        <InputNumber className="field-wide" min={0} precision={2} />
      </Form.Item>
    </FormDialog>
  );
}

function Fund({ budget, onClose }: { budget: LedgerBudget; onClose: () => void }) {
  const { t } = useLanguage();
  const [form] = Form.useForm<{ amount: number }>();
  const [key] = useState(() => onceKey());
  const path = `${BUDGETS}/${encodeURIComponent(budget.budget_id)}/fund`;
  const save = useWrite<object, LedgerBudget>((body) => api.post(path, body), [BUDGETS, "/api/ledger/state"]);
  return (
    <FormDialog
      form={form}
      name="fund"
      title={`${t("ledger.fund")} · ${budget.name}`}
      initialValues={{}}
      saving={save}
      onFinish={({ amount }) => save.mutate({ key, amount_minor: minor(amount, budget.currency) }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Form.Item name="amount" label={`${t("ledger.fundAmount")} ${budget.currency}`} rules={[{ required: true, message: t("form.required") }]}>
        <InputNumber className="field-wide" precision={minorDigits(budget.currency)} />
      </Form.Item>
    </FormDialog>
  );
}

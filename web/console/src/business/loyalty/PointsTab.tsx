import { PlusOutlined } from "@ant-design/icons";
import { App, Button, Form, Input, InputNumber, Tag } from "antd";
import { useState } from "react";
import { api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { NewPointsRule, PointsGoods, PointsOf, PointsRule, PointsState } from "@/api/types";
import { useLanguage } from "@/i18n";
import { minorDigits } from "@/kit/format";
import { FormDialog } from "@/kit/FormDialog";
import { ListTable, type Columns } from "@/kit/ListTable";
import { onceKey } from "@/kit/onceKey";
import { Panel, Tile } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Ago } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { Redemptions } from "./Redemptions";

const POINTS = "/api/loyalty/points";
const RULES = `${POINTS}/rules`;
export const GOODS = `${POINTS}/goods`;
type Doing = "rule" | "goods" | "grant" | null;

export function PointsTab() {
  const { t } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const state = useRead<PointsState>(POINTS);
  const [doing, setDoing] = useState<Doing>(null);
  const number = (value: number | undefined) => (value === undefined ? "–" : f.whole(value));
  return (
    <>
      <div className="tiles tiles-4" data-testid="points-tiles">
        <Tile label={t("points.withPeople")} value={number(state.data?.with_people)} testId="points-with-people" />
        <Tile label={t("points.people")} value={number(state.data?.people)} />
        <Tile label={t("points.redeemed")} value={number(state.data?.redeemed)} />
        <Tile label={t("points.expired")} value={number(state.data?.expired)} />
      </div>
      {may("operate") && (
        <div className="tools">
          <span className="grow" />
          <Button onClick={() => setDoing("grant")} data-testid="points-grant">
            {t("points.grant")}
          </Button>
        </div>
      )}
      <Rules onNew={() => setDoing("rule")} />
      <GoodsList onNew={() => setDoing("goods")} />
      <Redemptions />
      {doing === "rule" && <RuleForm onClose={() => setDoing(null)} />}
      {doing === "goods" && <GoodsForm onClose={() => setDoing(null)} />}
      {doing === "grant" && <GrantForm onClose={() => setDoing(null)} />}
    </>
  );
}

function Add({ label, onClick, testId }: { label: string; onClick: () => void; testId: string }) {
  const { may } = useSession();
  return may("operate") ? (
    <Button size="small" icon={<PlusOutlined />} onClick={onClick} data-testid={testId}>
      {label}
    </Button>
  ) : null;
}

function Rules({ onNew }: { onNew: () => void }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const read = useRead<PointsRule[]>(RULES);
  const end = useWrite<string, PointsRule>((id) => api.post(`${RULES}/${encodeURIComponent(id)}/end`), [RULES]);
  const earns = (one: PointsRule) =>
    one.per_minor
      ? t("points.perAmount", { amount: f.money(one.per_minor, one.currency ?? null), points: f.whole(one.points) })
      : t("points.perEvent", { points: f.whole(one.points) });
  const cap = (one: PointsRule) => (one.most_a_day ? f.whole(one.most_a_day) : "–");
  const state = (one: PointsRule) =>
    one.ended_time ? <Tag>{t("points.ended")}</Tag> : <Tag color="success">{t("points.living")}</Tag>;
  const action = (one: PointsRule) =>
    may("operate") && !one.ended_time ? (
      <Button size="small" onClick={() => end.mutate(one.rule_id, { onError: (error) => void message.error(w(error.words)) })}>
        {t("points.end")}
      </Button>
    ) : null;
  const columns: Columns<PointsRule> = [
    { title: t("points.ruleName"), dataIndex: "name", render: (name: string) => <b>{name}</b> },
    { title: t("points.event"), dataIndex: "event", render: (event: string) => <code>{event}</code> },
    { title: t("points.earns"), key: "earns", render: (_, one) => earns(one) },
    { title: t("points.cap"), key: "cap", align: "right", render: (_, one) => <span className="number">{cap(one)}</span> },
    { title: t("points.days"), dataIndex: "valid_days", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
    { title: t("coupon.state"), key: "state", render: (_, one) => state(one) },
    { title: "", key: "action", align: "right", render: (_, one) => action(one) },
  ];
  return (
    <Panel flush title={t("points.rules")} extra={<Add label={t("points.ruleNew")} onClick={onNew} testId="rule-new" />}>
      <ListTable
        read={read}
        columns={columns}
        rowKey={(one) => one.rule_id}
        label={t("points.rules")}
        testId="rules-table"
        empty={<Nothing title={t("points.noRules")}>{t("points.noRulesText")}</Nothing>}
        card={(one) => (
          <>
            <div className="card-top">
              <b className="break">{one.name}</b>
              {state(one)}
            </div>
            <div className="card-top faint">
              <span className="break">
                <code>{one.event}</code> · {earns(one)}
              </span>
              {action(one)}
            </div>
          </>
        )}
      />
    </Panel>
  );
}

function GoodsList({ onNew }: { onNew: () => void }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const read = useRead<PointsGoods[]>(GOODS);
  const [stocking, setStocking] = useState<PointsGoods | null>(null);
  const set = useWrite<PointsGoods, PointsGoods>(
    (one) => api.post(`${GOODS}/${encodeURIComponent(one.goods_id)}/state`, { state: one.state === "active" ? "paused" : "active" }),
    [GOODS],
  );
  const action = (one: PointsGoods) =>
    may("operate") ? (
      <span className="row-tight wrap">
        <Button size="small" onClick={() => setStocking(one)}>
          {t("coupon.stockChange")}
        </Button>
        <Button size="small" onClick={() => set.mutate(one, { onError: (error: ApiError) => void message.error(w(error.words)) })}>
          {t(one.state === "active" ? "points.pause" : "points.resume")}
        </Button>
      </span>
    ) : null;
  const name = (one: PointsGoods) => (
    <>
      <b className="break">{one.name}</b> {one.state === "paused" && <Tag>{t("points.paused")}</Tag>}
    </>
  );
  const columns: Columns<PointsGoods> = [
    { title: t("points.goodsName"), key: "name", render: (_, one) => name(one) },
    { title: t("points.price"), dataIndex: "points", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
    { title: t("coupon.left"), dataIndex: "stock", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
    { title: t("ledger.created"), dataIndex: "created_time", render: (time: string) => <Ago time={time} /> },
    { title: "", key: "action", align: "right", render: (_, one) => action(one) },
  ];
  return (
    <Panel flush title={t("points.goods")} extra={<Add label={t("points.goodsNew")} onClick={onNew} testId="goods-new" />}>
      <ListTable
        read={read}
        columns={columns}
        rowKey={(one) => one.goods_id}
        label={t("points.goods")}
        testId="goods-table"
        empty={<Nothing title={t("points.noGoods")}>{t("points.noGoodsText")}</Nothing>}
        card={(one) => (
          <>
            <div className="card-top">
              <span>{name(one)}</span>
              <span className="number">{f.whole(one.points)}</span>
            </div>
            <div className="card-top faint">
              <span>
                {t("coupon.left")} {f.whole(one.stock)}
              </span>
              {action(one)}
            </div>
          </>
        )}
      />
      {stocking && <StockForm goods={stocking} onClose={() => setStocking(null)} />}
    </Panel>
  );
}

function RuleForm({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  const { currency } = useFormat();
  const [form] = Form.useForm<{ name: string; event: string; points: number; per: number; most_a_day: number; valid_days: number }>();
  const save = useWrite<NewPointsRule, PointsRule>((body) => api.post(RULES, body), [RULES]);
  const needed = [{ required: true, message: t("form.required") }];
  return (
    <FormDialog
      form={form}
      name="rule"
      title={t("points.ruleNew")}
      initialValues={{ name: "", event: "Order Completed", points: 1, per: 0, most_a_day: 0, valid_days: 365 }}
      saving={save}
      onFinish={({ name, event, points, per, most_a_day, valid_days }) =>
        save.mutate(
          { name, event, points, currency, per_minor: Math.round((per ?? 0) * 10 ** minorDigits(currency)), most_a_day: most_a_day ?? 0, valid_days },
          { onSuccess: onClose },
        )
      }
      onClose={onClose}
    >
      <Form.Item name="name" label={t("points.ruleName")} rules={needed}>
        <Input maxLength={120} />
      </Form.Item>
      <Form.Item name="event" label={t("points.event")} extra={t("points.eventText")} rules={needed}>
        <Input maxLength={120} />
      </Form.Item>
      <div className="form-pair">
        <Form.Item name="points" label={t("points.earns")} rules={needed}>
          <InputNumber className="field-wide" min={1} precision={0} />
        </Form.Item>
        <Form.Item name="per" label={`${t("points.per")} ${currency}`}>
          <InputNumber className="field-wide" min={0} precision={minorDigits(currency)} />
        </Form.Item>
        <Form.Item name="most_a_day" label={t("points.cap")}>
          <InputNumber className="field-wide" min={0} precision={0} />
        </Form.Item>
        <Form.Item name="valid_days" label={t("points.days")} rules={needed}>
          <InputNumber className="field-wide" min={1} max={3650} precision={0} />
        </Form.Item>
      </div>
    </FormDialog>
  );
}

function GoodsForm({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  const [form] = Form.useForm<{ name: string; points: number; stock: number }>();
  const save = useWrite<object, PointsGoods>((body) => api.post(GOODS, body), [GOODS]);
  const needed = [{ required: true, message: t("form.required") }];
  return (
    <FormDialog
      form={form}
      name="goods"
      title={t("points.goodsNew")}
      initialValues={{ name: "", stock: 0 }}
      saving={save}
      onFinish={(given) => save.mutate(given, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Form.Item name="name" label={t("points.goodsName")} rules={needed}>
        <Input maxLength={120} />
      </Form.Item>
      <Form.Item name="points" label={t("points.price")} rules={needed}>
        <InputNumber className="field-wide" min={1} precision={0} />
      </Form.Item>
      <Form.Item name="stock" label={t("coupon.stock")} rules={needed}>
        <InputNumber className="field-wide" min={0} precision={0} />
      </Form.Item>
    </FormDialog>
  );
}

function StockForm({ goods, onClose }: { goods: PointsGoods; onClose: () => void }) {
  const { t } = useLanguage();
  const [key] = useState(onceKey);
  const [form] = Form.useForm<{ change: number }>();
  const save = useWrite<object, PointsGoods>((body) => api.post(`${GOODS}/${encodeURIComponent(goods.goods_id)}/stock`, body), [GOODS]);
  return (
    <FormDialog
      form={form}
      name="goods-stock"
      title={`${t("coupon.stockChange")} · ${goods.name}`}
      initialValues={{}}
      saving={save}
      onFinish={({ change }) => save.mutate({ key, change }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Form.Item name="change" label={t("coupon.change")} rules={[{ required: true, message: t("form.required") }]}>
        <InputNumber className="field-wide" precision={0} />
      </Form.Item>
    </FormDialog>
  );
}

function GrantForm({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  const f = useFormat();
  const { message } = App.useApp();
  const [key] = useState(onceKey);
  const [form] = Form.useForm<{ user_id: string; points: number; reason: string }>();
  const save = useWrite<object, PointsOf>((body) => api.post(`${POINTS}/grant`, body), [POINTS]);
  const needed = [{ required: true, message: t("form.required") }];
  return (
    <FormDialog
      form={form}
      name="points"
      title={t("points.grant")}
      initialValues={{ user_id: "", reason: "" }}
      saving={save}
      onFinish={(given) =>
        save.mutate(
          { ...given, key },
          {
            onSuccess: (now) => {
              void message.success(t("points.granted", { n: f.whole(now.available) }));
              onClose();
            },
          },
        )
      }
      onClose={onClose}
    >
      <Form.Item name="user_id" label={t("coupon.userId")} rules={needed}>
        <Input maxLength={200} />
      </Form.Item>
      <Form.Item name="points" label={t("points.grantPoints")} rules={needed}>
        <InputNumber className="field-wide" precision={0} />
      </Form.Item>
      <Form.Item name="reason" label={t("coupon.reason")} rules={needed}>
        <Input maxLength={200} />
      </Form.Item>
    </FormDialog>
  );
}

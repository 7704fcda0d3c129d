import { DownloadOutlined } from "@ant-design/icons";
import { App, Button, Form, Input, InputNumber, Popconfirm } from "antd";
import { useState } from "react";
import { address, api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Coupon, CouponDetail, Page } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chips } from "@/kit/Chips";
import { FormDialog } from "@/kit/FormDialog";
import { ListTable, type Columns } from "@/kit/ListTable";
import { onceKey } from "@/kit/onceKey";
import { Search } from "@/kit/Search";
import { useSession } from "@/kit/session";
import { Ago, At, Facts } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { codesOf } from "./CouponForm";
import { TEMPLATES, TemplateState } from "./CouponsTab";

const STATES = ["free", "held", "reserved", "redeemed", "expired", "withdrawn"];
type Doing = "stock" | "codes" | "grant" | null;

/** One kind of coupon: its published rules, what is left, and every coupon of it. */
export function CouponDrawer({ id }: { id: string }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const path = `${TEMPLATES}/${encodeURIComponent(id)}`;
  const read = useRead<CouponDetail>(path);
  const [doing, setDoing] = useState<Doing>(null);
  const set = useWrite<string, CouponDetail>((state) => api.post(`${path}/state`, { state }), [TEMPLATES, path]);
  const complain = { onError: (error: ApiError) => void message.error(w(error.words)) };
  return (
    <Shown read={read} rows={10}>
      {(one) => (
        <>
          <Facts
            items={[
              [t("coupon.name"), <b key="name">{one.name}</b>],
              [t("coupon.state"), <TemplateState key="state" state={one.state} />],
              [t("coupon.rules"), w(one.rules)],
              [t("coupon.period"), <span key="p" className="number">{`${f.date(one.starts_time)} – ${f.date(one.ends_time)}`}</span>],
              [t("coupon.issued"), f.whole(one.issued)],
              [t("coupon.left"), <b key="left" data-testid="coupon-left">{f.whole(one.stock)}</b>],
              ...(one.elsewhere ? [[t("coupon.elsewhere"), "✓"] as [string, string]] : []),
            ]}
          />
          {may("operate") && (
            <div className="tools gap">
              {one.state === "active" && (
                <Button data-testid="coupon-grant" onClick={() => setDoing("grant")}>
                  {t("coupon.grant")}
                </Button>
              )}
              {one.state !== "ended" && (
                <Button onClick={() => setDoing(one.pool ? "codes" : "stock")} data-testid="coupon-stock">
                  {t(one.pool ? "coupon.addCodes" : "coupon.stockChange")}
                </Button>
              )}
              {one.pool && (
                <Button icon={<DownloadOutlined />} href={address(`${path}/codes.csv`)}>
                  {t("coupon.exportCodes")}
                </Button>
              )}
              {one.state !== "ended" && (
                <>
                  <Button
                    loading={set.isPending}
                    onClick={() => set.mutate(one.state === "active" ? "paused" : "active", complain)}
                    data-testid="coupon-pause"
                  >
                    {t(one.state === "active" ? "coupon.pause" : "coupon.resume")}
                  </Button>
                  <Popconfirm title={t("coupon.endAsk")} description={t("coupon.endText")} onConfirm={() => set.mutate("ended", complain)}>
                    <Button danger>{t("coupon.end")}</Button>
                  </Popconfirm>
                </>
              )}
            </div>
          )}
          <CouponList path={path} counts={one.counts} currency={one.terms.currency ?? null} />
          {doing === "grant" && <Grant path={path} onClose={() => setDoing(null)} />}
          {doing === "stock" && <Stock path={path} onClose={() => setDoing(null)} />}
          {doing === "codes" && <Codes path={path} onClose={() => setDoing(null)} />}
        </>
      )}
    </Shown>
  );
}

function CouponList({ path, counts, currency }: { path: string; counts: Record<string, number>; currency: string | null }) {
  const { t, w, named } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const { modal, message } = App.useApp();
  const [state, setState] = useState("");
  const [search, setSearch] = useState("");
  const [cursors, setCursors] = useState<string[]>([]);
  const list = `${path}/coupons`;
  const read = useRead<Page<Coupon>>(list, { state, search, cursor: cursors.at(-1) }, { keep: true });
  const withdraw = useWrite<{ id: string; reason: string }, Coupon>(
    ({ id, reason }) => api.post(`/api/loyalty/coupons/${encodeURIComponent(id)}/withdraw`, { reason }),
    [list, path, TEMPLATES],
  );
  const ask = (one: Coupon) => {
    let reason = "";
    void modal.confirm({
      title: t("coupon.withdrawAsk"),
      content: <Input maxLength={200} placeholder={t("coupon.reason")} onChange={(event) => (reason = event.target.value)} data-testid="withdraw-reason" />,
      okText: t("coupon.withdraw"),
      okButtonProps: { danger: true },
      onOk: () => withdraw.mutateAsync({ id: one.coupon_id, reason }).catch((error: ApiError) => void message.error(w(error.words))),
    });
  };
  const action = (one: Coupon) =>
    one.state === "held" && may("operate") ? (
      <Button size="small" danger onClick={() => ask(one)}>
        {t("coupon.withdraw")}
      </Button>
    ) : null;
  const columns: Columns<Coupon> = [
    { title: t("coupon.code"), dataIndex: "code", render: (code: string) => <code>{code}</code> },
    { title: t("coupon.state"), dataIndex: "state", render: (one: string) => named("coupon.of", one) },
    { title: t("coupon.person"), dataIndex: "person", render: (person: string | null) => (person ? <code>{person}</code> : <span className="faint">–</span>) },
    { title: t("coupon.order"), dataIndex: "order_id", render: (order: string | null) => (order ? <code>{order}</code> : <span className="faint">–</span>) },
    { title: t("coupon.off"), dataIndex: "off_minor", align: "right", render: (off: number | null) => <span className="number">{off === null ? "–" : f.money(off, currency)}</span> },
    { title: t("coupon.expires"), dataIndex: "expires_time", render: (time: string) => <At time={time} seconds={false} /> },
    { title: t("coupon.changed"), dataIndex: "changed_time", render: (time: string) => <Ago time={time} /> },
    { title: "", key: "action", render: (_, one) => action(one) },
  ];
  const narrowed = (change: () => void) => {
    change();
    setCursors([]);
  };
  return (
    <>
      <Chips
        testId="coupon-counts"
        chips={STATES.filter((one) => counts[one]).map((one) => ({ value: one, label: named("coupon.of", one), count: counts[one] ?? 0 }))}
        chosen={state}
        onChoose={(one) => narrowed(() => setState(one))}
      />
      <div className="tools">
        <Search value={search} onSearch={(text) => narrowed(() => setSearch(text))} placeholder={t("coupon.search")} testId="coupon-search" />
      </div>
      <ListTable
        read={read}
        columns={columns}
        rowKey={(one) => one.coupon_id}
        label={t("loyalty.tab.coupons")}
        testId="coupon-list"
        pager={{
          cursor: cursors.at(-1),
          number: cursors.length + 1,
          next: (cursor) => setCursors([...cursors, cursor]),
          back: () => setCursors(cursors.slice(0, -1)),
        }}
        empty={<Nothing title={t("coupon.noCoupons")} />}
        card={(one) => (
          <>
            <div className="card-top">
              <code className="break">{one.code}</code>
              <span>{named("coupon.of", one.state)}</span>
            </div>
            <div className="card-top faint">
              <span className="break">
                {one.person ?? "–"} {one.order_id && <>· {one.order_id}</>}
              </span>
              {action(one)}
            </div>
          </>
        )}
      />
    </>
  );
}

function Grant({ path, onClose }: { path: string; onClose: () => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [key] = useState(onceKey);
  const [form] = Form.useForm<{ user_id: string }>();
  const save = useWrite<object, Coupon>((body) => api.post(`${path}/grant`, body), [path, `${path}/coupons`, TEMPLATES]);
  return (
    <FormDialog
      form={form}
      name="grant"
      title={t("coupon.grant")}
      does={t("coupon.grant")}
      initialValues={{ user_id: "" }}
      saving={save}
      onFinish={({ user_id }) =>
        save.mutate(
          { key, user_id },
          {
            onSuccess: (made) => {
              void message.success(t("coupon.granted", { code: made.code }));
              onClose();
            },
          },
        )
      }
      onClose={onClose}
    >
      <Form.Item name="user_id" label={t("coupon.userId")} rules={[{ required: true, whitespace: true, message: t("form.required") }]}>
        <Input maxLength={200} />
      </Form.Item>
    </FormDialog>
  );
}

function Stock({ path, onClose }: { path: string; onClose: () => void }) {
  const { t } = useLanguage();
  const [key] = useState(onceKey);
  const [form] = Form.useForm<{ change: number }>();
  const save = useWrite<object, CouponDetail>((body) => api.post(`${path}/stock`, body), [path, TEMPLATES]);
  return (
    <FormDialog
      form={form}
      name="stock"
      title={t("coupon.stockChange")}
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

function Codes({ path, onClose }: { path: string; onClose: () => void }) {
  const { t } = useLanguage();
  const [form] = Form.useForm<{ codes: string; count: number }>();
  const save = useWrite<object, CouponDetail>((body) => api.post(`${path}/codes`, body), [path, `${path}/coupons`, TEMPLATES]);
  return (
    <FormDialog
      form={form}
      name="codes"
      title={t("coupon.addCodes")}
      initialValues={{ codes: "", count: 0 }}
      saving={save}
      onFinish={({ codes, count }) => save.mutate({ codes: codesOf(codes ?? ""), count: count ?? 0 }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Form.Item name="codes" label={t("coupon.codes")}>
        <Input.TextArea rows={6} />
      </Form.Item>
      <Form.Item name="count" label={t("coupon.codeCount")}>
        <InputNumber className="field-wide" min={0} max={10_000} precision={0} />
      </Form.Item>
    </FormDialog>
  );
}

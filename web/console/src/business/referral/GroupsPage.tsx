/** Group buying: offers with their groups in numbers, a new offer, the groups of one. */
import { PlusOutlined } from "@ant-design/icons";
import { App, Button, Drawer, Form, Input, InputNumber, Popconfirm, Segmented, Tag } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { BuyingGroup, GroupOffer, NewGroupOffer, Page } from "@/api/types";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import { ListTable, type Columns } from "@/kit/ListTable";
import { PageFrame, Panel, Tile } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Ago } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";
import { toMinor } from "./spec";

const OFFERS = "/api/referral/offers";
const COLOURS: Record<string, string> = { draft: "default", running: "processing", ended: "default", open: "processing", succeeded: "success", failed: "error" };

export default function GroupsPage() {
  const { t, named } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const read = useRead<{ items: GroupOffer[] }>(OFFERS, {}, { every: 5_000 });
  const [open, setOpen] = useState<string | null>(null);
  const [making, setMaking] = useState(false);
  const chosen = read.data?.items.find((one) => one.offer_id === open);
  const state = (one: GroupOffer) => <Tag color={COLOURS[one.state]}>{named("grp.offer", one.state)}</Tag>;
  const number = (value: number) => <span className="number">{f.whole(value)}</span>;
  const rate = (one: GroupOffer) => (one.succeeded + one.failed ? f.percent(one.succeeded / (one.succeeded + one.failed)) : "–");
  const columns: Columns<GroupOffer> = [
    {
      title: t("grp.name"),
      key: "name",
      render: (_, one) => (
        <>
          <b>{one.name}</b>
          <div className="faint small">
            <code>{one.product_id}</code>
          </div>
        </>
      ),
    },
    { title: t("ref.stateOf"), key: "state", render: (_, one) => state(one) },
    { title: t("grp.price"), key: "price", align: "right", render: (_, one) => <span className="number">{f.money(one.price_minor, one.currency)}</span> },
    { title: t("grp.size"), key: "size", align: "right", render: (_, one) => number(one.size) },
    { title: t("grp.open"), key: "open", align: "right", render: (_, one) => number(one.open) },
    { title: t("grp.succeeded"), key: "succeeded", align: "right", render: (_, one) => number(one.succeeded) },
    { title: t("grp.failed"), key: "failed", align: "right", render: (_, one) => number(one.failed) },
    { title: t("grp.rate"), key: "rate", align: "right", render: (_, one) => <span className="number">{rate(one)}</span> },
    { title: t("grp.refundDue"), key: "due", align: "right", render: (_, one) => number(one.refund_due) },
  ];
  const create = may("operate") && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)} data-testid="grp-new">
      {t("grp.new")}
    </Button>
  );
  return (
    <PageFrame testId="page-groups" title={t("nav.groups")} about={t("grp.about")} extra={create}>
      <Panel flush>
        <ListTable
          read={{ ...read, data: read.data?.items }}
          columns={columns}
          rowKey={(one) => one.offer_id}
          label={t("nav.groups")}
          testId="grp-table"
          onOpen={(one) => setOpen(one.offer_id)}
          empty={
            <Nothing title={t("grp.none")} action={create}>
              {t("grp.noneText")}
            </Nothing>
          }
          card={(one) => (
            <button type="button" className="card-button" onClick={() => setOpen(one.offer_id)}>
              <div className="card-top">
                <b className="break">{one.name}</b>
                {state(one)}
              </div>
              <div className="faint">
                {f.money(one.price_minor, one.currency)} · {t("grp.of", { n: one.size })} · {t("grp.succeeded")} {f.whole(one.succeeded)} · {t("grp.failed")} {f.whole(one.failed)}
              </div>
            </button>
          )}
        />
      </Panel>
      <Drawer open={chosen !== undefined} onClose={() => setOpen(null)} title={chosen?.name} size="large">
        {chosen && <Detail offer={chosen} />}
      </Drawer>
      {making && <OfferDialog onClose={() => setMaking(false)} />}
    </PageFrame>
  );
}

function Detail({ offer }: { offer: GroupOffer }) {
  const { t, w, named } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const pager = usePager();
  const [state, setState] = useState("");
  const path = `${OFFERS}/${encodeURIComponent(offer.offer_id)}`;
  const read = useRead<Page<BuyingGroup>>(`${path}/groups`, { state, cursor: pager.cursor }, { keep: true, every: 5_000 });
  const move = useWrite<string, GroupOffer>((to) => api.post(`${path}/${to}`), [OFFERS, `${OFFERS}/`]);
  const step = offer.state === "draft" ? "start" : offer.state === "running" ? "end" : null;
  const columns: Columns<BuyingGroup> = [
    { title: t("grp.group"), dataIndex: "group_id", render: (id: string) => <code>{id.slice(-8)}</code> },
    { title: t("ref.stateOf"), key: "state", render: (_, one) => <Tag color={COLOURS[one.state]}>{named("grp.state", one.state)}</Tag> },
    { title: t("grp.joined"), key: "joined", align: "right", render: (_, one) => <span className="number">{`${one.joined} / ${one.size}`}</span> },
    { title: t("grp.missing"), key: "missing", align: "right", render: (_, one) => <span className="number">{one.missing}</span> },
    { title: t("grp.opened"), key: "opened", render: (_, one) => <Ago time={one.opened_time} /> },
    { title: t("grp.expires"), key: "expires", render: (_, one) => <Ago time={one.expires_time} /> },
  ];
  return (
    <>
      <div className="tiles tiles-small">
        <Tile label={t("grp.people")} value={f.whole(offer.people)} />
        <Tile label={t("grp.sold")} value={offer.stock ? `${f.whole(offer.sold)} / ${f.whole(offer.stock)}` : f.whole(offer.sold)} />
        <Tile label={t("grp.hours")} value={f.whole(offer.hours)} />
        <Tile label={t("grp.refundDue")} value={f.whole(offer.refund_due)} />
      </div>
      <div className="tools gap">
        <Segmented
          className="scrolling"
          value={state}
          onChange={setState}
          options={["", "open", "succeeded", "failed"].map((value) => ({ value, label: value ? named("grp.state", value) : t("grp.all") }))}
        />
        <span className="grow" />
        {step && may("operate") && (
          <Popconfirm
            title={t(step === "start" ? "grp.sureStart" : "grp.sureEnd")}
            onConfirm={() => move.mutate(step, { onError: (error) => void message.error(w(error.words)) })}
          >
            <Button type={step === "start" ? "primary" : "default"} danger={step === "end"} loading={move.isPending} data-testid={`grp-${step}`}>
              {t(step === "start" ? "grp.start" : "grp.end")}
            </Button>
          </Popconfirm>
        )}
      </div>
      <ListTable
        read={read}
        columns={columns}
        rowKey={(one) => one.group_id}
        label={t("grp.groups")}
        testId="grp-groups"
        pager={pager}
        empty={<Nothing title={t("grp.noGroups")}>{t("grp.noGroupsText")}</Nothing>}
        card={(one) => (
          <>
            <div className="card-top">
              <code>{one.group_id.slice(-8)}</code>
              <Tag color={COLOURS[one.state]}>{named("grp.state", one.state)}</Tag>
            </div>
            <div className="faint">
              {`${one.joined} / ${one.size}`} · <Ago time={one.opened_time} />
            </div>
          </>
        )}
      />
    </>
  );
}

interface Wanted {
  name: string;
  product_id: string;
  price: number;
  size: number;
  hours: number;
  stock: number;
}

function OfferDialog({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  const { currency } = useFormat();
  const [form] = Form.useForm<Wanted>();
  const save = useWrite<NewGroupOffer, GroupOffer>((given) => api.post(OFFERS, given), [OFFERS]);
  return (
    <FormDialog
      form={form}
      title={t("grp.new")}
      initialValues={{ size: 3, hours: 24, stock: 0 }}
      saving={save}
      onFinish={({ price, ...rest }) =>
        save.mutate({ ...rest, currency, price_minor: toMinor(price, currency), stock: rest.stock ?? 0 }, { onSuccess: onClose })
      }
      onClose={onClose}
      name="grp"
    >
      <Form.Item name="name" label={t("grp.name")} rules={[{ required: true }]}>
        <Input maxLength={120} data-testid="grp-name" />
      </Form.Item>
      <Form.Item name="product_id" label={t("grp.product")} rules={[{ required: true }]}>
        <Input maxLength={200} data-testid="grp-product" />
      </Form.Item>
      <div className="columns-2">
        <Form.Item name="price" label={t("grp.price")} rules={[{ required: true }]}>
          <InputNumber min={0.01} precision={2} className="wide" prefix={currency} data-testid="grp-price" />
        </Form.Item>
        <Form.Item name="size" label={t("grp.size")} extra={t("grp.sizeText")}>
          <InputNumber min={2} max={100} precision={0} className="wide" />
        </Form.Item>
        <Form.Item name="hours" label={t("grp.hours")}>
          <InputNumber min={1} max={336} precision={0} className="wide" />
        </Form.Item>
        <Form.Item name="stock" label={t("grp.stock")} extra={t("grp.stockText")}>
          <InputNumber min={0} precision={0} className="wide" />
        </Form.Item>
      </div>
    </FormDialog>
  );
}

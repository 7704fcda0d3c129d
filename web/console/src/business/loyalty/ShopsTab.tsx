import { PlusOutlined } from "@ant-design/icons";
import { App, Alert, Button, Form, Input, Modal, Popconfirm, Tag } from "antd";
import { useState } from "react";
import { api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { LoyaltyShop, ShopSecret } from "@/api/types";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Ago, Code } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";

const SHOPS = "/api/loyalty/shops";

const example = (shop: string) => `SHOP=${shop}
BODY='{"key":"c-1","template_id":"cpt_…","user_id":"u-1"}'
TIME=$(date +%s)
SIGN=$(printf '%s.%s' "$TIME" "$BODY" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/.*= //')
curl -X POST ${window.location.origin}/loyalty/v1/claim -d "$BODY" \\
  -H "X-Weaktie-Shop: $SHOP" -H "X-Weaktie-Timestamp: $TIME" -H "X-Weaktie-Signature: $SIGN"`;

/** Shop systems that claim, reserve, redeem and refund by signed requests. */
export function ShopsTab() {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const read = useRead<LoyaltyShop[]>(SHOPS);
  const [making, setMaking] = useState(false);
  const [shown, setShown] = useState<ShopSecret | null>(null);
  const at = (one: LoyaltyShop) => `${SHOPS}/${encodeURIComponent(one.shop_id)}`;
  const rotate = useWrite<LoyaltyShop, ShopSecret>((one) => api.post(`${at(one)}/secret`), [SHOPS]);
  const end = useWrite<LoyaltyShop, LoyaltyShop>((one) => api.remove(at(one)), [SHOPS]);
  const complain = (error: ApiError) => void message.error(w(error.words));
  const state = (one: LoyaltyShop) =>
    one.ended_time ? <Tag>{t("shop.ended")}</Tag> : <Tag color="success">{t("shop.living")}</Tag>;
  const action = (one: LoyaltyShop) =>
    may("develop") && !one.ended_time ? (
      <span className="row-tight wrap">
        <Button size="small" onClick={() => rotate.mutate(one, { onSuccess: setShown, onError: complain })} data-testid="shop-rotate">
          {t("shop.rotate")}
        </Button>
        <Popconfirm title={t("shop.endAsk")} description={t("shop.endText")} onConfirm={() => end.mutate(one, { onError: complain })}>
          <Button size="small" danger>
            {t("shop.end")}
          </Button>
        </Popconfirm>
      </span>
    ) : null;
  const columns: Columns<LoyaltyShop> = [
    {
      title: t("shop.name"),
      key: "name",
      render: (_, one) => (
        <>
          <b>{one.name}</b>
          <div className="faint small">
            <code>{one.shop_id}</code>
          </div>
        </>
      ),
    },
    { title: t("coupon.state"), key: "state", render: (_, one) => state(one) },
    { title: t("shop.last"), dataIndex: "last_time", render: (time: string | null) => <Ago time={time} /> },
    { title: t("shop.accepted"), dataIndex: "accepted", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
    { title: t("shop.refused"), dataIndex: "refused", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
    { title: "", key: "action", align: "right", render: (_, one) => action(one) },
  ];
  return (
    <>
      <div className="tools">
        <span className="faint">{t("shop.about")}</span>
        <span className="grow" />
        {may("develop") && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)} data-testid="shop-new">
            {t("shop.new")}
          </Button>
        )}
      </div>
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(one) => one.shop_id}
          label={t("loyalty.tab.shops")}
          testId="shops-table"
          empty={<Nothing title={t("shop.none")}>{t("shop.noneText")}</Nothing>}
          card={(one) => (
            <>
              <div className="card-top">
                <b className="break">{one.name}</b>
                {state(one)}
              </div>
              <div className="faint small break">
                <code>{one.shop_id}</code>
              </div>
              <div className="card-top faint">
                <span>
                  {t("shop.accepted")} {f.whole(one.accepted)} · {t("shop.refused")} {f.whole(one.refused)}
                </span>
                {action(one)}
              </div>
            </>
          )}
        />
      </Panel>
      <Panel title={t("shop.example")}>
        <Code text={example(read.data?.[0]?.shop_id ?? "shp_…")} />
      </Panel>
      {making && (
        <NewShop
          onClose={() => setMaking(false)}
          onMade={(made) => {
            setMaking(false);
            setShown(made);
          }}
        />
      )}
      <Modal open={shown !== null} onCancel={() => setShown(null)} footer={null} title={t("shop.secret")}>
        {shown && (
          <>
            <Alert className="gap" type="warning" showIcon title={t("shop.secretText")} />
            <p>
              {t("shop.id")} <code>{shown.shop.shop_id}</code>
            </p>
            <Code text={shown.secret} testId="shop-secret" />
          </>
        )}
      </Modal>
    </>
  );
}

function NewShop({ onClose, onMade }: { onClose: () => void; onMade: (made: ShopSecret) => void }) {
  const { t } = useLanguage();
  const [form] = Form.useForm<{ name: string }>();
  const save = useWrite<object, ShopSecret>((body) => api.post(SHOPS, body), [SHOPS]);
  return (
    <FormDialog form={form} name="shop" title={t("shop.new")} initialValues={{ name: "" }} saving={save} onFinish={(given) => save.mutate(given, { onSuccess: onMade })} onClose={onClose}>
      <Form.Item name="name" label={t("shop.name")} rules={[{ required: true, whitespace: true, message: t("form.required") }]}>
        <Input maxLength={120} />
      </Form.Item>
    </FormDialog>
  );
}

import { App, Button, Input, Tag } from "antd";
import { api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Page, PointsRedemption } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Ago } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";

const LIST = "/api/loyalty/points/redemptions";

/** Who gave points for which goods; one that comes to nothing is cancelled here. */
export function Redemptions() {
  const { t, w, named } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const { modal, message } = App.useApp();
  const pager = usePager();
  const read = useRead<Page<PointsRedemption>>(LIST, { cursor: pager.cursor }, { keep: true });
  const cancel = useWrite<{ id: string; reason: string }, PointsRedemption>(
    ({ id, reason }) => api.post(`${LIST}/${encodeURIComponent(id)}/cancel`, { reason }),
    ["/api/loyalty/points/", "/api/loyalty/points"],
  );
  const ask = (one: PointsRedemption) => {
    let reason = "";
    void modal.confirm({
      title: t("points.cancelAsk"),
      content: (
        <>
          <p>{t("points.cancelText")}</p>
          <Input maxLength={200} placeholder={t("coupon.reason")} onChange={(event) => (reason = event.target.value)} />
        </>
      ),
      okText: t("points.cancel"),
      okButtonProps: { danger: true },
      onOk: () => cancel.mutateAsync({ id: one.redemption_id, reason }).catch((error: ApiError) => void message.error(w(error.words))),
    });
  };
  const state = (one: PointsRedemption) => <Tag color={one.state === "placed" ? "success" : "default"}>{named("points", one.state)}</Tag>;
  const action = (one: PointsRedemption) =>
    one.state === "placed" && may("operate") ? (
      <Button size="small" danger onClick={() => ask(one)}>
        {t("points.cancel")}
      </Button>
    ) : null;
  const columns: Columns<PointsRedemption> = [
    { title: t("ledger.time"), dataIndex: "time", render: (time: string) => <Ago time={time} /> },
    { title: t("points.goodsName"), dataIndex: "goods_name" },
    { title: t("coupon.person"), dataIndex: "person", render: (person: string | null) => <code>{person ?? "–"}</code> },
    { title: t("points.pieces"), dataIndex: "pieces", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
    { title: t("points.price"), dataIndex: "points", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
    { title: t("coupon.state"), key: "state", render: (_, one) => state(one) },
    { title: "", key: "action", align: "right", render: (_, one) => action(one) },
  ];
  return (
    <Panel flush title={t("points.redemptions")}>
      <ListTable
        read={read}
        columns={columns}
        rowKey={(one) => one.redemption_id}
        label={t("points.redemptions")}
        testId="redemptions-table"
        pager={pager}
        empty={<Nothing title={t("points.noRedemptions")} />}
        card={(one) => (
          <>
            <div className="card-top">
              <b className="break">
                {one.goods_name} × {f.whole(one.pieces)}
              </b>
              {state(one)}
            </div>
            <div className="card-top faint">
              <span>
                {one.person ?? "–"} · {f.whole(one.points)} · <Ago time={one.time} />
              </span>
              {action(one)}
            </div>
          </>
        )}
      />
    </Panel>
  );
}

import { PlusOutlined } from "@ant-design/icons";
import { Button, Drawer, Segmented, Tag } from "antd";
import { useState } from "react";
import { useRead } from "@/api/hooks";
import type { CouponTemplate, Page } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";
import { CouponDrawer } from "./CouponDrawer";
import { CouponForm } from "./CouponForm";

const FILTERS = { state: "" };
const STATES = ["", "active", "paused", "ended"] as const;
const COLOURS: Record<string, string> = { active: "success", paused: "warning", ended: "default" };
export const TEMPLATES = "/api/loyalty/templates";

export function TemplateState({ state }: { state: string }) {
  const { named } = useLanguage();
  return <Tag color={COLOURS[state] ?? "default"}>{named("coupon.state", state)}</Tag>;
}

export function CouponsTab() {
  const { t, w, named } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const { filters, change } = useFilters(FILTERS);
  const pager = usePager();
  const read = useRead<Page<CouponTemplate>>(TEMPLATES, { state: filters.state, cursor: pager.cursor }, { keep: true });
  const [open, setOpen] = useState<string | null>(null);
  const [making, setMaking] = useState(false);
  const worth = (one: CouponTemplate) =>
    one.terms.kind === "amount" ? f.money(one.terms.amount_minor ?? 0, one.terms.currency) : `${one.terms.percent}%`;
  const columns: Columns<CouponTemplate> = [
    {
      title: t("coupon.name"),
      key: "name",
      render: (_, one) => (
        <>
          <b>{one.name}</b>
          <div className="faint small break">{w(one.rules)}</div>
        </>
      ),
    },
    { title: t("coupon.off"), key: "worth", align: "right", render: (_, one) => <span className="number nowrap">{worth(one)}</span> },
    { title: t("coupon.issued"), dataIndex: "issued", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
    { title: t("coupon.left"), dataIndex: "stock", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
    { title: t("coupon.state"), key: "state", render: (_, one) => <TemplateState state={one.state} /> },
    {
      title: t("coupon.period"),
      key: "period",
      render: (_, one) => (
        <span className="nowrap number">
          {f.date(one.starts_time)} – {f.date(one.ends_time)}
        </span>
      ),
    },
  ];
  return (
    <>
      <div className="tools">
        <Segmented
          className="scrolling"
          value={filters.state}
          onChange={(state) => change({ state })}
          options={STATES.map((state) => ({ value: state, label: state ? named("coupon.state", state) : t("coupon.all") }))}
        />
        <span className="grow" />
        {may("operate") && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)} data-testid="coupon-new">
            {t("coupon.new")}
          </Button>
        )}
      </div>
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(one) => one.template_id}
          label={t("loyalty.tab.coupons")}
          testId="coupons-table"
          pager={pager}
          onOpen={(one) => setOpen(one.template_id)}
          empty={<Nothing title={t(filters.state ? "list.noMatch" : "coupon.none")}>{t("coupon.noneText")}</Nothing>}
          card={(one) => (
            <button type="button" className="card-button" onClick={() => setOpen(one.template_id)}>
              <div className="card-top">
                <b className="break">{one.name}</b>
                <TemplateState state={one.state} />
              </div>
              <div className="card-top faint">
                <span>{worth(one)}</span>
                <span>
                  {t("coupon.left")} {f.whole(one.stock)} / {f.whole(one.issued)}
                </span>
              </div>
            </button>
          )}
        />
      </Panel>
      <Drawer open={open !== null} onClose={() => setOpen(null)} title={t("loyalty.tab.coupons")} size="large">
        {open && <CouponDrawer id={open} />}
      </Drawer>
      {making && (
        <CouponForm
          onClose={() => setMaking(false)}
          onMade={(made) => {
            setMaking(false);
            setOpen(made.template_id);
          }}
        />
      )}
    </>
  );
}

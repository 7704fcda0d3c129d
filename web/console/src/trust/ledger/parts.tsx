/** What all parts of the ledger show: amounts in their unit, and accounts by name. */
import { Tag } from "antd";
import { useRead } from "@/api/hooks";
import type { CouponTemplate, LedgerBudget, LedgerName, Page, PointsGoods } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useFormat } from "@/kit/useFormat";

/** A currency is three capital letters; anything else is counted in pieces or points. */
export const isMoney = (unit: string) => /^[A-Z]{3}$/.test(unit);

export function useAmount() {
  const f = useFormat();
  return (amount: number, unit: string) => (isMoney(unit) ? f.money(amount, unit) : f.whole(amount));
}

export function Amount({ amount, unit, signed = false }: { amount: number; unit: string; signed?: boolean }) {
  const say = useAmount();
  const plus = signed && amount > 0 ? "+" : "";
  return <span className={`number nowrap${amount < 0 && signed ? " bad" : ""}`}>{plus + say(amount, unit)}</span>;
}

/** An account by its kind and whose it is: a person's number, or the name of a budget, coupon or goods. */
export function AccountName({ account }: { account: LedgerName }) {
  const { w } = useLanguage();
  const nameOf = useNames();
  const { owner } = account;
  const name = nameOf(owner);
  return (
    <span title={owner}>
      {w(account.words)} {owner && (name ?? <code>{owner.length > 14 ? `…${owner.slice(-8)}` : owner}</code>)}
    </span>
  );
}

/** The names of coupons, goods and budgets by their ids, as far as the newest few hundred go. */
function useNames(): (id: string) => string | undefined {
  const templates = useRead<Page<CouponTemplate>>("/api/loyalty/templates", { limit: 500 });
  const goods = useRead<PointsGoods[]>("/api/loyalty/points/goods");
  const budgets = useRead<LedgerBudget[]>("/api/ledger/budgets");
  return (id) =>
    templates.data?.items.find((one) => one.template_id === id)?.name ??
    goods.data?.find((one) => one.goods_id === id)?.name ??
    budgets.data?.find((one) => one.budget_id === id)?.name;
}

/** A currency's code, points, or the name of the coupon or goods that is counted. */
export function Unit({ unit }: { unit: string }) {
  const { t } = useLanguage();
  const nameOf = useNames();
  const [kind = "", id] = unit.split(":");
  if (unit === "points") return <>{t("loyalty.tab.points")}</>;
  if (id === undefined) return <>{unit}</>;
  return (
    <span title={unit}>
      {t(kind === "coupon" ? "loyalty.tab.coupons" : "points.goods")} {nameOf(id) ?? <code>…{id.slice(-6)}</code>}
    </span>
  );
}

const COLOURS: Record<string, string> = { post: "success", hold: "warning", settle: "success", void: "default", reverse: "volcano" };

export function StepTag({ step }: { step: string }) {
  const { named } = useLanguage();
  return <Tag color={COLOURS[step] ?? "default"}>{named("ledger.step", step)}</Tag>;
}

export function Memo({ memo }: { memo: Record<string, string> }) {
  const order = memo.order;
  const rest = Object.entries(memo).filter(([name]) => name !== "order");
  if (order) return <code title={rest.map(([n, v]) => `${n}=${v}`).join(" ")}>{order}</code>;
  const [first] = rest;
  return first ? (
    <code title={rest.map(([n, v]) => `${n}=${v}`).join(" ")}>{first[1].length > 16 ? `…${first[1].slice(-8)}` : first[1]}</code>
  ) : (
    <span className="faint">–</span>
  );
}

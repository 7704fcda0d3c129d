/** Small pieces that several pages of influence show. */
import { Tag } from "antd";
import { Link } from "react-router";
import type { CascadeFigures, Creator } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Tile } from "@/kit/page";
import { useFormat } from "@/kit/useFormat";

export const CREATORS = "/api/influence/creators";
export const RULES = "/api/influence/rules";
export const SEEDS = "/api/influence/seeds";
export const AUDIENCES = "/api/influence/audiences";
export const CASCADES = "/api/influence/cascades";

export const creatorHref = (userId: string) => `/social/creators/${encodeURIComponent(userId)}`;

/** Amounts by currency, a dash for none. */
export function Amounts({ net }: { net: { currency: string; amount_minor: number }[] }) {
  const f = useFormat();
  if (net.length === 0) return <span className="faint">–</span>;
  return (
    <span className="number">
      {net.map((one) => (
        <span key={one.currency} className="nowrap">
          {f.shortMoney(one.amount_minor, one.currency)}{" "}
        </span>
      ))}
    </span>
  );
}

export function Passes({ creator }: { creator: Creator }) {
  const { t } = useLanguage();
  return (
    <span className="nowrap">
      {creator.koc && <Tag color="gold">KOC</Tag>}
      {creator.passes_reach && <Tag color="blue">{t("koc.reachShort")}</Tag>}
      {creator.passes_trust && <Tag color="green">{t("koc.trustShort")}</Tag>}
      {!creator.koc && !creator.passes_reach && !creator.passes_trust && <span className="faint">–</span>}
    </span>
  );
}

export function PersonLink({ userId, to }: { userId: string; to?: string }) {
  if (userId.startsWith("@")) return <span className="faint">{userId}</span>;
  return <Link to={to ?? `/users/${encodeURIComponent(userId)}`}>{userId}</Link>;
}

/** Seconds as people say them: minutes, hours or days, whichever is read at a glance. */
export function useSpan(): (seconds: number | null) => string {
  const { t } = useLanguage();
  return (seconds) => {
    if (seconds === null) return "–";
    const [unit, size] = seconds < 5400 ? (["minutes", 60] as const) : seconds < 172_800 ? (["hours", 3600] as const) : (["days", 86_400] as const);
    return t(`cas.${unit}`, { n: (seconds / size).toFixed(1) });
  };
}

/** The figures of one or more cascades as tiles. */
export function CascadeTiles({ figures }: { figures: CascadeFigures }) {
  const { t } = useLanguage();
  const f = useFormat();
  const span = useSpan();
  const virality = figures.virality === null ? "–" : figures.virality.toFixed(2);
  return (
    <div className="tiles tiles-small" data-testid="cascade-tiles">
      <Tile label={t("cas.people")} definition={t("cas.peopleText")} value={f.whole(figures.people)} note={t("cas.roots", { n: f.whole(figures.roots) })} />
      <Tile label={t("cas.depth")} definition={t("cas.depthText")} value={f.whole(figures.depth)} />
      <Tile label={t("cas.breadth")} definition={t("cas.breadthText")} value={f.whole(figures.breadth)} />
      <Tile label={t("cas.virality")} definition={t("cas.viralityText")} value={virality} />
      <Tile label={t("cas.cycle")} definition={t("cas.cycleText")} value={span(figures.cycle_seconds)} />
      <Tile label={t("cas.orders")} definition={t("cas.ordersText")} value={f.whole(figures.orders)} note={<Amounts net={figures.net} />} />
    </div>
  );
}

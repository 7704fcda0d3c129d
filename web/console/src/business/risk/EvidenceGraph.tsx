/** Accounts on the left, what they share on the right; who invited whom as an arc before the accounts. */
import type { RiskEvidence } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useLook } from "@/kit/look";
import { drawn, LEFT, RIGHT, WIDTH } from "./evidenceLayout";

export function EvidenceGraph({ evidence }: { evidence: RiskEvidence }) {
  const { t, w } = useLanguage();
  const { palette } = useLook();
  if (evidence.accounts.length < 2 && evidence.things.length === 0) {
    return <p className="faint">{t("risk.evidenceNone")}</p>;
  }
  const { accounts, things, edges, arcs, hidden, height } = drawn(evidence);
  const label = t("risk.evidenceLabel", { accounts: evidence.accounts.length, things: evidence.things.length });
  return (
    <figure className="risk-graph" data-testid="risk-graph">
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={label}>
        {edges.map((edge) => (
          <line
            key={`${edge.account}-${edge.thing}`}
            x1={LEFT}
            x2={RIGHT}
            y1={edge.y1}
            y2={edge.y2}
            stroke={edge.own ? palette.series[0] : palette.line}
            strokeWidth={edge.own ? 1.6 : 1}
          />
        ))}
        {arcs.map((arc) => (
          <path key={arc.d} d={arc.d} fill="none" stroke={palette.series[1]} strokeDasharray="3 3" />
        ))}
        {accounts.map((one) => (
          <g key={one.row}>
            <circle cx={LEFT} cy={one.y} r={one.judged ? 6 : 4} fill={one.judged ? palette.series[0] : palette.faint} />
            <text x={LEFT - 12} y={one.y + 4} textAnchor="end" fontSize={13} fontWeight={one.judged ? 600 : 400} fill={palette.text}>
              {one.user_id ?? t("risk.unknown")}
            </text>
          </g>
        ))}
        {things.map((one) => (
          <g key={one.row}>
            <rect x={RIGHT - 5} y={one.y - 5} width={10} height={10} rx={2} fill={palette.series[1]} />
            <text x={RIGHT + 12} y={one.y + 4} fontSize={13} fill={palette.text}>
              {w(one.words)} <tspan fill={palette.faint}>{one.name}</tspan>
            </text>
          </g>
        ))}
      </svg>
      <figcaption className="faint">
        ── {t("risk.sharedLine")} · ┈┈ {t("risk.invitedLine")}
        {hidden + evidence.more > 0 && <> · {t("risk.evidenceMore", { n: hidden + evidence.more })}</>}
      </figcaption>
    </figure>
  );
}


import { Link, useNavigate } from "react-router";
import { useRead } from "@/api/hooks";
import type { Level, Rfm, RfmCell, RfmGroup } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useLook } from "@/kit/look";
import { Hint, LeftOutBanner, PageFrame, Panel } from "@/kit/page";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";

const LEVELS: Level[] = ["high", "mid", "low"];

export default function RfmPage() {
  const { t } = useLanguage();
  const read = useRead<Rfm>("/api/rfm");
  return (
    <PageFrame testId="page-rfm" title={t("rfm.title")} about={t("rfm.about")}>
      <Shown read={read} rows={10}>
        {(rfm) =>
          rfm.people === 0 ? (
            <Panel>
              <Nothing title={t("rfm.none")} action={<Link to="/jobs">{t("overview.toJobs")}</Link>}>
                {t("rfm.noneText")}
              </Nothing>
            </Panel>
          ) : (
            <Matrix rfm={rfm} />
          )
        }
      </Shown>
    </PageFrame>
  );
}

function Matrix({ rfm }: { rfm: Rfm }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  return (
    <>
      <LeftOutBanner leftOut={rfm.left_out} />
      <Groups groups={rfm.tiers} title={t("rfm.tiers")} filter="tier" total={rfm.people} />
      <Panel
        title={
          <>
            {t("rfm.matrix")} <Hint text={w(rfm.definition)} />
          </>
        }
        extra={<span className="faint">{t("rfm.people", { n: f.whole(rfm.people) })}</span>}
        testId="rfm-matrix"
      >
        <p className="faint">{t("rfm.click")}</p>
        <div className="rfm">
          {LEVELS.map((m) => (
            <Grid key={m} m={m} rfm={rfm} />
          ))}
        </div>
      </Panel>
      <Groups groups={rfm.classes} title={t("rfm.classes")} filter="rfm" total={rfm.people} />
      <Panel title={t("rfm.cutoffs")} testId="rfm-cutoffs">
        <p className="faint">{w(rfm.definition)}</p>
        <div className="table-box">
          <table className="plain">
            <thead>
              <tr>
                <th>{t("rfm.currency")}</th>
                <th>{t("rfm.r")}</th>
                <th>{t("rfm.f")}</th>
                <th>{t("rfm.m")}</th>
              </tr>
            </thead>
            <tbody>
              {Object.entries(rfm.cutoffs).map(([currency, cut]) => (
                <tr key={currency}>
                  <td>{currency}</td>
                  <td className="number">{cut.r_days.map((days) => t("rfm.days", { n: f.whole(days) })).join(" / ")}</td>
                  <td className="number">{cut.f.map((times) => t("rfm.times", { n: f.whole(times) })).join(" / ")}</td>
                  <td className="number">{cut.m_minor.map((minor) => f.money(minor, currency)).join(" / ")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
    </>
  );
}

/** One level of M: recency across, frequency down, each cell a way to the people in it. */
function Grid({ m, rfm }: { m: Level; rfm: Rfm }) {
  const { t } = useLanguage();
  const f = useFormat();
  const navigate = useNavigate();
  const { palette } = useLook();
  const most = Math.max(1, ...rfm.cells.map((cell) => cell.count));
  const find = (r: Level, frequency: Level): RfmCell | undefined =>
    rfm.cells.find((cell) => cell.r === r && cell.f === frequency && cell.m === m);
  const spent = useSpent();
  const total = rfm.cells.filter((cell) => cell.m === m).reduce((sum, cell) => sum + cell.count, 0);
  return (
    <section className="rfm-grid" aria-label={`${t("rfm.m")} ${t(`rfm.level.${m}`)}`}>
      <h3>
        {t("rfm.m.short")} {t(`rfm.level.${m}`)} <span className="faint">{f.short(total)}</span>
      </h3>
      <div className="rfm-cells">
        <span />
        {LEVELS.map((r) => (
          <span key={r} className="rfm-axis">
            {t("rfm.r.short")} {t(`rfm.level.${r}`)}
          </span>
        ))}
        {LEVELS.map((frequency) => (
          <Row key={frequency} label={`${t("rfm.f.short")} ${t(`rfm.level.${frequency}`)}`}>
            {LEVELS.map((r) => {
              const cell = find(r, frequency);
              const count = cell?.count ?? 0;
              const share = cell?.share ?? 0;
              const strength = count === 0 ? 0 : 0.08 + 0.92 * Math.sqrt(count / most);
              return (
                <button
                  type="button"
                  key={r}
                  className={strength > (palette.dark ? 0.45 : 0.85) ? "rfm-cell rfm-strong" : "rfm-cell"}
                  style={{ "--strength": `${Math.round(strength * 100)}%` } as React.CSSProperties}
                  disabled={count === 0}
                  title={t("rfm.cell", { n: f.whole(count), share: f.percent(share), spend: spent(cell?.spend ?? []) })}
                  data-testid={`rfm-${r}-${frequency}-${m}`}
                  onClick={() => void navigate(`/users?r=${r}&f=${frequency}&m=${m}`)}
                >
                  <b>{f.short(count)}</b>
                  <span>{f.percent(share)}</span>
                </button>
              );
            })}
          </Row>
        ))}
      </div>
    </section>
  );
}

function Row({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <>
      <span className="rfm-axis rfm-axis-row">{label}</span>
      {children}
    </>
  );
}

function Groups({ groups, title, filter, total }: { groups: RfmGroup[]; title: string; filter: "tier" | "rfm"; total: number }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const spent = useSpent();
  return (
    <Panel title={title}>
      <div className={`tiles tiles-flat tiles-${groups.length}`} data-testid={`rfm-${filter}`}>
        {groups.map((group) => (
          <Link key={group.key} to={`/users?${filter}=${encodeURIComponent(group.key)}`} className="tile tile-link" data-testid={`group-${group.key}`}>
            <div className="tile-label">{w(group.words)}</div>
            <div className="tile-value">{f.short(group.count)}</div>
            <div className="bar">
              <i style={{ width: `${(100 * group.count) / Math.max(1, total)}%` }} />
            </div>
            <div className="tile-note">
              {f.percent(group.share)} · {spent(group.spend)} · {t("user.ordersN", { n: f.short(group.orders) })}
            </div>
          </Link>
        ))}
      </div>
    </Panel>
  );
}

/** Money by currency: amounts of different currencies are never summed. */
function useSpent(): (spend: RfmGroup["spend"]) => string {
  const f = useFormat();
  return (spend) => spend.map((one) => f.shortMoney(one.amount_minor, one.currency)).join(" + ") || f.shortMoney(0);
}

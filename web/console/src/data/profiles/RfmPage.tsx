import { Button, Segmented } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { useRead } from "@/api/hooks";
import type { Level, Rfm, RfmCell, RfmGroup } from "@/api/types";
import { CutoffDrawer } from "@/data/rfm/CutoffDrawer";
import { MovesPanel } from "@/data/rfm/MovesPanel";
import { useLanguage } from "@/i18n";
import { useLook } from "@/kit/look";
import { Hint, LeftOutBanner, PageFrame, Panel } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { useSession } from "@/kit/session";
import { Nothing, Shown } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";

const VIEW = { classes: "six", month: "" };
const LEVELS: Level[] = ["high", "mid", "low"];

export default function RfmPage() {
  const { t } = useLanguage();
  const { may } = useSession();
  const [editing, setEditing] = useState(false);
  const read = useRead<Rfm>("/api/rfm");
  return (
    <PageFrame
      testId="page-rfm"
      title={t("rfm.title")}
      about={t("rfm.about")}
      extra={
        may("operate") &&
        read.data && (
          <Button onClick={() => setEditing(true)} data-testid="rfm-edit">
            {t("rfm.edit")}
          </Button>
        )
      }
    >
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
      {editing && read.data && <CutoffDrawer rfm={read.data} onClose={() => setEditing(false)} />}
    </PageFrame>
  );
}

function Matrix({ rfm }: { rfm: Rfm }) {
  const { t, w } = useLanguage();
  const { filters, change } = useFilters(VIEW);
  const eight = filters.classes === "eight";
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
      <Groups
        groups={eight ? rfm.eights : rfm.classes}
        title={t(eight ? "rfm.eights" : "rfm.classes")}
        filter={eight ? "eight" : "rfm"}
        total={rfm.people}
        extra={
          <Segmented
            value={filters.classes}
            onChange={(classes) => change({ classes })}
            aria-label={t("rfm.classView")}
            options={(["six", "eight"] as const).map((value) => ({ value, label: t(`rfm.${value}`) }))}
          />
        }
      />
      <MovesPanel month={filters.month} onMonth={(month) => change({ month })} />
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

interface GroupsProps {
  groups: RfmGroup[];
  title: string;
  filter: "tier" | "rfm" | "eight";
  total: number;
  extra?: React.ReactNode;
}

function Groups({ groups, title, filter, total, extra }: GroupsProps) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const spent = useSpent();
  return (
    <Panel title={title} extra={extra}>
      {filter === "eight" && <p className="faint gap">{t("rfm.eightsAbout")}</p>}
      <div className={`tiles tiles-flat tiles-${groups.length}`} data-testid={`rfm-${filter}`}>
        {groups.map((group) => (
          <Link key={group.key} to={filter === "eight" ? peopleHref({ kind: "rfm", eight: group.key }) : `/users?${filter}=${encodeURIComponent(group.key)}`} className="tile tile-link" data-testid={`group-${group.key}`}>
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

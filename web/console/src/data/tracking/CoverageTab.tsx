import { Segmented, Tag } from "antd";
import { Link } from "react-router";
import { useRead } from "@/api/hooks";
import type { Coverage, CoverageShare } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel, Tile } from "@/kit/page";
import { Nothing, Shown } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { platformWords } from "./names";

const FILTERS = { days: "7", platform: "", version: "" };
/** How the address names the pairs of events that any platform may send. */
const ANY = "*";
const keyOf = (platform: string) => platform || ANY;
type Gap = Coverage["missing"][number];

export function CoverageTab() {
  const { t } = useLanguage();
  const { filters, change } = useFilters(FILTERS);
  const read = useRead<Coverage>("/api/tracking/coverage", { days: filters.days }, { keep: true });
  return (
    <>
      <div className="tools">
        <Segmented
          value={filters.days}
          onChange={(days) => change({ days })}
          options={["7", "30"].map((days) => ({ value: days, label: t("track.lastDays", { n: days }) }))}
        />
      </div>
      <Shown read={read}>
        {(shown) =>
          shown.planned === 0 ? (
            <Panel>
              <Nothing title={t("track.noCoverage")} action={<Link to="/tracking">{t("track.tab.plan")}</Link>}>
                {t("track.noPlanText")}
              </Nothing>
            </Panel>
          ) : (
            <Figures coverage={shown} />
          )
        }
      </Shown>
    </>
  );
}

function Figures({ coverage }: { coverage: Coverage }) {
  const { t, w } = useLanguage();
  const { percent, whole } = useFormat();
  const { filters, change } = useFilters(FILTERS);
  const share = coverage.share ?? 0;
  const versions = coverage.versions.filter((one) => one.planned > 0 && (!filters.platform || one.platform === filters.platform));
  const chosen = coverage.versions.find((one) => one.platform === filters.platform && one.app_version === filters.version);
  const pick = (one: CoverageShare) => {
    const same = filters.platform === keyOf(one.platform) && filters.version === one.app_version;
    change({ platform: same ? "" : keyOf(one.platform), version: same ? "" : one.app_version });
  };
  return (
    <>
      <div className="tiles tiles-4">
        <Tile
          label={t("track.coverage")}
          definition={t("track.coverageText")}
          value={<span className={share >= coverage.goal ? "good" : "bad"}>{percent(share)}</span>}
          note={t("track.goal", { goal: percent(coverage.goal, 0) })}
          testId="coverage-share"
        />
        <Tile label={t("track.plannedPairs")} value={whole(coverage.planned)} />
        <Tile label={t("track.seenPairs")} value={whole(coverage.seen)} />
        <Tile label={t("track.missingPairs")} value={whole(coverage.planned - coverage.seen)} />
      </div>
      <div className="track-halves">
        <Panel title={t("track.byPlatform")}>
          <Bars shares={coverage.platforms} goal={coverage.goal} onPick={pick} chosen={filters.version ? "" : filters.platform} testId="coverage-platforms" />
        </Panel>
        <Panel title={t("track.byVersion")}>
          {versions.length === 0 && <p className="faint">{t("track.noVersions")}</p>}
          <Bars
            shares={versions}
            goal={coverage.goal}
            onPick={pick}
            chosen={filters.version ? `${filters.platform} ${filters.version}` : ""}
            testId="coverage-versions"
          />
        </Panel>
      </div>
      <Panel
        flush
        title={
          filters.platform || filters.version
            ? t("track.missingOn", { where: [w(platformWords(filters.platform === ANY ? "" : filters.platform)), filters.version].filter(Boolean).join(" ") })
            : t("track.missing")
        }
      >
        <Missing coverage={coverage} chosen={chosen} platform={filters.platform} />
      </Panel>
    </>
  );
}

interface BarsProps {
  shares: CoverageShare[];
  goal: number;
  chosen: string;
  onPick: (share: CoverageShare) => void;
  testId: string;
}

/** One bar a platform or version, with the goal as a line across all of them. */
function Bars({ shares, goal, chosen, onPick, testId }: BarsProps) {
  const { t, w } = useLanguage();
  const { percent } = useFormat();
  return (
    <ol className="bars track-bars" data-testid={testId}>
      {shares.map((one) => {
        const key = [keyOf(one.platform), one.app_version].filter(Boolean).join(" ");
        const share = one.share ?? 0;
        const label = [w(platformWords(one.platform)), one.app_version].filter(Boolean).join(" ");
        return (
          <li key={key}>
            <button type="button" className="cut link" aria-pressed={chosen === key} onClick={() => onPick(one)} title={label}>
              {label}
            </button>
            <span className="bar track-bar" title={t("track.goal", { goal: percent(goal, 0) })}>
              <i style={{ width: `${100 * share}%` }} className={share >= goal ? "" : "track-low"} />
              <u style={{ left: `${100 * goal}%` }} />
            </span>
            <b className="number">
              {one.seen}/{one.planned}
            </b>
          </li>
        );
      })}
    </ol>
  );
}

function Missing({ coverage, chosen, platform }: { coverage: Coverage; chosen?: CoverageShare; platform: string }) {
  const { t, w } = useLanguage();
  const rows: Gap[] = chosen
    ? chosen.missing.map((event) => {
        const known = coverage.missing.find((gap) => gap.event === event && gap.platform === chosen.platform);
        return known ?? { event, label: { zh: event, en: event }, platform: chosen.platform, last_day: null };
      })
    : coverage.missing.filter((gap) => !platform || keyOf(gap.platform) === platform);
  const columns: Columns<Gap> = [
    {
      title: t("track.event"),
      key: "event",
      render: (_, gap) => (
        <Link to={`/tracking?open=${encodeURIComponent(gap.event)}`}>
          {w(gap.label)} <code>{gap.event}</code>
        </Link>
      ),
    },
    { title: t("track.platform"), key: "platform", render: (_, gap) => <Tag>{w(platformWords(gap.platform))}</Tag> },
    { title: t("track.version"), key: "version", render: () => chosen?.app_version || "–" },
    ...(chosen
      ? []
      : [{ title: t("track.lastSeen"), key: "last", render: (_: unknown, gap: Gap) => gap.last_day ?? t("track.never") }]),
  ];
  return (
    <ListTable
      read={{ data: rows, error: null, refetch: () => undefined }}
      columns={columns}
      rowKey={(gap) => `${gap.event} ${gap.platform}`}
      label={t("track.missing")}
      testId="coverage-missing"
      empty={<Nothing title={t("track.nothingMissing")} />}
      card={(gap) => (
        <Link to={`/tracking?open=${encodeURIComponent(gap.event)}`} className="card-top">
          <span className="break">{w(gap.label)}</span>
          <Tag>{w(platformWords(gap.platform))}</Tag>
        </Link>
      )}
    />
  );
}

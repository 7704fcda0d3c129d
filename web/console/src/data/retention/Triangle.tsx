import { Link } from "react-router";
import type { RetentionAnswer, RetentionGroup } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useLook } from "@/kit/look";
import { peopleHref } from "@/kit/people";
import { useFormat } from "@/kit/useFormat";
import type { RetentionQuestion } from "./question";

interface TriangleProps {
  answer: RetentionAnswer;
  group: RetentionGroup;
  /** Counts instead of shares. */
  asPeople: boolean;
  query: RetentionQuestion;
  /** Whether the group has to be named: there may be several. */
  named: boolean;
}

/** A cohort a row, the time since it began across; each figure is a way to its people. What has not passed is grey. */
export function Triangle({ answer, group, asPeople, query, named }: TriangleProps) {
  const { t } = useLanguage();
  const f = useFormat();
  const at = (n: number) => t(`retention.n.${answer.unit}`, { n });
  const behind = (cohort: string, n?: number) =>
    peopleHref({ kind: "retention", query, cohort, ...(n === undefined ? {} : { n }), ...(named ? { group: group.key } : {}) });
  return (
    <div className="triangle-box" tabIndex={0} role="region" aria-label={t("retention.triangle")}>
      <table className="triangle" data-testid="triangle">
        <thead>
          <tr>
            <th scope="col">{t("retention.cohort")}</th>
            <th scope="col">{t("retention.size")}</th>
            {group.average.map((one) => (
              <th scope="col" key={one.n}>
                {at(one.n)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr className="triangle-average">
            <th scope="row">{t("retention.average")}</th>
            <td>{f.short(group.people)}</td>
            {group.average.map((one) => (
              <td key={one.n} title={one.share === null ? t(`retention.why.${one.why ?? "nobody"}`) : `${f.whole(one.returned)} / ${f.whole(one.people)}`}>
                {one.share === null ? "–" : asPeople ? f.short(one.returned) : f.percent(one.share)}
              </td>
            ))}
          </tr>
          {group.cohorts.map((cohort) => (
            <tr key={cohort.day}>
              <th scope="row">{cohort.day}</th>
              <td title={cohort.returned[0] === null ? t("retention.soFar") : undefined}>
                {cohort.size > 0 ? <Link to={behind(cohort.day)}>{f.short(cohort.size)}</Link> : 0}
              </td>
              {cohort.returned.map((back, n) => (
                <Cell
                  key={n}
                  back={back}
                  size={cohort.size}
                  why={t(`retention.why.${cohort.why ?? "no_data"}`)}
                  says={(share) => t("retention.cell", { day: cohort.day, size: f.whole(cohort.size), n: at(n), back: f.whole(back ?? 0), share })}
                  asPeople={asPeople}
                  href={behind(cohort.day, n)}
                  testId={`cell-${cohort.day}-${n}`}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface CellProps {
  back: number | null;
  size: number;
  why: string;
  says: (share: string) => string;
  asPeople: boolean;
  href: string;
  testId: string;
}

function Cell({ back, size, why, says, asPeople, href, testId }: CellProps) {
  const f = useFormat();
  const { palette } = useLook();
  if (back === null) return <td className="triangle-open" title={why} aria-label={why} data-testid={testId} />;
  if (size === 0) return <td className="faint">–</td>;
  const share = back / size;
  const told = says(f.percent(share));
  return (
    <td
      className={share > (palette.dark ? 0.5 : 0.62) ? "triangle-cell triangle-strong" : "triangle-cell"}
      style={{ "--strength": `${Math.round(share * 100)}%` } as React.CSSProperties}
    >
      <Link to={href} title={told} aria-label={told} data-testid={testId}>
        {asPeople ? f.short(back) : f.percent(share)}
      </Link>
    </td>
  );
}

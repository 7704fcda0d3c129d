import { Segmented } from "antd";
import { useState } from "react";
import { useRead } from "@/api/hooks";
import type { IdentityReview, Page, ReviewCount } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chips } from "@/kit/Chips";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { Ago } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";
import { Identifier } from "./Identifier";
import { ReviewDrawer } from "./ReviewDrawer";

const FILTERS = { state: "open", reason: "" };
const STATES = ["open", "later", "different"] as const;

/** The queue: what the rules leave to people. */
export function ReviewsTab({ counts }: { counts: ReviewCount[] }) {
  const { t, w, named } = useLanguage();
  const { whole } = useFormat();
  const { filters, change } = useFilters(FILTERS);
  const pager = usePager();
  const read = useRead<Page<IdentityReview>>(
    "/api/identity/reviews",
    { ...filters, cursor: pager.cursor },
    { keep: true },
  );
  const [open, setOpen] = useState<IdentityReview | null>(null);
  const chips = counts.filter((one) => one.state === filters.state);
  const people = (row: IdentityReview) => (
    <span className="identity-people">
      {row.people.slice(0, 3).map((person) => (
        <span key={person.person_no}>
          {person.name && <b>{person.name} </b>}
          <code className="break">{person.user_id ?? `@${person.person_no}`}</code>
        </span>
      ))}
      {row.people_count > 3 && <span className="faint">{t("identity.review.people", { n: whole(row.people_count) })}</span>}
    </span>
  );
  const columns: Columns<IdentityReview> = [
    { title: t("identity.review.question"), key: "reason", render: (_, row) => w(row.words) },
    {
      title: t("identity.pair"),
      key: "about",
      render: (_, row) => (
        <span className="identity-pair">
          <Identifier one={row.about} />
          {row.other && <Identifier one={row.other} />}
        </span>
      ),
    },
    { title: t("identity.review.sharedBy"), key: "people", render: (_, row) => people(row) },
    { title: t("identity.review.found"), key: "found", render: (_, row) => <Ago time={row.found_time} /> },
  ];
  return (
    <>
      <div className="tools">
        <Segmented
          className="scrolling"
          value={filters.state}
          onChange={(state) => change({ state, reason: "" })}
          options={STATES.map((state) => ({ value: state, label: named("identity.review.state", state) }))}
        />
      </div>
      <Chips
        testId="identity-counts"
        chips={chips.map((one) => ({ value: one.reason, label: w(one.words), count: one.count }))}
        chosen={filters.reason}
        onChoose={(reason) => change({ reason })}
      />
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(row) => row.review_id}
          label={t("identity.tab.reviews")}
          testId="identity-reviews"
          pager={pager}
          onOpen={setOpen}
          empty={<Nothing title={t("identity.review.empty")}>{t("identity.review.emptyText")}</Nothing>}
          card={(row) => (
            <button type="button" className="card-button" onClick={() => setOpen(row)}>
              <div className="card-top">
                <b>{w(row.words)}</b>
                <Ago time={row.found_time} />
              </div>
              <Identifier one={row.about} />
              <div>{people(row)}</div>
            </button>
          )}
        />
      </Panel>
      {open && <ReviewDrawer review={open} onClose={() => setOpen(null)} />}
    </>
  );
}

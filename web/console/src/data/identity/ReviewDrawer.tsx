import { Alert, App, Button, Checkbox, Drawer, Input } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { IdentityReview } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useSession } from "@/kit/session";
import { Facts } from "@/kit/small";
import { useFormat } from "@/kit/useFormat";
import { Identifier } from "./Identifier";

type Verdict = "same" | "different" | "later";
type Contender = IdentityReview["people"][number];

/** One question: who is concerned, on what grounds, and the three answers. */
export function ReviewDrawer({ review, onClose }: { review: IdentityReview; onClose: () => void }) {
  const { t, w } = useLanguage();
  const { whole, dateTime } = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const everybody = review.people.map((person) => person.person_no);
  const [chosen, setChosen] = useState<number[]>(everybody);
  const [reason, setReason] = useState("");
  const answer = useWrite<Verdict, unknown>(
    (verdict) =>
      api.post(`/api/identity/reviews/${review.review_id}`, {
        verdict,
        people: verdict === "same" ? chosen : [],
        reason: reason.trim(),
      }),
    ["/api/identity/", "/api/profiles/", "/api/audit", "/api/identity/reviews"],
  );
  const say = (verdict: Verdict) =>
    answer.mutate(verdict, {
      onSuccess: () => {
        void message.success(t("identity.review.done"));
        onClose();
      },
    });
  const decides = may("operate") || may("comply");
  const ready = reason.trim().length >= 3;
  const hidden = review.people_count - review.people.length;
  return (
    <Drawer open onClose={onClose} title={w(review.words)} size="large" data-testid="review-drawer">
      <Facts
        items={[
          [t("identity.pair"), <Identifier key="about" one={review.about} />],
          ...(review.other ? [["", <Identifier key="other" one={review.other} />] as [string, React.ReactNode]] : []),
          [t("identity.review.sharedBy"), t("identity.review.people", { n: whole(review.people_count) })],
          [t("identity.review.found"), dateTime(review.found_time)],
        ]}
      />
      <h3>{t("identity.review.choose")}</h3>
      <Checkbox.Group value={chosen} onChange={(values) => setChosen(values as number[])} disabled={!decides} className="identity-contenders">
        {review.people.map((person) => (
          <div key={person.person_no} className="identity-contender" data-testid="review-person">
            <Checkbox value={person.person_no}>
              {person.name && <b>{person.name} </b>}
              <code className="break">{person.user_id ?? `@${person.person_no}`}</code>
            </Checkbox>
            <About person={person} />
          </div>
        ))}
      </Checkbox.Group>
      {hidden > 0 && <p className="faint">{t("identity.review.more", { n: whole(hidden) })}</p>}
      {decides && (
        <>
          <h3>{t("identity.reason")}</h3>
          <Input.TextArea
            rows={2}
            maxLength={500}
            value={reason}
            placeholder={t("identity.reasonExample")}
            onChange={(event) => setReason(event.target.value)}
            aria-label={t("identity.reason")}
            data-testid="review-reason"
          />
          <p className="faint small">
            {ready ? `${t("identity.review.sameText")} ${t("identity.review.differentText")}` : t("identity.review.needReason")}
          </p>
          {answer.error && <Alert type="error" showIcon title={w(answer.error.words)} className="gap" />}
          <div className="row-tight wrap identity-answers">
            <Button type="primary" disabled={!ready || chosen.length < 2} loading={answer.isPending} onClick={() => say("same")} data-testid="review-same">
              {t("identity.review.same")}
            </Button>
            <Button disabled={!ready} onClick={() => say("different")} data-testid="review-different">
              {t("identity.review.different")}
            </Button>
            <Button type="text" disabled={!ready} onClick={() => say("later")} data-testid="review-later">
              {t("identity.review.later")}
            </Button>
          </div>
        </>
      )}
    </Drawer>
  );
}

function About({ person }: { person: Contender }) {
  const { t } = useLanguage();
  const { date } = useFormat();
  return (
    <div className="faint small identity-about">
      {person.first_time && person.last_time && (
        <div>
          {t("identity.review.seen", {
            first: date(person.first_time),
            last: date(person.last_time),
            source: person.source ?? "–",
          })}
        </div>
      )}
      <div className="identity-pair">
        {person.identifiers.slice(0, 6).map((one) => (
          <Identifier key={one.alias_no} one={one} />
        ))}
      </div>
      <Link to={`/users/${encodeURIComponent(person.user_id ?? `@${person.person_no}`)}`}>{t("identity.review.page")} →</Link>
    </div>
  );
}

import { Steps, Tag, Timeline } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useRead } from "@/api/hooks";
import type { RightsProof, RightsRequest, Words } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { At, CopyButton, Facts } from "@/kit/small";
import { Shown } from "@/kit/states";
import { useNarrow } from "@/kit/useNarrow";
import { Who } from "@/trust/accounts/Who";
import { isClosed } from "./due";
import { RequestActions } from "./RequestActions";
import { Due, RequestState } from "./RequestMarks";
import { requestPath, useRequest } from "./useRequest";

interface RequestDetailProps {
  id: string;
  /** What can be corrected. */
  fields: Record<string, Words>;
}

/** One request: what was asked, what may be done now, what was done. */
export function RequestDetail({ id, fields }: RequestDetailProps) {
  const { read, running } = useRequest(id);
  return (
    <Shown read={read}>
      {(request) => (
        <div className="stack" data-testid="request" data-state={request.state}>
          <Stages request={request} />
          <Asked request={request} />
          {!isClosed(request) && (
            <RequestActions request={request} fields={fields} running={running} refresh={() => void read.refetch()} />
          )}
          {request.proof && <Proof id={request.request_id} erasure={request.erasure_id} />}
          <History request={request} fields={fields} />
        </div>
      )}
    </Shown>
  );
}

const STAGES = ["received", "verified", "in_progress", "done"] as const;

function Stages({ request }: { request: RightsRequest }) {
  const { t } = useLanguage();
  const narrow = useNarrow();
  const refused = request.state === "refused";
  const at = refused ? STAGES.length - 1 : STAGES.indexOf(request.state as (typeof STAGES)[number]);
  // on a phone the state stands in the lines below and the stages would fill the screen
  if (narrow) return null;
  return (
    <Steps
      size="small"
      current={at}
      status={refused ? "error" : request.state === "done" ? "finish" : "process"}
      items={STAGES.map((stage, place) => ({
        title: t(refused && place === at ? "rights.state.refused" : `rights.state.${stage}`),
      }))}
    />
  );
}

function Asked({ request }: { request: RightsRequest }) {
  const { t, w, named } = useLanguage();
  const at = `@${request.person_no}`;
  return (
    <Facts
      items={[
        [t("rights.kind"), <b key="kind">{w(request.words)}</b>],
        [t("rights.state"), <RequestState key="state" state={request.state} />],
        [t("rights.due"), <Due key="due" request={request} />],
        [t("rights.said"), request.said ? <q key="said" className="break" data-testid="request-said">{request.said}</q> : "–"],
        [
          t("rights.person"),
          request.erasure_id ? (
            <span key="person" className="faint">
              {at} · {t("rights.personGone")}
            </span>
          ) : (
            <span key="person" className="row wrap">
              <Link to={`/users/${encodeURIComponent(at)}`}>{at}</Link>
              <Link to={`/consents/person?person=${encodeURIComponent(at)}`}>{t("rights.toConsent")}</Link>
            </span>
          ),
        ],
        [t("rights.channel"), named("rights.channel", request.channel)],
        [t("rights.asked"), <At key="asked" time={request.asked_time} />],
        [t("rights.closed"), <At key="closed" time={request.closed_time} />],
        [
          t("rights.number"),
          <span key="id" className="row-tight">
            <code className="break" data-testid="request-id">
              {request.request_id}
            </code>
            <CopyButton text={request.request_id} />
          </span>,
        ],
      ]}
    />
  );
}

/** What a step noted, in words; the channel and the ids of corrections say nothing to a reader. */
function noteOf(step: RightsRequest["steps"][number], fieldWords: (field: string) => string): string {
  if (step.action === "received") return "";
  return step.action === "correct" ? fieldWords(step.note.split(" ")[0] ?? "") : step.note;
}

/** The person, the system, or a member of the team. */
function By({ actor }: { actor: string }) {
  const { named } = useLanguage();
  const known = named("rights.actor", actor);
  return known === actor ? <Who id={actor} /> : <span>{known}</span>;
}

function History({ request, fields }: { request: RightsRequest; fields: Record<string, Words> }) {
  const { t, w, named } = useLanguage();
  const fieldWords = (field: string) => w(fields[field]) || field;
  return (
    <section>
      <h3>{t("rights.steps")}</h3>
      <Timeline
        items={request.steps.map((step) => ({
          content: (
            <div data-testid={`step-${step.action}`}>
              <b>{named("rights.action", step.action)}</b>
              <div className="faint">
                <At time={step.time} /> · <By actor={step.actor} />
              </div>
              <div className="break">{noteOf(step, fieldWords)}</div>
            </div>
          ),
        }))}
      />
    </section>
  );
}

function Proof({ id, erasure }: { id: string; erasure: string | null }) {
  const { t } = useLanguage();
  const read = useRead<RightsProof>(requestPath(id, "/proof"));
  return (
    <Panel
      title={t("rights.proof")}
      testId="request-proof"
      extra={
        <a href={requestPath(id, "/proof.html")} target="_blank" rel="noreferrer">
          {t("rights.proofPage")}
        </a>
      }
    >
      <Shown read={read} rows={2}>
        {(proof) => (
          <Facts
            items={[
              [
                t("rights.proofState"),
                <Tag key="sound" color={proof.sound ? "success" : "error"}>
                  {t(proof.sound ? "rights.sound" : "rights.unsound")}
                </Tag>,
              ],
              [t("erasure.digest"), <code key="hash" className="break">{proof.hash}</code>],
              ...(erasure
                ? [
                    [
                      t("nav.erasures"),
                      <Link key="erasure" to={`/erasures?open=${encodeURIComponent(erasure)}`}>
                        <code className="break">{erasure}</code>
                      </Link>,
                    ] as [string, ReactNode],
                  ]
                : []),
            ]}
          />
        )}
      </Shown>
    </Panel>
  );
}

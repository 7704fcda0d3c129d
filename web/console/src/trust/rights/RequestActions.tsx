import { Alert, Button, Input } from "antd";
import { useState, type ReactNode } from "react";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { RightsRequest, Words } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { CorrectForm } from "./CorrectForm";
import { EraseForm } from "./EraseForm";
import { erases } from "./kinds";
import { PersonData } from "./PersonData";
import { RefuseDialog } from "./RefuseDialog";
import { Refused } from "./Refused";
import { requestPath, STALE } from "./useRequest";

interface RequestActionsProps {
  request: RightsRequest;
  fields: Record<string, Words>;
  /** The erasure that answers it is under way. */
  running: boolean;
  /** Reads the request again: a refused step often means that somebody else was faster. */
  refresh: () => void;
}

/** What may be done about an open request in its state. */
export function RequestActions({ request, fields, running, refresh }: RequestActionsProps) {
  const { t } = useLanguage();
  const [refusing, setRefusing] = useState(false);
  const path = requestPath(request.request_id);
  const start = useWrite<void, RightsRequest>(() => api.post(`${path}/start`), STALE);
  if (running) return <Alert type="info" showIcon title={t("rights.erasing")} data-testid="request-erasing" />;
  const received = request.state === "received";
  const foot = (
    <>
      {request.state === "verified" && (
        <Button loading={start.isPending} onClick={() => start.mutate(undefined, { onError: refresh })} data-testid="request-start">
          {t("rights.start")}
        </Button>
      )}
      <Button danger type="text" onClick={() => setRefusing(true)} data-testid="request-refuse">
        {t("rights.refuse")}
      </Button>
    </>
  );
  return (
    <>
      <Refused error={start.error} />
      {received && (
        <NoteStep
          key="verify"
          title={t("rights.verify")}
          about={t("rights.verifyText")}
          placeholder={t("rights.verifiedExample")}
          ok={t("rights.verifyDo")}
          path={`${path}/verify`}
          testId="verify"
          refresh={refresh}
          extra={foot}
        />
      )}
      {!received && !erases(request.kind) && <PersonData request={request} refresh={refresh} />}
      {!received && request.kind === "correct" && <CorrectForm request={request} fields={fields} refresh={refresh} />}
      {!received && erases(request.kind) && <EraseForm request={request} refresh={refresh} extra={foot} />}
      {!received && !erases(request.kind) && (
        <NoteStep
          key="answer"
          title={t("rights.answer")}
          about={t("rights.answerText")}
          placeholder={t("rights.answerExample")}
          ok={t("rights.answerDo")}
          path={`${path}/done`}
          testId="answer"
          refresh={refresh}
          extra={foot}
        />
      )}
      {refusing && <RefuseDialog request={request} refresh={refresh} onClose={() => setRefusing(false)} />}
    </>
  );
}

interface NoteStepProps {
  title: string;
  about: string;
  placeholder: string;
  ok: string;
  path: string;
  testId: string;
  refresh: () => void;
  extra: ReactNode;
}

/** A step that needs a sentence: how the identity was checked, or what was answered. */
function NoteStep({ title, about, placeholder, ok, path, testId, refresh, extra }: NoteStepProps) {
  const [note, setNote] = useState("");
  const step = useWrite<string, RightsRequest>((text) => api.post(path, { note: text }), STALE);
  const send = () => {
    if (note.trim()) step.mutate(note.trim(), { onError: refresh });
  };
  return (
    <Panel title={title} testId={`panel-${testId}`}>
      <p className="faint gap">{about}</p>
      <Refused error={step.error} />
      <Input
        value={note}
        onChange={(change) => setNote(change.target.value)}
        onPressEnter={(press) => !press.nativeEvent.isComposing && send()}
        maxLength={500}
        placeholder={placeholder}
        aria-label={title}
        data-testid={`${testId}-note`}
      />
      <div className="tools gap-top">
        <Button type="primary" disabled={!note.trim()} loading={step.isPending} onClick={send} data-testid={`${testId}-do`}>
          {ok}
        </Button>
        {extra}
      </div>
    </Panel>
  );
}

/** One case: what speaks against it, the accounts around it, and what somebody decides. */
import { App, Button, Drawer, Form, Input, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { RiskCase, RiskDetail } from "@/api/types";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import { useSession } from "@/kit/session";
import { At, Facts } from "@/kit/small";
import { Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { EvidenceGraph } from "./EvidenceGraph";
import { OutcomeTag } from "./QueueTab";

type Doing = "pass" | "refuse" | "appeal";

export function CaseDrawer({ caseId, onClose }: { caseId: string; onClose: () => void }) {
  const { t } = useLanguage();
  const path = `/api/risk/cases/${encodeURIComponent(caseId)}`;
  const read = useRead<RiskDetail>(path);
  return (
    <Drawer open onClose={onClose} size="large" title={read.data?.case.user_id ?? t("nav.risk")}>
      <Shown read={read} rows={8}>
        {(detail) => <Detail detail={detail} path={path} />}
      </Shown>
    </Drawer>
  );
}

function Person({ id }: { id: string | null }) {
  const { t } = useLanguage();
  return id ? <Link to={`/users/${encodeURIComponent(id)}`}>{id}</Link> : <span className="faint">{t("risk.unknown")}</span>;
}

function Detail({ detail, path }: { detail: RiskDetail; path: string }) {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const [doing, setDoing] = useState<Doing | null>(null);
  const one = detail.case;
  return (
    <div data-testid="risk-case">
      <Facts
        items={[
          [t("risk.outcome"), <OutcomeTag key="outcome" outcome={one.outcome} />],
          [t("risk.score"), <b key="score" className="number">{one.score}</b>],
          [t("risk.account"), <Person key="account" id={one.user_id} />],
          [t("risk.inviter"), <Person key="inviter" id={one.inviter_id} />],
          [t("risk.kind"), w(one.kind_words)],
          [t("risk.ref"), <code key="ref">{one.ref}</code>],
          [t("risk.time"), <At key="time" time={one.time} />],
          ...(one.verdict
            ? [[t("risk.byPerson"), <Decided key="verdict" one={one} />] as [string, React.ReactNode]]
            : []),
          ...(one.appeal ? [[t("risk.appeal"), one.appeal] as [string, string]] : []),
          ...(one.answer_until
            ? [[t("risk.answerUntil"), <At key="answer" time={one.answer_until} seconds={false} />] as [string, React.ReactNode]]
            : []),
          ...(one.outcome === "refuse" && one.appeal_until && !one.appeal
            ? [[t("risk.appealUntil"), <At key="until" time={one.appeal_until} seconds={false} />] as [string, React.ReactNode]]
            : []),
        ]}
      />
      {may("operate") && (
        <div className="tools">
          <Button type="primary" onClick={() => setDoing("pass")} data-testid="risk-pass">
            {t("risk.pass")}
          </Button>
          <Button danger onClick={() => setDoing("refuse")} data-testid="risk-refuse">
            {t("risk.refuse")}
          </Button>
          {one.outcome === "refuse" && !one.appeal && (
            <Button onClick={() => setDoing("appeal")} data-testid="risk-appeal">
              {t("risk.appealDo")}
            </Button>
          )}
        </div>
      )}
      <h3>{t("risk.reasons")}</h3>
      <Reasons one={one} />
      <h3>{t("risk.evidence")}</h3>
      <p className="faint">{t("risk.evidenceNote")}</p>
      <EvidenceGraph evidence={detail.evidence} />
      {doing && <DecideDialog doing={doing} path={path} onClose={() => setDoing(null)} />}
    </div>
  );
}

function Decided({ one }: { one: RiskCase }) {
  return (
    <>
      {one.decided_by} · <At time={one.decided_time} seconds={false} />
      <div className="faint">{one.note}</div>
    </>
  );
}

function Reasons({ one }: { one: RiskCase }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  if (one.reasons.length === 0) return <p className="faint">–</p>;
  return (
    <ul className="risk-reasons" data-testid="risk-reasons">
      {one.reasons.map((reason) => (
        <li key={reason.code}>
          {reason.hard ? (
            <Tag color="error">{t("risk.hard")}</Tag>
          ) : (
            <Tag>{t("risk.points", { n: f.whole(Math.round(reason.points)) })}</Tag>
          )}
          {w(reason.words)}
        </li>
      ))}
    </ul>
  );
}

function DecideDialog({ doing, path, onClose }: { doing: Doing; path: string; onClose: () => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [form] = Form.useForm<{ words: string }>();
  const send = useWrite<{ words: string }, RiskCase>(
    ({ words }) =>
      doing === "appeal"
        ? api.post(`${path}/appeal`, { words })
        : api.post(`${path}/decision`, { verdict: doing, note: words }),
    ["/api/risk/"],
  );
  const done = { onSuccess: () => { void message.success(t(doing === "appeal" ? "risk.appealed" : "risk.decided")); onClose(); } };
  return (
    <FormDialog
      form={form}
      name="risk-decide"
      title={doing === "appeal" ? t("risk.appealDo") : t("risk.decideTitle")}
      does={doing === "appeal" ? t("risk.appealDo") : t(`risk.${doing}`)}
      initialValues={{ words: "" }}
      saving={send as { isPending: boolean; error: ApiError | null }}
      onFinish={(wanted) => send.mutate(wanted, done)}
      onClose={onClose}
    >
      {doing === "appeal" && <p className="faint">{t("risk.appealText")}</p>}
      <Form.Item
        name="words"
        label={doing === "appeal" ? t("risk.appealWords") : t("risk.note")}
        extra={doing === "appeal" ? undefined : t("risk.notePlace")}
        rules={[{ required: true, whitespace: true }]}
      >
        <Input.TextArea rows={3} maxLength={doing === "appeal" ? 1000 : 500} data-testid="risk-words" />
      </Form.Item>
    </FormDialog>
  );
}

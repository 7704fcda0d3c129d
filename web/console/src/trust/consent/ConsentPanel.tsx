import { Alert, Input, Modal, Switch, Tag } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { PurposeState, Receipt } from "@/api/types";
import { useSession } from "@/kit/session";
import { profilePath } from "@/kit/paths";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Ago, At, Cut } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { NUMBERS } from "./useSubjects";

const HOW_CHARACTERS = 64;

interface Choice {
  purpose: PurposeState;
  granted: boolean;
}

/** What the person's data may be used for, how that was known, and the receipts behind it. */
export function ConsentPanel({ userId, purposes }: { userId: string; purposes: PurposeState[] }) {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const [choice, setChoice] = useState<Choice | null>(null);
  const receipts = useRead<{ items: Receipt[] }>(profilePath(userId, "/consent"));
  const changeable = may("comply") || may("operate");
  const nameOf = (purpose: string) => w(purposes.find((one) => one.purpose === purpose)?.words) || purpose;
  const granted = (row: Receipt) => (
    <Tag color={row.granted ? "success" : "error"}>{t(row.granted ? "consent.granted" : "consent.refused")}</Tag>
  );
  const columns: Columns<Receipt> = [
    { title: t("consent.at"), dataIndex: "at_time", render: (time: string) => <At time={time} /> },
    { title: t("consent.purpose"), dataIndex: "purpose", render: nameOf },
    { title: t("consent.choice"), key: "granted", render: (_, row) => granted(row) },
    { title: t("consent.how"), dataIndex: "how", render: (how: string) => <Cut text={how || "–"} /> },
    { title: t("consent.source"), dataIndex: "source", render: (source: string | null) => source ?? "–" },
    {
      title: t("centre.notice"),
      dataIndex: "notice_version",
      render: (version: number | null) => (version === null ? "–" : t("centre.version", { n: version })),
    },
  ];
  return (
    <>
      <ul className="purposes" data-testid="purposes">
        {purposes.map((one) => (
          <li key={one.purpose}>
            <div>
              <b>{w(one.words)}</b>
              <div className="faint">
                {w(one.basis_words)} {one.since_time && <Ago time={one.since_time} />}
              </div>
            </div>
            <Switch
              checked={one.granted}
              disabled={!changeable}
              checkedChildren={t("consent.on")}
              unCheckedChildren={t("consent.off")}
              aria-label={w(one.words)}
              data-testid={`consent-${one.purpose}`}
              onChange={(to) => setChoice({ purpose: one, granted: to })}
            />
          </li>
        ))}
      </ul>
      <h3>{t("consent.receipts")}</h3>
      <ListTable
        read={{ ...receipts, data: receipts.data?.items }}
        columns={columns}
        rowKey={(row) => `${row.at_time}-${row.purpose}`}
        label={t("consent.receipts")}
        testId="receipts"
        empty={<Nothing title={t("consent.none")}>{t("consent.noneText")}</Nothing>}
        card={(row) => (
          <>
            <div className="card-top">
              <b>{nameOf(row.purpose)}</b>
              {granted(row)}
            </div>
            <div className="faint">
              {row.how} · <At time={row.at_time} />
              {row.notice_version !== null && <> · {t("centre.version", { n: row.notice_version })}</>}
            </div>
          </>
        )}
      />
      {choice && <ChoiceDialog userId={userId} choice={choice} onClose={() => setChoice(null)} />}
    </>
  );
}

function ChoiceDialog({ userId, choice, onClose }: { userId: string; choice: Choice; onClose: () => void }) {
  const { t, w } = useLanguage();
  const [how, setHow] = useState("");
  const { purpose, granted } = choice;
  const path = profilePath(userId);
  const record = useWrite<void, unknown>(
    () => api.post(`${path}/consent`, { purpose: purpose.purpose, granted, how: how.trim() }),
    [path, `${path}/consent`, "/api/users", "/api/overview", NUMBERS],
  );
  return (
    <Modal
      open
      title={t(granted ? "consent.grantTitle" : "consent.withdrawTitle", { purpose: w(purpose.words) })}
      okText={t(granted ? "consent.grantDo" : "consent.withdrawDo")}
      okButtonProps={{ danger: !granted, disabled: how.trim() === "", "data-testid": "consent-do" }}
      confirmLoading={record.isPending}
      onCancel={onClose}
      onOk={() => record.mutate(undefined, { onSuccess: onClose })}
    >
      <p>{t(granted ? "consent.grantText" : "consent.withdrawText")}</p>
      {record.error && <Alert type="error" showIcon title={w(record.error.words)} className="gap" />}
      <label className="stacked">
        <span>{t("consent.howAsk")}</span>
        <Input
          value={how}
          onChange={(change) => setHow(change.target.value)}
          placeholder={t("consent.howExample")}
          maxLength={HOW_CHARACTERS}
          data-testid="consent-how"
        />
      </label>
    </Modal>
  );
}

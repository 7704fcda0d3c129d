import { EditOutlined, HistoryOutlined } from "@ant-design/icons";
import { Button, Popconfirm, Tag } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { ConsentNotice, ConsentSubject } from "@/api/types";
import { useLanguage } from "@/i18n";
import { At } from "@/kit/small";
import { Shown } from "@/kit/states";
import { Who } from "@/trust/accounts/Who";
import { Refused } from "@/trust/rights/Refused";
import { PublishDialog } from "./PublishDialog";
import { TextEditor } from "./TextEditor";
import { TextHistory } from "./TextHistory";
import { publishedOf, draftOf } from "./texts";
import { TEXTS, useSubjects } from "./useSubjects";

type Doing = { what: "edit" | "history" | "publish"; subject: string } | null;

/** What people are told before they choose: one card a purpose. */
export function TextsTab() {
  const { t } = useLanguage();
  const { read } = useSubjects();
  const [doing, setDoing] = useState<Doing>(null);
  const close = () => setDoing(null);
  return (
    <Shown read={read} rows={10}>
      {(subjects) => {
        const subject = subjects.find((one) => one.subject === doing?.subject);
        return (
          <>
            <p className="faint">{t("centre.textsAbout")}</p>
            <div className="tag-cards text-cards" data-testid="consent-texts">
              {subjects.map((one) => (
                <Card key={one.subject} subject={one} onDo={(what) => setDoing({ what, subject: one.subject })} />
              ))}
            </div>
            {subject && doing?.what === "edit" && <TextEditor subject={subject} onClose={close} />}
            {subject && doing?.what === "history" && <TextHistory subject={subject} onClose={close} />}
            {subject && doing?.what === "publish" && <PublishDialog subject={subject} onClose={close} />}
          </>
        );
      }}
    </Shown>
  );
}

interface CardProps {
  subject: ConsentSubject;
  onDo: (what: NonNullable<Doing>["what"]) => void;
}

function Card({ subject, onDo }: CardProps) {
  const { t, w } = useLanguage();
  const current = publishedOf(subject);
  const draft = draftOf(subject);
  return (
    <article className="panel tag-card" data-testid={`text-${subject.subject}`}>
      <header>
        <h2>{w(subject.words)}</h2>
        {current ? (
          <Tag color="success">{t("centre.version", { n: current.version })}</Tag>
        ) : (
          <Tag color="warning">{t("centre.unpublished")}</Tag>
        )}
      </header>
      {current ? (
        <>
          <b className="break">{w(current.title)}</b>
          <p className="text-start">{w(current.body)}</p>
          <p className="faint small">
            {t("centre.published")} <At time={current.published_time} seconds={false} /> ·{" "}
            {current.published_by && <Who id={current.published_by} />}
          </p>
        </>
      ) : (
        <p className="faint">{t("centre.unpublishedText")}</p>
      )}
      {draft && <Draft draft={draft} onPublish={() => onDo("publish")} />}
      <footer>
        <Button size="small" icon={<EditOutlined />} onClick={() => onDo("edit")} data-testid={`text-edit-${subject.subject}`}>
          {t(draft ? "centre.editDraft" : current ? "centre.newVersion" : "centre.firstVersion")}
        </Button>
        {subject.versions.length > 0 && (
          <Button
            size="small"
            type="text"
            icon={<HistoryOutlined />}
            onClick={() => onDo("history")}
            data-testid={`text-history-${subject.subject}`}
          >
            {t("centre.versions", { n: subject.versions.length })}
          </Button>
        )}
      </footer>
    </article>
  );
}

function Draft({ draft, onPublish }: { draft: ConsentNotice; onPublish: () => void }) {
  const { t } = useLanguage();
  const discard = useWrite<void, null>(() => api.remove(`${TEXTS}/${draft.subject}/${draft.version}`), [TEXTS]);
  return (
    <div className="text-draft" data-testid={`text-draft-${draft.subject}`}>
      <span className="row-tight wrap">
        <Tag color="processing">{t("centre.draftVersion", { n: draft.version })}</Tag>
        {draft.material && <Tag color="warning">{t("centre.material")}</Tag>}
        <span className="faint small">
          <At time={draft.created_time} seconds={false} />
        </span>
      </span>
      <Refused error={discard.error} />
      <span className="row-tight">
        <Button size="small" type="primary" onClick={onPublish} data-testid={`text-publish-${draft.subject}`}>
          {t("centre.publish")}
        </Button>
        <Popconfirm
          title={t("centre.discardAsk")}
          okText={t("centre.discard")}
          okButtonProps={{ danger: true }}
          onConfirm={() => discard.mutate()}
        >
          <Button size="small" type="text" danger loading={discard.isPending} data-testid={`text-discard-${draft.subject}`}>
            {t("centre.discard")}
          </Button>
        </Popconfirm>
      </span>
    </div>
  );
}

import { Alert, Modal } from "antd";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { ConsentNotice, ConsentSubject } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useFormat } from "@/kit/useFormat";
import { Refused } from "@/trust/rights/Refused";
import { Preview } from "./TextEditor";
import { Difference } from "./TextHistory";
import { draftFrom, draftOf, publishedOf } from "./texts";
import { NUMBERS, TEXTS, useNumbers } from "./useSubjects";

/** Publishing is for good: it shows what changes, and how many people a material change asks again. */
export function PublishDialog({ subject, onClose }: { subject: ConsentSubject; onClose: () => void }) {
  const { t, w } = useLanguage();
  const { whole } = useFormat();
  const numbers = useNumbers();
  const draft = draftOf(subject);
  const current = publishedOf(subject);
  const publish = useWrite<number, ConsentNotice>(
    (version) => api.post(`${TEXTS}/${subject.subject}/${version}/publish`),
    [TEXTS, NUMBERS, "/api/users", "/api/overview", "/api/profiles/", "/api/audit"],
  );
  if (!draft) return null;
  const granted = numbers.data?.subjects.find((one) => one.subject === subject.subject)?.granted;
  return (
    <Modal
      open
      width={680}
      title={t("centre.publishTitle", { subject: w(subject.words), n: draft.version })}
      okText={t("centre.publish")}
      okButtonProps={{ danger: draft.material, "data-testid": "text-publish-do" }}
      confirmLoading={publish.isPending}
      onCancel={onClose}
      onOk={() => publish.mutate(draft.version, { onSuccess: onClose })}
    >
      <p className="gap">{t("centre.publishText")}</p>
      {draft.material && current && (
        <Alert
          type="warning"
          showIcon
          className="gap"
          title={t("centre.publishMaterial", { n: granted === undefined ? "–" : whole(granted) })}
        />
      )}
      <Refused error={publish.error} />
      {current ? (
        <Difference subject={subject.subject} version={draft.version} against={current.version} />
      ) : (
        <Preview draft={draftFrom(subject)} />
      )}
    </Modal>
  );
}

import { CloudUploadOutlined } from "@ant-design/icons";
import { Alert, Modal, Select, Upload } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, upload } from "@/api/client";
import { useRead } from "@/api/hooks";
import type { Source, TakenMembers } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Code } from "@/kit/small";
import { useFormat } from "@/kit/useFormat";

const EXAMPLE = "user_id,channel,joined,left,place_id\nu100001,wecom_group,2026-11-01,,g1\nu100002,official_account,2026-10-20,2026-11-12,\n";

/** A list of members as a file: who joined and left which channel when. */
export function MembersDialog({ onClose }: { onClose: () => void }) {
  const { t, w } = useLanguage();
  const { whole } = useFormat();
  const client = useQueryClient();
  const sources = useRead<Source[]>("/api/sources");
  const [source, setSource] = useState("default");
  const [taken, setTaken] = useState<TakenMembers | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [sending, setSending] = useState(false);
  const send = (file: File) => {
    setSending(true);
    setError(null);
    setTaken(null);
    upload<TakenMembers>("/api/private/members", { source_id: source }, file, () => undefined)
      .then((answer) => {
        setTaken(answer);
        void client.invalidateQueries({ queryKey: ["/api/private/figures"] });
      })
      .catch((problem: unknown) => setError(problem instanceof ApiError ? problem : null))
      .finally(() => setSending(false));
  };
  return (
    <Modal open width={680} title={t("priv.members.add")} onCancel={onClose} footer={null}>
      <p className="faint">{t("priv.members.text")}</p>
      <Code text={EXAMPLE} />
      <label className="naming-choice">
        <span>{t("priv.members.source")}</span>
        <Select
          value={source}
          onChange={setSource}
          aria-label={t("priv.members.source")}
          options={(sources.data ?? []).map((one) => ({ value: one.source_id, label: one.name }))}
        />
      </label>
      <Upload.Dragger
        className="gap"
        accept=".csv,.tsv,.txt"
        showUploadList={false}
        disabled={sending}
        beforeUpload={(file) => {
          send(file);
          return false;
        }}
      >
        <p className="drop-icon"><CloudUploadOutlined /></p>
        <p><b>{t("priv.members.drop")}</b></p>
      </Upload.Dragger>
      {error && <Alert className="gap" type="error" showIcon title={w(error.words)} data-testid="members-error" />}
      {taken && (
        <Alert
          className="gap"
          showIcon
          type={taken.bad.length > 0 ? "warning" : "success"}
          data-testid="members-taken"
          title={t("priv.members.taken", { rows: whole(taken.rows), stored: whole(taken.stored), same: whole(taken.duplicates) })}
          description={
            <ul>
              {taken.bad.map((bad) => (
                <li key={bad.line}>
                  {t("link.line", { n: bad.line })} <code>{bad.column}</code> {w(bad.words)}
                </li>
              ))}
            </ul>
          }
        />
      )}
    </Modal>
  );
}

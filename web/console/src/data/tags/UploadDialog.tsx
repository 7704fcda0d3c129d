import { Alert, Button, Modal } from "antd";
import { useRef } from "react";
import { upload } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { CustomTag, TagUploaded } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useFormat } from "@/kit/useFormat";
import { TAGS, TAGS_STALE } from "./fields";

/** Sends a list of ids and values; says how many were matched. */
export function UploadDialog({ tag, onClose }: { tag: CustomTag; onClose: () => void }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const chooser = useRef<HTMLInputElement>(null);
  const send = useWrite<File, TagUploaded>((file) => upload(`${TAGS}/${tag.key}/people`, {}, file, () => undefined), TAGS_STALE);
  const found = send.data;
  return (
    <Modal open title={`${t("tags.upload")} · ${w(tag.words)}`} footer={null} onCancel={onClose}>
      <p className="faint">{t("tags.uploadAbout")}</p>
      <input
        ref={chooser}
        type="file"
        accept=".csv,text/csv"
        hidden
        data-testid="tag-file"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) send.mutate(file);
          event.target.value = "";
        }}
      />
      <Button type="primary" className="gap" loading={send.isPending} onClick={() => chooser.current?.click()}>
        {t("tags.choose")}
      </Button>
      {send.error && <Alert type="error" showIcon title={w(send.error.words)} data-testid="upload-error" />}
      {found && (
        <Alert
          type={found.matched > 0 ? "success" : "warning"}
          showIcon
          data-testid="uploaded"
          title={t("tags.uploaded", {
            matched: f.whole(found.matched), rows: f.whole(found.rows), rate: f.percent(found.match_rate),
            unknown: f.whole(found.unknown), bad: f.whole(found.bad),
          })}
          description={found.samples.join(", ")}
        />
      )}
    </Modal>
  );
}

import { CloudUploadOutlined } from "@ant-design/icons";
import { Alert, Modal, Progress, Upload } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { ApiError, upload } from "@/api/client";
import type { IdList } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Facts } from "@/kit/small";
import { useFormat } from "@/kit/useFormat";

/** Sends a list of ids, says how many of them are known, and goes on to a segment of them. */
export function UploadDialog({ onClose }: { onClose: () => void }) {
  const { t, w } = useLanguage();
  const { whole, percent } = useFormat();
  const navigate = useNavigate();
  const [share, setShare] = useState<number | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [found, setFound] = useState<IdList | null>(null);
  const send = async (file: File) => {
    setError(null);
    setShare(0);
    try {
      setFound(await upload<IdList>("/api/segments/lists", {}, file, setShare));
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
      else throw problem;
    } finally {
      setShare(null);
    }
  };
  const goOn = () => {
    const rule = JSON.stringify({ is: "all", of: [{ is: "list", list: found?.list_id }] });
    void navigate(`/segments/new?rule=${encodeURIComponent(rule)}`);
  };
  return (
    <Modal
      open
      title={t("segment.uploadTitle")}
      onCancel={onClose}
      onOk={goOn}
      okText={t("segment.uploadGoOn")}
      okButtonProps={{ disabled: !found || found.people === 0, "data-testid": "upload-go-on" }}
    >
      <p className="faint">{t("segment.uploadText")}</p>
      {error && <Alert type="error" showIcon title={w(error.words)} className="gap" data-testid="upload-error" />}
      {found ? (
        <div data-testid="upload-result">
          <Facts
            items={[
              [t("segment.listLines"), whole(found.lines)],
              [t("segment.listMatched"), `${whole(found.matched)} (${percent(found.rate)})`],
              [t("segment.listUnmatched"), whole(found.unmatched)],
              [t("segment.listRepeated"), whole(found.repeated)],
              [t("segment.listPeople"), whole(found.people)],
            ]}
          />
        </div>
      ) : (
        <Upload.Dragger
          accept=".csv,.txt,.tsv"
          showUploadList={false}
          disabled={share !== null}
          beforeUpload={(file) => {
            void send(file);
            return false;
          }}
        >
          {share === null ? (
            <>
              <CloudUploadOutlined className="drop-icon" />
              <div>{t("segment.uploadDrop")}</div>
            </>
          ) : (
            <Progress percent={Math.round(share * 100)} status="active" />
          )}
        </Upload.Dragger>
      )}
    </Modal>
  );
}

import { UploadOutlined } from "@ant-design/icons";
import { Alert, Button, Input, Modal, Segmented, Table, Upload } from "antd";
import { useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { api, ApiError, upload } from "@/api/client";
import type { PlanPreview } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Changes } from "./Changes";

type Way = "workbook" | "yaml";
const WORKBOOK = "/api/tracking/plan/workbook";

/** A plan from a workbook or YAML: first what it would change, then, if wanted, the change. */
export function ImportDialog({ version, onClose }: { version: number; onClose: () => void }) {
  const { t, w } = useLanguage();
  const client = useQueryClient();
  const [way, setWay] = useState<Way>("workbook");
  const [text, setText] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [preview, setPreview] = useState<PlanPreview | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const ask = async (save: boolean, given: { text?: string; file?: File } = {}) => {
    setBusy(true);
    setError(null);
    try {
      const workbook = given.file ?? file;
      const answer =
        way === "workbook"
          ? workbook && (await upload<PlanPreview>(WORKBOOK, { base_version: version, save }, workbook, () => undefined))
          : await api.post<PlanPreview>("/api/tracking/plan/yaml", { base_version: version, text: given.text ?? text, save });
      if (!answer) return;
      setPreview(answer);
      if (answer.saved_version !== null && answer.saved_version !== undefined) {
        await client.invalidateQueries({ predicate: (query) => String(query.queryKey[0]).startsWith("/api/tracking/") });
        onClose();
      }
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setError(problem);
      setPreview(null);
    } finally {
      setBusy(false);
    }
  };
  const start = (next: Way) => {
    setWay(next);
    setPreview(null);
    setError(null);
    setFile(null);
  };
  const pick = (picked: File) => {
    if (way === "workbook") {
      setFile(picked);
      void ask(false, { file: picked });
    } else {
      void picked.text().then((read) => {
        setText(read);
        return ask(false, { text: read });
      });
    }
    return false;
  };
  return (
    <Modal
      open
      width={760}
      title={t("track.import")}
      onCancel={onClose}
      okText={t("track.importSave")}
      okButtonProps={{ disabled: !preview || preview.changes.length === 0, "data-testid": "track-import-save" }}
      confirmLoading={busy}
      onOk={() => void ask(true)}
    >
      <Segmented
        value={way}
        onChange={start}
        className="gap scrolling"
        options={[
          { value: "workbook", label: t("track.workbook") },
          { value: "yaml", label: t("track.yaml") },
        ]}
      />
      <p className="faint">{t(way === "workbook" ? "track.workbookText" : "track.yamlText")}</p>
      {way === "yaml" && (
        <Input.TextArea
          rows={10}
          value={text}
          className="gap track-code"
          onChange={(change) => {
            setText(change.target.value);
            setPreview(null);
          }}
          aria-label={t("track.yaml")}
          data-testid="track-yaml-text"
        />
      )}
      <div className="tools">
        <Upload accept={way === "workbook" ? ".xlsx" : ".yaml,.yml"} showUploadList={false} beforeUpload={pick}>
          <Button icon={<UploadOutlined />} data-testid="track-pick">
            {file ? file.name : t("track.pick")}
          </Button>
        </Upload>
        {way === "yaml" && (
          <Button onClick={() => void ask(false)} disabled={!text.trim()} loading={busy} data-testid="track-preview">
            {t("track.preview")}
          </Button>
        )}
      </div>
      {error && <Alert type="error" showIcon title={w(error.words)} description={error.place} data-testid="track-import-error" />}
      {preview && <Look preview={preview} />}
    </Modal>
  );
}

function Look({ preview }: { preview: PlanPreview }) {
  const { t, w } = useLanguage();
  const bad = preview.bad ?? [];
  const renamed = Object.entries(preview.renamed ?? {});
  return (
    <div data-testid="track-look">
      <p>{t("track.previewSays", { events: preview.events, properties: preview.properties, changes: preview.changes.length })}</p>
      {renamed.length > 0 && (
        <p className="faint">
          {t("track.renamed")} {renamed.map(([from, to]) => `${from} → ${to}`).join(", ")}
        </p>
      )}
      {bad.length > 0 && (
        <>
          <Alert type="warning" showIcon title={t("track.badCells", { n: bad.length })} className="gap" />
          <div className="table-box gap">
            <Table
              size="small"
              rowKey={(_, place) => String(place)}
              pagination={false}
              scroll={{ x: "max-content", y: 200 }}
              dataSource={bad}
              columns={[
                { title: t("track.sheet"), dataIndex: "sheet" },
                { title: t("track.cell"), key: "at", render: (_, cell) => <code>{`${cell.column}${cell.row}`}</code> },
                { title: t("track.reason"), key: "why", render: (_, cell) => w(cell.message) },
                { title: t("track.content"), dataIndex: "cell", render: (text: string) => <span className="break">{text || "–"}</span> },
              ]}
            />
          </div>
        </>
      )}
      <Changes changes={preview.changes} />
    </div>
  );
}

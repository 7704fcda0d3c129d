import { CloudUploadOutlined } from "@ant-design/icons";
import { Alert, Progress, Segmented, Tag, Upload } from "antd";
import { useState } from "react";
import { ImportTabs } from "./ImportTabs";
import { useNavigate } from "react-router";
import { ApiError, upload } from "@/api/client";
import { useRead } from "@/api/hooks";
import type { Import, ImportKind, Page } from "@/api/types";
import { useSession } from "@/kit/session";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { PageFrame, Panel } from "@/kit/page";
import { Actor, Ago } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { useNarrow } from "@/kit/useNarrow";
import { usePager } from "@/kit/usePager";

export const KINDS: ImportKind[] = ["orders", "users", "events", "products", "contents", "relations"];
const STATE_COLOURS: Record<string, string> = { running: "processing", waiting: "processing", done: "success", failed: "error" };
const EVERY_MS = 4_000;

export function ImportState({ state }: { state: Import["state"] }) {
  const { named } = useLanguage();
  return <Tag color={STATE_COLOURS[state] ?? "default"}>{named("import.state", state)}</Tag>;
}

export default function ImportsPage() {
  const { t } = useLanguage();
  const { whole } = useFormat();
  const { may } = useSession();
  const navigate = useNavigate();
  const pager = usePager();
  const read = useRead<Page<Import>>("/api/imports", { cursor: pager.cursor }, { keep: true, every: EVERY_MS });
  const open = (row: Import) => void navigate(`/imports/${encodeURIComponent(row.import_id)}`);
  const columns: Columns<Import> = [
    { title: t("import.file"), dataIndex: "filename", render: (name: string) => <b>{name}</b> },
    { title: t("import.kind"), key: "kind", render: (_, row) => t(`import.kind.${row.kind}`) },
    { title: t("import.state"), key: "state", render: (_, row) => <ImportState state={row.state} /> },
    { title: t("import.done"), dataIndex: "rows_done", align: "right", render: (n: number) => <span className="number">{whole(n)}</span> },
    {
      title: t("import.duplicate"),
      dataIndex: "rows_duplicate",
      align: "right",
      render: (n: number) => <span className="number">{whole(n)}</span>,
    },
    {
      title: t("import.bad"),
      dataIndex: "rows_bad",
      align: "right",
      render: (n: number) => <span className={n > 0 ? "number bad" : "number"}>{whole(n)}</span>,
    },
    { title: t("import.actor"), key: "actor", render: (_, row) => <Actor id={row.actor} name={row.actor_name} width={110} /> },
    { title: t("import.created"), dataIndex: "created_time", render: (time: string) => <Ago time={time} /> },
  ];
  return (
    <PageFrame testId="page-imports" title={t("nav.imports")} about={t("import.about")}>
      <ImportTabs here="/imports" />
      {may("operate") && <DropZone />}
      <Panel flush title={t("import.history")}>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(row) => row.import_id}
          label={t("import.history")}
          testId="imports-table"
          pager={pager}
          onOpen={open}
          empty={<Nothing title={t("import.none")}>{t("import.noneText")}</Nothing>}
          card={(row) => (
            <button type="button" className="card-button" onClick={() => open(row)}>
              <div className="card-top">
                <b className="break">{row.filename}</b>
                <ImportState state={row.state} />
              </div>
              <div className="faint">
                {t(`import.kind.${row.kind}`)} · {t("import.done")} {whole(row.rows_done)} · {t("import.bad")}{" "}
                {whole(row.rows_bad)} · <Ago time={row.created_time} />
              </div>
            </button>
          )}
        />
      </Panel>
    </PageFrame>
  );
}

function DropZone() {
  const { t, w } = useLanguage();
  const navigate = useNavigate();
  const narrow = useNarrow();
  const [kind, setKind] = useState<ImportKind>("orders");
  const [share, setShare] = useState<number | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const send = async (file: File) => {
    setError(null);
    setShare(0);
    try {
      const made = await upload<Import>("/api/imports", { kind, filename: file.name }, file, setShare);
      await navigate(`/imports/${encodeURIComponent(made.import_id)}`);
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
      else throw problem;
    } finally {
      setShare(null);
    }
  };
  return (
    <Panel testId="import-drop">
      <div className="drop-kind">
        <span>{t("import.whatIsIt")}</span>
        <Segmented
          value={kind}
          onChange={setKind}
          size={narrow ? "small" : "middle"}
          className="drop-kinds"
          options={KINDS.map((one) => ({ value: one, label: t(`import.kind.${one}`) }))}
        />
      </div>
      {error && <Alert type="error" showIcon title={w(error.words)} description={error.place} className="gap" data-testid="import-error" />}
      <Upload.Dragger
        accept=".csv,.tsv,.txt,.gz,.jsonl,.ndjson,.json,.parquet,.xlsx"
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
            <div>{t("import.drop")}</div>
            <div className="faint">{t("import.formats")}</div>
          </>
        ) : (
          <div className="drop-progress">
            <div>{share < 1 ? t("import.sending") : t("import.reading")}</div>
            <Progress percent={Math.round(share * 100)} status="active" />
          </div>
        )}
      </Upload.Dragger>
    </Panel>
  );
}

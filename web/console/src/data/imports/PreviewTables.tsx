import { Spin, Table } from "antd";
import type { BadRow, ImportKind, Preview } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { Cut } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { FIELD_WORDS } from "./fields";

function said(value: unknown): string {
  if (value === null || value === undefined || value === "") return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The first rows exactly as they will be stored, and the first lines that will not be, each with its reason. */
export function PreviewTables({ preview, kind, busy }: { preview: Preview | null; kind: ImportKind; busy: boolean }) {
  const { t, w } = useLanguage();
  if (!preview) {
    return (
      <Panel title={t("import.preview")}>
        <Nothing title={t("import.noPreview")}>{t("import.noPreviewText")}</Nothing>
      </Panel>
    );
  }
  const filled = [...new Set(preview.rows.flatMap((row) => Object.keys(row)))].filter((name) =>
    preview.rows.some((row) => said(row[name]) !== "–"),
  );
  // the id that removes duplicates says least to people: it comes last
  const names = [...filled.filter((name) => name !== "event_id"), ...filled.filter((name) => name === "event_id")];
  return (
    <Spin spinning={busy} classNames={{ root: "stack" }}>
      <Panel
        flush
        title={t("import.preview")}
        extra={<span className="faint">{t("import.previewNote", { kind: t(`import.kind.${kind}`) })}</span>}
      >
        {preview.rows.length === 0 ? (
          <Nothing title={t("import.noGoodRows")}>{t("import.noGoodRowsText")}</Nothing>
        ) : (
          <div className="table-box" data-testid="preview-rows" role="region" aria-label={t("import.preview")}>
            <Table
              size="small"
              pagination={false}
              scroll={{ x: "max-content" }}
              rowKey={(row) => String(row.__place)}
              dataSource={preview.rows.map((row, place) => ({ ...row, __place: place }) as Record<string, unknown>)}
              columns={names.map((name) => ({
                title: (
                  <>
                    {w(FIELD_WORDS[name] ?? name)}
                    {FIELD_WORDS[name] && <div className="faint small">{name}</div>}
                  </>
                ),
                key: name,
                render: (_: unknown, row: Record<string, unknown>) => <Cut text={said(row[name])} width={220} />,
              }))}
            />
          </div>
        )}
      </Panel>
      {preview.bad.length > 0 && (
        <Panel flush title={t("import.badRows", { n: preview.bad.length })} extra={<span className="faint">{t("import.badNote")}</span>}>
          <div className="table-box" data-testid="preview-bad" role="region" aria-label={t("import.bad")}>
            <Table<BadRow>
              size="small"
              pagination={preview.bad.length > 10 ? { pageSize: 10, size: "small", showSizeChanger: false } : false}
              scroll={{ x: "max-content" }}
              rowKey={(row) => `${row.line}-${row.code}-${row.place}`}
              dataSource={preview.bad}
              columns={[
                { title: t("import.line"), dataIndex: "line", render: (line: number) => <span className="number">{line}</span> },
                { title: t("import.column"), dataIndex: "place", render: (place: string) => <code>{place || "–"}</code> },
                { title: t("import.reason"), key: "reason", render: (_, row) => w(row.message) },
                { title: t("dead.code"), dataIndex: "code", render: (code: string) => <code className="faint">{code}</code> },
              ]}
            />
          </div>
        </Panel>
      )}
    </Spin>
  );
}

/** A page of a result's rows. */
import { Pagination, Table } from "antd";
import { useMemo, useState } from "react";
import { useRead } from "@/api/hooks";
import type { SqlRows } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Failure, Waiting } from "@/kit/states";
import { shown, type Cell } from "./charts";
import { isNumber, type Column } from "./params";

const PAGE_ROWS = 50;

export function ResultTable({ runId, total }: { runId: string; total: number }) {
  const [page, setPage] = useState(1);
  const { t } = useLanguage();
  const read = useRead<SqlRows>(
    `/api/sql/runs/${encodeURIComponent(runId)}/rows`,
    { offset: (page - 1) * PAGE_ROWS, limit: PAGE_ROWS },
    { keep: true },
  );
  if (read.error && !read.data) return <Failure error={read.error} retry={() => void read.refetch()} />;
  if (!read.data) return <Waiting rows={4} />;
  return (
    <>
      <RowsTable columns={read.data.columns} rows={read.data.rows as Cell[][]} testId="sql-rows" loading={read.isPlaceholderData} />
      {total > PAGE_ROWS && (
        <div className="turner">
          <span className="grow" />
          <Pagination
            size="small"
            simple
            current={page}
            pageSize={PAGE_ROWS}
            total={total}
            onChange={setPage}
            showSizeChanger={false}
            aria-label={t("sql.pages")}
          />
        </div>
      )}
    </>
  );
}

interface RowsTableProps {
  columns: Column[];
  rows: Cell[][];
  testId?: string;
  loading?: boolean;
}

export function RowsTable({ columns, rows, testId, loading = false }: RowsTableProps) {
  const made = useMemo(
    () =>
      columns.map((one, place) => ({
        title: one.name,
        key: String(place),
        align: isNumber(one.type) ? ("right" as const) : undefined,
        render: (_: unknown, row: { cells: Cell[] }) => {
          const cell = row.cells[place];
          if (cell === null || cell === undefined) return <span className="faint">NULL</span>;
          return (
            <span className={isNumber(one.type) ? "number" : "cut sql-cell"} title={String(cell)}>
              {shown(cell)}
            </span>
          );
        },
      })),
    [columns],
  );
  const data = useMemo(() => rows.map((cells, key) => ({ key, cells })), [rows]);
  return (
    <div className="table-box" data-testid={testId}>
      <Table size="small" columns={made} dataSource={data} pagination={false} loading={loading} scroll={{ x: "max-content" }} />
    </div>
  );
}

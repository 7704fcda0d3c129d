import { LeftOutlined, RightOutlined } from "@ant-design/icons";
import { Button, Table, type TableProps } from "antd";
import type { ReactNode } from "react";
import type { Page } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Failure, Waiting } from "./states";
import { useFormat } from "./useFormat";
import { useNarrow } from "./useNarrow";
import type { Pager } from "./usePager";

export type Columns<Row> = NonNullable<TableProps<Row>["columns"]>;

interface ListRead<Row> {
  data: Page<Row> | Row[] | undefined;
  error: Error | null;
  refetch: () => unknown;
  isPlaceholderData?: boolean;
}

interface ListTableProps<Row> {
  read: ListRead<Row>;
  columns: Columns<Row>;
  rowKey: (row: Row) => string | number;
  /** What an empty list shows: why, and what to do next. */
  empty: ReactNode;
  /** On a phone each row becomes a card; without it the table scrolls inside its own box. */
  card?: (row: Row) => ReactNode;
  onOpen?: (row: Row) => void;
  pager?: Pager;
  testId: string;
  onChange?: TableProps<Row>["onChange"];
  label: string;
}

export function ListTable<Row extends object>(props: ListTableProps<Row>) {
  const { read, columns, rowKey, empty, card, onOpen, pager, testId, onChange, label } = props;
  const narrow = useNarrow();
  if (read.error && read.data === undefined) {
    return <Failure error={read.error} retry={() => void read.refetch()} />;
  }
  if (read.data === undefined) return <Waiting />;
  const rows = Array.isArray(read.data) ? read.data : read.data.items;
  if (rows.length === 0 && (pager?.number ?? 1) === 1) return <>{empty}</>;
  const foot = pager && !Array.isArray(read.data) && <PageTurner page={read.data} pager={pager} />;
  if (narrow && card) {
    return (
      <>
        <ul className="cards" data-testid={testId} aria-label={label}>
          {rows.map((row) => (
            <li key={rowKey(row)} className="card">
              {card(row)}
            </li>
          ))}
        </ul>
        {foot}
      </>
    );
  }
  return (
    <>
      <div className="table-box" data-testid={testId} role="region" aria-label={label}>
        <Table<Row>
          size="middle"
          columns={columns}
          dataSource={rows as Row[]}
          rowKey={rowKey}
          pagination={false}
          loading={read.isPlaceholderData ?? false}
          onChange={onChange}
          scroll={{ x: "max-content" }}
          showSorterTooltip={false}
          rowClassName={onOpen ? "row-link" : ""}
          onRow={
            onOpen
              ? (row) => ({
                  onClick: (click) => {
                    if (!(click.target as HTMLElement).closest("a,button,input")) onOpen(row);
                  },
                })
              : undefined
          }
        />
      </div>
      {foot}
    </>
  );
}

function PageTurner<Row>({ page, pager }: { page: Page<Row>; pager: Pager }) {
  const { t } = useLanguage();
  const { whole } = useFormat();
  if (pager.number === 1 && page.next_cursor === null) return page.total ? <Total n={page.total} /> : null;
  return (
    <div className="turner">
      {typeof page.total === "number" && (
        <span className="faint" data-testid="total">
          {t("list.total", { n: whole(page.total) })}
        </span>
      )}
      <span className="grow" />
      <Button
        size="small"
        icon={<LeftOutlined />}
        disabled={pager.number === 1}
        onClick={pager.back}
        aria-label={t("list.back")}
        data-testid="page-back"
      />
      <span className="turner-number">{t("list.page", { n: pager.number })}</span>
      <Button
        size="small"
        icon={<RightOutlined />}
        disabled={page.next_cursor === null}
        onClick={() => page.next_cursor !== null && pager.next(page.next_cursor)}
        aria-label={t("list.next")}
        data-testid="page-next"
      />
    </div>
  );
}

function Total({ n }: { n: number }) {
  const { t } = useLanguage();
  const { whole } = useFormat();
  return (
    <div className="turner faint" data-testid="total">
      {t("list.total", { n: whole(n) })}
    </div>
  );
}

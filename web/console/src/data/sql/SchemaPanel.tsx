/** The tables and their columns; a name that is chosen is written into the query. */
import { DownOutlined, RightOutlined } from "@ant-design/icons";
import { Input } from "antd";
import { useState } from "react";
import type { SqlTable } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useFormat } from "@/kit/useFormat";

interface SchemaProps {
  tables: SqlTable[];
  onInsert: (name: string) => void;
}

export function SchemaPanel({ tables, onInsert }: SchemaProps) {
  const { t, w } = useLanguage();
  const { short, whole } = useFormat();
  const [wanted, setWanted] = useState("");
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const text = wanted.trim().toLowerCase();
  const holds = (...words: string[]) => words.some((one) => one.toLowerCase().includes(text));
  const found = tables
    .map((table) => ({
      table,
      columns: !text || holds(table.name, w(table.words)) ? table.columns : table.columns.filter((one) => holds(one.name, w(one.words))),
    }))
    .filter((one) => one.columns.length > 0);
  const toggle = (name: string) => {
    const next = new Set(open);
    if (!next.delete(name)) next.add(name);
    setOpen(next);
  };
  return (
    <div className="sql-schema" data-testid="sql-schema">
      <Input
        size="small"
        allowClear
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
        placeholder={t("sql.findColumn")}
        aria-label={t("sql.findColumn")}
      />
      <ul>
        {found.map(({ table, columns }) => {
          const unfolded = open.has(table.name) || text !== "";
          return (
            <li key={table.name}>
              <div className="sql-table">
                <button type="button" onClick={() => toggle(table.name)} aria-expanded={unfolded} aria-label={t("sql.columnsOf", { table: table.name })}>
                  {unfolded ? <DownOutlined /> : <RightOutlined />}
                </button>
                <button
                  type="button"
                  className="sql-name"
                  title={w(table.words)}
                  onClick={() => onInsert(table.name)}
                  data-testid={`sql-table-${table.name}`}
                >
                  <code>{table.name}</code>
                </button>
                <span className="faint number" title={t("sql.rowsOf", { n: whole(table.rows) })}>
                  {short(table.rows)}
                </span>
              </div>
              {unfolded && (
                <>
                  <p className="faint small">{w(table.words)}</p>
                  <ul>
                    {columns.map((one) => (
                      <li key={one.name}>
                        <button type="button" className="sql-column" title={w(one.words)} onClick={() => onInsert(one.name)}>
                          <code>{one.name}</code>
                          <span className="faint small">{one.type}</span>
                          <span className="faint small cut">{w(one.words)}</span>
                        </button>
                      </li>
                    ))}
                  </ul>
                </>
              )}
            </li>
          );
        })}
      </ul>
      {found.length === 0 && <p className="faint">{t("list.noMatch")}</p>}
    </div>
  );
}

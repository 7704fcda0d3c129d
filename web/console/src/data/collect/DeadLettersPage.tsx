import { Drawer, Tag } from "antd";
import { useState } from "react";
import { useRead } from "@/api/hooks";
import type { DeadLetter, DeadLetterCount, Page } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { PageFrame, Panel } from "@/kit/page";
import { Ago, At, Code, Cut, Facts } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";

const FILTERS = { code: "" };

export default function DeadLettersPage() {
  const { t, w } = useLanguage();
  const { whole } = useFormat();
  const { filters, change } = useFilters(FILTERS);
  const pager = usePager();
  const summary = useRead<DeadLetterCount[]>("/api/dead-letters/summary");
  const read = useRead<Page<DeadLetter>>("/api/dead-letters", { ...filters, cursor: pager.cursor }, { keep: true });
  const [open, setOpen] = useState<DeadLetter | null>(null);
  const columns: Columns<DeadLetter> = [
    { title: t("dead.received"), dataIndex: "received_time", render: (time: string) => <At time={time} /> },
    {
      title: t("dead.reason"),
      key: "reason",
      render: (_, row) => (
        <>
          {w(row.message)}
          <div className="faint">
            <code>{row.code}</code>
          </div>
        </>
      ),
    },
    { title: t("dead.place"), dataIndex: "place", render: (place: string) => <code>{place || "–"}</code> },
    { title: t("dead.source"), dataIndex: "source" },
    { title: t("dead.protocol"), dataIndex: "protocol" },
    {
      title: t("dead.sample"),
      dataIndex: "sample",
      render: (sample: string | null) => <Cut text={sample ?? "–"} width={320} />,
    },
  ];
  return (
    <PageFrame testId="page-dead-letters" title={t("nav.deadLetters")} about={t("dead.about")}>
      {summary.data && summary.data.length > 0 && (
        <div className="chips" data-testid="dead-summary">
          {summary.data.map((one) => (
            <button
              type="button"
              key={one.code}
              className={filters.code === one.code ? "chip chip-on" : "chip"}
              aria-pressed={filters.code === one.code}
              onClick={() => change({ code: filters.code === one.code ? "" : one.code })}
            >
              <span>{w(one.message)}</span>
              <b className="number">{whole(one.count)}</b>
              <span className="faint">
                <Ago time={one.last_time} />
              </span>
            </button>
          ))}
        </div>
      )}
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(row) => row.id}
          label={t("nav.deadLetters")}
          testId="dead-table"
          pager={pager}
          onOpen={setOpen}
          empty={<Nothing title={t("dead.empty")}>{t("dead.emptyText")}</Nothing>}
          card={(row) => (
            <button type="button" className="card-button" onClick={() => setOpen(row)}>
              <div className="card-top">
                <b>{w(row.message)}</b>
                <Ago time={row.received_time} />
              </div>
              <div className="faint">
                {row.source} · <code>{row.place || row.code}</code>
              </div>
            </button>
          )}
        />
      </Panel>
      <Drawer open={open !== null} onClose={() => setOpen(null)} title={open ? w(open.message) : ""} size="large">
        {open && (
          <>
            <Facts
              items={[
                [t("dead.code"), <code key="code">{open.code}</code>],
                [t("dead.place"), <code key="place">{open.place || "–"}</code>],
                [t("dead.received"), <At key="at" time={open.received_time} />],
                [t("dead.source"), open.source],
                [t("dead.protocol"), <Tag key="protocol">{open.protocol}</Tag>],
              ]}
            />
            <h3>{t("dead.sample")}</h3>
            <p className="faint">{t("dead.sampleNote")}</p>
            {open.sample ? <Code text={open.sample} /> : <p>{t("dead.noSample")}</p>}
          </>
        )}
      </Drawer>
    </PageFrame>
  );
}

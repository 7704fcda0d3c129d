import { InsertRowRightOutlined } from "@ant-design/icons";
import { App, Button, Progress, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Plan, PromotedColumn, PromotedColumns } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Ago } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { COLUMNS, COLUMNS_STALE } from "./columns";
import { PromoteForm } from "./PromoteForm";

const REFRESH_MS = 2_000;

/** The properties that are typed columns of the events, and how far each is. */
export function ColumnsTab({ plan }: { plan: Plan }) {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { whole } = useFormat();
  const { message } = App.useApp();
  const [asking, setAsking] = useState(false);
  const [every, setEvery] = useState<number | false>(false);
  const read = useRead<PromotedColumns>(COLUMNS, undefined, { every });
  const filling = read.data?.items.some((one) => one.state === "filling") ?? false;
  const wanted = filling || read.data?.job_id ? REFRESH_MS : false;
  if (read.data && wanted !== every) setEvery(wanted);
  const resume = useWrite<void, PromotedColumns>(() => api.post(`${COLUMNS}/fill`), COLUMNS_STALE);
  const promote = may("develop") && (
    <Button type="primary" icon={<InsertRowRightOutlined />} onClick={() => setAsking(true)} data-testid="column-choose">
      {t("column.choose")}
    </Button>
  );
  const columns: Columns<PromotedColumn> = [
    {
      title: t("column.name"),
      key: "name",
      render: (_, row) => (
        <>
          <b className="track-code">{row.name}</b>
          <div className="faint">{t(`column.type.${row.type}`)}</div>
        </>
      ),
    },
    {
      title: t("column.property"),
      key: "property",
      render: (_, row) => (
        <>
          <code>{row.property}</code>
          <div className="faint">{row.event || t("column.allEvents")}</div>
        </>
      ),
    },
    { title: t("column.state"), key: "state", width: 190, render: (_, row) => <HowFar column={row} /> },
    { title: t("column.values"), key: "values", align: "right", render: (_, row) => <span className="number">{whole(row.values)}</span> },
    {
      title: t("column.misfits"),
      key: "misfits",
      align: "right",
      render: (_, row) => <span className={row.misfits > 0 ? "number bad" : "number"}>{whole(row.misfits)}</span>,
    },
    { title: t("column.since"), key: "since", render: (_, row) => <Ago time={row.promoted_time} /> },
    { title: "", key: "actions", align: "right", render: (_, row) => <TakeBack column={row} /> },
  ];
  return (
    <>
      <p className="faint">{t("column.about")}</p>
      <div className="tools">
        {read.data && <span className="faint">{t("column.used", { n: read.data.items.length, most: read.data.most })}</span>}
        <span className="grow" />
        {read.data?.job_id && <Link to="/jobs">{t("column.job")}</Link>}
        {filling && !read.data?.job_id && may("develop") && (
          <Button
            loading={resume.isPending}
            data-testid="column-resume"
            onClick={() => resume.mutate(undefined, { onError: (error) => void message.error(w(error.words)) })}
          >
            {t("column.resume")}
          </Button>
        )}
        {promote}
      </div>
      <Panel flush>
        <ListTable
          read={{ ...read, data: read.data?.items }}
          columns={columns}
          rowKey={(row) => row.column_id}
          label={t("track.tab.columns")}
          testId="columns-table"
          empty={<Nothing title={t("column.none")}>{t("column.noneText")}</Nothing>}
          card={(row) => (
            <>
              <div className="card-top">
                <b className="track-code break">{row.name}</b>
                <TakeBack column={row} />
              </div>
              <div className="faint break">
                <code>{row.property}</code> · {row.event || t("column.allEvents")} · {t(`column.type.${row.type}`)}
              </div>
              <HowFar column={row} />
              <div className="faint">
                {t("column.values")} {whole(row.values)} · {t("column.misfits")} {whole(row.misfits)}
              </div>
            </>
          )}
        />
      </Panel>
      {asking && <PromoteForm plan={plan} event="" property={null} onClose={() => setAsking(false)} />}
    </>
  );
}

function HowFar({ column }: { column: PromotedColumn }) {
  const { t } = useLanguage();
  if (column.state === "ready") {
    return (
      <div>
        <Tag color="success">{t("column.ready")}</Tag>
      </div>
    );
  }
  return (
    <div data-testid="column-filling">
      <span className="faint">{t("column.filling")}</span>
      <Progress percent={Math.floor(column.share * 100)} size="small" status="active" aria-label={t("column.filling")} />
    </div>
  );
}

function TakeBack({ column }: { column: PromotedColumn }) {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { modal, message } = App.useApp();
  const drop = useWrite<void, PromotedColumns>(() => api.remove(`${COLUMNS}/${column.column_id}`), COLUMNS_STALE);
  if (!may("develop")) return null;
  const ask = () =>
    void modal.confirm({
      title: t("column.takeBackAsk", { name: column.name }),
      content: t("column.takeBackText"),
      okText: t("column.takeBack"),
      okButtonProps: { danger: true, "data-testid": "column-drop-sure" },
      onOk: () => drop.mutate(undefined, { onError: (error) => void message.error(w(error.words)) }),
    });
  return (
    <Button size="small" type="text" danger loading={drop.isPending} onClick={ask} data-testid={`column-drop-${column.name}`}>
      {t("column.takeBack")}
    </Button>
  );
}

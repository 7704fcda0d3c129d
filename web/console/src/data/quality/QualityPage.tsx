import { PlusOutlined } from "@ant-design/icons";
import { App, Button, Tag } from "antd";
import { useMemo, useState, type ReactNode } from "react";
import { Link } from "react-router";
import { api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Mark, Quality } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { ListTable, type Columns } from "@/kit/ListTable";
import { useLook } from "@/kit/look";
import { PageFrame, Panel, Tile } from "@/kit/page";
import { useSession } from "@/kit/session";
import { At, Cut } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { leftOutPerDay } from "./charts";
import { MarkForm } from "./MarkForm";

type Rate = Quality["rates"][number];
const sum = (days: Quality["days"], of: (day: Quality["days"][number]) => number) => days.reduce((all, day) => all + of(day), 0);

export default function QualityPage() {
  const { t } = useLanguage();
  const { may } = useSession();
  const read = useRead<Quality>("/api/quality");
  const [adding, setAdding] = useState(false);
  return (
    <PageFrame
      testId="page-quality"
      title={t("nav.quality")}
      about={t("quality.about")}
      extra={
        may("operate") && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)} data-testid="mark-add">
            {t("quality.add")}
          </Button>
        )
      }
    >
      <Shown read={read} rows={6}>
        {(data) => <Board data={data} />}
      </Shown>
      <Marks />
      {adding && <MarkForm onClose={() => setAdding(false)} />}
    </PageFrame>
  );
}

function Board({ data }: { data: Quality }) {
  const { t } = useLanguage();
  const { palette } = useLook();
  const f = useFormat();
  const chart = useMemo(() => leftOutPerDay(data.days, palette, f, t), [data, palette, f, t]);
  const crawlers = sum(data.days, (day) => day.crawlers);
  const rates = sum(data.days, (day) => day.rates);
  const name = (rate: Rate) =>
    rate.value ? <Link to={`/users/${encodeURIComponent(rate.value)}`}>{rate.value}</Link> : <span className="faint">{rate.kind}</span>;
  const columns: Columns<Rate> = [
    { title: t("quality.who"), key: "who", render: (_, one) => name(one) },
    { title: t("quality.day"), dataIndex: "day" },
    { title: t("quality.most"), dataIndex: "most_a_minute", align: "right", render: (n: number) => <b className="number">{f.whole(n)}</b> },
    { title: t("quality.events"), dataIndex: "events", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
  ];
  return (
    <>
      <div className="tiles tiles-4">
        <Tile testId="tile-crawlers" label={t("quality.crawlers")} value={f.short(crawlers)} note={t("quality.events30")} />
        <Tile
          testId="tile-rates"
          label={t("quality.rates")}
          value={f.short(rates)}
          note={data.most_events_a_minute ? t("quality.limit", { n: f.whole(data.most_events_a_minute) }) : t("quality.limitOff")}
        />
        <Tile testId="tile-own" label={t("quality.ownPeople")} value={f.short(data.own_people)} note={t("quality.ownNote")} />
        <Tile
          testId="tile-tests"
          label={t("quality.testOrders")}
          value={f.short(data.test_orders)}
          note={data.crawler_orders ? t("quality.crawlerOrders", { n: f.whole(data.crawler_orders) }) : t("quality.ordersNote")}
        />
      </div>
      {crawlers + rates > 0 && (
        <Panel title={t("quality.chart")} extra={<span className="faint">{t("overview.days30")}</span>}>
          <Chart option={chart} height={200} label={t("quality.chart")} testId="chart-quality" />
        </Panel>
      )}
      {data.rates.length > 0 && (
        <Panel title={t("quality.ratesTitle")} extra={<span className="faint">{t("quality.ratesNote")}</span>} flush>
          <ListTable
            read={{ data: data.rates, error: null, refetch: () => undefined }}
            columns={columns}
            rowKey={(one) => `${one.kind}:${one.value}:${one.day}:${one.most_a_minute}`}
            label={t("quality.ratesTitle")}
            testId="rates-table"
            empty={null}
            card={(one) => (
              <>
                <div className="card-top">
                  {name(one)}
                  <span className="faint">{one.day}</span>
                </div>
                <div>
                  {t("quality.most")} <b className="number">{f.whole(one.most_a_minute)}</b> · {t("quality.events")}{" "}
                  <span className="number">{f.whole(one.events)}</span>
                </div>
              </>
            )}
          />
        </Panel>
      )}
    </>
  );
}

function Marks() {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const read = useRead<Mark[]>("/api/quality/marks");
  const change = useWrite<{ mark: Mark; to: "end" | "resume" }, Mark>(
    ({ mark, to }) => api.post(`/api/quality/marks/${encodeURIComponent(mark.mark_id)}/${to}`),
    ["/api/quality", "/api/quality/marks", "/api/overview"],
  );
  const complain = (error: ApiError) => void message.error(w(error.words));
  const action = (mark: Mark): ReactNode => {
    const to = mark.ended_time === null ? "end" : "resume";
    return (
      may("operate") && (
        <Button
          size="small"
          loading={change.isPending && change.variables?.mark.mark_id === mark.mark_id}
          onClick={() => change.mutate({ mark, to }, { onError: complain })}
          data-testid={`mark-${to}`}
        >
          {t(`quality.${to}`)}
        </Button>
      )
    );
  };
  const value = (mark: Mark) => (mark.value ? <Cut text={mark.value} width={240} /> : <span className="faint">{t("quality.personal")}</span>);
  const state = (mark: Mark) =>
    mark.ended_time === null ? <Tag color="blue">{t("quality.holds")}</Tag> : <Tag>{t("quality.ended")}</Tag>;
  const columns: Columns<Mark> = [
    { title: t("quality.kind"), key: "kind", render: (_, one) => w(one.kind_words) },
    { title: t("quality.value"), key: "value", render: (_, one) => value(one) },
    { title: t("quality.note"), dataIndex: "note", render: (note: string) => note || <span className="faint">–</span> },
    { title: t("quality.state"), key: "state", render: (_, one) => state(one) },
    { title: t("quality.made"), dataIndex: "made_time", render: (time: string) => <At time={time} /> },
    { title: "", key: "action", align: "right", render: (_, one) => action(one) },
  ];
  return (
    <Panel title={t("quality.marks")} flush>
      <ListTable
        read={read}
        columns={columns}
        rowKey={(one) => one.mark_id}
        label={t("quality.marks")}
        testId="marks-table"
        empty={<Nothing title={t("quality.none")}>{t("quality.noneText")}</Nothing>}
        card={(one) => (
          <>
            <div className="card-top">
              <b>{w(one.kind_words)}</b>
              {state(one)}
            </div>
            <div>{value(one)}</div>
            <div className="faint">{one.note}</div>
            {action(one)}
          </>
        )}
      />
      {read.data && read.data.length > 0 && (
        <p className="foot-note faint">
          {t("quality.when")} <Link to="/jobs">{t("quality.build")}</Link>
        </p>
      )}
    </Panel>
  );
}

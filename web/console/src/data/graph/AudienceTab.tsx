import { PlusOutlined } from "@ant-design/icons";
import { Alert, Button, Input, InputNumber, Segmented, Select } from "antd";
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { TieAsk, TieAudience, TiePerson } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Asked, AskPanel } from "@/kit/AskPanel";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Hint, Panel } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { useSession } from "@/kit/session";
import { Nothing, Waiting } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { AUDIENCES, egoHref, GRAPH, type AudienceName } from "./fields";

const FILTERS = { audience: "weak", near: "user", user: "", segment: "", size: "1000" };
const MOST = 1_000_000;

interface Segment {
  segment_id: string;
  name: string;
}

/** People near somebody or near a segment: chosen, looked at, opened as a list, saved as a segment. */
export function AudienceTab() {
  const { t } = useLanguage();
  const { filters, change } = useFilters(FILTERS);
  const segments = useRead<{ items: Segment[] }>("/api/segments");
  const run = useWrite<TieAsk, TieAudience>((ask) => api.post(`${GRAPH}/audience`, ask));
  const [user, setUser] = useState(filters.user);
  useEffect(() => setUser(filters.user), [filters.user]);
  const audience = AUDIENCES.find((one) => one === filters.audience) ?? "weak";
  const size = Math.min(MOST, Math.max(1, Math.round(Number(filters.size)) || 1000));
  const { mutate, reset } = run;
  const { near, user: userId, segment } = filters;
  useEffect(() => {
    if (near === "user" ? !userId : !segment) reset();
    else if (near === "user") mutate({ audience, size, shown: 50, user_id: userId });
    else mutate({ audience, size, shown: 50, people: { kind: "segment", segment_id: segment } });
  }, [audience, size, near, userId, segment, mutate, reset]);
  return (
    <>
      <AskPanel testId="audience-ask">
        <Asked label={t("ties.whose")}>
          <Segmented
            value={near}
            onChange={(value) => change({ near: value })}
            options={[
              { value: "user", label: t("ties.oneUser") },
              { value: "segment", label: t("ties.aSegment") },
            ]}
          />
        </Asked>
        {near === "user" ? (
          <Asked label={t("ties.userId")}>
            <Input
              value={user}
              placeholder={t("ties.userIdHint")}
              aria-label={t("ties.userId")}
              onChange={(event) => setUser(event.target.value)}
              onBlur={() => change({ user: user.trim() })}
              onPressEnter={() => change({ user: user.trim() })}
              data-testid="audience-user"
            />
          </Asked>
        ) : (
          <Asked label={t("ties.segment")}>
            <Select
              className="segment-select"
              value={segment || undefined}
              placeholder={t("ties.chooseSegment")}
              options={(segments.data?.items ?? []).map((one) => ({ value: one.segment_id, label: one.name }))}
              onChange={(value: string) => change({ segment: value })}
              aria-label={t("ties.segment")}
              data-testid="audience-segment"
            />
          </Asked>
        )}
        <Asked label={t("ties.kind")}>
          <Segmented
            className="scrolling"
            value={audience}
            onChange={(value) => change({ audience: value as AudienceName })}
            options={AUDIENCES.map((one) => ({ value: one, label: t(`ties.audience.${one}`) }))}
          />
        </Asked>
        <Asked label={t("ties.most")}>
          <InputNumber
            min={1}
            max={MOST}
            value={size}
            precision={0}
            onChange={(value) => change({ size: String(value ?? 1000) })}
            aria-label={t("ties.most")}
            data-testid="audience-size"
          />
        </Asked>
      </AskPanel>
      <p className="faint">{t(`ties.audienceText.${audience}`)}</p>
      <Result run={run} />
    </>
  );
}

function Result({ run }: { run: { data?: TieAudience; error: { words: { zh: string; en: string } } | null; isPending: boolean } }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  if (run.error) return <Alert type="error" showIcon title={w(run.error.words)} data-testid="audience-error" />;
  if (run.isPending) return <Waiting />;
  const found = run.data;
  if (!found) {
    return (
      <Panel>
        <Nothing title={t("ties.ask")}>{t("ties.askText")}</Nothing>
      </Panel>
    );
  }
  const rule = { is: "people", query: found.query };
  const who = (userId: string | null, number: number) =>
    userId ? <Link to={egoHref(userId)}>{userId}</Link> : <span className="faint">@{number}</span>;
  const score = (one: TiePerson) => (
    <span className="row-tight">
      <span className="bar tie-bar">
        <i style={{ width: `${100 * one.score}%` }} />
      </span>
      <b className="number">{one.score.toFixed(3)}</b>
    </span>
  );
  const columns: Columns<TiePerson> = [
    { title: t("ties.person"), key: "person", render: (_, one) => who(one.user_id, one.person_no) },
    {
      title: (
        <>
          {t("ties.score")} <Hint text={t("ties.scoreText")} />
        </>
      ),
      key: "score",
      render: (_, one) => score(one),
    },
    { title: t("ties.through"), key: "through", render: (_, one) => who(one.through, one.through_no) },
    { title: t("ties.paths"), dataIndex: "paths", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
  ];
  return (
    <Panel
      flush
      testId="audience-result"
      title={
        <>
          {w(found.words)}{" "}
          <span className="faint" data-testid="audience-count">
            {t("ties.taken", { n: f.whole(found.size), all: f.whole(found.reachable) })}
          </span>
        </>
      }
      extra={
        found.size > 0 && (
          <span className="row-tight wrap">
            <Link to={peopleHref(found.query)}>
              <Button size="small" data-testid="audience-open">{t("ties.openList")}</Button>
            </Link>
            {may("operate") && (
              <Link to={`/segments/new?rule=${encodeURIComponent(JSON.stringify(rule))}`}>
                <Button size="small" type="primary" icon={<PlusOutlined />} data-testid="audience-save">
                  {t("people.save")}
                </Button>
              </Link>
            )}
          </span>
        )
      }
    >
      <ListTable
        read={{ data: found.items, error: null, refetch: () => undefined }}
        columns={columns}
        rowKey={(one) => one.person_no}
        empty={<Nothing title={t("ties.nobody")}>{t("ties.nobodyText")}</Nothing>}
        card={(one) => (
          <>
            <div className="card-top">
              {who(one.user_id, one.person_no)}
              {score(one)}
            </div>
            <div className="faint">
              {t("ties.through")} {who(one.through, one.through_no)} · {t("ties.paths")} {f.whole(one.paths)}
            </div>
          </>
        )}
        testId="audience-table"
        label={w(found.words)}
      />
    </Panel>
  );
}

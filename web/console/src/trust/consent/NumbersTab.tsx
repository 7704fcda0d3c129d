import { Select } from "antd";
import { useMemo, useState } from "react";
import { Link } from "react-router";
import { useRead } from "@/api/hooks";
import type { ConsentNumbers, Source } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { ListTable, type Columns } from "@/kit/ListTable";
import { useLook } from "@/kit/look";
import { Hint, Panel, Tile } from "@/kit/page";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { receiptDays, receiptsPerDay } from "./receiptDays";
import { useNumbers, useSubjects } from "./useSubjects";

type Count = ConsentNumbers["subjects"][number];
type SourceRow = ConsentNumbers["by_source"][number];
const CHART_HEIGHT = 220;

export function NumbersTab() {
  const { t } = useLanguage();
  const read = useNumbers();
  return (
    <Shown read={read} rows={10}>
      {(numbers) =>
        numbers.people === 0 ? (
          <Panel>
            <Nothing title={t("centre.nobody")} action={<Link to="/sources">{t("overview.connect")}</Link>}>
              {t("centre.nobodyText")}
            </Nothing>
          </Panel>
        ) : (
          <Figures numbers={numbers} />
        )
      }
    </Shown>
  );
}

function Figures({ numbers }: { numbers: ConsentNumbers }) {
  const { t } = useLanguage();
  const { whole } = useFormat();
  const sum = (part: "granted" | "refused") => numbers.by_day.reduce((all, day) => all + day[part], 0);
  return (
    <div className="stack" data-testid="consent-numbers">
      <div className="tiles tiles-4">
        <Tile label={t("centre.people")} value={whole(numbers.people)} testId="consent-people" />
        <Tile label={t("centre.minors")} value={whole(numbers.minors)} definition={t("centre.minorsText")} />
        <Tile label={t("centre.granted30")} value={whole(sum("granted"))} definition={t("centre.receiptsText")} />
        <Tile label={t("centre.refused30")} value={whole(sum("refused"))} definition={t("centre.receiptsText")} />
      </div>
      <Panel
        title={
          <>
            {t("centre.byPurpose")} <Hint text={t("centre.byPurposeText")} />
          </>
        }
      >
        <Shares counts={numbers.subjects} people={numbers.people} />
      </Panel>
      <ByDay days={numbers.by_day} subjects={numbers.subjects} />
      <BySource rows={numbers.by_source} />
    </div>
  );
}

/** One bar a purpose: who agreed, who said no, who has not said. */
function Shares({ counts, people }: { counts: Count[]; people: number }) {
  const { t } = useLanguage();
  const { nameOf } = useSubjects();
  const { whole, percent } = useFormat();
  const part = (n: number) => `${(100 * n) / people}%`;
  return (
    <ul className="shares" data-testid="consent-shares">
      {counts.map((count) => (
        <li key={count.subject} data-subject={count.subject}>
          <b>{nameOf(count.subject)}</b>
          <span
            className="share-bar"
            role="img"
            aria-label={`${t("consent.granted")} ${whole(count.granted)}, ${t("consent.refused")} ${whole(count.refused)}, ${t("centre.unknown")} ${whole(count.unknown)}`}
          >
            <i className="share-yes" style={{ width: part(count.granted) }} />
            <i className="share-no" style={{ width: part(count.refused) }} />
          </span>
          <span className="share-words number">
            <span className={count.granted > 0 ? "good" : "faint"}>
              {t("consent.granted")} <b data-testid={`granted-${count.subject}`}>{whole(count.granted)}</b> {percent(count.granted / people)}
            </span>
            <span className={count.refused > 0 ? "bad" : "faint"}>
              {t("consent.refused")} <b>{whole(count.refused)}</b>
            </span>
            <span className="faint">
              {t("centre.unknown")} <b>{whole(count.unknown)}</b>
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function ByDay({ days, subjects }: { days: ConsentNumbers["by_day"]; subjects: Count[] }) {
  const { t } = useLanguage();
  const { nameOf } = useSubjects();
  const { palette } = useLook();
  const format = useFormat();
  const [subject, setSubject] = useState("");
  const shown = useMemo(() => receiptDays(days, subject, Date.now()), [days, subject]);
  const option = useMemo(() => receiptsPerDay(shown, palette, format, t), [shown, palette, format, t]);
  const any = shown.some((day) => day.granted + day.refused > 0);
  return (
    <Panel
      title={
        <>
          {t("centre.byDay")} <Hint text={t("centre.receiptsText")} />
        </>
      }
      extra={
        <Select
          className="track-select"
          value={subject}
          onChange={setSubject}
          aria-label={t("consent.purpose")}
          options={[{ value: "", label: t("centre.allPurposes") }, ...subjects.map((one) => ({ value: one.subject, label: nameOf(one.subject) }))]}
        />
      }
    >
      {any ? (
        <Chart option={option} height={CHART_HEIGHT} label={t("centre.byDay")} testId="consent-days" />
      ) : (
        <Nothing title={t("centre.noReceipts")}>{t("centre.noReceiptsText")}</Nothing>
      )}
    </Panel>
  );
}

/** The people seen in each source, by purpose: a source's basis speaks for those who have not chosen. */
function BySource({ rows }: { rows: SourceRow[] }) {
  const { t } = useLanguage();
  const { nameOf } = useSubjects();
  const { whole, percent } = useFormat();
  const sources = useRead<Source[]>("/api/sources");
  const named = (id: string) => sources.data?.find((one) => one.source_id === id)?.name ?? id;
  const share = (row: SourceRow, subject: string) => {
    const count = row.subjects.find((one) => one.subject === subject);
    if (!count || row.people === 0) return "–";
    return (
      <span className="number nowrap">
        {whole(count.granted)} <span className="faint">{percent(count.granted / row.people)}</span>
        {count.refused > 0 && <span className="bad"> −{whole(count.refused)}</span>}
      </span>
    );
  };
  const subjects = rows[0]?.subjects.map((one) => one.subject) ?? [];
  const columns: Columns<SourceRow> = [
    { title: t("consent.source"), key: "source", render: (_, row) => <b title={row.source}>{named(row.source)}</b> },
    { title: t("centre.people"), key: "people", align: "right", render: (_, row) => <span className="number">{whole(row.people)}</span> },
    ...subjects.map((subject) => ({
      title: nameOf(subject),
      key: subject,
      align: "right" as const,
      render: (_: unknown, row: SourceRow) => share(row, subject),
    })),
  ];
  return (
    <Panel
      flush
      title={
        <>
          {t("centre.bySource")} <Hint text={t("centre.bySourceText")} />
        </>
      }
      extra={<Link to="/sources">{t("centre.toSources")}</Link>}
    >
      <ListTable
        read={{ data: rows, error: null, refetch: () => undefined }}
        columns={columns}
        rowKey={(row) => row.source}
        label={t("centre.bySource")}
        testId="consent-sources"
        empty={<Nothing title={t("centre.noSources")} />}
        card={(row) => (
          <>
            <div className="card-top">
              <b>{named(row.source)}</b>
              <span className="number">{whole(row.people)}</span>
            </div>
            {subjects.map((subject) => (
              <div key={subject} className="card-top">
                <span className="faint">{nameOf(subject)}</span>
                {share(row, subject)}
              </div>
            ))}
          </>
        )}
      />
    </Panel>
  );
}

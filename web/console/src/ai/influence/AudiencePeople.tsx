import type { AudiencePerson } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { useFormat } from "@/kit/useFormat";
import { PersonLink } from "./parts";

/** People of an audience in their order: how likely word comes to them, and through whom. */
export function AudiencePeople({ items }: { items: AudiencePerson[] }) {
  const { t } = useLanguage();
  const f = useFormat();
  const columns: Columns<AudiencePerson> = [
    { title: "#", dataIndex: "place", align: "right", width: 50, render: (n: number) => <span className="faint number">{n}</span> },
    { title: t("aud.person"), key: "who", render: (_, one) => <PersonLink userId={one.user_id} /> },
    { title: t("aud.score"), dataIndex: "score", align: "right", render: (score: number) => <b className="number">{f.percent(score)}</b> },
    { title: t("aud.through"), key: "through", render: (_, one) => (one.through ? <PersonLink userId={one.through} /> : <span className="faint">–</span>) },
    { title: t("aud.ways"), dataIndex: "ways", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
  ];
  return (
    <ListTable
      read={{ data: items, error: null, refetch: () => undefined }}
      columns={columns}
      rowKey={(one) => one.person_no}
      label={t("koc.tab.audiences")}
      testId="audience-people"
      empty={null}
      card={(one) => (
        <>
          <div className="card-top">
            <PersonLink userId={one.user_id} />
            <b className="number">{f.percent(one.score)}</b>
          </div>
          <div className="faint">
            {t("aud.through")} {one.through ?? "–"} · {t("aud.ways")} {f.whole(one.ways)}
          </div>
        </>
      )}
    />
  );
}

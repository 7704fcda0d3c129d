import { App, Button, Drawer, Popconfirm } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { AudiencePerson, CreatorAudience } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { useSession } from "@/kit/session";
import { Ago, Cut } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { AudiencePeople } from "./AudiencePeople";
import { AUDIENCES, creatorHref, PersonLink } from "./parts";

/** Audiences that were kept; each is a query of people, so that it can be listed, exported and made a segment. */
export function AudiencesTab() {
  const { t, w } = useLanguage();
  const f = useFormat();
  const all = useRead<{ items: CreatorAudience[] }>(AUDIENCES);
  const [open, setOpen] = useState<CreatorAudience | null>(null);
  const columns: Columns<CreatorAudience> = [
    { title: t("aud.name"), key: "name", render: (_, one) => <Cut text={one.name} width={220} /> },
    {
      title: t("koc.person"),
      key: "creator",
      render: (_, one) => (one.creator ? <PersonLink userId={one.creator} to={creatorHref(one.creator)} /> : <span className="faint">{t("aud.gone")}</span>),
    },
    { title: t("aud.content"), key: "content", render: (_, one) => (one.content_id ? <Cut text={one.title} width={200} /> : <span className="faint">–</span>) },
    { title: t("aud.size"), dataIndex: "size", align: "right", render: (n: number) => <b className="number">{f.whole(n)}</b> },
    {
      title: t("aud.leftOut"),
      key: "left",
      render: (_, one) => {
        const some = one.left_out.filter((reason) => reason.count > 0);
        return <span className="faint">{some.map((reason) => `${w(reason.words)} ${f.whole(reason.count)}`).join(" · ") || "–"}</span>;
      },
    },
    { title: t("aud.when"), key: "when", render: (_, one) => <Ago time={one.made_time} /> },
  ];
  return (
    <>
      <Panel flush>
        <ListTable
          read={{ data: all.data?.items, error: all.error, refetch: all.refetch }}
          columns={columns}
          rowKey={(one) => one.audience_id}
          label={t("koc.tab.audiences")}
          testId="audiences"
          onOpen={setOpen}
          empty={<Nothing title={t("aud.none")}>{t("aud.noneText")}</Nothing>}
          card={(one) => (
            <button type="button" className="card-button" onClick={() => setOpen(one)}>
              <div className="card-top">
                <b className="break">{one.name}</b>
                <b className="number">{f.whole(one.size)}</b>
              </div>
              <div className="faint">
                {one.creator ?? t("aud.gone")} · <Ago time={one.made_time} />
              </div>
            </button>
          )}
        />
      </Panel>
      {open && <Kept audience={open} onClose={() => setOpen(null)} />}
    </>
  );
}

function Kept({ audience, onClose }: { audience: CreatorAudience; onClose: () => void }) {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const path = `${AUDIENCES}/${encodeURIComponent(audience.audience_id)}`;
  const read = useRead<{ people: number; items: AudiencePerson[] }>(path);
  const undo = useWrite<void, void>(() => api.remove(path), [AUDIENCES]);
  return (
    <Drawer open onClose={onClose} title={audience.name} size="large">
      <div className="tools gap">
        <Link to={peopleHref({ kind: "koc_audience", audience_id: audience.audience_id })} data-testid="audience-link">
          {t("aud.people")}
        </Link>
        <span className="grow" />
        {may("operate") && (
          <Popconfirm
            title={t("aud.takeBackText")}
            onConfirm={() => undo.mutate(undefined, { onSuccess: onClose, onError: (error) => void message.error(w(error.words)) })}
          >
            <Button danger loading={undo.isPending} data-testid="audience-undo">
              {t("aud.takeBack")}
            </Button>
          </Popconfirm>
        )}
      </div>
      <Shown read={read} rows={8}>
        {(page) => <AudiencePeople items={page.items} />}
      </Shown>
    </Drawer>
  );
}

import { App, Button, Tag, Tooltip } from "antd";
import { useState } from "react";
import { useRead } from "@/api/hooks";
import type { IdentifierShown, IdentityLink, WhyOnePerson } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { profilePath } from "@/kit/paths";
import { useSession } from "@/kit/session";
import { Ago, At } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { AnotherDialog } from "./AnotherDialog";
import { Identifier, useIdentifierText } from "./Identifier";
import { LinkDialog } from "./LinkDialog";

const COLOURS: Record<IdentityLink["state"], string> = {
  holds: "success",
  undone: "default",
  withheld: "warning",
  contended: "warning",
};

/** Why these identifiers are one person: how each hangs on the first, every link with its evidence, undo and its undo. */
export function IdentityPanel({ userId }: { userId: string }) {
  const read = useRead<WhyOnePerson>(profilePath(userId, "/identity"));
  return <Shown read={read}>{(why) => <Why why={why} userId={userId} />}</Shown>;
}

function Why({ why, userId }: { why: WhyOnePerson; userId: string }) {
  const { t } = useLanguage();
  const { whole } = useFormat();
  const { may } = useSession();
  const [joining, setJoining] = useState(false);
  const known = new Map([...why.beside, ...why.identifiers].map((one) => [one.alias_no, one]));
  const another = (may("operate") || may("comply")) && (
    <Button size="small" onClick={() => setJoining(true)} data-testid="identity-another">
      {t("identity.another")}
    </Button>
  );
  const dialog = joining && <AnotherDialog userId={userId} onClose={() => setJoining(false)} />;
  if (why.identifiers.length < 2 && why.links.length === 0) {
    return (
      <>
        <Nothing title={t("identity.alone")} action={another}>
          {t("identity.aloneText")}
        </Nothing>
        {dialog}
      </>
    );
  }
  return (
    <div className="identity" data-testid="identity-panel">
      <p className="faint">{t("identity.why", { n: whole(why.identifiers.length) })}</p>
      {another}
      {dialog}
      <h3>{t("identity.identifiers")}</h3>
      <Chains why={why} known={known} />
      <h3>{t("identity.links")}</h3>
      <Links why={why} known={known} />
      {why.decisions.length > 0 && (
        <>
          <h3>{t("identity.decisions")}</h3>
          <Decisions why={why} known={known} />
        </>
      )}
    </div>
  );
}

interface PartProps {
  why: WhyOnePerson;
  known: Map<number, IdentifierShown>;
}

function Chains({ why, known }: PartProps) {
  const { t } = useLanguage();
  const text = useIdentifierText();
  const through = new Map(why.chains.map((chain) => [chain.alias_no, chain.through]));
  const words = (one: IdentifierShown) => {
    const chain = through.get(one.alias_no) ?? [];
    if (chain.length < 2) return t("identity.start");
    if (chain.length === 2) return t("identity.direct");
    return chain.map((number) => text(known.get(number))).join(" → ");
  };
  const sorted = [...why.identifiers].sort(
    (a, b) => (through.get(a.alias_no)?.length ?? 99) - (through.get(b.alias_no)?.length ?? 99) || a.alias_no - b.alias_no,
  );
  return (
    <ul className="identity-chains" data-testid="identity-chains">
      {sorted.map((one) => (
        <li key={one.alias_no}>
          <Identifier one={one} />
          <span className="faint small break">{words(one)}</span>
        </li>
      ))}
    </ul>
  );
}

function Links({ why, known }: PartProps) {
  const { t, named } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const text = useIdentifierText();
  const [asked, setAsked] = useState<{ link: IdentityLink; act: "undo" | "redo" } | null>(null);
  const decides = may("operate") || may("comply");
  const mine = new Set(why.identifiers.map((one) => one.alias_no));
  const pair = (link: IdentityLink) => (
    <span className="identity-pair">
      {[link.a, link.b].map((number) => (
        <Identifier key={number} one={known.get(number)} link={!mine.has(number)} />
      ))}
    </span>
  );
  const basis = (link: IdentityLink) => {
    const words = link.evidence.map((one) => named("identity.kind", one.kind));
    if (link.decision?.verdict === "same") words.push(t("identity.byHand"));
    return [...new Set(words)].join(" · ") || "–";
  };
  const first = (link: IdentityLink) => link.evidence[0]?.first_time ?? link.decision?.time;
  const last = (link: IdentityLink) => link.evidence.map((one) => one.last_time).sort().at(-1);
  const source = (link: IdentityLink) => [...new Set(link.evidence.map((one) => one.source ?? one.source_id))].join(", ") || "–";
  const state = (link: IdentityLink) => (
    <Tooltip title={named("identity.stateHelp", link.state)}>
      <Tag color={COLOURS[link.state]} data-state={link.state}>
        {named("identity.state", link.state)}
      </Tag>
    </Tooltip>
  );
  const act = (link: IdentityLink) => {
    if (!decides) return null;
    const wanted = link.state === "undone" ? "redo" : "undo";
    return (
      <Button
        size="small"
        type="link"
        className="identity-act"
        danger={wanted === "undo"}
        onClick={() => setAsked({ link, act: wanted })}
        data-testid={`identity-${wanted}`}
      >
        {t(wanted === "undo" ? "identity.undo" : "identity.redo")}
      </Button>
    );
  };
  const columns: Columns<IdentityLink> = [
    { title: t("identity.pair"), key: "pair", render: (_, link) => pair(link) },
    {
      title: t("identity.basis"),
      key: "basis",
      render: (_, link) => (
        <>
          {basis(link)}
          <div className="faint small">
            {t("identity.source")} {source(link)}
          </div>
        </>
      ),
    },
    {
      title: `${t("identity.first")} / ${t("identity.last")}`,
      key: "times",
      render: (_, link) => (
        <>
          <At time={first(link)} seconds={false} />
          <div className="faint small">
            <Ago time={last(link)} />
          </div>
        </>
      ),
    },
    {
      title: t("identity.status"),
      key: "state",
      render: (_, link) => (
        <>
          {state(link)}
          <div>{act(link)}</div>
        </>
      ),
    },
  ];
  return (
    <>
      <ListTable
        read={{ data: why.links, error: null, refetch: () => undefined }}
        columns={columns}
        rowKey={(link) => `${link.a}-${link.b}`}
        label={t("identity.links")}
        testId="identity-links"
        empty={<Nothing title={t("identity.alone")}>{t("identity.aloneText")}</Nothing>}
        card={(link) => (
          <>
            <div className="card-top">
              {pair(link)}
              {state(link)}
            </div>
            <div className="faint">
              {basis(link)} · {source(link)}
            </div>
            <div className="card-top">
              <At time={first(link)} seconds={false} />
              {act(link)}
            </div>
          </>
        )}
      />
      {asked && (
        <LinkDialog
          link={asked.link}
          act={asked.act}
          names={[text(known.get(asked.link.a)), text(known.get(asked.link.b))]}
          onClose={() => setAsked(null)}
          onDone={() => {
            void message.success(t(asked.act === "undo" ? "identity.undone" : "identity.redone"));
            setAsked(null);
          }}
        />
      )}
    </>
  );
}

function Decisions({ why, known }: PartProps) {
  const { t, named } = useLanguage();
  const text = useIdentifierText();
  return (
    <ul className="identity-chains" data-testid="identity-decisions">
      {why.decisions.map((said) => (
        <li key={said.decision_id}>
          <span>
            <b>{named("identity.verdict", said.verdict)}</b>{" "}
            <span className="faint break">
              {[said.a, said.b]
                .filter((number) => known.has(number))
                .map((number) => text(known.get(number)))
                .join(" – ")}
            </span>
          </span>
          <span className="faint small break">
            {t("identity.by", { actor: said.actor_name ?? said.actor, reason: said.reason })} · <Ago time={said.time} />
          </span>
        </li>
      ))}
    </ul>
  );
}

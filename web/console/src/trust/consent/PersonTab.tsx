import { Button, Input, Tag } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { ApiError } from "@/api/client";
import { useRead } from "@/api/hooks";
import type { Page, PersonConsent, RightsRequest } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { profilePath } from "@/kit/paths";
import { Facts } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { NewRequest } from "@/trust/rights/NewRequest";
import { Due, RequestState } from "@/trust/rights/RequestMarks";
import { QUEUE } from "@/trust/rights/useRequest";
import { AgeDialog } from "./AgeDialog";
import { ConsentPanel } from "./ConsentPanel";
import { DeletedTags } from "./DeletedTags";
import { LinkMaker } from "./LinkMaker";

const FILTERS = { person: "" };

/** One person by any of their ids: choices, receipts, age, deleted tags, requests, and a link to their own page. */
export function PersonTab() {
  const { t } = useLanguage();
  const { filters, change } = useFilters(FILTERS);
  return (
    <>
      <div className="tools">
        <span data-search className="search person-search">
          <Input.Search
            key={filters.person}
            defaultValue={filters.person}
            onSearch={(person) => change({ person: person.trim() })}
            placeholder={t("centre.findPerson")}
            aria-label={t("centre.findPerson")}
            maxLength={200}
            allowClear
            enterButton
            data-testid="consent-person"
          />
        </span>
      </div>
      {filters.person ? (
        <Person key={filters.person} userId={filters.person} />
      ) : (
        <Panel>
          <Nothing title={t("centre.noPerson")}>{t("centre.noPersonText")}</Nothing>
        </Panel>
      )}
    </>
  );
}

function Person({ userId }: { userId: string }) {
  const { t, w } = useLanguage();
  const read = useRead<PersonConsent>(profilePath(userId, "/consent"));
  // a number is how requests name a person; acting needs an id that the person has
  const numbered = /^@\d+$/.test(userId);
  const found = read.data;
  if (read.error instanceof ApiError && read.error.status === 404) {
    return (
      <Panel>
        <Nothing title={w(read.error.words)}>{t("rights.hint.no_such_person")}</Nothing>
      </Panel>
    );
  }
  if (!found) {
    return (
      <Panel>
        <Shown read={read} rows={8}>
          {() => null}
        </Shown>
      </Panel>
    );
  }
  return (
    <div className="columns columns-wide-left" data-testid="person-consent">
      <Panel title={t("centre.choices")}>
        <ConsentPanel userId={userId} purposes={[...found.purposes, ...found.separate]} />
      </Panel>
      <div className="stack">
        <Age userId={userId} found={found} fixed={numbered} />
        {!numbered && <Requests userId={userId} />}
        {!numbered && <LinkMaker userId={userId} />}
        <DeletedTags userId={userId} tags={found.deleted_tags} fixed={numbered} />
      </div>
    </div>
  );
}

interface AgeProps {
  userId: string;
  found: PersonConsent;
  /** Named by number: nothing can be set. */
  fixed: boolean;
}

function Age({ userId, found, fixed }: AgeProps) {
  const { t } = useLanguage();
  const [setting, setSetting] = useState(false);
  return (
    <Panel
      title={t("centre.who")}
      extra={
        !fixed && (
          <Button size="small" onClick={() => setSetting(true)} data-testid="age-set">
            {t("centre.setAge")}
          </Button>
        )
      }
    >
      <Facts
        items={[
          [
            t("centre.profile"),
            <Link key="profile" to={`/users/${encodeURIComponent(userId)}`} className="break">
              {userId}
            </Link>,
          ],
          [
            t("centre.age"),
            <Tag key="age" color={found.age_band === "adult" ? "default" : "warning"} data-testid="age-band">
              {t(`centre.age.${found.age_band}`)}
            </Tag>,
          ],
        ]}
      />
      {found.age_band === "child" && <p className="faint">{t("centre.childText")}</p>}
      {fixed && <p className="faint">{t("centre.numbered")}</p>}
      {setting && <AgeDialog userId={userId} band={found.age_band} onClose={() => setSetting(false)} />}
    </Panel>
  );
}

function Requests({ userId }: { userId: string }) {
  const { t, w } = useLanguage();
  const navigate = useNavigate();
  const [making, setMaking] = useState(false);
  const read = useRead<Page<RightsRequest>>(QUEUE, { search: userId });
  const open = (id: string) => void navigate(`/rights?request=${encodeURIComponent(id)}`);
  return (
    <Panel
      title={t("nav.rights")}
      extra={
        <Button size="small" onClick={() => setMaking(true)} data-testid="person-request">
          {t("rights.new")}
        </Button>
      }
    >
      <Shown read={read} rows={2}>
        {(page) =>
          page.items.length === 0 ? (
            <p className="faint">{t("centre.noRequests")}</p>
          ) : (
            <ul className="plain-list" data-testid="person-requests">
              {page.items.map((one) => (
                <li key={one.request_id}>
                  <button type="button" className="card-button" onClick={() => open(one.request_id)}>
                    <span className="card-top">
                      <b>{w(one.words)}</b>
                      <RequestState state={one.state} />
                    </span>
                    <Due request={one} />
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
      {making && <NewRequest userId={userId} onClose={() => setMaking(false)} onMade={open} />}
    </Panel>
  );
}

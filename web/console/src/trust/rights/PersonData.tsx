import { DownloadOutlined, EyeOutlined } from "@ant-design/icons";
import { Button, Collapse } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { CopyTicket, RightsData, RightsRequest } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { Facts } from "@/kit/small";
import { useFormat } from "@/kit/useFormat";
import { partsOf, shownValue, type DataTable } from "./personData";
import { Refused } from "./Refused";
import { requestPath, STALE } from "./useRequest";

const FIRST_ROWS = 20;
const NOTED_MS = 2_000;

interface PersonDataProps {
  request: RightsRequest;
  refresh: () => void;
}

/** Everything that is kept about the person, to read to them or to hand over as a file; both are noted. */
export function PersonData({ request, refresh }: PersonDataProps) {
  const { t } = useLanguage();
  const look = useWrite<void, RightsData>(() => api.post(requestPath(request.request_id, "/data")), STALE);
  const copy = useWrite<void, CopyTicket>(() => api.post(requestPath(request.request_id, "/copy")), STALE);
  const fetchCopy = (ticket: CopyTicket) => {
    const link = document.createElement("a");
    link.href = ticket.path;
    link.download = `${request.request_id}.zip`;
    document.body.append(link);
    link.click();
    link.remove();
    // the download itself is a step of the request
    setTimeout(refresh, NOTED_MS);
  };
  return (
    <Panel title={t("rights.data")} testId="panel-data">
      <p className="faint gap">{t("rights.dataText")}</p>
      <Refused error={look.error ?? copy.error} />
      <div className="tools">
        <Button
          icon={<EyeOutlined />}
          type={request.kind === "see" ? "primary" : "default"}
          loading={look.isPending}
          onClick={() => look.mutate(undefined, { onError: refresh })}
          data-testid="data-look"
        >
          {t(look.data ? "rights.lookAgain" : "rights.look")}
        </Button>
        <Button
          icon={<DownloadOutlined />}
          type={request.kind === "copy" ? "primary" : "default"}
          loading={copy.isPending}
          onClick={() => copy.mutate(undefined, { onSuccess: fetchCopy, onError: refresh })}
          data-testid="data-copy"
        >
          {t("rights.copy")}
        </Button>
      </div>
      {copy.isSuccess && <p className="faint gap-top">{t("rights.copyText")}</p>}
      {look.data && <Kept data={look.data.data} />}
    </Panel>
  );
}

function Kept({ data }: { data: RightsData["data"] }) {
  const { t, named } = useLanguage();
  const { whole } = useFormat();
  const parts = partsOf(data);
  return (
    <Collapse
      className="gap-top"
      size="small"
      defaultActiveKey={["vault"]}
      data-testid="person-data"
      items={parts.map((part) => ({
        key: part.name,
        label: named("rights.part", part.name),
        extra: <span className="faint number">{t("rights.rows", { n: whole(part.rows) })}</span>,
        children:
          part.tables.length === 0 ? (
            <p className="faint">{t("rights.keptNothing")}</p>
          ) : (
            part.tables.map((table) => <Table key={table.name} table={table} />)
          ),
      }))}
    />
  );
}

/** One row reads as lines of name and value; more as a table in a box of its own. */
function Table({ table }: { table: DataTable }) {
  const { t, named } = useLanguage();
  const { dateTime, whole } = useFormat();
  const [all, setAll] = useState(false);
  const show = (column: string, value: unknown) => shownValue(column, value, (iso) => dateTime(iso, true));
  const rows = all ? table.rows : table.rows.slice(0, FIRST_ROWS);
  const only = table.rows.length === 1 ? table.rows[0] : undefined;
  return (
    <section data-testid={`data-${table.name}`}>
      <h3>{named("rights.table", table.name)}</h3>
      {only ? (
        <Facts items={table.columns.map((name) => [<code key={name}>{name}</code>, <span key="value" className="break">{show(name, only[name])}</span>])} />
      ) : (
        <div className="table-box data-box" tabIndex={0}>
          <table className="plain">
            <thead>
              <tr>
                {table.columns.map((name) => (
                  <th key={name}>
                    <code>{name}</code>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, place) => (
                <tr key={place}>
                  {table.columns.map((name) => (
                    <td key={name}>{show(name, row[name])}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {rows.length < table.rows.length && (
        <Button size="small" type="link" onClick={() => setAll(true)}>
          {t("rights.allRows", { n: whole(table.rows.length) })}
        </Button>
      )}
    </section>
  );
}

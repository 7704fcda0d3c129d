import { PlusOutlined } from "@ant-design/icons";
import { Alert, Button, Drawer, Segmented, Select } from "antd";
import { useState, type ReactNode } from "react";
import { Link, useLocation, useSearchParams } from "react-router";
import { useRead } from "@/api/hooks";
import type { Page, PrivacyRequest, RightsQueue, RightsRequest, Setting } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { PageFrame, Panel } from "@/kit/page";
import { Search } from "@/kit/Search";
import { At } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { usePager, type Pager } from "@/kit/usePager";
import { KINDS } from "./kinds";
import { NewRequest } from "./NewRequest";
import { RequestDetail } from "./RequestDetail";
import { Due, RequestState } from "./RequestMarks";
import { QUEUE } from "./useRequest";

const FILTERS = { search: "", view: "open", kind: "" };
const VIEWS = ["open", "overdue", "done", "refused", "all"] as const;
type View = (typeof VIEWS)[number];
const OPEN = "request";
const EVERY_MS = 30_000;

/** The queue of what people ask for by right: what is due first on top. */
export default function RightsPage() {
  const { t } = useLanguage();
  const { filters, change } = useFilters(FILTERS);
  const view = VIEWS.find((one) => one === filters.view) ?? "open";
  const pager = usePager();
  const queue = useRead<RightsQueue>(`${QUEUE}/queue`, {}, { every: EVERY_MS });
  const query = { search: filters.search, kind: filters.kind, ...wanted(view), cursor: pager.cursor };
  const read = useRead<Page<RightsRequest>>(QUEUE, query, { keep: true, every: EVERY_MS });
  const [open, setOpen] = useOpenRequest();
  const [making, setMaking] = useState(false);
  const filtered = filters.search !== "" || filters.kind !== "" || view !== "open";
  const start = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)} data-testid="new-request">
      {t("rights.new")}
    </Button>
  );
  return (
    <PageFrame testId="page-rights" title={t("nav.rights")} about={<About />} extra={start}>
      {queue.data && queue.data.overdue > 0 && view !== "overdue" && (
        <Late n={queue.data.overdue} onShow={() => change({ view: "overdue", search: "", kind: "" })} />
      )}
      <Passed />
      <div className="tools">
        <Search
          value={filters.search}
          onSearch={(search) => change(search ? { search, view: "all" } : { search, view: "open" })}
          placeholder={t("rights.search")}
        />
        <Segmented<View>
          className="scrolling"
          value={view}
          onChange={(one) => change({ view: one })}
          options={VIEWS.map((one) => ({ value: one, label: <Counted view={one} queue={queue.data} /> }))}
          data-testid="rights-views"
        />
        <Select
          className="filter"
          value={filters.kind}
          onChange={(kind) => change({ kind })}
          aria-label={t("rights.kind")}
          data-testid="rights-kind"
          options={[{ value: "", label: t("rights.anyKind") }, ...KINDS.map((one) => ({ value: one, label: t(`rights.kind.${one}`) }))]}
        />
      </div>
      <Panel flush>
        <Requests
          read={read}
          pager={pager}
          onOpen={setOpen}
          empty={
            filtered ? (
              <Nothing title={t("list.noMatch")}>{t("rights.noMatchText")}</Nothing>
            ) : (
              <Nothing title={t("rights.none")}>{t("rights.noneText")}</Nothing>
            )
          }
        />
      </Panel>
      {making && <NewRequest onClose={() => setMaking(false)} onMade={setOpen} />}
      <Drawer open={open !== null} onClose={() => setOpen(null)} title={t("rights.one")} size="large">
        {open && <RequestDetail id={open} fields={queue.data?.fields ?? {}} />}
      </Drawer>
    </PageFrame>
  );
}

function wanted(view: View): { state?: string; overdue?: boolean; open_only?: boolean } {
  if (view === "open") return { open_only: true };
  if (view === "overdue") return { overdue: true };
  return view === "all" ? {} : { state: view };
}

/** The open request stands in the address, so that it can be shared; the page of the list stays as it is. */
function useOpenRequest(): [string | null, (id: string | null) => void] {
  const [search, setSearch] = useSearchParams();
  const { state } = useLocation() as { state: unknown };
  const set = (id: string | null) => {
    const next = new URLSearchParams(search);
    if (id) next.set(OPEN, id);
    else next.delete(OPEN);
    setSearch(next, { replace: true, state });
  };
  return [search.get(OPEN), set];
}

/** What the page is, and the deadline that the settings give. */
function About() {
  const { t } = useLanguage();
  const settings = useRead<Setting[]>("/api/settings");
  const value = (key: string) => settings.data?.find((one) => one.key === key)?.value;
  const policy = value("consent.policy");
  const rule =
    policy === "gdpr" ? t("rights.ruleGdpr") : policy === "pipl" ? t("rights.rulePipl", { n: String(value("consent.answer_days")) }) : "";
  return (
    <>
      {t("rights.about")} {rule}
    </>
  );
}

function Late({ n, onShow }: { n: number; onShow: () => void }) {
  const { t } = useLanguage();
  const { whole } = useFormat();
  return (
    <Alert
      type="error"
      showIcon
      data-testid="rights-overdue"
      title={t("rights.overdueMany", { n: whole(n) })}
      action={
        <Button size="small" onClick={onShow}>
          {t("rights.showOverdue")}
        </Button>
      }
    />
  );
}

/** Shop platforms pass requests on by webhook; they are answered where the platforms are connected. */
function Passed() {
  const { t } = useLanguage();
  const read = useRead<Page<PrivacyRequest>>("/api/privacy-requests", {});
  const waiting = read.data?.items.filter((one) => !one.done_time).length ?? 0;
  if (waiting === 0) return null;
  return (
    <Alert
      type="info"
      showIcon
      title={t("rights.passed", { n: read.data?.next_cursor ? `${waiting}+` : waiting })}
      action={<Link to="/sources">{t("rights.toPassed")}</Link>}
    />
  );
}

function Counted({ view, queue }: { view: View; queue: RightsQueue | undefined }) {
  const { t } = useLanguage();
  const { whole } = useFormat();
  const counts: Partial<Record<View, number>> = queue
    ? { open: queue.open, overdue: queue.overdue, done: queue.states.done ?? 0, refused: queue.states.refused ?? 0 }
    : {};
  const n = counts[view];
  return (
    <span data-testid={`rights-view-${view}`}>
      {t(`rights.view.${view}`)} {n === undefined ? "" : <span className="number">{whole(n)}</span>}
    </span>
  );
}

interface RequestsProps {
  read: ReturnType<typeof useRead<Page<RightsRequest>>>;
  pager: Pager;
  onOpen: (id: string) => void;
  empty: ReactNode;
}

function Requests({ read, pager, onOpen, empty }: RequestsProps) {
  const { t, w, named } = useLanguage();
  const columns: Columns<RightsRequest> = [
    {
      title: t("rights.kind"),
      key: "kind",
      render: (_, row) => (
        <button type="button" className="card-button strong" onClick={() => onOpen(row.request_id)}>
          {w(row.words)}
        </button>
      ),
    },
    { title: t("rights.state"), key: "state", render: (_, row) => <RequestState state={row.state} /> },
    { title: t("rights.due"), key: "due", render: (_, row) => <Due request={row} /> },
    { title: t("rights.asked"), dataIndex: "asked_time", render: (time: string) => <At time={time} seconds={false} /> },
    { title: t("rights.channel"), key: "channel", render: (_, row) => named("rights.channel", row.channel) },
    { title: t("rights.person"), key: "person", render: (_, row) => <span className="number">@{row.person_no}</span> },
    { title: t("rights.number"), dataIndex: "request_id", render: (id: string) => <code>{id}</code> },
  ];
  return (
    <ListTable
      read={read}
      columns={columns}
      rowKey={(row) => row.request_id}
      label={t("nav.rights")}
      testId="rights-table"
      pager={pager}
      onOpen={(row) => onOpen(row.request_id)}
      empty={empty}
      card={(row) => (
        <button type="button" className="card-button" onClick={() => onOpen(row.request_id)}>
          <div className="card-top">
            <b>{w(row.words)}</b>
            <RequestState state={row.state} />
          </div>
          <Due request={row} />
          <div className="faint">
            {named("rights.channel", row.channel)} · @{row.person_no}
          </div>
        </button>
      )}
    />
  );
}

import { DownloadOutlined, FilterOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, InputNumber, Select } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { address } from "@/api/client";
import { useRead } from "@/api/hooks";
import type { Facet, Facets, UserPage, UserRow } from "@/api/types";
import { useLanguage } from "@/i18n";
import { minorDigits } from "@/kit/format";
import { ListTable, type Columns } from "@/kit/ListTable";
import { LeftOutBanner, PageFrame, Panel } from "@/kit/page";
import { Search } from "@/kit/Search";
import { useSession } from "@/kit/session";
import { Ago, TierTag } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { activeFilters } from "@/kit/urlFilters";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { useNarrow } from "@/kit/useNarrow";
import { usePager } from "@/kit/usePager";
import { filterRule, peopleRule } from "./filterRule";
import { PeopleBanner } from "./PeopleBanner";
import { useFacets } from "./useFacets";
import { USER_FILTERS, type UserFilters } from "./userFilters";

type Change = (some: Partial<UserFilters>) => void;

export default function UsersPage() {
  const { t } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const narrow = useNarrow();
  const navigate = useNavigate();
  const { filters, change } = useFilters(USER_FILTERS);
  const pager = usePager();
  const [showFilters, setShowFilters] = useState(!narrow);
  const scale = 10 ** minorDigits(f.currency);
  const { min_spend, segment, ...others } = filters;
  const people = filters.people || (segment && JSON.stringify({ kind: "segment", segment_id: segment }));
  const query = { ...others, people, min_spend: min_spend > 0 ? min_spend * scale : undefined, active_within: filters.active_within || undefined };
  const read = useRead<UserPage>("/api/users", { ...query, cursor: pager.cursor, limit: 50 }, { keep: true });
  const { facets, words, channel } = useFacets();
  const active = activeFilters(filters, USER_FILTERS, ["search", "sort", "order", "people", "segment", "visitors"]);
  const ownRule = filterRule(filters, scale);
  const kept = { search: filters.search, sort: filters.sort, order: filters.order, people: filters.people, segment, visitors: filters.visitors };
  const open = (row: UserRow) => void navigate(`/users/${encodeURIComponent(row.user_id)}`);
  const sorted = (key: UserFilters["sort"]) => ({
    sorter: true,
    sortOrder: filters.sort === key ? (filters.order === "asc" ? ("ascend" as const) : ("descend" as const)) : null,
    sortDirections: ["descend" as const, "ascend" as const, "descend" as const],
  });
  const tier = (row: UserRow) =>
    row.tier ? <TierTag tier={row.tier}>{words(facets?.tiers, row.tier)}</TierTag> : <span className="faint">–</span>;
  const columns: Columns<UserRow> = [
    {
      title: t("user.user"),
      key: "user",
      render: (_, row) => (
        <>
          <Link to={`/users/${encodeURIComponent(row.user_id)}`}>{row.name || row.user_id}</Link>
          {row.name && <div className="faint small">{row.user_id}</div>}
        </>
      ),
    },
    { title: t("user.tier"), key: "tier", render: (_, row) => tier(row) },
    { title: t("user.rfm"), key: "rfm", render: (_, row) => words(facets?.rfm, row.rfm_class) ?? "–" },
    { title: t("user.orders"), dataIndex: "orders", key: "orders", align: "right", ...sorted("orders"), render: (n: number) => <span className="number">{f.whole(n)}</span> },
    {
      title: t("user.spend"),
      key: "spend",
      align: "right",
      ...sorted("spend"),
      render: (_, row) => <span className="number">{f.money(row.spend_minor, row.currency)}</span>,
    },
    { title: t("user.lastSeen"), dataIndex: "last_seen_time", key: "last_seen", ...sorted("last_seen"), render: (time: string | null) => <Ago time={time} /> },
    { title: t("user.registered"), dataIndex: "registered_time", key: "registered", ...sorted("registered"), render: (time: string | null) => f.date(time) },
    { title: t("user.channel"), key: "channel", render: (_, row) => channel(row.channel) ?? "–" },
    { title: t("user.place"), key: "place", render: (_, row) => [row.province, row.city].filter(Boolean).join(" ") || "–" },
  ];
  return (
    <PageFrame
      testId="page-users"
      title={t("nav.users")}
      about={t("user.about")}
      extra={
        <>
          {ownRule && !people && may("operate") && (
            <Link to={`/segments/new?rule=${encodeURIComponent(JSON.stringify(ownRule))}`}>
              <Button icon={<PlusOutlined />} data-testid="users-save-segment">
                {t("people.saveFilters")}
              </Button>
            </Link>
          )}
          <Button icon={<DownloadOutlined />} href={address("/api/users/export", query)} data-testid="users-export">
            {t("list.export")}
          </Button>
        </>
      }
    >
      {people && read.data?.people ? (
        <PeopleBanner
          people={read.data.people}
          rule={peopleRule(people, ownRule)}
          visitors={filters.visitors === "true"}
          onVisitors={(visitors) => change({ visitors: visitors ? "true" : "" })}
          onLeave={() => change({ people: "", segment: "", visitors: "" })}
        />
      ) : (
        <LeftOutBanner leftOut={read.data?.left_out} />
      )}
      <div className="tools">
        <Search value={filters.search} onSearch={(search) => change({ search })} placeholder={t("user.search")} testId="users-search" />
        {narrow && (
          <Button icon={<FilterOutlined />} onClick={() => setShowFilters(!showFilters)} aria-expanded={showFilters}>
            {t("list.filters")} {active > 0 && `(${active})`}
          </Button>
        )}
        {(showFilters || !narrow) && <FilterRow facets={facets} filters={filters} change={change} />}
        {active > 0 && (
          <Button
            type="link"
            data-testid="filters-clear"
            onClick={() => change({ ...USER_FILTERS, ...kept })}
          >
            {t("list.clear")}
          </Button>
        )}
      </div>
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(row) => row.person_no}
          label={t("nav.users")}
          testId="users-table"
          pager={pager}
          onOpen={open}
          onChange={(_page, _filter, sorter) => {
            const one = Array.isArray(sorter) ? sorter[0] : sorter;
            if (one?.columnKey) change({ sort: String(one.columnKey), order: one.order === "ascend" ? "asc" : "desc" });
          }}
          empty={
            active > 0 || filters.search || people ? (
              <Nothing title={t("list.noMatch")}>{t("user.noMatchText")}</Nothing>
            ) : (
              <Nothing title={t("user.none")} action={<Link to="/jobs">{t("overview.toJobs")}</Link>}>
                {t("user.noneText")}
              </Nothing>
            )
          }
          card={(row) => (
            <>
              <div className="card-top">
                <Link to={`/users/${encodeURIComponent(row.user_id)}`} className="strong">
                  {row.name || row.user_id}
                </Link>
                {tier(row)}
              </div>
              <div className="card-figures">
                <span>{f.money(row.spend_minor, row.currency)}</span>
                <span>{t("user.ordersN", { n: f.whole(row.orders) })}</span>
                <span className="faint">
                  <Ago time={row.last_seen_time} />
                </span>
              </div>
              <div className="faint">
                {[words(facets?.rfm, row.rfm_class), channel(row.channel), row.province]
                  .filter(Boolean)
                  .join(" · ")}
              </div>
            </>
          )}
        />
      </Panel>
    </PageFrame>
  );
}

function FilterRow({ facets, filters, change }: { facets: Facets | undefined; filters: UserFilters; change: Change }) {
  const { t, w, lang } = useLanguage();
  const f = useFormat();
  const pick = (name: "tier" | "rfm" | "channel" | "gender" | "province", list: Facet[] | undefined) => (
    <Select
      key={name}
      className="filter"
      allowClear
      showSearch={{ optionFilterProp: "name" }}
      placeholder={t(`user.filter.${name}`)}
      aria-label={t(`user.filter.${name}`)}
      data-testid={`filter-${name}`}
      value={filters[name] || undefined}
      popupMatchSelectWidth={false}
      onChange={(value?: string) => change({ [name]: value ?? "" })}
      options={list?.map((one) => ({
        value: one.value,
        name: w(one.words),
        label: (
          <span className="option">
            {w(one.words)} <span className="faint">{f.short(one.count)}</span>
          </span>
        ),
      }))}
    />
  );
  const level = (name: "r" | "f" | "m") =>
    filters[name] && (
      <Button key={name} size="small" type="dashed" onClick={() => change({ [name]: "" })} data-testid={`filter-${name}`}>
        {t(`rfm.${name}`)} {t(`rfm.level.${filters[name] as "high" | "mid" | "low"}`)} ×
      </Button>
    );
  return (
    <>
      {pick("tier", facets?.tiers)}
      {pick("rfm", facets?.rfm)}
      {pick("channel", facets?.channels)}
      {pick("province", facets?.provinces)}
      {pick("gender", facets?.genders)}
      <Select
        className="filter"
        value={filters.active_within}
        aria-label={t("user.filter.active")}
        data-testid="filter-active"
        onChange={(active_within) => change({ active_within })}
        options={[0, 1, 7, 30, 90].map((days) => ({
          value: days,
          label: days === 0 ? t("user.filter.active") : t("user.filter.activeDays", { n: days }),
        }))}
      />
      <InputNumber<number>
        className="filter"
        min={0}
        key={`${filters.min_spend}-${lang}`}
        defaultValue={filters.min_spend || undefined}
        placeholder={t("user.filter.spend")}
        aria-label={t("user.filter.spend")}
        data-testid="filter-spend"
        prefix="≥"
        onBlur={(leave) => change({ min_spend: Number(leave.target.value.replace(/,/g, "")) || 0 })}
        onPressEnter={(press) => press.currentTarget.blur()}
      />
      {level("r")}
      {level("f")}
      {level("m")}
    </>
  );
}

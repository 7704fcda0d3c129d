import { DownloadOutlined, PlusOutlined, QrcodeOutlined, UploadOutlined } from "@ant-design/icons";
import { App, Button, Drawer, Segmented } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { address, api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Acquisition, ChannelLink, Page } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { peopleHref } from "@/kit/people";
import { Search } from "@/kit/Search";
import { useSession } from "@/kit/session";
import { Ago, At, Code, CopyButton, Cut, Facts } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";
import { BatchDialog } from "./BatchDialog";
import { LinkForm } from "./LinkForm";
import { FIGURES } from "./OverviewTab";

const FILTERS = { search: "", archived: "" };
export const LINKS = "/api/acquisition/links";

export function LinksTab() {
  const { t } = useLanguage();
  const { may } = useSession();
  const f = useFormat();
  const { filters, change } = useFilters(FILTERS);
  const pager = usePager();
  const archived = filters.archived === "1";
  const read = useRead<Page<ChannelLink>>(LINKS, { search: filters.search, archived, cursor: pager.cursor }, { keep: true });
  const figures = useRead<Acquisition>(FIGURES, { from: "", to: "" });
  const [open, setOpen] = useState<ChannelLink | null>(null);
  const [making, setMaking] = useState<"one" | "many" | null>(null);
  const of = (code: string) => figures.data?.codes.find((one) => one.key === code);
  const number = (value: number | undefined) => <span className="number">{value === undefined ? "–" : f.whole(value)}</span>;
  const columns: Columns<ChannelLink> = [
    {
      title: t("link.name"),
      key: "name",
      render: (_, one) => (
        <>
          <b>{one.name}</b>
          <div className="faint">
            <code>{one.code}</code> <CopyButton text={one.address} label={t("link.copy")} />
          </div>
        </>
      ),
    },
    { title: t("acq.channel"), dataIndex: "channel", render: (channel: string) => <code>{channel}</code> },
    { title: t("link.campaign"), dataIndex: "campaign", render: (text: string) => <Cut text={text || "–"} width={160} /> },
    { title: t("acq.opens"), dataIndex: "opens", align: "right", render: number },
    { title: t("link.newcomers30"), key: "newcomers", align: "right", render: (_, one) => number(of(one.code)?.newcomers ?? (figures.data ? 0 : undefined)) },
    { title: t("acq.orders"), key: "orders", align: "right", render: (_, one) => number(of(one.code)?.orders ?? (figures.data ? 0 : undefined)) },
    { title: t("link.made"), dataIndex: "made_time", render: (time: string) => <Ago time={time} /> },
  ];
  return (
    <>
      <div className="tools">
        <Search value={filters.search} onSearch={(search) => change({ search })} placeholder={t("link.search")} />
        <Segmented
          value={filters.archived}
          onChange={(value) => change({ archived: value })}
          options={[
            { value: "", label: t("link.living") },
            { value: "1", label: t("link.archived") },
          ]}
        />
        <span className="grow" />
        <Button icon={<DownloadOutlined />} href={address(`${LINKS}.csv`)}>
          {t("acq.csv")}
        </Button>
        {may("operate") && (
          <>
            <Button icon={<UploadOutlined />} onClick={() => setMaking("many")} data-testid="link-batch">
              {t("link.batch")}
            </Button>
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking("one")} data-testid="link-add">
              {t("link.add")}
            </Button>
          </>
        )}
      </div>
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(one) => one.link_id}
          label={t("acq.tab.links")}
          testId="links-table"
          pager={pager}
          onOpen={setOpen}
          empty={<Nothing title={t(filters.search ? "list.noMatch" : "link.none")}>{t("link.noneText")}</Nothing>}
          card={(one) => (
            <button type="button" className="card-button" onClick={() => setOpen(one)}>
              <div className="card-top">
                <b className="break">{one.name}</b>
                <Ago time={one.made_time} />
              </div>
              <div className="faint">
                <code>{one.code}</code> · {one.channel} · {t("acq.opens")} {f.whole(one.opens)}
              </div>
            </button>
          )}
        />
      </Panel>
      <Drawer open={open !== null} onClose={() => setOpen(null)} title={open?.name} size="large">
        {open && <Detail link={open} onChange={setOpen} />}
      </Drawer>
      {making === "one" && (
        <LinkForm
          onClose={() => setMaking(null)}
          onMade={(link) => {
            setMaking(null);
            setOpen(link);
          }}
        />
      )}
      {making === "many" && <BatchDialog onClose={() => setMaking(null)} />}
    </>
  );
}

function Detail({ link, onChange }: { link: ChannelLink; onChange: (link: ChannelLink) => void }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const figures = useRead<Acquisition>(FIGURES, { from: "", to: "" });
  const path = `${LINKS}/${encodeURIComponent(link.link_id)}`;
  const move = useWrite<"archive" | "restore", ChannelLink>((to) => api.post(`${path}/${to}`), [LINKS]);
  const to = link.archived_time === null ? "archive" : "restore";
  const mine = figures.data?.codes.find((one) => one.key === link.code);
  const people = figures.data && peopleHref({ kind: "newcomers", from: figures.data.from_day, to: figures.data.to_day, code: link.code });
  const facts: [string, React.ReactNode][] = [
    [t("acq.channel"), <code key="channel">{link.channel}</code>],
    [t("link.leads"), <Code key="leads" text={link.leads_to} />],
    [t("acq.opens"), f.whole(link.opens)],
    [t("link.newcomers30"), people ? <Link key="people" to={people}>{f.whole(mine?.newcomers ?? 0)}</Link> : "–"],
    [t("acq.orders"), mine ? f.whole(mine.orders) : "–"],
    [t("link.made"), <At key="made" time={link.made_time} />],
  ];
  const more: [string, string][] = [
    [t("link.campaign"), link.campaign],
    [t("link.medium"), link.medium],
    [t("link.content"), link.content],
    [t("link.creator"), link.creator],
    [t("link.note"), link.note],
  ];
  return (
    <>
      <div className="qr" data-testid="link-qr">
        <img src={`${path}/qr.svg?scale=5`} alt={t("link.qrOf", { name: link.name })} width={180} height={180} />
        <div>
          <Code text={link.address} testId="link-address" />
          <div className="tools">
            <Button icon={<QrcodeOutlined />} href={`${path}/qr.svg?scale=10`} download={`${link.code}.svg`}>
              SVG
            </Button>
            <Button icon={<QrcodeOutlined />} href={`${path}/qr.png?scale=16`} download={`${link.code}.png`}>
              PNG
            </Button>
          </div>
        </div>
      </div>
      <Facts items={[...facts, ...more.filter(([, value]) => value !== "")]} />
      {may("operate") && (
        <div className="tools gap">
          <Button
            loading={move.isPending}
            danger={to === "archive"}
            data-testid={`link-${to}`}
            onClick={() => move.mutate(to, { onSuccess: onChange, onError: (error) => void message.error(w(error.words)) })}
          >
            {t(`link.${to}`)}
          </Button>
          <span className="faint">{t("link.archiveText")}</span>
        </div>
      )}
    </>
  );
}

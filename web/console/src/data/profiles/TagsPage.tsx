import { Button, Segmented, Select, Tag } from "antd";
import { useState } from "react";
import { useRead } from "@/api/hooks";
import type { CustomTags, TagCard, TagLineage, UserPage } from "@/api/types";
import { Bars } from "@/data/tags/Bars";
import { CustomTagsPanel } from "@/data/tags/CustomTagsPanel";
import { TAGS } from "@/data/tags/fields";
import { fedBy, LINEAGE, LineageDrawer } from "@/data/tags/Lineage";
import { useLanguage } from "@/i18n";
import { LeftOutBanner, PageFrame, Panel } from "@/kit/page";
import { Search } from "@/kit/Search";
import { Ago } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";

const FILTERS = { search: "", dimension: "", event: "" };

export default function TagsPage() {
  const { t, w } = useLanguage();
  const { filters, change } = useFilters(FILTERS);
  const read = useRead<TagCard[]>("/api/tags");
  const lineage = useRead<TagLineage[]>(LINEAGE);
  const own = useRead<CustomTags>(TAGS);
  const [shown, setShown] = useState<TagCard | null>(null);
  const feeds = fedBy(lineage.data);
  const people = useRead<UserPage>("/api/users", { limit: 1 });
  return (
    <PageFrame testId="page-tags" title={t("tag.title")} about={t("tag.about")}>
      <LeftOutBanner leftOut={people.data?.left_out} />
      <Shown read={read} rows={10}>
        {(tags) => {
          const dimensions = [...new Map(tags.map((tag) => [tag.dimension, tag.dimension_words])).entries()];
          const wanted = filters.search.toLowerCase();
          const found = tags.filter(
            (tag) =>
              (!filters.event || feeds.get(filters.event)?.has(tag.key)) &&
              (!filters.dimension || tag.dimension === filters.dimension) &&
              [tag.key, tag.words.zh, tag.words.en, tag.definition.zh, tag.definition.en].some((text) =>
                text.toLowerCase().includes(wanted),
              ),
          );
          return (
            <>
              <div className="tools">
                <Search value={filters.search} onSearch={(search) => change({ search })} placeholder={t("tag.search")} />
                <Segmented
                  className="scrolling"
                  value={filters.dimension}
                  onChange={(dimension) => change({ dimension })}
                  options={[
                    { value: "", label: `${t("tag.all")} ${tags.length}` },
                    ...dimensions.map(([key, words]) => ({
                      value: key,
                      label: `${w(words)} ${tags.filter((tag) => tag.dimension === key).length}`,
                    })),
                  ]}
                />
                <Select
                  className="tag-event"
                  allowClear
                  showSearch
                  placeholder={t("tags.fedBy")}
                  aria-label={t("tags.fedBy")}
                  data-testid="tag-event"
                  value={filters.event || undefined}
                  onChange={(event?: string) => change({ event: event ?? "" })}
                  options={[...feeds.keys()].sort().map((event) => ({ value: event, label: event }))}
                />
              </div>
              {!filters.event && <CustomTagsPanel dimension={filters.dimension} search={filters.search} />}
              <div className="tools tag-own-head">
                <h2>
                  {t("tags.builtIn")} <span className="faint">{found.length}</span>
                </h2>
              </div>
              {found.length === 0 ? (
                <Panel>
                  <Nothing title={t(tags.length === 0 ? "tag.none" : "list.noMatch")}>{t("tag.noneText")}</Nothing>
                </Panel>
              ) : (
                <div className="tag-cards" data-testid="tag-cards">
                  {found.map((tag) => (
                    <Card key={tag.key} tag={tag} used={own.data?.used_by[tag.key] ?? []} open={() => setShown(tag)} />
                  ))}
                </div>
              )}
            </>
          );
        }}
      </Shown>
      {shown && <LineageDrawer tag={shown.key} name={w(shown.words)} onClose={() => setShown(null)} />}
    </PageFrame>
  );
}

interface CardProps {
  tag: TagCard;
  used: { name: string }[];
  open: () => void;
}

function Card({ tag, used, open }: CardProps) {
  const { t, w } = useLanguage();
  const f = useFormat();
  return (
    <article className="panel tag-card" data-testid={`tag-card-${tag.key}`}>
      <header>
        <h2>{w(tag.words)}</h2>
        <Tag>{w(tag.dimension_words)}</Tag>
      </header>
      <p>{w(tag.definition)}</p>
      <div className="coverage">
        <span>{t("tag.coverage")}</span>
        <span className="bar">
          <i style={{ width: `${100 * tag.coverage}%` }} />
        </span>
        <b className="number">{f.percent(tag.coverage)}</b>
      </div>
      {tag.distribution.length > 0 ? (
        <Bars parts={tag.distribution} />
      ) : (
        <p className="faint">{t("tag.noValues")}</p>
      )}
      <footer className="faint">
        <code>{tag.key}</code>
        {w(tag.unit) && (
          <span>
            {t("tag.unit")} {w(tag.unit)}
          </span>
        )}
        {tag.window_days !== null && <span>{t("tag.window", { n: tag.window_days })}</span>}
        <span>
          {t("tag.from")} {tag.source_tables.join(", ")}
        </span>
        <span>
          {t("tag.fresh")} <Ago time={tag.freshness_time} />
        </span>
        {used.length > 0 && (
          <span>
            {t("tags.usedBy")} {used.map((use) => use.name).join(", ")}
          </span>
        )}
        <Button size="small" type="link" onClick={open} data-testid={`lineage-${tag.key}`}>
          {t("tags.lineage")}
        </Button>
      </footer>
    </article>
  );
}

import { Segmented, Tag } from "antd";
import { useRead } from "@/api/hooks";
import type { TagCard, UserPage } from "@/api/types";
import { useLanguage } from "@/i18n";
import { LeftOutBanner, PageFrame, Panel } from "@/kit/page";
import { Search } from "@/kit/Search";
import { Ago } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";

const FILTERS = { search: "", dimension: "" };

export default function TagsPage() {
  const { t, w } = useLanguage();
  const { filters, change } = useFilters(FILTERS);
  const read = useRead<TagCard[]>("/api/tags");
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
              </div>
              {found.length === 0 ? (
                <Panel>
                  <Nothing title={t(tags.length === 0 ? "tag.none" : "list.noMatch")}>{t("tag.noneText")}</Nothing>
                </Panel>
              ) : (
                <div className="tag-cards" data-testid="tag-cards">
                  {found.map((tag) => (
                    <Card key={tag.key} tag={tag} />
                  ))}
                </div>
              )}
            </>
          );
        }}
      </Shown>
    </PageFrame>
  );
}

function Card({ tag }: { tag: TagCard }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const most = Math.max(1, ...tag.distribution.map((part) => part.count));
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
        <ol className="bars bars-small">
          {tag.distribution.slice(0, 6).map((part, place) => (
            <li key={place}>
              <span className="cut" title={w(part.label)}>
                {w(part.label)}
              </span>
              <span className="bar">
                <i style={{ width: `${(100 * part.count) / most}%` }} />
              </span>
              <b className="number">{f.short(part.count)}</b>
            </li>
          ))}
        </ol>
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
      </footer>
    </article>
  );
}

import { Tooltip } from "antd";
import type { Tag } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Nothing } from "@/kit/states";

/** A person's tags by dimension; each says its definition on hover. */
export function TagsPanel({ tags }: { tags: Tag[] }) {
  const { t, w } = useLanguage();
  if (tags.length === 0) return <Nothing title={t("profile.noTags")}>{t("profile.noTagsText")}</Nothing>;
  const dimensions = [...new Set(tags.map((tag) => tag.dimension))];
  return (
    <div className="dimensions" data-testid="profile-tags">
      {dimensions.map((dimension) => {
        const own = tags.filter((tag) => tag.dimension === dimension);
        return (
          <section key={dimension} data-testid={`dimension-${dimension}`}>
            <h3>{w(own[0]!.dimension_words)}</h3>
            <dl className="tag-grid">
              {own.map((tag) => (
                <Tooltip key={tag.key} title={w(tag.definition)} placement="topLeft">
                  <div tabIndex={0} data-testid={`tag-${tag.key}`}>
                    <dt>{w(tag.words)}</dt>
                    <dd className={tag.value === null || tag.value === undefined ? "faint" : ""}>{w(tag.display) || "–"}</dd>
                  </div>
                </Tooltip>
              ))}
            </dl>
          </section>
        );
      })}
    </div>
  );
}

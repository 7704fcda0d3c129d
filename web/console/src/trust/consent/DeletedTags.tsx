import { Button, Popconfirm, Select, Tag } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { TagCard } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { profilePath } from "@/kit/paths";
import { Refused } from "@/trust/rights/Refused";

interface DeletedTagsProps {
  userId: string;
  tags: string[];
  fixed: boolean;
}

/** Tags that are never computed for this person again, at their wish. Only they can allow one again, on their own page. */
export function DeletedTags({ userId, tags, fixed }: DeletedTagsProps) {
  const { t, w } = useLanguage();
  const known = useRead<TagCard[]>("/api/tags");
  const [tag, setTag] = useState<string | null>(null);
  const nameOf = (key: string) => w(known.data?.find((one) => one.key === key)?.words) || key;
  const drop = useWrite<string, null>(
    (key) => api.remove(`/api/consent/people/${encodeURIComponent(userId)}/tags/${encodeURIComponent(key)}`),
    [profilePath(userId, "/consent"), profilePath(userId), "/api/audit"],
  );
  return (
    <Panel title={t("centre.deletedTags")} testId="deleted-tags">
      <p className="faint gap">{t("centre.deletedTagsText")}</p>
      <Refused error={drop.error} />
      {tags.length > 0 && (
        <p className="gap">
          {tags.map((key) => (
            <Tag key={key}>{nameOf(key)}</Tag>
          ))}
        </p>
      )}
      {!fixed && (
        <div className="tag-drop">
          <Select
            showSearch={{ optionFilterProp: "label" }}
            value={tag}
            onChange={setTag}
            loading={known.isPending}
            placeholder={t("centre.pickTag")}
            aria-label={t("centre.pickTag")}
            options={known.data?.filter((one) => !tags.includes(one.key)).map((one) => ({ value: one.key, label: w(one.words) }))}
            data-testid="tag-pick"
          />
          <Popconfirm
            title={t("centre.dropTagAsk", { tag: tag ? nameOf(tag) : "" })}
            okText={t("centre.dropTag")}
            okButtonProps={{ danger: true }}
            disabled={!tag}
            onConfirm={() => tag && drop.mutate(tag, { onSuccess: () => setTag(null) })}
          >
            <Button danger disabled={!tag} loading={drop.isPending} data-testid="tag-drop">
              {t("centre.dropTag")}
            </Button>
          </Popconfirm>
        </div>
      )}
    </Panel>
  );
}

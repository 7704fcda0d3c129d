import { Alert, App, Button, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { CustomTag, CustomTags } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Ago } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { Bars } from "./Bars";
import { TAGS, TAGS_STALE } from "./fields";
import { TagEditor } from "./TagEditor";
import { UploadDialog } from "./UploadDialog";
import { WordsDrawer } from "./WordsDrawer";

const REFRESH_MS = 3_000;

/** The shop's own tags: what they say, who answers for them, and what failed. */
export function CustomTagsPanel({ dimension, search }: { dimension: string; search: string }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const [every, setEvery] = useState<number | false>(false);
  const [editing, setEditing] = useState<CustomTag | "new" | null>(null);
  const [words, setWords] = useState(false);
  const read = useRead<CustomTags>(TAGS, undefined, { every });
  const waits = read.data?.items.some((tag) => tag.kind === "sql" && tag.live_version !== tag.version && !tag.error) ?? false;
  if (read.data && (waits ? REFRESH_MS : false) !== every) setEvery(waits ? REFRESH_MS : false);
  const make = may("develop") || may("operate");
  return (
    <>
      <div className="tools tag-own-head">
        <div>
          <h2>{t("tags.own")}</h2>
          <p className="faint">
            {t("tags.ownAbout")} {t("tags.pythonAbout")}
          </p>
        </div>
        <span className="grow" />
        <Button onClick={() => setWords(true)} data-testid="tag-words">
          {t("tags.words")}
        </Button>
        {make && (
          <Button type="primary" onClick={() => setEditing("new")} data-testid="tag-new">
            {t("tags.new")}
          </Button>
        )}
      </div>
      <Shown read={read} rows={4}>
        {({ items, python_errors }) => {
          const wanted = search.toLowerCase();
          const found = items.filter(
            (tag) =>
              (!dimension || tag.dimension === dimension) &&
              [tag.key, tag.words.zh, tag.words.en].some((text) => text.toLowerCase().includes(wanted)),
          );
          return (
            <>
              {python_errors.length > 0 && (
                <Alert
                  className="gap"
                  type="error"
                  showIcon
                  data-testid="python-errors"
                  title={t("tags.pythonFailed", { n: python_errors.length })}
                  description={
                    <ul>
                      {python_errors.map((one, place) => (
                        <li key={place} className="break">
                          <code>{t("tags.pythonWhere", { file: one.file, line: one.line })}</code> {one.message}
                        </li>
                      ))}
                    </ul>
                  }
                />
              )}
              {found.length === 0 ? (
                <Panel>
                  <Nothing title={t(items.length === 0 ? "tags.ownNone" : "list.noMatch")}>{t("tags.ownNoneText")}</Nothing>
                </Panel>
              ) : (
                <div className="tag-cards" data-testid="custom-tag-cards">
                  {found.map((tag) => (
                    <OwnCard key={tag.key} tag={tag} edit={() => setEditing(tag)} />
                  ))}
                </div>
              )}
            </>
          );
        }}
      </Shown>
      {editing && <TagEditor tag={editing === "new" ? null : editing} onClose={() => setEditing(null)} />}
      {words && <WordsDrawer onClose={() => setWords(false)} />}
    </>
  );
}

function OwnCard({ tag, edit }: { tag: CustomTag; edit: () => void }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  return (
    <article className="panel tag-card" data-testid={`tag-card-${tag.key}`}>
      <header>
        <h2>{w(tag.words)}</h2>
        <span>
          {tag.over && <Tag color="orange">{t("tags.over")}</Tag>}
          <Tag>{t(`tags.kind.${tag.kind}`)}</Tag>
        </span>
      </header>
      <p>{w(tag.definition)}</p>
      {tag.error && <p className="bad">{t("tags.failed", { why: w(tag.error.message) })}</p>}
      {tag.kind === "sql" && tag.live_version !== tag.version && !tag.error && (
        <p>
          <Link to="/jobs">{t("tags.waiting")}</Link>
        </p>
      )}
      <div className="coverage">
        <span>{t("tag.coverage")}</span>
        <span className="bar">
          <i style={{ width: `${100 * tag.coverage}%` }} />
        </span>
        <b className="number">{f.percent(tag.coverage)}</b>
      </div>
      {tag.distribution.length > 0 ? <Bars parts={tag.distribution} /> : <p className="faint">{t("tag.noValues")}</p>}
      {tag.kind === "manual" && <p className="faint">{t("tags.marks", { n: f.whole(tag.marks), lapsed: f.whole(tag.lapsed) })}</p>}
      {tag.used_by.length > 0 && (
        <p className="faint">
          {t("tags.usedBy")} {tag.used_by.map((use) => use.name).join(", ")}
        </p>
      )}
      <Actions tag={tag} edit={edit} />
      <footer className="faint">
        <code>{tag.key}</code>
        <span>{t("tags.version", { n: tag.version })}</span>
        <span>
          {t("tags.owner")} {tag.owner}
        </span>
        {tag.expires_time && (
          <span>
            {t("tags.expires")} {f.date(tag.expires_time)}
          </span>
        )}
        {tag.freshness_time && (
          <span>
            {t("tag.fresh")} <Ago time={tag.freshness_time} />
          </span>
        )}
      </footer>
    </article>
  );
}

function Actions({ tag, edit }: { tag: CustomTag; edit: () => void }) {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { message, modal } = App.useApp();
  const [uploading, setUploading] = useState(false);
  const complain = { onError: (error: { words: { zh: string; en: string } }) => void message.error(w(error.words)) };
  const drop = useWrite<void, null>(() => api.remove(`${TAGS}/${tag.key}`), TAGS_STALE);
  const refill = useWrite<void, { job_id: string }>(() => api.post(`${TAGS}/${tag.key}/refill`), TAGS_STALE);
  if (tag.kind === "python" || !(may("develop") || may("operate"))) return null;
  return (
    <div className="row-tight wrap">
      <Button size="small" onClick={edit} data-testid={`edit-${tag.key}`}>
        {t("tags.edit")}
      </Button>
      {tag.kind === "sql" && (
        <Button
          size="small"
          loading={refill.isPending}
          data-testid={`refill-${tag.key}`}
          onClick={() => refill.mutate(undefined, { ...complain, onSuccess: () => void message.success(t("tags.filling")) })}
        >
          {t("tags.refill")}
        </Button>
      )}
      {tag.kind === "manual" && may("operate") && !tag.over && (
        <Button size="small" onClick={() => setUploading(true)} data-testid={`upload-${tag.key}`}>
          {t("tags.upload")}
        </Button>
      )}
      <Button
        size="small"
        danger
        data-testid={`drop-${tag.key}`}
        onClick={() =>
          void modal.confirm({
            title: t("tags.dropAsk", { name: w(tag.words) }),
            content: t("tags.dropText"),
            okText: t("tags.drop"),
            okButtonProps: { danger: true },
            onOk: () => drop.mutate(undefined, { ...complain, onSuccess: () => void message.success(t("tags.dropped")) }),
          })
        }
      >
        {t("tags.drop")}
      </Button>
      {uploading && <UploadDialog tag={tag} onClose={() => setUploading(false)} />}
    </div>
  );
}

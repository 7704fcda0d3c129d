import { App, Button, Drawer, Input, Tag } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { TagWords } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useSession } from "@/kit/session";
import { Shown } from "@/kit/states";

const WORDS = "/api/tag-words";

/** What no tag may be made of; who looks after compliance adds words of the workspace. */
export function WordsDrawer({ onClose }: { onClose: () => void }) {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const [word, setWord] = useState("");
  const read = useRead<TagWords>(WORDS);
  const complain = { onError: (error: { words: { zh: string; en: string } }) => void message.error(w(error.words)) };
  const add = useWrite<string, null>((text) => api.post(WORDS, { word: text }), [WORDS]);
  const remove = useWrite<string, null>((text) => api.remove(`${WORDS}/${encodeURIComponent(text)}`), [WORDS]);
  const comply = may("comply") || may("own");
  return (
    <Drawer open onClose={onClose} title={t("tags.wordsTitle")} size="large">
      <p className="faint">{t("tags.wordsAbout")}</p>
      <Shown read={read} rows={6}>
        {({ added, house }) => (
          <>
            <h3>{t("tags.wordsAdded")}</h3>
            {comply && (
              <form
                className="tools"
                onSubmit={(event) => {
                  event.preventDefault();
                  if (word.trim()) add.mutate(word.trim(), { ...complain, onSuccess: () => setWord("") });
                }}
              >
                <Input value={word} onChange={(event) => setWord(event.target.value)} maxLength={64} placeholder={t("tags.wordsPlaceholder")} aria-label={t("tags.wordsPlaceholder")} data-testid="word-new" />
                <Button htmlType="submit" loading={add.isPending} data-testid="word-add">
                  {t("tags.wordsAdd")}
                </Button>
              </form>
            )}
            <div className="chips-line" data-testid="words-added">
              {added.length === 0 && <span className="faint">{t("tags.wordsNone")}</span>}
              {added.map((one) => (
                <Tag key={one.word} closable={comply} onClose={(event) => { event.preventDefault(); remove.mutate(one.word, complain); }}>
                  {one.word}
                </Tag>
              ))}
            </div>
            {house.map((list) => (
              <section key={list.reason.en}>
                <h3>{w(list.reason)}</h3>
                <div className="chips-line faint">
                  {list.words.map((one) => (
                    <span key={one}>{one}</span>
                  ))}
                </div>
              </section>
            ))}
          </>
        )}
      </Shown>
    </Drawer>
  );
}

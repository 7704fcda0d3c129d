import { Alert, Button, Input, Modal } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { MadeLinks } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Code } from "@/kit/small";
import { useFormat } from "@/kit/useFormat";
import { LINKS } from "./LinksTab";

const EXAMPLE = "name,target,channel,campaign,code\nautumn-1,https://shop.example.com/,kol,autumn,\n";

/** Links from a table: first tried, then made; lines that cannot be made are said with their reasons. */
export function BatchDialog({ onClose }: { onClose: () => void }) {
  const { t, w } = useLanguage();
  const { whole } = useFormat();
  const [text, setText] = useState("");
  const [done, setDone] = useState(false);
  const run = useWrite<boolean, MadeLinks>((dry) => api.post(`${LINKS}/batch`, { text, dry }), [LINKS]);
  const found = run.data;
  return (
    <Modal
      open
      width={720}
      title={t("link.batch")}
      onCancel={onClose}
      footer={
        done ? (
          <Button type="primary" onClick={onClose}>{t("link.close")}</Button>
        ) : (
          <>
            <Button loading={run.isPending} disabled={!text.trim()} onClick={() => run.mutate(true)} data-testid="batch-try">
              {t("link.try")}
            </Button>
            <Button
              type="primary"
              loading={run.isPending}
              disabled={!found || found.made.length === 0}
              onClick={() => run.mutate(false, { onSuccess: () => setDone(true) })}
              data-testid="batch-make"
            >
              {t("link.makeMany", { n: whole(found?.made.length ?? 0) })}
            </Button>
          </>
        )
      }
    >
      <p className="faint">{t("link.batchText")}</p>
      <Code text={EXAMPLE} />
      <Input.TextArea
        rows={8}
        value={text}
        aria-label={t("link.batch")}
        onChange={(event) => {
          setText(event.target.value);
          setDone(false);
          run.reset();
        }}
        data-testid="batch-text"
      />
      {run.error && <Alert className="gap" type="error" showIcon title={w(run.error.words)} data-testid="batch-error" />}
      {found && (
        <Alert
          className="gap"
          type={found.bad.length > 0 ? "warning" : "success"}
          showIcon
          data-testid="batch-result"
          title={t(done ? "link.madeMany" : "link.wouldMake", { n: whole(found.made.length), bad: whole(found.bad.length) })}
          description={
            <ul>
              {found.bad.map((bad) => (
                <li key={bad.line}>
                  {t("link.line", { n: bad.line })} <code>{bad.column}</code> {w(bad.words)}
                </li>
              ))}
            </ul>
          }
        />
      )}
    </Modal>
  );
}

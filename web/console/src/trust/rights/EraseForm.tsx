import { Alert, Button, Input } from "antd";
import { useState, type ReactNode } from "react";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { Erasure, RightsRequest } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { Refused } from "./Refused";
import { requestPath, STALE } from "./useRequest";

interface EraseFormProps {
  request: RightsRequest;
  refresh: () => void;
  extra: ReactNode;
}

/** Erases the person who asked: it says what will happen and wants the request's number typed. */
export function EraseForm({ request, refresh, extra }: EraseFormProps) {
  const { t } = useLanguage();
  const [typed, setTyped] = useState("");
  const erase = useWrite<string, Erasure>(
    (confirm) => api.post(requestPath(request.request_id, "/erase"), { confirm }),
    [...STALE, "/api/users", "/api/overview", "/api/consent/numbers"],
  );
  return (
    <Panel title={t("rights.erase")} testId="panel-erase">
      <p>{t("erase.text")}</p>
      <ul className="consequences">
        <li>{t("erase.now")}</li>
        <li>{t("erase.keys")}</li>
        <li>{t("erase.files")}</li>
        <li>{t("rights.eraseCloses")}</li>
      </ul>
      <Alert type="warning" showIcon title={t("erase.final")} className="gap" />
      <Refused error={erase.error} />
      <label className="stacked">
        <span>
          {t("rights.eraseType")} <code className="break">{request.request_id}</code>
        </span>
        <Input
          value={typed}
          onChange={(change) => setTyped(change.target.value)}
          maxLength={60}
          autoComplete="off"
          spellCheck={false}
          data-testid="erase-confirm"
        />
      </label>
      <div className="tools gap-top">
        <Button
          danger
          type="primary"
          disabled={typed.trim() !== request.request_id}
          loading={erase.isPending}
          onClick={() => erase.mutate(typed.trim(), { onError: refresh })}
          data-testid="erase-do"
        >
          {t("erase.do")}
        </Button>
        {extra}
      </div>
    </Panel>
  );
}

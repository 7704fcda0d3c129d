import { Alert } from "antd";
import type { ApiError } from "@/api/client";
import { useLanguage } from "@/i18n";

/** Why an action was refused, in the server's words, with what to do next where we know it. */
export function Refused({ error }: { error: ApiError | null }) {
  const { t, w, named } = useLanguage();
  if (!error) return null;
  const hint = named("rights.hint", error.code);
  return (
    <Alert
      type="error"
      showIcon
      className="gap"
      data-testid="refused"
      title={w(error.words)}
      description={
        <>
          {hint !== error.code && <div>{hint}</div>}
          {error.retryAfterS !== null && <div>{t("entrance.waitSeconds", { n: error.retryAfterS })}</div>}
          <code className="faint">{error.code}</code>
        </>
      }
    />
  );
}

/** The doors: signing in, the first set-up by its one-time link, accepting an invitation. */
import { LockOutlined, MailOutlined, UserOutlined } from "@ant-design/icons";
import { Alert, Button, Form, Input } from "antd";
import { useState } from "react";
import { Link, Navigate, useNavigate, useSearchParams } from "react-router";
import { api, ApiError } from "@/api/client";
import { useRead } from "@/api/hooks";
import { useRenewSession, useSession } from "@/kit/session";
import { LanguageSwitch, ThemeSwitch } from "@/app/shell/Switches";
import { useLanguage } from "@/i18n";
import { Logo } from "@/kit/Logo";
import { safeNext } from "@/kit/urlFilters";

export type Way = "sign-in" | "setup" | "invite";
interface Given {
  name?: string;
  email?: string;
  password: string;
}
const SHORTEST_PASSWORD = 10;

async function enter(way: Way, given: Given, token: string): Promise<void> {
  if (way === "sign-in") await api.post("/api/session", { email: given.email, password: given.password });
  else if (way === "setup") await api.post("/api/setup", { token, ...given });
  else await api.post("/api/invitation", { token, name: given.name, password: given.password });
}

export default function Entrance({ way }: { way: Way }) {
  const { t, w } = useLanguage();
  const { person, workspace } = useSession();
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const renew = useRenewSession();
  const setup = useRead<{ needed: boolean }>("/api/setup", {}, { enabled: !person });
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const token = search.get("token") ?? "";
  const next = safeNext(search.get("next"));
  if (person && !busy) return <Navigate replace to={next} />;
  const submit = async (given: Given) => {
    setBusy(true);
    setError(null);
    try {
      await enter(way, given, token);
      await renew();
      await navigate(next, { replace: true });
    } catch (problem) {
      setError(problem instanceof ApiError ? problem : new ApiError(0, "unknown", { zh: String(problem), en: String(problem) }));
    } finally {
      setBusy(false);
    }
  };
  const creating = way !== "sign-in";
  return (
    <div className="entrance" data-testid={`page-${way}`}>
      <div className="entrance-corner">
        <ThemeSwitch />
        <LanguageSwitch />
      </div>
      <main className="entrance-box">
        <div className="entrance-brand">
          <Logo size={30} />
          <span>{workspace.name}</span>
        </div>
        <h1>{t(`entrance.${way}.title`)}</h1>
        <p className="faint">{t(`entrance.${way}.text`)}</p>
        {way === "sign-in" && setup.data?.needed && (
          <Alert type="info" showIcon title={t("entrance.setupNeeded")} className="gap" data-testid="setup-needed" />
        )}
        {creating && !token && (
          <Alert type="warning" showIcon title={t("entrance.noToken")} className="gap" data-testid="no-token" />
        )}
        {error && (
          <Alert
            type="error"
            showIcon
            className="gap"
            data-testid="entrance-error"
            title={w(error.words)}
            description={error.retryAfterS ? t("entrance.waitSeconds", { n: error.retryAfterS }) : undefined}
          />
        )}
        <EntranceForm way={way} busy={busy} disabled={creating && !token} onSubmit={(given) => void submit(given)} />
        {creating && (
          <p className="entrance-foot">
            <Link to="/sign-in">{t("entrance.toSignIn")}</Link>
          </p>
        )}
      </main>
    </div>
  );
}

interface EntranceFormProps {
  way: Way;
  busy: boolean;
  disabled: boolean;
  onSubmit: (given: Given) => void;
}

function EntranceForm({ way, busy, disabled, onSubmit }: EntranceFormProps) {
  const { t } = useLanguage();
  const creating = way !== "sign-in";
  const needed = { required: true, message: t("form.required") };
  return (
    <Form<Given> layout="vertical" requiredMark={false} onFinish={onSubmit} disabled={disabled} size="large">
      {creating && (
        <Form.Item name="name" label={t("account.name")} rules={[needed]}>
          <Input prefix={<UserOutlined />} autoComplete="name" autoFocus data-testid="name" maxLength={80} />
        </Form.Item>
      )}
      {way !== "invite" && (
        <Form.Item
          name="email"
          label={t("account.email")}
          rules={[needed, { type: "email", message: t("form.email") }]}
          validateTrigger="onBlur"
        >
          <Input
            prefix={<MailOutlined />}
            autoComplete="username"
            inputMode="email"
            autoFocus={!creating}
            data-testid="email"
          />
        </Form.Item>
      )}
      <Form.Item
        name="password"
        label={t("account.password")}
        extra={creating ? t("account.passwordRule", { n: SHORTEST_PASSWORD }) : undefined}
        rules={creating ? [needed, { min: SHORTEST_PASSWORD, message: t("account.passwordRule", { n: SHORTEST_PASSWORD }) }] : [needed]}
        validateTrigger="onBlur"
      >
        <Input.Password
          prefix={<LockOutlined />}
          autoComplete={creating ? "new-password" : "current-password"}
          data-testid="password"
        />
      </Form.Item>
      <Button type="primary" htmlType="submit" block loading={busy} data-testid="submit">
        {t(`entrance.${way}.do`)}
      </Button>
    </Form>
  );
}

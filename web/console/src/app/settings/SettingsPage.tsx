import { CheckCircleFilled, CloseCircleFilled, ReloadOutlined } from "@ant-design/icons";
import { Button, Tabs, Tag } from "antd";
import { Navigate, useNavigate, useParams } from "react-router";
import { useRead } from "@/api/hooks";
import type { Check, Permission, Setting } from "@/api/types";
import { useSession } from "@/kit/session";
import { useLanguage, type Key } from "@/i18n";
import { BackupsPanel } from "@/app/settings/BackupsPanel";
import { PageFrame, Panel } from "@/kit/page";
import { Search } from "@/kit/Search";
import { Shown } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { AccountsPanel } from "@/trust/accounts/AccountsPanel";
import { KeysPanel } from "@/trust/accounts/KeysPanel";

const TABS: { key: string; label: Key; needs: Permission }[] = [
  { key: "values", label: "settings.values", needs: "view" },
  { key: "accounts", label: "settings.accounts", needs: "own" },
  { key: "keys", label: "settings.keys", needs: "develop" },
  { key: "backups", label: "settings.backups", needs: "operate" },
  { key: "doctor", label: "settings.doctor", needs: "view" },
];

export default function SettingsPage() {
  const { t } = useLanguage();
  const { may } = useSession();
  const { tab = "values" } = useParams();
  const navigate = useNavigate();
  const shown = TABS.filter((one) => may(one.needs));
  if (!shown.some((one) => one.key === tab)) return <Navigate replace to="/settings" />;
  return (
    <PageFrame testId="page-settings" title={t("nav.settings")} about={t("settings.about")}>
      <Tabs
        activeKey={tab}
        onChange={(key) => void navigate(key === "values" ? "/settings" : `/settings/${key}`)}
        items={shown.map((one) => ({ key: one.key, label: t(one.label) }))}
      />
      {tab === "values" && <Values />}
      {tab === "accounts" && <AccountsPanel />}
      {tab === "keys" && <KeysPanel />}
      {tab === "backups" && <BackupsPanel />}
      {tab === "doctor" && <Doctor />}
    </PageFrame>
  );
}

const FILTERS = { search: "" };

function said(value: Setting["value"]): string {
  if (Array.isArray(value)) return value.length === 0 ? "[]" : value.join(", ");
  return value === "" ? '""' : String(value);
}

function Values() {
  const { t, w } = useLanguage();
  const { filters, change } = useFilters(FILTERS);
  const read = useRead<Setting[]>("/api/settings");
  const wanted = filters.search.toLowerCase();
  return (
    <>
      <div className="tools">
        <Search value={filters.search} onSearch={(search) => change({ search })} placeholder={t("settings.search")} />
      </div>
      <Shown read={read}>
        {(settings) => {
          const found = settings.filter((one) =>
            [one.key, one.env, one.help.zh, one.help.en].some((text) => text.toLowerCase().includes(wanted)),
          );
          const groups = [...new Set(found.map((one) => one.key.split(".")[0]!))];
          return groups.map((group) => (
            <Panel key={group} title={<code>{group}</code>} flush>
              <ul className="settings" data-testid={`settings-${group}`}>
                {found
                  .filter((one) => one.key.split(".")[0] === group)
                  .map((one) => (
                    <li key={one.key}>
                      <div>
                        <code className="setting-key">{one.key}</code>
                        <div className="faint">{w(one.help)}</div>
                      </div>
                      <div>
                        <code className="setting-value">{said(one.value)}</code>{" "}
                        {said(one.value) !== said(one.default) && <Tag color="processing">{t("settings.changed")}</Tag>}
                        <div className="faint">
                          {t("settings.default")} <code>{said(one.default)}</code> · <code>{one.env}</code>
                        </div>
                      </div>
                    </li>
                  ))}
              </ul>
            </Panel>
          ));
        }}
      </Shown>
    </>
  );
}

function Doctor() {
  const { t, w } = useLanguage();
  const read = useRead<Check[]>("/api/doctor");
  return (
    <Panel
      flush
      title={t("settings.doctor")}
      extra={
        <Button size="small" icon={<ReloadOutlined />} loading={read.isFetching} onClick={() => void read.refetch()}>
          {t("settings.checkAgain")}
        </Button>
      }
    >
      <Shown read={read}>
        {(checks) => (
          <ul className="checks" data-testid="doctor">
            {checks.map((one) => (
              <li key={one.check} data-ok={one.ok}>
                {one.ok ? (
                  <CheckCircleFilled className="good" aria-label={t("settings.ok")} />
                ) : (
                  <CloseCircleFilled className="bad" aria-label={t("settings.notOk")} />
                )}
                <div>
                  <code>{one.check}</code>
                  <div>{w(one.message)}</div>
                  {!one.ok && one.mend && <div className="faint">{w(one.mend)}</div>}
                </div>
              </li>
            ))}
          </ul>
        )}
      </Shown>
    </Panel>
  );
}

import {
  LogoutOutlined,
  MenuOutlined,
  QuestionCircleOutlined,
  UserOutlined,
} from "@ant-design/icons";
import { Button, Drawer, Dropdown, Menu, Tooltip, type MenuProps } from "antd";
import { Suspense, useEffect, useMemo, useState } from "react";
import { Link, Outlet, useLocation, useNavigate } from "react-router";
import { api } from "@/api/client";
import { useLanguage } from "@/i18n";
import { Logo } from "@/kit/Logo";
import { Boundary } from "@/kit/Boundary";
import { Waiting } from "@/kit/states";
import { useNarrow } from "@/kit/useNarrow";
import { NAVIGATION, placeOf } from "./nav";
import { useRenewSession, useSession } from "@/kit/session";
import { Shortcuts } from "./Shortcuts";
import { LanguageSwitch, ThemeSwitch } from "./Switches";

const CLOSED = "weaktie.nav.closed";
const groups = NAVIGATION.flatMap(({ label }) => (label ? [label as string] : []));

/** The groups that somebody folded away in this browser; without storage none is. */
function closedGroups(): string[] {
  try {
    return groups.filter((label) => (localStorage.getItem(CLOSED) ?? "").split(" ").includes(label));
  } catch {
    return [];
  }
}

function keepClosed(closed: string[]): void {
  try {
    localStorage.setItem(CLOSED, closed.join(" "));
  } catch {
    // A browser without storage forgets it, no more.
  }
}

function Navigation({ onPick }: { onPick?: () => void }) {
  const { t } = useLanguage();
  const { may } = useSession();
  const { pathname } = useLocation();
  const [closed, setClosed] = useState(closedGroups);
  useEffect(() => keepClosed(closed), [closed]);
  const items = useMemo<MenuProps["items"]>(
    () =>
      NAVIGATION.map((group) => ({ ...group, places: group.places.filter((place) => may(place.needs)) }))
        .filter((group) => group.places.length > 0)
        .flatMap((group): NonNullable<MenuProps["items"]> => {
          const links = group.places.map((place) => ({
            key: place.path,
            icon: place.icon,
            label: (
              <Link to={place.path} data-testid={`nav-${place.path.slice(1) || "overview"}`}>
                {t(place.label)}
                {place.badge}
              </Link>
            ),
          }));
          return group.label === null
            ? links
            : [{ key: group.label, label: t(group.label), children: links, className: "nav-group" }];
        }),
    [t, may],
  );
  const here = placeOf(pathname);
  const around = NAVIGATION.find((group) => group.places.some((place) => place.path === here?.path))?.label;
  const shown = NAVIGATION.flatMap(({ label }) => (label && (label === around || !closed.includes(label)) ? [label] : []));
  return (
    <nav aria-label={t("nav.label")} className="nav">
      <Menu
        mode="inline"
        items={items}
        selectedKeys={[here?.path ?? ""]}
        openKeys={shown}
        onOpenChange={(open) => setClosed(groups.filter((label) => !open.includes(label)))}
        onClick={onPick}
        inlineIndent={14}
      />
    </nav>
  );
}

function AccountMenu() {
  const { t } = useLanguage();
  const { person } = useSession();
  const renew = useRenewSession();
  const navigate = useNavigate();
  if (!person) return null;
  const signOut = async () => {
    await api.remove("/api/session");
    await navigate("/sign-in");
    await renew();
  };
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: [
          {
            key: "who",
            disabled: true,
            label: (
              <>
                <div>{person.email}</div>
                <div className="faint">{t(`role.${person.role}`)}</div>
              </>
            ),
          },
          { type: "divider" },
          { key: "out", icon: <LogoutOutlined />, label: t("shell.signOut"), onClick: () => void signOut() },
        ],
      }}
    >
      <Button type="text" icon={<UserOutlined />} aria-label={t("shell.account")} data-testid="account-menu">
        <span className="wide-only">{person.name}</span>
      </Button>
    </Dropdown>
  );
}

export function Shell() {
  const { t } = useLanguage();
  const { workspace } = useSession();
  const { pathname } = useLocation();
  const narrow = useNarrow();
  const [open, setOpen] = useState(false);
  const [help, setHelp] = useState(false);
  const place = placeOf(pathname);
  useEffect(() => {
    document.title = place ? `${t(place.label)} · ${workspace.name}` : workspace.name;
  }, [place, t, workspace.name]);
  const brand = (
    <Link to="/" className="brand" aria-label={t("nav.overview")}>
      <Logo />
      <span className="brand-name">{workspace.name}</span>
    </Link>
  );
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t("shell.skip")}
      </a>
      {!narrow && (
        <aside className="side">
          <div className="side-inner">
            {brand}
            <Navigation />
          </div>
        </aside>
      )}
      <div className="main">
        <header className="top">
          {narrow && (
            <>
              <Button
                type="text"
                icon={<MenuOutlined />}
                aria-label={t("nav.open")}
                data-testid="nav-open"
                onClick={() => setOpen(true)}
              />
              {brand}
            </>
          )}
          {workspace.simulated && (
            <Tooltip title={t("shell.simulated.help")}>
              <span className="simulated" tabIndex={0} data-testid="simulated">
                {t("shell.simulated")}
              </span>
            </Tooltip>
          )}
          <span className="grow" />
          {!narrow && (
            <Tooltip title={t("shell.shortcuts")}>
              <Button
                type="text"
                icon={<QuestionCircleOutlined />}
                aria-label={t("shell.shortcuts")}
                onClick={() => setHelp(true)}
              />
            </Tooltip>
          )}
          <ThemeSwitch />
          <LanguageSwitch />
          <AccountMenu />
        </header>
        <main id="content" className="content" tabIndex={-1}>
          <Boundary key={pathname}>
            <Suspense fallback={<Waiting />}>
              <Outlet />
            </Suspense>
          </Boundary>
        </main>
      </div>
      <Drawer
        open={narrow && open}
        onClose={() => setOpen(false)}
        placement="left"
        size={256}
        title={workspace.name}
        styles={{ body: { padding: "8px 0" } }}
      >
        <Navigation onPick={() => setOpen(false)} />
      </Drawer>
      <Shortcuts open={help} setOpen={setHelp} />
    </div>
  );
}

/** Light or dark: the machine's wish until the person chooses. */
import { App as AntApp, ConfigProvider } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import { createContext, useContext, useLayoutEffect, useMemo, useState, type ReactNode } from "react";
import { useLanguage } from "@/i18n";
import { nonce } from "@/kit/nonce";
import { antdTheme, applyPalette, DARK, LIGHT, type Palette } from "./theme";

const REMEMBERED = "weaktie.theme";
interface Look {
  palette: Palette;
  toggle: () => void;
}
const Context = createContext<Look>({ palette: LIGHT, toggle: () => undefined });

function first(): boolean {
  try {
    const kept = localStorage.getItem(REMEMBERED);
    if (kept) return kept === "dark";
  } catch {
    // without storage the machine's wish counts
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

export function LookProvider({ children }: { children: ReactNode }) {
  const [dark, setDark] = useState(first);
  const { lang } = useLanguage();
  const palette = dark ? DARK : LIGHT;
  useLayoutEffect(() => applyPalette(palette), [palette]);
  const look = useMemo<Look>(
    () => ({
      palette,
      toggle: () => {
        try {
          localStorage.setItem(REMEMBERED, dark ? "light" : "dark");
        } catch {
          // the choice then lasts for this page
        }
        setDark(!dark);
      },
    }),
    [palette, dark],
  );
  const theme = useMemo(() => antdTheme(palette), [palette]);
  return (
    <Context.Provider value={look}>
      <ConfigProvider
        locale={lang === "en" ? enUS : zhCN}
        theme={theme}
        csp={nonce ? { nonce } : undefined}
        button={{ autoInsertSpace: false }}
      >
        <AntApp component={false}>{children}</AntApp>
      </ConfigProvider>
    </Context.Provider>
  );
}

export function useLook(): Look {
  return useContext(Context);
}

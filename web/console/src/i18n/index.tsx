/** The console's language: one catalogue for both, remembered in the browser. */
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import type { Words } from "@/api/types";
import type { Lang } from "@/kit/format";
import { en } from "./en";
import { zh } from "./zh-CN";

export type Key = keyof typeof zh;
export type Params = Record<string, string | number>;
export const catalogues: Record<Lang, Record<Key, string>> = { "zh-CN": zh, en };
const REMEMBERED = "weaktie.lang";

/** Replaces `{name}` by its value; a name without a value stays visible, so that it is noticed. */
export function fill(text: string, params?: Params): string {
  return params ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole)) : text;
}

export function translate(lang: Lang, key: Key, params?: Params): string {
  return fill(catalogues[lang][key], params);
}

interface Language {
  lang: Lang;
  setLang: (lang: Lang) => void;
  /** The workspace's language, taken until the person chooses one. */
  suggest: (language: string) => void;
  t: (key: Key, params?: Params) => string;
  /** The words of a value that the server named; a value this console does not know yet shows itself. */
  named: (group: string, value: string) => string;
  w: (words: Words | string | null | undefined) => string;
}

const Context = createContext<Language | null>(null);

function remembered(): Lang | null {
  try {
    const kept = localStorage.getItem(REMEMBERED);
    return kept === "en" || kept === "zh-CN" ? kept : null;
  } catch {
    return null;
  }
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [lang, choose] = useState<Lang>(() => remembered() ?? "zh-CN");
  useEffect(() => {
    document.documentElement.lang = lang;
  }, [lang]);
  const setLang = useCallback((next: Lang) => {
    try {
      localStorage.setItem(REMEMBERED, next);
    } catch {
      // private windows may refuse storage; the choice then lasts for this page
    }
    choose(next);
  }, []);
  const suggest = useCallback((language: string) => {
    if (remembered() === null) choose(language.startsWith("en") ? "en" : "zh-CN");
  }, []);
  const value = useMemo<Language>(
    () => ({
      lang,
      setLang,
      suggest,
      t: (key, params) => translate(lang, key, params),
      named: (group, value) => (catalogues[lang] as Record<string, string>)[`${group}.${value}`] ?? value,
      w: (words) => (typeof words === "string" ? words : words ? (lang === "en" ? words.en : words.zh) : ""),
    }),
    [lang, setLang, suggest],
  );
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useLanguage(): Language {
  const language = useContext(Context);
  if (!language) throw new Error("useLanguage needs a LanguageProvider above it");
  return language;
}

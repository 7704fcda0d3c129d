import { useMemo } from "react";
import { useLanguage } from "@/i18n";
import { useSession } from "@/kit/session";
import * as format from "./format";

/** The formatters of `format.ts`, bound to the person's language and the workspace's zone and currency. */
export function useFormat() {
  const { lang } = useLanguage();
  const { workspace } = useSession();
  const { timezone: zone, currency } = workspace;
  return useMemo(
    () => ({
      whole: (value: number) => format.whole(value, lang),
      short: (value: number) => format.short(value, lang),
      percent: (share: number, digits?: number) => format.percent(share, lang, digits),
      money: (minor: number, of: string | null = currency) => format.money(minor, of ?? currency, lang),
      shortMoney: (minor: number, of: string | null = currency) => format.shortMoney(minor, of ?? currency, lang),
      dateTime: (iso: string | null | undefined, seconds?: boolean) => format.dateTime(iso, zone, seconds),
      date: (iso: string | null | undefined) => format.date(iso, zone),
      clock: (iso: string | null | undefined, seconds?: boolean) => format.clock(iso, zone, seconds),
      ago: (iso: string | null | undefined) => format.ago(iso, Date.now(), lang),
      duration: (from: string, to: string) => format.duration(from, to, lang),
      zone,
      currency,
    }),
    [lang, zone, currency],
  );
}

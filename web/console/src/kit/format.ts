/** Numbers, money and times as people of each language write them. Pure: language and zone are arguments. */

export type Lang = "zh-CN" | "en";

const STEPS: Record<Lang, [number, string][]> = {
  "zh-CN": [
    [1e8, "亿"],
    [1e4, "万"],
  ],
  en: [
    [1e9, "B"],
    [1e6, "M"],
    [1e4, "K"],
  ],
};

/** All digits, grouped: 1,234,567. */
export function whole(value: number, lang: Lang): string {
  return new Intl.NumberFormat(lang, { maximumFractionDigits: 2 }).format(value);
}

/** At most four digits and a unit: 1.23万, 2.5亿; 12.3K, 1.2M. Below 10,000 all digits are kept. */
export function short(value: number, lang: Lang): string {
  const size = Math.abs(value);
  const steps = STEPS[lang];
  for (let place = 0; place < steps.length; place += 1) {
    const [step, unit] = steps[place]!;
    if (size < step) continue;
    const divisor = unit === "K" ? 1e3 : step;
    const scaled = Number((value / divisor).toPrecision(Math.abs(value / divisor) >= 1000 ? 4 : 3));
    const larger = steps[place - 1];
    // 9,999.6万 rounds up to the next unit
    if (larger && Math.abs(scaled * divisor) >= larger[0]) {
      return `${new Intl.NumberFormat(lang).format((scaled * divisor) / larger[0])}${larger[1]}`;
    }
    return `${new Intl.NumberFormat(lang, { maximumFractionDigits: 2 }).format(scaled)}${unit}`;
  }
  return whole(value, lang);
}

/** `share` of 0..1; small shares that are not zero never read 0 %. */
export function percent(share: number, lang: Lang, digits = 1): string {
  const smallest = 10 ** -(digits + 2);
  if (share > 0 && share < smallest) return `<${percent(smallest, lang, digits)}`;
  return new Intl.NumberFormat(lang, { style: "percent", maximumFractionDigits: digits }).format(share);
}

/** Decimal places of a currency's minor unit: 2 for CNY, 0 for JPY. */
export function minorDigits(currency: string): number {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

function symbol(currency: string): string {
  if (currency === "CNY") return "¥";
  try {
    const parts = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "narrowSymbol" });
    return parts.formatToParts(0).find((part) => part.type === "currency")?.value ?? currency;
  } catch {
    return currency;
  }
}

/** ¥1,234.50 from integer minor units; JPY shares the yen sign with CNY and is therefore written with its code. */
export function money(amountMinor: number, currency: string, lang: Lang): string {
  const digits = minorDigits(currency);
  const value = amountMinor / 10 ** digits;
  const text = new Intl.NumberFormat(lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
    Math.abs(value),
  );
  return `${value < 0 ? "-" : ""}${currency === "JPY" ? "JP¥" : symbol(currency)}${text}`;
}

/** ¥1.23万; below 10,000 as `money`, but a whole amount without its zeros. */
export function shortMoney(amountMinor: number, currency: string, lang: Lang): string {
  const value = amountMinor / 10 ** minorDigits(currency);
  if (Math.abs(value) < 1e4 && !Number.isInteger(value)) return money(amountMinor, currency, lang);
  return `${value < 0 ? "-" : ""}${currency === "JPY" ? "JP¥" : symbol(currency)}${short(Math.abs(value), lang)}`;
}

type Parts = Record<"year" | "month" | "day" | "hour" | "minute" | "second", string>;

function parts(iso: string, zone: string): Parts | null {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return null;
  const found = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).formatToParts(time);
  return Object.fromEntries(found.map((part) => [part.type, part.value])) as Parts;
}

/** 2026-11-24 09:30 in the zone of the workspace; with `seconds` 09:30:05. */
export function dateTime(iso: string | null | undefined, zone: string, seconds = false): string {
  const at = iso ? parts(iso, zone) : null;
  if (!at) return "–";
  return `${at.year}-${at.month}-${at.day} ${at.hour}:${at.minute}${seconds ? `:${at.second}` : ""}`;
}

export function date(iso: string | null | undefined, zone: string): string {
  const at = iso ? parts(iso, zone) : null;
  return at ? `${at.year}-${at.month}-${at.day}` : "–";
}

export function clock(iso: string | null | undefined, zone: string, seconds = true): string {
  const at = iso ? parts(iso, zone) : null;
  if (!at) return "–";
  return `${at.hour}:${at.minute}${seconds ? `:${at.second}` : ""}`;
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** 3分钟前, 3 minutes ago; within a minute 刚刚, just now. */
export function ago(iso: string | null | undefined, nowMs: number, lang: Lang): string {
  if (!iso) return "–";
  const seconds = (new Date(iso).getTime() - nowMs) / 1000;
  if (Number.isNaN(seconds)) return "–";
  const form = new Intl.RelativeTimeFormat(lang, { numeric: "always" });
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return form.format(Math.trunc(seconds / size), unit);
  }
  return lang === "en" ? "just now" : "刚刚";
}

/** How long something took: 0.8 秒, 1 分 20 秒. */
export function duration(fromIso: string, toIso: string, lang: Lang): string {
  const seconds = Math.max(0, (new Date(toIso).getTime() - new Date(fromIso).getTime()) / 1000);
  const [m, s] = lang === "en" ? ["min", "s"] : ["分", "秒"];
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} ${s}`;
  return `${Math.floor(seconds / 60)} ${m} ${Math.round(seconds % 60)} ${s}`;
}

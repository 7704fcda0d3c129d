/** Rules of a campaign between the form (amounts as people write them) and the API (minor units). Pure. */
import type { ReferralSpec } from "@/api/types";
import { minorDigits } from "@/kit/format";

export const MONEY = [
  "budget_minor",
  "friend_minor",
  "inviter_minor",
  "most_minor",
  "order_min_minor",
] as const;

export function toMajor(minor: number, currency: string): number {
  return minor / 10 ** minorDigits(currency);
}

export function toMinor(major: number | null | undefined, currency: string): number {
  return Math.round((major ?? 0) * 10 ** minorDigits(currency));
}

/** The spec with every amount in major units, for the fields of a form. */
export function shown(spec: ReferralSpec): ReferralSpec {
  const of = (minor: number) => toMajor(minor, spec.currency);
  return {
    ...spec,
    ...Object.fromEntries(MONEY.map((name) => [name, of(spec[name] ?? 0)])),
    bonuses: (spec.bonuses ?? []).map((bonus) => ({ at: bonus.at, amount_minor: of(bonus.amount_minor) })),
    strength: {
      ...spec.strength!,
      strong_extra_minor: of(spec.strength?.strong_extra_minor ?? 0),
      weak_extra_minor: of(spec.strength?.weak_extra_minor ?? 0),
    },
  };
}

/** What the form holds as the API takes it; `base` gives what the form does not show. */
export function given(form: Partial<ReferralSpec>, base: ReferralSpec): ReferralSpec {
  const merged = {
    ...base,
    ...form,
    title: { ...base.title, ...form.title },
    text: { ...base.text, ...form.text },
    strength: { ...base.strength!, ...form.strength },
  };
  const to = (major: number) => toMinor(major, merged.currency);
  return {
    ...merged,
    ...Object.fromEntries(MONEY.map((name) => [name, to(merged[name] ?? 0)])),
    bonuses: (merged.bonuses ?? [])
      .filter((bonus) => bonus && bonus.at > 0)
      .map((bonus) => ({ at: bonus.at, amount_minor: to(bonus.amount_minor) })),
    strength: {
      ...merged.strength,
      strong_extra_minor: to(merged.strength.strong_extra_minor ?? 0),
      weak_extra_minor: to(merged.strength.weak_extra_minor ?? 0),
    },
  };
}

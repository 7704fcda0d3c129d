import type { Key } from "@/i18n";

export type StepKind =
  | "set"
  | "rename"
  | "remove"
  | "to_number"
  | "to_text"
  | "parse_time"
  | "cut"
  | "null_numbers"
  | "clean_text";

export interface RuleStep {
  kind: StepKind;
  path?: string;
  to?: string;
  value?: string;
  format?: string;
  length?: number;
}

export interface LettersWanted {
  code?: string;
  source?: string;
  event?: string;
}

/** What a step asks for besides the field; `whole` steps look at the whole event where no field is named. */
export const STEPS: { kind: StepKind; label: Key; asks?: "to" | "value" | "format" | "length"; whole?: true }[] = [
  { kind: "null_numbers", label: "mend.step.null_numbers", whole: true },
  { kind: "clean_text", label: "mend.step.clean_text", whole: true },
  { kind: "set", label: "mend.step.set", asks: "value" },
  { kind: "rename", label: "mend.step.rename", asks: "to" },
  { kind: "remove", label: "mend.step.remove" },
  { kind: "to_number", label: "mend.step.to_number" },
  { kind: "to_text", label: "mend.step.to_text" },
  { kind: "parse_time", label: "mend.step.parse_time", asks: "format" },
  { kind: "cut", label: "mend.step.cut", asks: "length" },
];

/** The steps that usually help against a reason; a person changes them. */
export function suggested(code: string | undefined): RuleStep[] {
  switch (code) {
    case "not_a_number":
    case "number_out_of_range":
      return [{ kind: "null_numbers" }];
    case "nul_character":
    case "lone_surrogate":
    case "control_character":
      return [{ kind: "clean_text" }];
    case "no_event_name":
      return [{ kind: "set", path: "event", value: "" }];
    case "no_identifier":
      return [{ kind: "rename", path: "properties.user_id", to: "userId" }];
    case "bad_time":
      return [{ kind: "parse_time", path: "timestamp", format: "%Y/%m/%d %H:%M:%S" }];
    case "bad_amount":
      return [{ kind: "to_number", path: "properties.total" }];
    default:
      return [];
  }
}

/** As the server takes it: a value that reads as JSON is one (12, true, null), everything else is a text. */
export function asSent(step: RuleStep): Record<string, unknown> {
  const { value, ...others } = step;
  if (step.kind !== "set") return others;
  try {
    const read: unknown = JSON.parse(value ?? "");
    return { ...others, value: typeof read === "object" && read !== null ? value : read };
  } catch {
    return { ...others, value: value ?? "" };
  }
}

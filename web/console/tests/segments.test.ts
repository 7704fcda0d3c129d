import { describe, expect, it } from "vitest";
import { filterRule, peopleRule } from "../src/data/profiles/filterRule";
import { USER_FILTERS } from "../src/data/profiles/userFilters";
import { asGroup, completed, ruleFrom, unfinished, unwrapped, type Rule } from "../src/data/segments/rule";

const WOMEN: Rule = { is: "tag", tag: "gender", op: "in", values: ["female"] };
const BLANK: Rule = { is: "tag", tag: "", op: "eq" };

describe("a rule that is being built", () => {
  it("is sent without what is not filled in", () => {
    const rule: Rule = { is: "all", of: [WOMEN, BLANK, { is: "not", of: { is: "any", of: [BLANK] } }] };
    expect(completed(rule)).toEqual({ is: "all", of: [WOMEN] });
    expect(unfinished(rule)).toBe(2);
    expect(completed({ is: "all", of: [BLANK] })).toBeNull();
  });
  it("leaves out conditions on events that are not filled in", () => {
    const where = [
      { property: "channel", op: "eq" as const, values: ["kol"] },
      { property: "", op: "eq" as const, values: [] },
    ];
    expect(completed({ is: "event", event: "Share", least: 1, where })).toEqual({ is: "event", event: "Share", least: 1, where: [where[0]] });
  });
  it("knows two negations as none", () => {
    expect(unwrapped({ is: "not", of: { is: "not", of: WOMEN } })).toEqual({ inner: WOMEN, negated: false });
    expect(asGroup(WOMEN)).toEqual({ is: "all", of: [WOMEN] });
  });
  it("comes from an address only where it is one", () => {
    expect(ruleFrom(JSON.stringify(WOMEN))).toEqual(WOMEN);
    for (const text of ["", "{", "[]", '{"is":"all"}', '{"is":"all","of":[1]}', '{"is":"weird"}', '{"is":"order"}']) {
      expect(ruleFrom(text)).toBeNull();
    }
  });
});

describe("the filters of the list of users as a rule", () => {
  it("say what the list says", () => {
    expect(filterRule(USER_FILTERS, 100)).toBeNull();
    expect(filterRule({ ...USER_FILTERS, tier: "at_risk", r: "high", gender: "female", min_spend: 12, active_within: 7 }, 100)).toEqual({
      is: "all",
      of: [
        { is: "rfm", r: ["high"], tiers: ["at_risk"] },
        { is: "tag", tag: "gender", op: "eq", values: ["female"] },
        { is: "tag", tag: "spend_total", op: "ge", values: [1200] },
        { is: "event", event: "", least: 1, days: 7 },
      ],
    });
  });
  it("narrow the people of a figure", () => {
    expect(peopleRule('{"kind":"segment","segment_id":"s"}', null)).toEqual({ is: "segment", segment: "s" });
    expect(peopleRule('{"kind":"funnel"}', WOMEN)).toEqual({ is: "all", of: [{ is: "people", query: { kind: "funnel" } }, WOMEN] });
  });
});

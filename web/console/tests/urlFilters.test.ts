import { describe, expect, it } from "vitest";
import { USER_FILTERS } from "@/data/profiles/userFilters";
import { activeFilters, readFilters, safeNext, writeFilters } from "@/kit/urlFilters";

const read = (text: string) => readFilters(new URLSearchParams(text), USER_FILTERS);

describe("filters in the address", () => {
  it("an empty address gives the defaults", () => expect(read("")).toEqual(USER_FILTERS));
  it("are read by type", () => {
    expect(read("tier=potential&min_spend=500&sort=spend")).toEqual({
      ...USER_FILTERS,
      tier: "potential",
      min_spend: 500,
      sort: "spend",
    });
  });
  it("a number that is none is the default", () => {
    expect(read("min_spend=abc").min_spend).toBe(0);
    expect(read("min_spend=").min_spend).toBe(0);
    expect(read("min_spend=Infinity").min_spend).toBe(0);
  });
  it("come back as they were written", () => {
    const change = { search: "林 &=?", tier: "at_risk", min_spend: 12.5, active_within: 30, order: "asc" };
    const written = writeFilters(new URLSearchParams(), USER_FILTERS, change);
    expect(read(written.toString())).toEqual({ ...USER_FILTERS, ...change });
  });
  it("defaults leave the address, the cursor goes, others stay", () => {
    const before = new URLSearchParams("tier=potential&cursor=abc&other=1");
    expect(writeFilters(before, USER_FILTERS, { tier: "" }).toString()).toBe("other=1");
  });
  it("unknown names are not written", () => {
    const change = { nonsense: "1" } as unknown as Partial<typeof USER_FILTERS>;
    expect(writeFilters(new URLSearchParams(), USER_FILTERS, change).toString()).toBe("");
  });
  it("are counted without those that do not narrow", () => {
    const filters = read("search=x&tier=potential&sort=spend");
    expect(activeFilters(filters, USER_FILTERS, ["search", "sort", "order"])).toBe(1);
  });
});

describe("the address after signing in", () => {
  it.each(["/users?tier=potential", "/", "/rfm#x"])("%s is ours", (path) => expect(safeNext(path)).toBe(path));
  it.each([null, "", "users", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/a\\b", "/\n/evil"])(
    "%s is not",
    (path) => expect(safeNext(path)).toBe("/"),
  );
});

import { describe, expect, it } from "vitest";
import type { ConsentNotice, ConsentSubject } from "@/api/types";
import { receiptDays } from "@/trust/consent/receiptDays";
import { before, draftFrom, publishedOf } from "@/trust/consent/texts";
import { daysLeft, urgency } from "@/trust/rights/due";
import { partsOf, shownValue } from "@/trust/rights/personData";

const SHANGHAI = "Asia/Shanghai";
const at = (iso: string) => Date.parse(iso);

describe("what is due", () => {
  it("counts days as the workspace's calendar does", () => {
    const due = "2026-11-25T15:59:59Z"; // the end of the 25th in Shanghai
    expect(daysLeft(due, at("2026-11-24T15:59:00Z"), SHANGHAI)).toBe(1);
    expect(daysLeft(due, at("2026-11-24T16:01:00Z"), SHANGHAI)).toBe(0);
    expect(daysLeft(due, at("2026-11-26T16:01:00Z"), SHANGHAI)).toBe(-2);
    expect(daysLeft(due, at("2026-11-26T16:01:00Z"), "UTC")).toBe(-1);
  });
  it("tells late from soon, and in time from missed", () => {
    const now = at("2026-11-25T02:00:00Z");
    const open = { state: "verified" as const, closed_time: null, overdue: false };
    expect(urgency({ ...open, due_time: "2026-12-20T15:59:59Z" }, now, SHANGHAI)).toBe("calm");
    expect(urgency({ ...open, due_time: "2026-11-28T15:59:59Z" }, now, SHANGHAI)).toBe("soon");
    expect(urgency({ ...open, due_time: "2026-11-24T15:59:59Z", overdue: true }, now, SHANGHAI)).toBe("late");
    const closed = { state: "done" as const, overdue: false, due_time: "2026-11-20T15:59:59Z" };
    expect(urgency({ ...closed, closed_time: "2026-11-20T15:00:00Z" }, now, SHANGHAI)).toBe("kept");
    expect(urgency({ ...closed, closed_time: "2026-11-21T15:00:00Z" }, now, SHANGHAI)).toBe("missed");
  });
});

describe("a person's data", () => {
  const data = {
    vault: { values: [{ alias_no: 1, field: "phone", value: "199" }, { alias_no: 2, field: "nickname", value: "x" }] },
    consent: { consent_receipts: [], consent_ages: [] },
    collect: { events: [{ event: "View", at_us: 1_700_000_000_000_000, empty: null }], orders: [] },
  };
  it("leaves out empty tables and columns but says that a part is empty", () => {
    const parts = partsOf(data);
    expect(parts.map((part) => [part.name, part.rows, part.tables.length])).toEqual([
      ["vault", 2, 1],
      ["consent", 0, 0],
      ["collect", 1, 1],
    ]);
    expect(parts[2]!.tables[0]!.columns).toEqual(["event", "at_us"]);
  });
  it("reads instants as times, and nested values as names and values", () => {
    const iso = (text: string) => text;
    expect(shownValue("at_us", 1_700_000_000_000_000, iso)).toBe("2023-11-14T22:13:20.000Z");
    expect(shownValue("rows", 3, iso)).toBe("3");
    expect(shownValue("gone", null, iso)).toBe("–");
    expect(shownValue("tags", { city: "A", last_us: 0 }, iso)).toBe("city: A · last_us: 1970-01-01T00:00:00.000Z");
    expect(shownValue("list", ["a", 2], iso)).toBe("a, 2");
    expect(shownValue("flag", false, iso)).toBe("false");
  });
});

describe("receipts by day", () => {
  const found = [
    { day: "2026-11-25", subject: "marketing", granted: 2, refused: 1 },
    { day: "2026-11-25", subject: "social", granted: 1, refused: 0 },
    { day: "2026-10-27", subject: "social", granted: 5, refused: 0 },
    { day: "2026-10-26", subject: "social", granted: 9, refused: 9 },
  ];
  const now = at("2026-11-25T09:00:00Z");
  it("has every one of the last thirty days, and no older one", () => {
    const days = receiptDays(found, "", now);
    expect(days).toHaveLength(30);
    expect(days[0]).toEqual({ day: "2026-10-27", granted: 5, refused: 0 });
    expect(days[29]).toEqual({ day: "2026-11-25", granted: 3, refused: 1 });
    expect(days.slice(1, 29).every((day) => day.granted + day.refused === 0)).toBe(true);
  });
  it("is of one purpose where one is wanted", () => {
    expect(receiptDays(found, "marketing", now)[29]).toEqual({ day: "2026-11-25", granted: 2, refused: 1 });
  });
});

describe("versions of a text", () => {
  const version = (n: number, state: "draft" | "published", material = false) =>
    ({ version: n, state, material, title: { zh: `t${n}`, en: `e${n}` }, body: { zh: `b${n}`, en: `c${n}` } }) as ConsentNotice;
  const subject = (...versions: ConsentNotice[]) => ({ subject: "marketing", versions }) as ConsentSubject;
  it("a new version begins with what is published and is not material", () => {
    expect(draftFrom(subject(version(2, "published", true), version(1, "published")))).toEqual({
      title_zh: "t2", title_en: "e2", body_zh: "b2", body_en: "c2", material: false,
    });
    expect(draftFrom(subject())).toEqual({ title_zh: "", title_en: "", body_zh: "", body_en: "", material: false });
  });
  it("a draft goes on as it was left", () => {
    const some = subject(version(3, "draft", true), version(2, "published"));
    expect(draftFrom(some).material).toBe(true);
    expect(publishedOf(some)?.version).toBe(2);
    expect(before(some, 3)?.version).toBe(2);
    expect(before(some, 2)).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import type { LiveEvent } from "@/api/types";
import { ceiling } from "@/app/overview/charts";
import { placeOf } from "@/app/shell/nav";
import { snippets } from "@/data/sources/snippets";
import { merge } from "@/data/collect/useLiveEvents";

const event = (id: string) => ({ event_id: id }) as LiveEvent;
const ids = (events: LiveEvent[]) => events.map((one) => one.event_id);

describe("live events", () => {
  it("new ones come first, none twice", () => {
    expect(ids(merge([event("b"), event("a")], [event("c"), event("b")]))).toEqual(["c", "b", "a"]);
  });
  it("never grow without end", () => {
    const many = Array.from({ length: 500 }, (_, n) => event(String(n)));
    expect(merge(many, [event("new")])).toHaveLength(120);
  });
});

describe("events a minute", () => {
  it("a bulk load does not press the rest flat", () => {
    const calm = Array.from({ length: 60 }, () => 50);
    expect(ceiling(calm)).toBeNull();
    expect(ceiling([...calm.slice(1, 40), 300_000, ...calm.slice(40)])).toBe(300);
    expect(ceiling([0, 0, 200_000, 2, 400])).toBe(2400);
    expect(ceiling([0, 0, 200_000])).toBeNull();
    expect(ceiling(Array.from({ length: 60 }, () => 0))).toBeNull();
  });
});

describe("navigation", () => {
  it("a page belongs to the longest place", () => {
    expect(placeOf("/")?.path).toBe("/");
    expect(placeOf("/users/u1")?.path).toBe("/users");
    expect(placeOf("/settings/keys")?.path).toBe("/settings");
    expect(placeOf("/usersx")).toBeUndefined();
  });
});

describe("code to connect", () => {
  it("every snippet names the server and the key", () => {
    for (const one of snippets("https://w.example", "wkw_test")) {
      expect(one.code, one.key).toContain("https://w.example");
      expect(one.code, one.key).toContain("wkw_test");
    }
  });
});

import { describe, expect, it } from "vitest";
import { csvOf, readQuestion, writeQuestion } from "@/kit/question";

const FALLBACK = { event: "", unit: "day", tags: [] as string[] };

describe("a question in the address", () => {
  it("comes back as it was written, and only what differs is written", () => {
    const asked = { ...FALLBACK, event: "看 & \"买\"", tags: ["a", "b"] };
    const search = writeQuestion(new URLSearchParams("tab=x"), FALLBACK, asked);
    expect(search.get("q")).toBe('{"event":"看 & \\"买\\"","tags":["a","b"]}');
    expect(search.get("tab")).toBe("x");
    expect(readQuestion(new URLSearchParams(search.toString()), FALLBACK)).toEqual(asked);
    expect(writeQuestion(search, FALLBACK, FALLBACK).has("q")).toBe(false);
  });

  it("is the fallback where the address holds nonsense, and leaves unknown names out", () => {
    for (const q of ["{", "[1]", "null", "7"]) expect(readQuestion(new URLSearchParams({ q }), FALLBACK)).toEqual(FALLBACK);
    expect(readQuestion(new URLSearchParams({ q: '{"unit":"week","other":1}' }), FALLBACK)).toEqual({ ...FALLBACK, unit: "week" });
  });
});

describe("CSV", () => {
  it("quotes what has to be, keeps nothing empty, and lets no text be a formula", () => {
    expect(csvOf([["a,b", 'say "hi"', null], ["=1+1", -3, "中\n文"]])).toBe('"a,b","say ""hi""",\r\n\'=1+1,-3,"中\n文"');
  });
});

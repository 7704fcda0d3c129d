import { describe, expect, it } from "vitest";
import type { RiskEvidence } from "@/api/types";
import { drawn, MOST } from "@/business/risk/evidenceLayout";

const words = { zh: "设备", en: "Device" };
const evidence = (accounts: number, things: number): RiskEvidence => ({
  accounts: Array.from({ length: accounts }, (_, n) => ({ user_id: `u${n}`, registered_time: null, judged: n === 0 })),
  things: Array.from({ length: things }, (_, n) => ({ kind: "device", words, name: `t${n}` })),
  edges: Array.from({ length: accounts }, (_, n) => [n, n % Math.max(things, 1)] as [number, number]),
  invited: Array.from({ length: accounts - 1 }, (_, n) => [0, n + 1] as [number, number]),
  more: 0,
});

describe("the graph of a case", () => {
  it("draws every account and thing of a small one inside its height", () => {
    const found = drawn(evidence(5, 2));
    expect(found.accounts).toHaveLength(5);
    expect(found.things).toHaveLength(2);
    expect(found.arcs).toHaveLength(4);
    expect(found.edges.filter((edge) => edge.own)).toHaveLength(1);
    for (const one of [...found.accounts, ...found.things]) {
      expect(one.y).toBeGreaterThan(0);
      expect(one.y).toBeLessThan(found.height);
    }
  });
  it("says how many it leaves out, and draws no line to what is not there", () => {
    const found = drawn(evidence(60, 40));
    expect(found.accounts).toHaveLength(MOST);
    expect(found.hidden).toBe(60 - MOST);
    const things = new Set(found.things.map((one) => one.row));
    for (const edge of found.edges) expect(things.has(edge.thing) && edge.account < MOST).toBe(true);
  });
  it("stands nothing where nothing is shared", () => {
    expect(drawn(evidence(1, 0)).things).toHaveLength(0);
  });
});

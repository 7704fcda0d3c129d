import { expect, test } from "vitest";
import { numberIn, seriesOf, type Rows } from "@/data/sql/charts";

const result: Rows = {
  columns: [
    { name: "day", type: "date32[day]" },
    { name: "channel", type: "string" },
    { name: "n", type: "int64" },
    { name: "m", type: "double" },
  ],
  rows: [
    ["2026-01-01", "a", 1, 10],
    ["2026-01-01", "b", 2, 20],
    ["2026-01-02", "a", 3, null],
    ["2026-01-02", "a", 4, null],
  ],
};

test("a split makes a series for each value; rows of the same place are added up; a gap stays a gap", () => {
  const { xs, series } = seriesOf(result, { kind: "line", x: "day", y: ["n", "m"], series: "channel" });
  expect(xs).toEqual(["2026-01-01", "2026-01-02"]);
  expect(series).toEqual([
    { name: "a", data: [1, 7] },
    { name: "b", data: [2, null] },
  ]);
});

test("without a split each column of y is a series", () => {
  const { series } = seriesOf(result, { kind: "bar", x: "day", y: ["n", "m"], series: "" });
  expect(series).toEqual([
    { name: "n", data: [3, 7] },
    { name: "m", data: [30, null] },
  ]);
});

test("a number is the first row's", () => {
  expect(numberIn(result, { kind: "number", x: "", y: ["m"], series: "" })).toBe(10);
  expect(numberIn({ columns: [], rows: [] }, { kind: "number", x: "", y: ["m"], series: "" })).toBeNull();
});

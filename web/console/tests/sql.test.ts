import { expect, test } from "vitest";
import { fitting, guess, parametersOf, valueOf } from "@/data/sql/params";

test("parameters are named once, in order, whatever their case", () => {
  expect(parametersOf("select {{ To }}, {{from}}, {{to}}, {no}, {{1x}}")).toEqual(["to", "from"]);
});

test("numbers are numbers, everything else is text", () => {
  expect(valueOf(" 12.5 ")).toBe(12.5);
  expect(valueOf("2026-01-01")).toBe("2026-01-01");
  expect(valueOf("12345678901234567890")).toBe("12345678901234567890");
});

test("a first chart is guessed from the types", () => {
  const columns = [
    { name: "channel", type: "string" },
    { name: "n", type: "int64" },
  ];
  expect(guess(columns, 8)).toEqual({ kind: "bar", x: "channel", y: ["n"], series: "" });
  expect(guess([{ name: "d", type: "date32[day]" }, columns[1]!], 8).kind).toBe("line");
  expect(guess([columns[1]!], 1).kind).toBe("number");
  expect(guess([columns[0]!], 8).kind).toBe("table");
});

test("a chart whose columns are gone is a table", () => {
  const columns = [{ name: "n", type: "int64" }];
  expect(fitting({ kind: "bar", x: "gone", y: ["n"], series: "" }, columns).kind).toBe("table");
  expect(fitting({ kind: "number", x: "gone", y: ["n", "gone"], series: "s" }, columns)).toEqual({
    kind: "number",
    x: "",
    y: ["n"],
    series: "",
  });
});

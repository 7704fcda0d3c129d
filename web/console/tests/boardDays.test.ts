import { expect, test } from "vitest";
import { addDays, daysOf, todayIn } from "@/data/boards/days";

test("today is the workspace's", () => {
  const evening = Date.parse("2026-02-28T17:00:00Z");
  expect(todayIn("Asia/Shanghai", evening)).toBe("2026-03-01");
  expect(todayIn("UTC", evening)).toBe("2026-02-28");
});

test("a span ends today, two dates stand in order, nonsense is thirty days", () => {
  expect(daysOf({ days: 7, from: "", to: "" }, "2026-03-03")).toEqual({ from: "2026-02-25", to: "2026-03-03" });
  expect(daysOf({ days: 7, from: "2026-02-02", to: "2026-01-01" }, "x")).toEqual({ from: "2026-01-01", to: "2026-02-02" });
  expect(daysOf({ days: NaN, from: "2026-02-99", to: "2026-01-01" }, "2026-03-03").from).toBe(addDays("2026-03-03", -29));
});

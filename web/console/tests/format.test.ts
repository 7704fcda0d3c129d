import { describe, expect, it } from "vitest";
import { ago, clock, date, dateTime, duration, minorDigits, money, percent, short, shortMoney, whole } from "@/kit/format";

describe("numbers", () => {
  it.each([
    [0, "0"],
    [9999, "9,999"],
    [10_000, "1万"],
    [12_345, "1.23万"],
    [12_345_678, "1235万"],
    [99_999_999, "1亿"],
    [123_456_789, "1.23亿"],
    [-25_000, "-2.5万"],
  ])("short(%d) in Chinese", (value, text) => {
    expect(short(value, "zh-CN").replace(/,(?=\d{3}万)/, "")).toBe(text);
  });
  it.each([
    [9999, "9,999"],
    [12_345, "12.3K"],
    [999_999, "1M"],
    [1_234_567, "1.23M"],
    [2_500_000_000, "2.5B"],
  ])("short(%d) in English", (value, text) => expect(short(value, "en")).toBe(text));
  it("groups whole numbers", () => expect(whole(1_234_567, "zh-CN")).toBe("1,234,567"));
  it("never says 0 % of a share that is not zero", () => {
    expect(percent(0, "en")).toBe("0%");
    expect(percent(0.00001, "en")).toBe("<0.1%");
    expect(percent(0.1234, "en")).toBe("12.3%");
  });
});

describe("money", () => {
  it("is made of minor units", () => {
    expect(money(123_450, "CNY", "zh-CN")).toBe("¥1,234.50");
    expect(money(-5, "GBP", "en")).toBe("-£0.05");
    expect(money(1200, "JPY", "zh-CN")).toBe("JP¥1,200");
    expect(money(100, "VND", "en")).toBe("₫100");
  });
  it("survives a currency it does not know", () => expect(money(100, "??", "en")).toBe("??1.00"));
  it("is short from ten thousand on", () => {
    expect(shortMoney(974_774_793, "GBP", "en")).toBe("£9.75M");
    expect(shortMoney(1_234_500, "CNY", "zh-CN")).toBe("¥1.23万");
    expect(shortMoney(900_000, "CNY", "zh-CN")).toBe("¥9,000");
    expect(shortMoney(484_350, "CNY", "zh-CN")).toBe("¥4,843.50");
  });
  it("knows minor digits", () => {
    expect(minorDigits("CNY")).toBe(2);
    expect(minorDigits("JPY")).toBe(0);
  });
});

describe("times", () => {
  const at = "2026-11-23T16:30:05.123Z";
  it("are shown in the workspace's zone, where the day may be another", () => {
    expect(dateTime(at, "Asia/Shanghai")).toBe("2026-11-24 00:30");
    expect(dateTime(at, "Asia/Shanghai", true)).toBe("2026-11-24 00:30:05");
    expect(date(at, "Asia/Shanghai")).toBe("2026-11-24");
    expect(date(at, "Europe/London")).toBe("2026-11-23");
    expect(clock(at, "Europe/London", false)).toBe("16:30");
  });
  it("midnight is 00, not 24", () => expect(clock("2026-01-01T00:00:00Z", "UTC")).toBe("00:00:00"));
  it("that are missing or broken are a dash", () => {
    expect(dateTime(null, "UTC")).toBe("–");
    expect(date("nonsense", "UTC")).toBe("–");
    expect(ago(undefined, 0, "en")).toBe("–");
  });
  it("are said relatively", () => {
    const now = Date.parse("2026-11-24T12:00:00Z");
    expect(ago("2026-11-24T11:59:30Z", now, "zh-CN")).toBe("刚刚");
    expect(ago("2026-11-24T11:57:00Z", now, "zh-CN").replace(/\s/g, "")).toBe("3分钟前");
    expect(ago("2026-11-22T12:00:00Z", now, "en")).toBe("2 days ago");
  });
  it("durations", () => {
    expect(duration("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.800Z", "zh-CN")).toBe("0.8 秒");
    expect(duration("2026-01-01T00:00:00Z", "2026-01-01T00:01:20Z", "en")).toBe("1 min 20 s");
  });
});

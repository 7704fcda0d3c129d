import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { catalogues, fill } from "@/i18n";
import type { Lang } from "@/kit/format";

const LANGS: Lang[] = ["zh-CN", "en"];
const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]!).sort();

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return name === "i18n" ? [] : sources(path);
    return /\.tsx?$/.test(name) ? [readFileSync(path, "utf8")] : [];
  });
}

/** Every source is read, on a machine that may be busy. */
const SLOW_MS = 30_000;

describe("the catalogue", () => {
  it("has the same keys in both languages", () => {
    expect(Object.keys(catalogues.en).sort()).toEqual(Object.keys(catalogues["zh-CN"]).sort());
  });
  it("has words for every key, without spaces around them", () => {
    for (const lang of LANGS) {
      for (const [key, text] of Object.entries(catalogues[lang])) {
        expect(text.trim(), `${lang} ${key}`).toBe(text);
        expect(text, `${lang} ${key}`).not.toBe("");
      }
    }
  });
  it("has the same placeholders in both languages", () => {
    for (const [key, text] of Object.entries(catalogues["zh-CN"])) {
      expect(names(catalogues.en[key as keyof typeof catalogues.en]), key).toEqual(names(text));
    }
  });
  it("has Chinese in Chinese", () => {
    const plain = Object.entries(catalogues["zh-CN"]).filter(([, text]) => !/[\u4e00-\u9fff]/.test(text));
    expect(plain.map(([key]) => key).sort()).toEqual([
      "nav.koc",
      "nav.rfm",
      "rfm.f.short",
      "rfm.m.short",
      "rfm.r.short",
      "rfm.title",
    ]);
  });
  it("has no key that no page uses", () => {
    const code = sources(join(import.meta.dirname, "..", "src")).join("\n");
    // a key is used as it stands, or its last part is chosen at run time
    const unused = Object.keys(catalogues.en).filter((key) => {
      const parts = key.split(".");
      const groups = parts.map((_, n) => parts.slice(0, n + 1).join(".")).slice(0, -1);
      return !code.includes(`"${key}"`) && !groups.some((group) => code.includes(`\`${group}.$`) || code.includes(`named("${group}"`));
    });
    expect(unused).toEqual([]);
  }, SLOW_MS);
  it("is the only place with Chinese for people", () => {
    const allowed = /words|Words|zh:|\/\*|^\s*\*|\/\/|神策|小林|中文|天|秒|分|万|亿|刚刚|、/;
    const stray = sources(join(import.meta.dirname, "..", "src"))
      .flatMap((text) => text.split("\n"))
      .filter((line) => /[\u4e00-\u9fff]/.test(line) && !allowed.test(line));
    expect(stray).toEqual([]);
  }, SLOW_MS);
});

describe("fill", () => {
  it("puts values in and leaves what is missing visible", () => {
    expect(fill("{n} of {total}", { n: 3 })).toBe("3 of {total}");
    expect(fill("plain")).toBe("plain");
  });
});

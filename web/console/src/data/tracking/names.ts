/** The words of what the plan is made of; `w` picks the language. */
import type { PlannedProperty, Words } from "@/api/types";

export const PLATFORMS: Record<string, Words> = {
  web: { zh: "网页", en: "Web" },
  iOS: { zh: "iOS", en: "iOS" },
  Android: { zh: "Android", en: "Android" },
  mini_program: { zh: "小程序", en: "Mini program" },
  HarmonyOS: { zh: "鸿蒙", en: "HarmonyOS" },
  server: { zh: "服务端", en: "Server" },
  "": { zh: "任意平台", en: "Any platform" },
};
export const TYPES: Record<PlannedProperty["type"], Words> = {
  text: { zh: "文本", en: "Text" },
  integer: { zh: "整数", en: "Integer" },
  number: { zh: "数值", en: "Number" },
  money: { zh: "金额", en: "Money" },
  boolean: { zh: "布尔", en: "Boolean" },
  time: { zh: "时间", en: "Time" },
  list: { zh: "列表", en: "List" },
  enum: { zh: "枚举", en: "One of a list" },
};
/** What values were seen as; besides the types of the plan. */
const SEEN_TYPES: Record<string, Words> = {
  ...TYPES,
  object: { zh: "对象", en: "Object" },
  hidden: { zh: "已脱敏", en: "Masked" },
};

export function platformWords(platform: string): Words | string {
  return PLATFORMS[platform] ?? platform;
}

export function typeWords(type: string): Words | string {
  return SEEN_TYPES[type] ?? type;
}

/** 分群，以及图表背后的人群名单。 */
export const zhSegments = {
  "people.count": "{n} 人",
  "people.leave": "返回全部用户",
  "people.save": "存为分群",
  "people.saveFilters": "将筛选存为分群",
  "people.unpublished": "另有 {n} 人在最近一次构建之后出现或合并，下次构建后进入名单。",
  "people.users": "已识别用户 {n}",
  "people.visitors": "匿名访客 {n}",
} as const;

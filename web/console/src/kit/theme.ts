/** Colours and measures in one place: Ant Design's tokens, our style sheet's variables and the charts all read these. */
import { theme as antd, type ThemeConfig } from "antd";

export interface Palette {
  dark: boolean;
  ground: string;
  panel: string;
  line: string;
  text: string;
  soft: string;
  faint: string;
  accent: string;
  accentSoft: string;
  onAccent: string;
  good: string;
  goodSoft: string;
  warn: string;
  warnSoft: string;
  bad: string;
  badSoft: string;
  series: string[];
}

export const LIGHT: Palette = {
  dark: false,
  ground: "#f5f6f4",
  panel: "#ffffff",
  line: "#e5e8e4",
  text: "#1b2320",
  soft: "#55625d",
  faint: "#76837d",
  accent: "#0d7a68",
  accentSoft: "#e4f2ee",
  onAccent: "#ffffff",
  good: "#2c7f49",
  goodSoft: "#e6f3ea",
  warn: "#96620b",
  warnSoft: "#fbf3e2",
  bad: "#bd3a33",
  badSoft: "#fbeceb",
  series: ["#0d7a68", "#c98a2b", "#4d6fa8", "#a8577e", "#6c8f3c", "#7a6bb0", "#b85c3c", "#5e7f86"],
};

export const DARK: Palette = {
  dark: true,
  ground: "#121614",
  panel: "#1a1f1d",
  line: "#2c3431",
  text: "#e3e9e6",
  soft: "#a5b2ac",
  faint: "#84918b",
  accent: "#3bb8a0",
  accentSoft: "#17352f",
  onAccent: "#0d1513",
  good: "#58b878",
  goodSoft: "#18301f",
  warn: "#d9a64a",
  warnSoft: "#322914",
  bad: "#e5746d",
  badSoft: "#3a201e",
  series: ["#3bb8a0", "#d9a64a", "#7b9bd1", "#cf84a8", "#98bb68", "#a294d6", "#d98764", "#8badb4"],
};

export const FONT =
  '"Inter","SF Pro Text","Segoe UI","PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif';

export function antdTheme(palette: Palette): ThemeConfig {
  return {
    algorithm: palette.dark ? antd.darkAlgorithm : antd.defaultAlgorithm,
    token: {
      colorPrimary: palette.accent,
      colorLink: palette.accent,
      colorInfo: palette.accent,
      colorSuccess: palette.good,
      colorWarning: palette.warn,
      colorError: palette.bad,
      colorPrimaryBg: palette.accentSoft,
      colorInfoBg: palette.accentSoft,
      colorInfoBorder: palette.accentSoft,
      colorSuccessBg: palette.goodSoft,
      colorSuccessBorder: palette.goodSoft,
      colorWarningBg: palette.warnSoft,
      colorWarningBorder: palette.warnSoft,
      colorErrorBg: palette.badSoft,
      colorErrorBorder: palette.badSoft,
      colorTextLightSolid: palette.onAccent,
      colorText: palette.text,
      colorTextSecondary: palette.soft,
      colorTextTertiary: palette.faint,
      colorTextDescription: palette.faint,
      colorBgLayout: palette.ground,
      colorBgContainer: palette.panel,
      colorBgElevated: palette.panel,
      colorBorderSecondary: palette.line,
      fontFamily: FONT,
      fontSize: 13,
      borderRadius: 5,
      controlHeight: 30,
      motionDurationMid: "0.12s",
      motionDurationSlow: "0.16s",
      wireframe: false,
    },
    components: {
      Table: {
        cellPaddingBlockMD: 7,
        cellPaddingInlineMD: 12,
        headerBg: palette.panel,
        headerColor: palette.faint,
        headerSortActiveBg: palette.panel,
        headerSortHoverBg: palette.ground,
        bodySortBg: palette.panel,
        rowHoverBg: palette.ground,
      },
      Menu: {
        itemHeight: 34,
        itemBorderRadius: 5,
        itemMarginInline: 8,
        itemBg: "transparent",
        subMenuItemBg: "transparent",
        itemSelectedBg: palette.accentSoft,
        itemSelectedColor: palette.accent,
        groupTitleFontSize: 11,
        groupTitleColor: palette.faint,
      },
      Button: { primaryShadow: "none", defaultShadow: "none", dangerShadow: "none" },
      Tooltip: { colorTextLightSolid: "#ffffff" },
      Tabs: { horizontalMargin: "0 0 16px 0" },
      Form: { verticalLabelPadding: "0 0 4px", labelHeight: 24, itemMarginBottom: 16 },
      Tag: { defaultBg: palette.line, defaultColor: palette.soft },
    },
  };
}

/** Sets the variables that styles.css is written in. Through the object model, which the content policy allows. */
export function applyPalette(palette: Palette): void {
  const style = document.documentElement.style;
  for (const [name, value] of Object.entries(palette)) {
    if (typeof value === "string") style.setProperty(`--${name}`, value);
  }
  style.setProperty("--font", FONT);
  style.colorScheme = palette.dark ? "dark" : "light";
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", palette.panel);
}

import { GlobalOutlined, MoonOutlined, SunOutlined } from "@ant-design/icons";
import { Button, Tooltip } from "antd";
import { useLanguage } from "@/i18n";
import { useLook } from "@/kit/look";

export function LanguageSwitch() {
  const { lang, setLang, t } = useLanguage();
  return (
    <Tooltip title={t("shell.language")}>
      <Button
        type="text"
        icon={<GlobalOutlined />}
        aria-label={t("shell.language")}
        data-testid="language-switch"
        onClick={() => setLang(lang === "en" ? "zh-CN" : "en")}
      >
        {lang === "en" ? "中文" : "EN"}
      </Button>
    </Tooltip>
  );
}

export function ThemeSwitch() {
  const { t } = useLanguage();
  const { palette, toggle } = useLook();
  return (
    <Tooltip title={t("shell.theme")}>
      <Button
        type="text"
        icon={palette.dark ? <SunOutlined /> : <MoonOutlined />}
        aria-label={t("shell.theme")}
        data-testid="theme-switch"
        onClick={toggle}
      />
    </Tooltip>
  );
}

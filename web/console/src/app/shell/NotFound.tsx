import { Button } from "antd";
import { Link } from "react-router";
import { useLanguage } from "@/i18n";
import { Nothing } from "@/kit/states";

export function NotFound() {
  const { t } = useLanguage();
  return (
    <Nothing
      title={t("notFound.title")}
      action={
        <Link to="/">
          <Button>{t("notFound.home")}</Button>
        </Link>
      }
    >
      {t("notFound.text")}
    </Nothing>
  );
}

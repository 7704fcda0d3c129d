import { PlusOutlined } from "@ant-design/icons";
import { Alert, Button, Segmented } from "antd";
import { Link } from "react-router";
import type { UserPage } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useSession } from "@/kit/session";
import { useFormat } from "@/kit/useFormat";

interface PeopleBannerProps {
  people: NonNullable<UserPage["people"]>;
  /** The rule of a segment of these people. */
  rule: object;
  visitors: boolean;
  onVisitors: (visitors: boolean) => void;
  onLeave: () => void;
}

/** Says whom the list is narrowed to, how many they are, and who of them the list does not have. */
export function PeopleBanner({ people, rule, visitors, onVisitors, onLeave }: PeopleBannerProps) {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { whole } = useFormat();
  return (
    <Alert
      type="info"
      className="gap people-banner"
      data-testid="people-banner"
      closable={{ onClose: onLeave, "aria-label": t("people.leave") }}
      title={
        <>
          <b>{w(people.words)}</b> · {t("people.count", { n: whole(people.count) })}
        </>
      }
      description={
        <div className="people-banner-body">
          <Segmented
            size="small"
            value={visitors ? "visitors" : "users"}
            onChange={(value) => onVisitors(value === "visitors")}
            options={[
              { value: "users", label: t("people.users", { n: whole(people.users) }) },
              { value: "visitors", label: t("people.visitors", { n: whole(people.visitors) }) },
            ]}
          />
          {people.unpublished > 0 && (
            <span className="faint" data-testid="people-unpublished">
              {t("people.unpublished", { n: whole(people.unpublished) })}
            </span>
          )}
          {may("operate") && (
            <Link to={`/segments/new?rule=${encodeURIComponent(JSON.stringify(rule))}`}>
              <Button size="small" icon={<PlusOutlined />} data-testid="people-save">
                {t("people.save")}
              </Button>
            </Link>
          )}
        </div>
      }
    />
  );
}

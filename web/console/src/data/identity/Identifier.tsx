import { Link } from "react-router";
import type { IdentifierShown } from "@/api/types";
import { useLanguage } from "@/i18n";

interface IdentifierProps {
  one: IdentifierShown | undefined;
  /** Lead to the page of the person, where the identifier names one. */
  link?: boolean;
}

const NAMES_ONE = ["user", "unionid"];

/** One identifier: its kind and its value, masked where it is personal. */
export function Identifier({ one, link = false }: IdentifierProps) {
  const { t, named } = useLanguage();
  if (!one) return <span className="faint">–</span>;
  const value = one.value ?? t("identity.hidden");
  const id = one.kind === "user" && one.value && !one.value.includes("*") ? one.value : `@${one.person_no ?? one.alias_no}`;
  return (
    <span className="identifier">
      <span className="faint small">{named("alias", one.kind)}</span>{" "}
      {link && NAMES_ONE.includes(one.kind) ? (
        <Link to={`/users/${encodeURIComponent(id)}`}>
          <code className="break">{value}</code>
        </Link>
      ) : (
        <code className="break">{value}</code>
      )}
    </span>
  );
}

/** The value alone, for sentences. */
export function useIdentifierText() {
  const { t } = useLanguage();
  return (one: IdentifierShown | undefined) => one?.value ?? t("identity.hidden");
}

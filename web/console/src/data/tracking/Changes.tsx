import { Tag } from "antd";
import type { PlanChange } from "@/api/types";
import { useLanguage } from "@/i18n";

const COLOURS = { added: "success", removed: "error", changed: "processing" } as const;
const MOST = 300;

/** What differs between two plans, line by line. */
export function Changes({ changes }: { changes: PlanChange[] }) {
  const { t, named } = useLanguage();
  if (changes.length === 0) return <p className="faint">{t("track.noChanges")}</p>;
  return (
    <ul className="track-changes" data-testid="track-changes">
      {changes.slice(0, MOST).map((change, place) => (
        <li key={place}>
          <Tag color={COLOURS[change.kind]}>{named("track.change", change.kind)}</Tag>
          <span className="break">
            {change.part !== "event" && <span className="faint">{t(change.part === "common" ? "track.common" : "track.userProperties")} · </span>}
            {change.event && <code>{change.event}</code>}
            {change.event && change.property && " · "}
            {change.property && <code>{change.property}</code>}
            {change.field && (
              <>
                {" "}
                {named("track.field", change.field)}: <del>{change.before || "–"}</del> → <ins>{change.after || "–"}</ins>
              </>
            )}
          </span>
        </li>
      ))}
      {changes.length > MOST && <li className="faint">{t("track.moreChanges", { n: changes.length - MOST })}</li>}
    </ul>
  );
}

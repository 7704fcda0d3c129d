/** What the validator and the linters of the channels found, with the rule each rests on. */
import { CheckCircleOutlined, CloseCircleOutlined, WarningOutlined } from "@ant-design/icons";
import { Tag } from "antd";
import type { LintFinding } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Waiting } from "@/kit/states";

export function Findings({ findings }: { findings: LintFinding[] | undefined }) {
  const { t, w, named } = useLanguage();
  if (!findings) return <Waiting rows={2} />;
  if (findings.length === 0) {
    return (
      <p className="good" data-testid="ref-clean">
        <CheckCircleOutlined /> {t("ref.clean")}
      </p>
    );
  }
  return (
    <ul className="ref-findings">
      {findings.map((one) => (
        <li key={`${one.code}-${one.place}-${one.words.en}`} data-severity={one.severity} data-code={one.code}>
          {one.severity === "error" ? <CloseCircleOutlined className="bad" /> : <WarningOutlined className="warn" />}
          <div>
            <div>
              {w(one.words)} {one.channel && <Tag>{named("ref.channel", one.channel)}</Tag>}
            </div>
            <small className="faint">
              {named("ref.field", one.place)} · {w(one.source)}
            </small>
          </div>
        </li>
      ))}
    </ul>
  );
}

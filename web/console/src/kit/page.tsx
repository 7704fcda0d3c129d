/** The pieces every page is made of. */
import { InfoCircleOutlined } from "@ant-design/icons";
import { Alert, Tooltip } from "antd";
import type { ReactNode } from "react";
import { useRead } from "@/api/hooks";
import type { Definitions, LeftOut } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useFormat } from "./useFormat";

interface PageProps {
  title: ReactNode;
  about?: ReactNode;
  extra?: ReactNode;
  children: ReactNode;
  testId: string;
}

export function PageFrame({ title, about, extra, children, testId }: PageProps) {
  return (
    <div className="page" data-testid={testId}>
      <div className="page-head">
        <div className="page-words">
          <h1>{title}</h1>
          {about && <p>{about}</p>}
        </div>
        {extra && <div className="page-extra">{extra}</div>}
      </div>
      {children}
    </div>
  );
}

interface PanelProps {
  title?: ReactNode;
  extra?: ReactNode;
  children: ReactNode;
  flush?: boolean;
  className?: string;
  testId?: string;
}

export function Panel({ title, extra, children, flush = false, className = "", testId }: PanelProps) {
  return (
    <section className={`panel ${className}`} data-testid={testId}>
      {(title || extra) && (
        <div className="panel-head">
          <h2>{title}</h2>
          {extra}
        </div>
      )}
      <div className={flush ? "panel-flush" : "panel-body"}>{children}</div>
    </section>
  );
}

/** A small mark that tells, on hover or focus, what a number means (指标口径). */
export function Hint({ text }: { text: ReactNode }) {
  const { t } = useLanguage();
  if (!text) return null;
  return (
    <Tooltip title={text}>
      <InfoCircleOutlined className="hint" tabIndex={0} aria-label={typeof text === "string" ? text : t("page.definition")} />
    </Tooltip>
  );
}

/** The stated definition of a number; a page asks by the number's key. */
export function useDefinition(): (key: string) => string {
  const { w } = useLanguage();
  const { data } = useRead<Definitions>("/api/definitions");
  return (key) => (data?.[key] ? w(data[key].definition) : "");
}

interface TileProps {
  label: string;
  value: ReactNode;
  definition?: string;
  note?: ReactNode;
  testId?: string;
}

export function Tile({ label, value, definition, note, testId }: TileProps) {
  return (
    <div className="tile" data-testid={testId}>
      <div className="tile-label">
        {label} <Hint text={definition} />
      </div>
      <div className="tile-value">{value}</div>
      <div className="tile-note">{note}</div>
    </div>
  );
}

/** Says how many people this page does not count, and why; nothing where nobody is left out. */
export function LeftOutBanner({ leftOut }: { leftOut: LeftOut | undefined }) {
  const { t, w } = useLanguage();
  const { whole } = useFormat();
  if (!leftOut || leftOut.total === 0) return null;
  return (
    <Alert
      className="left-out"
      type="info"
      showIcon
      data-testid="left-out"
      title={t("page.leftOut", { n: whole(leftOut.total) })}
      description={
        <ul>
          {leftOut.reasons.map((reason) => (
            <li key={reason.code}>
              {w(reason.words)} <b>{whole(reason.count)}</b>
            </li>
          ))}
        </ul>
      }
    />
  );
}

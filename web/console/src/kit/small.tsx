/** Small things that many pages show. */
import { CheckOutlined, CopyOutlined } from "@ant-design/icons";
import { Button, Tag, Tooltip } from "antd";
import { useState, type ReactNode } from "react";
import type { JobState } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useFormat } from "./useFormat";

const TOLD_MS = 1600;

async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // plain http on a company network has no clipboard API
  const box = document.createElement("textarea");
  box.value = text;
  document.body.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
}

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const { t } = useLanguage();
  const [done, setDone] = useState(false);
  const onClick = () => {
    void copy(text).then(() => {
      setDone(true);
      setTimeout(() => setDone(false), TOLD_MS);
    });
  };
  return (
    <Tooltip title={done ? t("copy.done") : (label ?? t("copy.do"))}>
      <Button
        size="small"
        type="text"
        icon={done ? <CheckOutlined className="good" /> : <CopyOutlined />}
        onClick={onClick}
        aria-label={label ?? t("copy.do")}
        data-testid="copy"
      />
    </Tooltip>
  );
}

export function Code({ text, testId }: { text: string; testId?: string }) {
  return (
    <div className="code">
      <CopyButton text={text} />
      <pre data-testid={testId} tabIndex={0}>
        {text}
      </pre>
    </div>
  );
}

/** A time said relatively, the exact one on hover. */
export function Ago({ time, fallback = "–" }: { time: string | null | undefined; fallback?: string }) {
  const { ago, dateTime, zone } = useFormat();
  if (!time) return <span className="faint">{fallback}</span>;
  return (
    <Tooltip title={`${dateTime(time, true)} (${zone})`}>
      <time dateTime={time} className="nowrap">
        {ago(time)}
      </time>
    </Tooltip>
  );
}

export function At({ time, seconds = true }: { time: string | null | undefined; seconds?: boolean }) {
  const { dateTime, zone } = useFormat();
  if (!time) return <span className="faint">–</span>;
  return (
    <time dateTime={time} title={zone} className="nowrap number">
      {dateTime(time, seconds)}
    </time>
  );
}

/** Text of which only the first `width` characters' room is shown, all of it on hover. */
export function Cut({ text, width = 240 }: { text: string; width?: number }) {
  return (
    <span className="cut" style={{ maxWidth: width }} title={text}>
      {text}
    </span>
  );
}

const STATE_COLOURS: Record<JobState, string> = {
  waiting: "default",
  running: "processing",
  done: "success",
  failed: "error",
  cancelled: "default",
};

export function StateTag({ state }: { state: JobState }) {
  const { t } = useLanguage();
  return (
    <Tag color={STATE_COLOURS[state]} data-state={state}>
      {t(`job.state.${state}`)}
    </Tag>
  );
}

const TIER_COLOURS: Record<string, string> = {
  high_value: "green",
  high: "green",
  potential: "gold",
  ordinary: "default",
  at_risk: "volcano",
  risk: "volcano",
};

export function TierTag({ tier, children }: { tier: string; children: ReactNode }) {
  return <Tag color={TIER_COLOURS[tier] ?? "default"}>{children}</Tag>;
}

/** Who did something: the name, with the id on hover. */
export function Actor({ id, name, width = 140 }: { id: string; name: string | null | undefined; width?: number }) {
  return (
    <span className="cut" style={{ maxWidth: width }} title={id}>
      {name ?? id}
    </span>
  );
}

/** Lines of name and value; on a phone they stack. */
export function Facts({ items }: { items: [ReactNode, ReactNode][] }) {
  return (
    <dl className="facts">
      {items.map(([name, value], place) => (
        <div key={place}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

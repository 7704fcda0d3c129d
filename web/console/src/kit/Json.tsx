import type { ReactNode } from "react";
import { CopyButton } from "./small";

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

function coloured(text: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let from = 0;
  for (const found of text.matchAll(TOKEN)) {
    parts.push(text.slice(from, found.index));
    const kind = found[2] ? "json-name" : found[1] ? "json-text" : found[3] ? "json-word" : "json-number";
    parts.push(
      <span key={found.index} className={kind}>
        {found[1] ?? found[0]}
      </span>,
      found[2] ?? "",
    );
    from = found.index + found[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

export function Json({ value }: { value: unknown }) {
  const text = JSON.stringify(value, null, 2);
  return (
    <div className="code">
      <CopyButton text={text} />
      <pre data-testid="json" tabIndex={0}>
        {coloured(text)}
      </pre>
    </div>
  );
}

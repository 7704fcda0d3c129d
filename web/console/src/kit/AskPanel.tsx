/** The fields of a question, in rows that wrap. */
import type { ReactNode } from "react";

export function AskPanel({ children, testId }: { children: ReactNode; testId: string }) {
  return (
    <section className="panel ask" data-testid={testId}>
      {children}
    </section>
  );
}

export function Asked({ label, wide = false, children }: { label: string; wide?: boolean; children: ReactNode }) {
  return (
    <div className={wide ? "asked asked-wide" : "asked"}>
      <span className="asked-label">{label}</span>
      {children}
    </div>
  );
}

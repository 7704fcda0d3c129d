import type { ReactNode } from "react";
import { useFormat } from "./useFormat";

interface Chip {
  value: string;
  label: ReactNode;
  count: number;
  more?: ReactNode;
}

interface ChipsProps {
  chips: Chip[];
  /** Empty where none is chosen. */
  chosen: string;
  onChoose: (value: string) => void;
  testId: string;
}

/** Counts by kind that narrow a list: choosing the chosen one again takes the narrowing back. */
export function Chips({ chips, chosen, onChoose, testId }: ChipsProps) {
  const { whole } = useFormat();
  if (chips.length === 0) return null;
  return (
    <div className="chips" data-testid={testId}>
      {chips.map((one) => (
        <button
          type="button"
          key={one.value}
          className={chosen === one.value ? "chip chip-on" : "chip"}
          aria-pressed={chosen === one.value}
          onClick={() => onChoose(chosen === one.value ? "" : one.value)}
        >
          <span>{one.label}</span>
          <b className="number">{whole(one.count)}</b>
          {one.more}
        </button>
      ))}
    </div>
  );
}

/** What the editor is given; apart from the editor itself, which loads when it is first shown. */
import type { RefObject } from "react";
import type { SqlTable } from "@/api/types";

export interface EditorHandle {
  insert: (text: string) => void;
  focus: () => void;
}

export interface EditorProps {
  value: string;
  onChange: (text: string) => void;
  onRun: () => void;
  tables: SqlTable[];
  /** Where the last run went wrong, from 1. */
  error: { line: number; column: number } | null;
  handle?: RefObject<EditorHandle | null>;
  label: string;
  hint: string;
}

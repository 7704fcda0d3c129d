/** A question that a page of analysis asks: it stands whole in the address, its answer can be taken along as CSV. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useRef } from "react";
import { useSearchParams } from "react-router";
import { api, type ApiError } from "@/api/client";

/** What the address says, over what a page asks when it says nothing; nonsense in the address is nothing. */
export function readQuestion<Question extends object>(search: URLSearchParams, fallback: Question): Question {
  try {
    const found: unknown = JSON.parse(search.get("q") ?? "{}");
    if (typeof found !== "object" || found === null || Array.isArray(found)) return fallback;
    const known = Object.entries(found).filter(([name]) => name in fallback);
    return { ...fallback, ...Object.fromEntries(known) };
  } catch {
    return fallback;
  }
}

/** Only what differs from the fallback stands in the address. */
export function writeQuestion<Question extends object>(search: URLSearchParams, fallback: Question, question: Question): URLSearchParams {
  const next = new URLSearchParams(search);
  const said = Object.entries(question).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(fallback[name as keyof Question]),
  );
  if (said.length === 0) next.delete("q");
  else next.set("q", JSON.stringify(Object.fromEntries(said)));
  return next;
}

/** The question in the address, and a way to change some of it. `fallback` must be a constant. */
export function useQuestion<Question extends object>(fallback: Question) {
  const [search, setSearch] = useSearchParams();
  const question = useMemo(() => readQuestion(search, fallback), [search, fallback]);
  const latest = useRef(search);
  latest.current = search;
  const change = useCallback(
    (some: Partial<Question>) => {
      const next = writeQuestion(latest.current, fallback, { ...readQuestion(latest.current, fallback), ...some });
      latest.current = next;
      setSearch(next, { replace: true });
    },
    [setSearch, fallback],
  );
  return { question, change };
}

/** The answer to a question that is POSTed and changes nothing; the last one stays while the next is on its way. */
export function useAnswer<Answer>(path: string, question: object, enabled = true) {
  return useQuery<Answer, ApiError>({
    queryKey: [path, question],
    queryFn: () => api.post<Answer>(path, question),
    placeholderData: keepPreviousData,
    enabled,
  });
}

type Field = string | number | null | undefined;

/** Rows as CSV; a text that a spreadsheet would run as a formula begins with an apostrophe. */
export function csvOf(rows: Field[][]): string {
  const field = (value: Field) => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return String(value);
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => row.map(field).join(",")).join("\r\n");
}

/** Saves rows as a file that spreadsheets open in UTF-8. */
export function downloadCsv(name: string, rows: Field[][]): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", csvOf(rows)], { type: "text/csv;charset=utf-8" }));
  link.download = `${name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}

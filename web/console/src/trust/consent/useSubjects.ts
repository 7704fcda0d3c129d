import { useRead } from "@/api/hooks";
import type { ConsentNumbers, ConsentSubject } from "@/api/types";
import { useLanguage } from "@/i18n";

export const TEXTS = "/api/consent/texts";
export const NUMBERS = "/api/consent/numbers";

/** Every purpose and separate consent with its texts, and the words for their names. */
export function useSubjects() {
  const { w } = useLanguage();
  const read = useRead<ConsentSubject[]>(TEXTS);
  const nameOf = (subject: string) => w(read.data?.find((one) => one.subject === subject)?.words) || subject;
  return { read, nameOf };
}

export function useNumbers() {
  return useRead<ConsentNumbers>(NUMBERS);
}

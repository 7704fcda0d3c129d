import { useRead } from "@/api/hooks";
import type { Facet, Facets } from "@/api/types";
import { useLanguage } from "@/i18n";

/** The values that people have, with their words; a value without words shows itself. */
export function useFacets() {
  const { w } = useLanguage();
  const facets = useRead<Facets>("/api/users/facets").data;
  const words = (list: Facet[] | undefined, value: string | null) => {
    const known = list?.find((one) => one.value === value);
    return known ? w(known.words) : value;
  };
  return { facets, words, channel: (value: string | null) => words(facets?.channels, value) };
}

/** The list of the people behind a point of a chart. */
export const peopleHref = (query: Record<string, unknown>) => `/users?people=${encodeURIComponent(JSON.stringify(query))}`;

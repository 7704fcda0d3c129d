/** Where the people behind a point of a chart are listed. */
export const peopleHref = (query: Record<string, unknown>) => `/users?people=${encodeURIComponent(JSON.stringify(query))}`;

export const peopleHref = (query: Record<string, unknown>) => `/users?people=${encodeURIComponent(JSON.stringify(query))}`;

/** Addresses and colours of the social graph. */
export const HERE = "/social/ties";
export const GRAPH = "/api/graph";

export const AUDIENCES = ["strong", "weak", "fof"] as const;
export type AudienceName = (typeof AUDIENCES)[number];

/** Where somebody's neighbourhood is shown. */
export const egoHref = (userId: string) => `${HERE}/ego?user=${encodeURIComponent(userId)}`;
export const userHref = (userId: string) => `/users/${encodeURIComponent(userId)}`;

/** The address of a person by any of their ids. */
export function profilePath(userId: string, part = ""): string {
  return `/api/profiles/${encodeURIComponent(userId)}${part}`;
}

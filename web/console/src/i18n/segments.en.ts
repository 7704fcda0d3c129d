/** Segments, and lists of the people behind a figure. */
export const enSegments = {
  "people.count": "{n} people",
  "people.leave": "Back to all users",
  "people.save": "Save as a segment",
  "people.saveFilters": "Save the filters as a segment",
  "people.unpublished": "{n} more came or were joined after the last build; the next build brings them into the list.",
  "people.users": "Identified users {n}",
  "people.visitors": "Anonymous visitors {n}",
} as const;

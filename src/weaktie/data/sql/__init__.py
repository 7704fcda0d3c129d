"""Read-only SQL over the served tables: runs with limits and a history, saved queries with versions."""

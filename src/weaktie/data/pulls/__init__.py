"""Files and rows that are fetched on a schedule: from a folder, an HTTP address or a database."""

"""Who has how much of what: accounts and moves between them, append-only and hash-chained."""

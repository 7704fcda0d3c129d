"""State, manifest, accounts: SQLite or PostgreSQL behind one door."""

"""The four addresses: log, lake, engine, database."""

"""Personal values, sealed under a key per identifier; look-ups by keyed hashes; keys of the log's days."""

"""Numbers that the console shows: one definition each."""

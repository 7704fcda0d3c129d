"""People of the console, their roles and sessions, and the keys of programs."""

"""The real console in a real browser against the real server."""

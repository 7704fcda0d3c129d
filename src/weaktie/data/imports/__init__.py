"""Files that a shop already has: read, mapped, checked and loaded, without ever stopping at a bad line."""

"""Running lazy frames over the lake."""

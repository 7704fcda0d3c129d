"""Which ways people go: what they do step by step after a start, or before an end."""

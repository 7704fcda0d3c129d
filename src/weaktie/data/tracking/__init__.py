"""The tracking plan: what events are meant to be, what really came, and where the two differ."""

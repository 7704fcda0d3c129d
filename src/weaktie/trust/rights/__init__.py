"""Access and erasure: one registry of those who own data, a proof of each erasure, and a sweep that checks it."""

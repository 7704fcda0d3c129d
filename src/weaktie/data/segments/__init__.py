"""Segments: people whom a rule, a list or a figure names, their members over time, and who may be asked at once."""

"""Wiring, HTTP, command line and schedule: the only place that knows every floor."""

"""Relaying requests to the system that is being left, and comparing the two."""

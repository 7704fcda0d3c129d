"""Boards: tiles of metrics, queries, links and text, shared inside the house."""

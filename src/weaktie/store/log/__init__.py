"""Requests in durable order."""

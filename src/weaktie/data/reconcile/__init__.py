"""Comparing our orders with what another system says."""

"""Ordered funnels: who goes from step to step within a window, who is lost where, and how long it takes."""

"""Influence: whose word travels, how far it went, whom to begin with, and who hears of it through friends of friends."""

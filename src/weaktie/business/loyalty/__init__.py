"""Coupons and points: their rules, codes and checkout; what anybody has lies on the ledger."""

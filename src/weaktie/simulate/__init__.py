"""A seeded market with known truth. It speaks to the product only over its public protocols."""

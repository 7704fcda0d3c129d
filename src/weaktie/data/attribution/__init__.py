"""Which channels led to conversions: five models over the same touchpoints."""

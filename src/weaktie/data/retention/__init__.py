"""Who comes back: retention of cohorts, and the lifecycle of everybody (new, retained, resurrected, dormant)."""

"""Long work: who alone may do it (leases), what was asked for and how far it is (jobs)."""

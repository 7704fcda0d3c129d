"""Where data comes from, and on which basis it may serve each purpose."""

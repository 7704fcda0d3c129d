"""What is no customer's doing: crawlers, impossible rates, the shop's own people, test orders. Marked, left out, counted."""

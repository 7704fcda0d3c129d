"""Events, orders and relations on their way in: door, protocols, lake writer, bulk loads."""

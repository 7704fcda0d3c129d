"""The social graph: how strong ties are and why, who is near whom, communities and the people between them."""

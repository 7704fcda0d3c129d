"""What the shop does with its people: offers, rewards, campaigns."""

"""The AI floor: what is predicted and chosen. Each folder is one capability."""

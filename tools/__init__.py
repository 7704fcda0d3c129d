"""What the repository's own commands run; none of it is in the wheel."""

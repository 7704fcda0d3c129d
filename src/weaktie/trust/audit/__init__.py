"""Who did what and when, as a hash chain that shows every later change."""

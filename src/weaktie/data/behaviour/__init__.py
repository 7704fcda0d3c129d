"""What people did, as sequences: the one way in which funnels, retention, paths, attribution and segments read events."""

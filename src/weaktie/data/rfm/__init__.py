"""RFM as people cut it: rules with preview and undo, and how customers move between classes from month to month."""

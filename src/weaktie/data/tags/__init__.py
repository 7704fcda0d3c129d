"""Tags that a shop makes itself: as SQL in the console, as Python in the home, by hand, or from a file of ids."""

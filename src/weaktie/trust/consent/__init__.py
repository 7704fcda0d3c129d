"""For which purposes a person's data may serve, by receipts and by the basis of its source."""

"""Tags, RFM and profiles: from events and orders to one published row a person."""

"""The lake's tables as they may be served for a purpose: without people who may not be in them."""

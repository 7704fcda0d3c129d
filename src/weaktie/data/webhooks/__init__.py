"""What other systems push to us: shops' webhooks and 企业微信's callbacks, each signed."""

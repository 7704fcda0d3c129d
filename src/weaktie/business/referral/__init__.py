"""Referral: campaigns, invitations, rewards and group buying."""

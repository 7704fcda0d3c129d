"""The business systems: referral, and what follows."""

"""The floor of trust: accounts, consent, rights, vault, audit."""

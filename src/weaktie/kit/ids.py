"""Identifiers: time-ordered and unguessable where it matters."""

import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str, now_us: int) -> str:
    """`prefix_` and 26 Crockford base-32 digits: 48 bits of milliseconds, then 80 random bits (the ULID layout)."""
    number = ((now_us // 1000) << 80) | secrets.randbits(80)
    digits = []
    for _ in range(26):
        digits.append(ALPHABET[number & 31])
        number >>= 5
    return f"{prefix}_{''.join(reversed(digits))}"


def new_secret(prefix: str) -> str:
    """A secret of 192 random bits for keys and one-time links."""
    return f"{prefix}_{secrets.token_urlsafe(24).replace('-', 'x').replace('_', 'y')}"

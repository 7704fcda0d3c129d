"""Money: integer minor units (分, pence, cents) beside an ISO 4217 currency."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

MINOR_DIGITS = {
    "CNY": 2, "USD": 2, "EUR": 2, "GBP": 2, "HKD": 2, "TWD": 2, "SGD": 2, "MYR": 2, "THB": 2, "PHP": 2, "MOP": 2,
    "AUD": 2, "CAD": 2, "CHF": 2, "INR": 2, "IDR": 2, "MMK": 2, "KHR": 2, "LAK": 2, "BND": 2,
    "VND": 0, "JPY": 0, "KRW": 0,
}  # fmt: skip
LARGEST_MINOR = 10**15


def minor_digits(currency: str) -> int:
    """How many decimals the currency has; a currency that is not listed counts two."""
    return MINOR_DIGITS.get(currency, 2)


def to_minor(amount: str | float | int | Decimal, currency: str) -> int:
    """`amount` in major units as integer minor units, half away from zero.

    Raises ValueError for what is no finite number or exceeds 10^15 minor units.
    """
    try:
        value = Decimal(str(amount)) if not isinstance(amount, Decimal) else amount
        scaled = (value * (10 ** minor_digits(currency))).quantize(Decimal(1), ROUND_HALF_UP)
    except InvalidOperation as error:
        raise ValueError(f"not an amount: {amount!r}") from error
    if not scaled.is_finite() or abs(scaled) > LARGEST_MINOR:
        raise ValueError(f"not an amount: {amount!r}")
    return int(scaled)


def to_major(amount_minor: int, currency: str) -> Decimal:
    """Integer minor units as a decimal of major units."""
    return Decimal(amount_minor).scaleb(-minor_digits(currency))

"""Writing a person as JSON: the texts of tags are encoded once, a request only puts values between them."""

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from weaktie.data.profiles.catalogue import BY_KEY
from weaktie.data.profiles.contracts import LiveState
from weaktie.data.profiles.logic import CLASS_WORDS, TIER_WORDS
from weaktie.data.profiles.publish import Body, RfmRow
from weaktie.data.profiles.tags import DIMENSION_WORDS, Tag
from weaktie.kit.clock import to_iso
from weaktie.kit.money import minor_digits, to_major
from weaktie.kit.words import Words
from weaktie.trust.consent.contracts import NAME_OF, PURPOSE_WORDS, PurposeState

ENCODE = msgspec.json.Encoder().encode
SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "HKD": "HK$", "SGD": "S$"}
YES, NO = Words("是", "Yes"), Words("否", "No")


def tag_head(tag: Tag) -> dict[str, Any]:
    """What is always the same of a tag, as the HTTP API gives it."""
    return {
        "key": tag.key,
        "words": tag.words.as_dict(),
        "dimension": tag.dimension.value,
        "dimension_words": DIMENSION_WORDS[tag.dimension].as_dict(),
        "unit": tag.unit.as_dict() if tag.unit else None,
        "definition": tag.definition.as_dict(),
    }


_HEADS = {key: ENCODE(tag_head(tag))[:-1] + b',"value":' for key, tag in BY_KEY.items()}


def display(tag: Tag, value: str | float | bool, currency: str | None) -> Words:
    """A tag's value as text in both languages."""
    if tag.labels and value in tag.labels:
        return tag.labels[str(value)]
    if isinstance(value, bool):
        return YES if value else NO
    if tag.dtype == "money":
        return _both(money(int(value), currency or "CNY"))
    if tag.share:
        return _both(f"{value:.1%}")
    if isinstance(value, str):
        return _both(value or "—")
    number = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    return Words(f"{number} {tag.unit.zh}", f"{number} {tag.unit.en}") if tag.unit else _both(number)


def money(amount_minor: int, currency: str) -> str:
    """An amount with its symbol or code, thousands apart: `¥1,234.50`, `-£3.00`, `THB 20.00`."""
    amount: Decimal = to_major(abs(amount_minor), currency)
    sign = "-" if amount_minor < 0 else ""
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{amount:,.{minor_digits(currency)}f}"


@lru_cache(50_000)
def _tag(key: str, value: str | int | float | bool, _kind: str, currency: str | None) -> bytes:
    """One tag of a person as JSON. Remembered: most people share most values. The type's name tells True from 1."""
    words = display(BY_KEY[key], value, currency)
    return b'%b%b,"display":%b}' % (_HEADS[key], ENCODE(value), ENCODE(words.as_dict()))


def tags(keys: list[str], body: Body) -> bytes:
    """The person's tags that have a value, as a JSON list."""
    currency = body.currency
    parts = [
        _tag(key, value, type(value).__name__, currency)
        for key, value in zip(keys, body.tags, strict=True)
        if value is not None and key in BY_KEY
    ]
    return b"[" + b",".join(parts) + b"]"


def rfm(row: RfmRow | None, currency: str | None) -> dict[str, Any] | None:
    """RFM of a buyer."""
    if row is None:
        return None
    return {
        "r": row.r,
        "f": row.f,
        "m": row.m,
        "r_days": row.r_days,
        "f_orders": row.f_orders,
        "m_minor": row.m_minor,
        "currency": currency,
        "class": row.rfm_class,
        "class_words": CLASS_WORDS[row.rfm_class].as_dict(),
        "tier": row.tier,
        "tier_words": TIER_WORDS[row.tier].as_dict(),
    }


def purposes(states: Iterable[PurposeState]) -> list[dict[str, Any]]:
    """The purposes of a person with the ground of each."""
    return [
        {
            "purpose": NAME_OF[s.purpose],
            "words": PURPOSE_WORDS[s.purpose].as_dict(),
            "granted": s.granted,
            "basis": s.basis,
            "basis_words": s.basis_words.as_dict(),
            "since_time": to_iso(s.since_us) if s.since_us is not None else None,
        }
        for s in states
    ]


def live(state: LiveState | None, last_us: int | None) -> dict[str, Any]:
    """The overlay: when somebody was last seen, and what came since the build."""
    newest = max(state.last_us if state else 0, last_us or 0)
    return {
        "last_seen_time": to_iso(newest) if newest else None,
        "events_since_build": state.events if state else 0,
        "last_event": state.last_event if state else None,
    }


def _both(text: str) -> Words:
    return Words(text, text)

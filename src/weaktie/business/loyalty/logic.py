"""Rules of coupons and points: what is taken off, what goes together, what is earned. Pure, and nobody's name comes in."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from weaktie.business.loyalty.contracts import (
    MOST_COUPONS,
    Basket,
    MinimumNotMet,
    PointsRule,
    Quote,
    Terms,
    refuse,
)
from weaktie.kit.clock import DAY_US
from weaktie.kit.ids import ALPHABET
from weaktie.kit.money import LARGEST_MINOR, MINOR_DIGITS, to_major
from weaktie.kit.words import Words

AGE_S: Final = 300
CODE_LETTERS: Final = 14
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{4,64}")
_SHARING: Final = re.compile(r"shar|forward|repost|invit|分享|转发|邀请|助力", re.IGNORECASE)
"""Names of events that are the act of sharing: no rule may reward them, whatever the channel."""


# ---- coupons


def check_terms(terms: Terms) -> Terms:
    """The terms when they make sense; raises Refused `bad_terms` with the place."""
    if terms.currency not in MINOR_DIGITS:
        raise refuse("bad_terms", "currency")
    if terms.kind == "amount" and not 0 < terms.amount_minor <= LARGEST_MINOR:
        raise refuse("bad_terms", "amount_minor")
    if terms.kind == "percent" and not 0 < terms.percent < 100:
        raise refuse("bad_terms", "percent")
    if not 0 <= terms.minimum_minor <= LARGEST_MINOR or not 0 <= terms.most_off_minor <= LARGEST_MINOR:
        raise refuse("bad_terms", "minimum_minor")
    return terms


def off(terms: Terms, basket: Basket) -> int:
    """What one coupon takes off a basket, in minor units: at least 1 and never more than what is eligible.

    Raises a refusal that says what is missing; for a minimum it names the exact amount that is still needed.
    """
    if terms.currency != basket.currency:
        raise refuse("wrong_currency", "currency")
    if terms.channels and basket.channel not in terms.channels:
        raise refuse("not_for_channel", "channel")
    eligible = sum(
        line.amount_minor for line in basket.lines if not terms.products or line.product_id in terms.products
    )
    if eligible <= 0:
        raise refuse("no_product", "basket")
    if eligible < terms.minimum_minor:
        lacks = to_major(terms.minimum_minor - eligible, terms.currency)
        raise MinimumNotMet(f"{terms.currency} {lacks}", terms.minimum_minor - eligible)
    if terms.kind == "amount":
        return min(terms.amount_minor, eligible)
    share = eligible * terms.percent // 100
    if terms.most_off_minor:
        share = min(share, terms.most_off_minor)
    return max(1, share)


def quote(terms: Sequence[Terms], basket: Basket) -> Quote:
    """What coupons take off together, each of the basket as it is without any; the last ones take what is left of it.

    Raises a refusal where one does not apply, or they do not go together.
    """
    if not 1 <= len(terms) <= MOST_COUPONS:
        raise refuse("too_many_coupons", "codes")
    if len(terms) > 1 and any(t.stacking == "alone" for t in terms):
        raise refuse("not_together", "codes")
    left = sum(line.amount_minor for line in basket.lines)
    parts: list[int] = []
    for one in terms:
        part = min(off(one, basket), left)
        if part == 0:
            raise refuse("not_together", "codes")
        parts.append(part)
        left -= part
    return Quote(tuple(parts))


def expiry(now_us: int, ends_us: int, valid_days: int) -> int:
    """When a coupon that is claimed now ends."""
    return min(ends_us, now_us + valid_days * DAY_US) if valid_days else ends_us


def new_code() -> str:
    """A code that cannot be guessed: 70 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS)).upper()


def check_codes(codes: Sequence[str]) -> list[str]:
    """Codes without space around them; raises Refused `bad_codes` with the line of the first that is wrong or repeated."""
    found: dict[str, None] = {}
    for line, code in enumerate(codes, 1):
        plain = code.strip()
        if not _CODE.fullmatch(plain) or plain in found:
            raise refuse("bad_codes", f"line {line}")
        found[plain] = None
    if not found:
        raise refuse("bad_codes", "codes")
    return list(found)


def rules_of(terms: Terms, valid_days: int, per_person: int) -> Words:
    """The published rules in a sentence."""

    def money(minor: int) -> str:
        return f"{terms.currency} {to_major(minor, terms.currency)}"

    zh = [f"立减 {money(terms.amount_minor)}"] if terms.kind == "amount" else [f"减免 {terms.percent}%"]
    en = [f"{money(terms.amount_minor)} off"] if terms.kind == "amount" else [f"{terms.percent}% off"]
    if terms.kind == "percent" and terms.most_off_minor:
        zh.append(f"最多减 {money(terms.most_off_minor)}")
        en.append(f"at most {money(terms.most_off_minor)}")
    zh.append(f"满 {money(terms.minimum_minor)} 可用" if terms.minimum_minor else "无最低消费")
    en.append(f"on {money(terms.minimum_minor)} or more" if terms.minimum_minor else "no minimum spend")
    if terms.products:
        zh.append(f"限 {len(terms.products)} 种商品")
        en.append(f"for {len(terms.products)} products")
    if terms.channels:
        zh.append(f"限渠道 {'、'.join(terms.channels)}")
        en.append(f"in {', '.join(terms.channels)}")
    zh.append("不与其他券同用" if terms.stacking == "alone" else "可与其他券同用")
    en.append("not with other coupons" if terms.stacking == "alone" else "with other coupons")
    if valid_days:
        zh.append(f"领取后 {valid_days} 天内有效")
        en.append(f"good for {valid_days} days after it is claimed")
    if per_person:
        zh.append(f"每人限领 {per_person} 张")
        en.append(f"{per_person} for each person")
    return Words("，".join(zh) + "。", ", ".join(en) + ".")


def terms_text(terms: Terms) -> str:
    """Terms as JSON."""
    return json.dumps(asdict(terms), ensure_ascii=False, sort_keys=True)


def terms_of(text: str) -> Terms:
    """Terms from their JSON."""
    held = json.loads(text)
    return Terms(**held | {"products": tuple(held["products"]), "channels": tuple(held["channels"])})


# ---- points


def check_rule(event: str, points: int, per_minor: int, currency: str, valid_days: int) -> None:
    """Raises Refused `no_reward_for_sharing` for an event that is the act of sharing or inviting, `bad_rule` otherwise."""
    if _SHARING.search(event):
        raise refuse("no_reward_for_sharing", "event")
    if not 0 < points <= 1_000_000:
        raise refuse("bad_rule", "points")
    if not 0 <= per_minor <= LARGEST_MINOR or (per_minor and currency not in MINOR_DIGITS):
        raise refuse("bad_rule", "per_minor")
    if not 0 < valid_days <= 3_650:
        raise refuse("bad_rule", "valid_days")


def earned(rule: PointsRule, amount_minor: int | None, currency: str | None, already_today: int) -> int:
    """The points of one event: for each full `per_minor` of its amount, or for the event; the day's cap takes the rest away."""
    if rule.per_minor:
        if amount_minor is None or currency != rule.currency or amount_minor < rule.per_minor:
            return 0
        points = amount_minor // rule.per_minor * rule.points
    else:
        points = rule.points
    if rule.most_a_day:
        points = min(points, max(0, rule.most_a_day - already_today))
    return points


def split(wanted: int, available: Sequence[tuple[int, int]]) -> list[tuple[int, int]] | None:
    """(owner, amount) of each account from which `wanted` is taken, in their order; None where there is not enough."""
    parts: list[tuple[int, int]] = []
    for owner, have in available:
        part = min(have, wanted)
        if part > 0:
            parts.append((owner, part))
            wanted -= part
    return parts if wanted == 0 else None


# ---- signed requests


def signature_of(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the time, a dot and the raw body, in hex."""
    return hmac.digest(secret.encode(), timestamp.encode("latin-1", "replace") + b"." + body, "sha256").hex()


def check_signed(secrets_now: Sequence[str], timestamp: str, given: str, body: bytes, now_us: int) -> str:
    """The nonce of a request that one of the secrets signed within five minutes; raises Refused `bad_signature` or
    `old_timestamp`. The nonce is what was signed: the same time and body again are a replay, whoever sends them."""
    sound = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12
    offered = given.strip().lower().encode("latin-1", "replace")
    matches = [hmac.compare_digest(signature_of(s, timestamp, body).encode(), offered) for s in secrets_now]
    if not any(matches):
        raise refuse("bad_signature", "X-Weaktie-Signature")
    if not sound or abs(now_us - int(timestamp) * 1_000_000) > AGE_S * 1_000_000:
        raise refuse("old_timestamp", "X-Weaktie-Timestamp")
    return hashlib.sha256(timestamp.encode() + b"." + body).hexdigest()

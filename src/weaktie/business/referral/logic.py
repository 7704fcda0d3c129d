"""Rules and arithmetic of referral. Pure."""

import base64
import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from weaktie.business.referral.contracts import Group, Spec, Tie
from weaktie.kit.clock import DAY_US, HOUR_US

ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
CODE_BODY, CODE_MARK = 8, 4
SIGNED_S: Final = 300
"""How far a message's signed time may be from the receiver's clock, in seconds."""


# --- codes -----------------------------------------------------------------------------------------------------------


def letters_of(number: int, length: int) -> str:
    """A number as that many letters of the alphabet, which leaves out what is taken for one another."""
    digits = []
    for _ in range(length):
        number, rest = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[rest])
    return "".join(digits)


def signed_code(random: int, mac: Callable[[str], str]) -> str:
    """A code of twelve letters: eight at random, four by a keyed MAC over them, so that a guessed code is told at once."""
    body = letters_of(random, CODE_BODY)
    return body + _mark(body, mac)


def is_signed(code: str, mac: Callable[[str], str]) -> bool:
    """Whether the code was made by `signed_code` under this key."""
    body, mark = code[:CODE_BODY], code[CODE_BODY:]
    if len(code) != CODE_BODY + CODE_MARK or not set(code) <= set(ALPHABET):
        return False
    return hmac.compare_digest(mark, _mark(body, mac))


def _mark(body: str, mac: Callable[[str], str]) -> str:
    return letters_of(int(mac(f"code:{body}")[:16], 16), CODE_MARK)


def plain_code(text: str) -> str:
    """A code as somebody typed it, without case, blanks and dashes."""
    return "".join(c for c in text.lower() if c not in " -_").strip()


# --- rewards ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """An amount and what the tie made of it: `strong`, `weak`, `plain`, or `no_graph` where none is known."""

    amount_minor: int
    note: str


def inviter_share(spec: Spec, tie: Tie | None) -> Share:
    """What one friend's order earns the inviter, before the most."""
    rule = spec.strength
    if not rule.strong_extra_minor:
        return Share(spec.inviter_minor, "plain")
    if tie is None:
        return Share(spec.inviter_minor, "no_graph")
    if tie.strength >= rule.strong_from:
        return Share(spec.inviter_minor + rule.strong_extra_minor, "strong")
    return Share(spec.inviter_minor, "plain")


def weak_share(spec: Spec, tie: Tie | None) -> Share:
    """The friend's further coupon at the end of a weak tie; 0 for any other."""
    rule = spec.strength
    if not rule.weak_extra_minor:
        return Share(0, "plain")
    if tie is None:
        return Share(0, "no_graph")
    return Share(rule.weak_extra_minor, "weak") if tie.strength < rule.weak_below else Share(0, "plain")


def within(most_minor: int, live_minor: int, amount_minor: int) -> int:
    """The part of an amount that the most still leaves room for."""
    return max(min(amount_minor, most_minor - live_minor), 0)


def due_us(spec: Spec, paid_us: int, received_us: int | None) -> int:
    """When a reward may be paid: the settling days past the return window, which begins when the goods came."""
    return max(paid_us, received_us or paid_us) + (spec.return_days + spec.settle_days) * DAY_US


def order_reason(spec: Spec, *, amount_minor: int, currency: str, paid_us: int, registered_us: int) -> str:
    """Why an order of a friend does not count; empty where it does."""
    if currency != spec.currency:
        return "other_currency"
    if paid_us < registered_us:
        return "order_early"
    if paid_us > registered_us + spec.order_within_days * DAY_US:
        return "order_late"
    return "below_minimum" if amount_minor < max(spec.order_min_minor, 1) else ""


def closes_circle(
    inviter_of: Callable[[int], int | None], inviter: int, friend: int, *, most: int = 10_000
) -> bool:
    """Whether following inviters upward from `inviter` meets `friend`; only to refuse a circle, never to pay."""
    here: int | None = inviter
    seen: set[int] = set()
    while here is not None and here not in seen and len(seen) < most:
        if here == friend:
            return True
        seen.add(here)
        here = inviter_of(here)
    return False


# --- group buying ----------------------------------------------------------------------------------------------------


def opened(group_id: str, offer_id: str, size: int, at_us: int, hours: int) -> Group:
    """A group with its initiator in it; of one person it is complete at once."""
    done = size <= 1
    return Group(
        group_id, offer_id, size, 1, "succeeded" if done else "open", at_us, at_us + hours * HOUR_US, at_us if done else None
    )  # fmt: skip


def join_refusal(group: Group, at_us: int) -> str:
    """Why nobody can join; empty where somebody can."""
    if group.state == "succeeded" or group.joined >= group.size:
        return "group_full"
    return "group_over" if group.state == "failed" or at_us >= group.expires_us else ""


def joined(group: Group, at_us: int) -> Group:
    """The group with one person more, complete when that was the last that was missing."""
    count = group.joined + 1
    assert count <= group.size, "an overfull group"
    if count < group.size:
        return replace(group, joined=count)
    return replace(group, joined=count, state="succeeded", ended_us=at_us)


def expired(group: Group, at_us: int) -> Group:
    """The group at an instant: an open one whose time is over has failed."""
    if group.state != "open" or at_us < group.expires_us:
        return group
    return replace(group, state="failed", ended_us=group.expires_us)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What recorded groups come to: how many succeeded and failed, and joins that came to a group that was full."""

    succeeded: int
    failed: int
    participants: int
    surplus: int


def replay(records: Iterable[Sequence[object]], size: int, *, hours: int = 24) -> Replayed:
    """Recorded groups (initiator, item, then each participant) through the same transitions as live ones: each is opened, joined
    by its participants one after another, and then its time is over."""
    succeeded = failed = participants = surplus = 0
    end_us = hours * HOUR_US
    for record in records:
        group = opened("", "", size, 0, hours)
        for at_us in range(1, len(record) - 1):
            if join_refusal(group, at_us):
                surplus += 1
            else:
                group = joined(group, at_us)
                participants += 1
        group = expired(group, end_us)
        succeeded += group.state == "succeeded"
        failed += group.state == "failed"
    return Replayed(succeeded, failed, participants, surplus)


# --- messages to the shop --------------------------------------------------------------------------------------------


def signature(secret: str, at_s: int, body: bytes) -> str:
    """The header `Weaktie-Signature`: the time in seconds, and HMAC-SHA256 over time, a dot and the raw body in hex."""
    mac = hmac.digest(secret.encode(), f"{at_s}.".encode() + body, "sha256").hex()
    return f"t={at_s},v1={mac}"


def is_signed_message(secret: str, header: str, body: bytes, now_s: int) -> bool:
    """Whether a message is the sender's and not older or newer than five minutes. The receiver also keeps the delivery's id for
    ten minutes, so that none is taken twice."""
    parts = dict(p.partition("=")[::2] for p in header.split(","))
    at = parts.get("t", "")
    if not (at.isascii() and at.isdigit() and len(at) <= 12) or abs(now_s - int(at)) > SIGNED_S:
        return False
    return hmac.compare_digest(signature(secret, int(at), body).encode(), header.encode("utf-8", "replace"))


def wait_us(tries: int) -> int:
    """How long the next try of a message waits: 10 s, doubling, at most six hours."""
    return int(min(10 * 2 ** max(tries - 1, 0), 6 * 3600)) * 1_000_000


# --- figures ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cascade:
    """Who brought whom in a campaign, by pseudonyms: (friend, inviter, depth, instant in µs), in order of time."""

    rows: list[tuple[int, int, int, int]]
    depths: list[int]


def cascade(pairs: Sequence[tuple[int, int, int]]) -> Cascade:
    """The forest of (friend, inviter, instant), in order of time; a friend of somebody whom nobody brought has depth 1."""
    depth: dict[int, int] = {}
    rows = []
    for friend, inviter, at_us in pairs:
        depth[friend] = depth.get(inviter, 0) + 1
        rows.append((friend, inviter, depth[friend], at_us))
    counts = Counter(r[2] for r in rows)
    return Cascade(rows, [counts.get(d, 0) for d in range(1, max(counts, default=0) + 1)])


def pseudonym(mac: Callable[[str], str], campaign_id: str, person: int) -> str:
    """What a person is called on a board that others see: four letters that mean nothing outside the campaign."""
    return letters_of(int(mac(f"board:{campaign_id}:{person}")[:12], 16), 4).upper()


def digest(body: Mapping[str, object]) -> str:
    """A short digest of a request, to tell a repeat from another request under the same key."""
    text = "\0".join(f"{k}={body[k]}" for k in sorted(body))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode("utf-8", "replace")).digest())[:22].decode()

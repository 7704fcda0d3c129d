"""What a campaign comes to: its funnel, K-factor, cost of a new user, cascade, board; all counted from the rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from weaktie.business.referral.contracts import Campaign
from weaktie.business.referral.logic import Cascade, cascade
from weaktie.business.referral.tables import friends, invitations, inviters, rewards
from weaktie.kit.clock import business_day
from weaktie.kit.settings import Settings

MOST_NODES = 500
BOARD_PLACES = 20


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one business day."""

    day: int
    sent: int
    registered: int
    ordered: int


@dataclass(frozen=True, slots=True)
class Money:
    """Rewards of one kind and state: how many, and minor units."""

    kind: str
    state: str
    reason: str
    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The funnel counts invitations at `sent` and `opened` and people from `registered` on. `k_factor` is friends who registered
    and count for each person who took part, inviters and friends (the shop's own K-factor divides by all active people).
    `cost_minor` is what was paid, `promised_minor` what is still pending or held, `cost_per_new_minor` what was paid for each new
    user."""

    inviters: int
    participants: int
    sent: int
    opened: int
    registered: int
    ordered: int
    rewarded: int
    refused: list[tuple[str, int]]
    k_factor: float | None
    cycle_days: float | None
    cost_minor: int
    promised_minor: int
    cost_per_new_minor: int | None
    money: list[Money]
    days: list[Day]
    friend_coupons: int


def figures(connection: Connection, campaign: Campaign, settings: Settings) -> Figures:
    """The figures of one campaign as they stand."""
    campaign_id = campaign.campaign_id
    sent, opened, senders = _sent(connection, campaign_id)
    rows = connection.execute(
        select(friends.c.state, friends.c.reason, friends.c.inviter, friends.c.friend, friends.c.registered_us, friends.c.ordered_us)
        .where(friends.c.campaign_id == campaign_id)
        .order_by(friends.c.registered_us)
    ).all()  # fmt: skip
    valid = [r for r in rows if r.state != "refused"]
    refused: dict[str, int] = {}
    for r in rows:
        if r.state == "refused":
            refused[r.reason] = refused.get(r.reason, 0) + 1
    taking_part = senders | {int(r.friend) for r in valid if r.friend is not None}
    money = _money(connection, campaign_id)
    paid = sum(m.amount_minor for m in money if m.state in ("paid", "clawback_open"))
    promised = sum(m.amount_minor for m in money if m.state in ("pending", "held"))
    return Figures(
        len(senders), len(taking_part), sent, opened, len(valid), sum(1 for r in valid if r.state in ("ordered", "rewarded")),
        sum(1 for r in valid if r.state == "rewarded"), sorted(refused.items(), key=lambda i: -i[1]),
        len(valid) / len(taking_part) if taking_part else None, _cycle(rows), paid, promised,
        round(paid / len(valid)) if valid else None, money, _days(connection, campaign_id, valid, settings), campaign.granted,
    )  # fmt: skip


def _sent(connection: Connection, campaign_id: str) -> tuple[int, int, set[int]]:
    here = invitations.c.campaign_id == campaign_id
    sent, opened = connection.execute(
        select(func.count(), func.count(invitations.c.first_open_us)).select_from(invitations).where(here)
    ).one()
    senders = connection.execute(
        select(inviters.c.alias_no).where(inviters.c.campaign_id == campaign_id)
    ).scalars()
    sending = connection.execute(select(invitations.c.inviter).where(here).distinct()).scalars()
    return int(sent), int(opened), {int(n) for n in senders} & {int(n) for n in sending if n is not None}


def _money(connection: Connection, campaign_id: str) -> list[Money]:
    query = select(
        rewards.c.kind,
        rewards.c.state,
        rewards.c.reason,
        func.count().label("n"),
        func.sum(rewards.c.amount_minor).label("minor"),
    ).where(rewards.c.campaign_id == campaign_id)
    grouped = query.group_by(rewards.c.kind, rewards.c.state, rewards.c.reason)
    found = [Money(r.kind, r.state, r.reason, int(r.n), int(r.minor)) for r in connection.execute(grouped)]
    return sorted(found, key=lambda m: (m.kind, m.state, m.reason))


def _cycle(rows: Any) -> float | None:
    """Median days from being brought to first bringing somebody, of friends who did."""
    came = {int(r.friend): r.registered_us for r in rows if r.friend is not None and r.state != "refused"}
    first: dict[int, int] = {}
    for r in rows:
        if r.inviter is not None and r.state != "refused":
            first.setdefault(int(r.inviter), r.registered_us)
    gaps: list[float] = sorted(
        (at - came[p]) / 86_400e6 for p, at in first.items() if p in came and at >= came[p]
    )
    if not gaps:
        return None
    middle = len(gaps) // 2
    return gaps[middle] if len(gaps) % 2 else (gaps[middle - 1] + gaps[middle]) / 2


def _days(connection: Connection, campaign_id: str, valid: list[Any], settings: Settings) -> list[Day]:
    counted: dict[int, list[int]] = {}
    by_day = select(invitations.c.day, func.count().label("n")).where(
        invitations.c.campaign_id == campaign_id
    )
    for row in connection.execute(by_day.group_by(invitations.c.day)):
        counted.setdefault(int(row.day), [0, 0, 0])[0] = int(row.n)
    for r in valid:
        counted.setdefault(business_day(r.registered_us, settings.zone), [0, 0, 0])[1] += 1
        if r.ordered_us is not None and r.state in ("ordered", "rewarded"):
            counted.setdefault(business_day(r.ordered_us, settings.zone), [0, 0, 0])[2] += 1
    if not counted:
        return []
    return [Day(day, *counted.get(day, (0, 0, 0))) for day in range(min(counted), max(counted) + 1)]


def grown(connection: Connection, campaign_id: str, number: Callable[[int], int]) -> Cascade:
    """Who brought whom, in order of time. `number` gives an identifier its person's."""
    query = select(friends.c.friend, friends.c.inviter, friends.c.registered_us).where(
        friends.c.campaign_id == campaign_id, friends.c.state != "refused", friends.c.friend.is_not(None),
        friends.c.inviter.is_not(None),
    )  # fmt: skip
    rows = connection.execute(query.order_by(friends.c.registered_us, friends.c.friend_id)).all()
    return cascade([(number(r.friend), number(r.inviter), r.registered_us) for r in rows])


def board(connection: Connection, campaign_id: str) -> list[tuple[int, int]]:
    """(inviter, friends who ordered and count), the most first; equal numbers stand in the order in which they were reached."""
    query = (
        select(friends.c.inviter, func.count().label("n"), func.max(friends.c.ordered_us).label("at"))
        .where(
            friends.c.campaign_id == campaign_id,
            friends.c.state.in_(("ordered", "rewarded")),
            friends.c.inviter.is_not(None),
        )
        .group_by(friends.c.inviter)
    )
    rows = sorted(connection.execute(query).all(), key=lambda r: (-int(r.n), int(r.at or 0), int(r.inviter)))
    return [(int(r.inviter), int(r.n)) for r in rows[:BOARD_PLACES]]


def cards(connection: Connection) -> dict[str, tuple[int, int, int]]:
    """For each campaign: friends who count, minor units paid, and rewards that are held."""
    found: dict[str, list[int]] = {}
    valid = select(friends.c.campaign_id, func.count().label("n")).where(friends.c.state != "refused")
    for row in connection.execute(valid.group_by(friends.c.campaign_id)):
        found.setdefault(row.campaign_id, [0, 0, 0])[0] = int(row.n)
    sums = select(
        rewards.c.campaign_id,
        rewards.c.state,
        func.count().label("n"),
        func.sum(rewards.c.amount_minor).label("minor"),
    ).where(rewards.c.state.in_(("paid", "clawback_open", "held")))
    for row in connection.execute(sums.group_by(rewards.c.campaign_id, rewards.c.state)):
        mine = found.setdefault(row.campaign_id, [0, 0, 0])
        if row.state == "held":
            mine[2] += int(row.n)
        else:
            mine[1] += int(row.minor)
    return {key: (a, b, c) for key, (a, b, c) in found.items()}

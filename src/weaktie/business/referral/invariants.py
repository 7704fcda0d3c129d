"""What is always true of referral: each names a few rows that break it."""

from collections.abc import Callable

from sqlalchemy import Connection, func, select

from weaktie.business.referral.contracts import LIVE
from weaktie.business.referral.spec import read_spec
from weaktie.business.referral.tables import campaigns, friends, groups, members, offers, rewards, versions

MOST_NAMED = 5


def nobody_is_paid_unscored(connection: Connection) -> list[str]:
    """R19: a paid reward has a score, or a person's name under it."""
    query = select(rewards.c.reward_id).where(
        rewards.c.state == "paid", rewards.c.score.is_(None), rewards.c.decided_by.in_(("system", ""))
    )
    return list(connection.execute(query.limit(MOST_NAMED)).scalars())


def the_payee_is_the_direct_inviter(connection: Connection) -> list[str]:
    """Depth one: a reward for a friend's order goes to whoever invited that friend."""
    query = (
        select(rewards.c.reward_id)
        .join(friends, friends.c.friend_id == rewards.c.friend_id)
        .where(rewards.c.kind == "inviter", rewards.c.payee.is_not(None), friends.c.inviter.is_not(None))
        .where(rewards.c.payee != friends.c.inviter)
    )
    return list(connection.execute(query.limit(MOST_NAMED)).scalars())


def nobody_gets_more_than_the_most(connection: Connection) -> list[str]:
    """An inviter's rewards in a campaign stay within the highest most that any version of it named."""
    most: dict[str, int] = {}
    for row in connection.execute(select(versions.c.campaign_id, versions.c.spec_json)):
        most[row.campaign_id] = max(most.get(row.campaign_id, 0), read_spec(row.spec_json).most_minor)
    query = select(
        rewards.c.campaign_id, rewards.c.payee, func.sum(rewards.c.amount_minor).label("minor")
    ).where(rewards.c.kind.in_(("inviter", "bonus")), rewards.c.state.in_(LIVE), rewards.c.payee.is_not(None))
    rows = connection.execute(query.group_by(rewards.c.campaign_id, rewards.c.payee))
    return [f"{r.campaign_id}:{r.payee}" for r in rows if int(r.minor) > most[r.campaign_id]][:MOST_NAMED]


def no_group_is_overfull(connection: Connection) -> list[str]:
    """A group has as many members as it says, and never more than its size."""
    counted = select(members.c.group_id, func.count().label("n")).group_by(members.c.group_id).subquery()
    query = (
        select(groups.c.group_id)
        .join(counted, counted.c.group_id == groups.c.group_id)
        .where((groups.c.joined != counted.c.n) | (groups.c.joined > groups.c.size))
    )
    return list(connection.execute(query.limit(MOST_NAMED)).scalars())


def nothing_is_oversold(connection: Connection) -> list[str]:
    """R14: neither the pieces of an offer nor the friends' coupons of a campaign exceed the stock."""
    sold = select(offers.c.offer_id).where(offers.c.stock > 0, offers.c.sold > offers.c.stock)
    found = list(connection.execute(sold.limit(MOST_NAMED)).scalars())
    for row in connection.execute(select(campaigns.c.campaign_id, campaigns.c.granted)):
        stocks = [
            read_spec(text).friend_stock
            for text in connection.execute(
                select(versions.c.spec_json).where(versions.c.campaign_id == row.campaign_id)
            ).scalars()
        ]
        if all(stocks) and row.granted > max(stocks):
            found.append(row.campaign_id)
    return found[:MOST_NAMED]


INVARIANTS: dict[str, Callable[[Connection], list[str]]] = {
    check.__name__: check
    for check in (
        nobody_is_paid_unscored, the_payee_is_the_direct_inviter, nobody_gets_more_than_the_most, no_group_is_overfull,
        nothing_is_oversold,
    )
}  # fmt: skip


def broken(connection: Connection) -> dict[str, list[str]]:
    """Every invariant that does not hold, with a few of the rows."""
    return {name: found for name, check in INVARIANTS.items() if (found := check(connection))}

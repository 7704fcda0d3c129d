"""The neighbourhood of an account: who shares a thing with it, who was brought in by the same one, and the chain above."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from sqlalchemy import Connection, RowMapping, select

from weaktie.business.risk.contracts import SIGHTED, SIGHTED_NUMBER, Accounts, Evidence, Links
from weaktie.business.risk.logic import DAY_US
from weaktie.business.risk.tables import risk_accounts, risk_sightings

Value = TypeVar("Value", int, str)
MOST_ACCOUNTS = 1_200
A_THING = 250
"""Accounts that are looked at of one thing: those that were seen with it nearest in time."""
ANCESTORS = 6
DRAWN = 60
_CLOSE = tuple(SIGHTED_NUMBER[k] for k in ("device", "app_id", "payout"))
_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Accounts by number with what the scorer needs; `names` are the short names of things."""

    numbers: list[int]
    accounts: Accounts
    links: Links
    names: list[tuple[str, str]]

    def row(self, account_no: int) -> int:
        """The row of an account."""
        return self.numbers.index(account_no)


def neighbourhood(connection: Connection, account_no: int, now_us: int) -> Neighbourhood:
    """Two steps over close things (devices, payout accounts), one over addresses, all whom the same account invited, and
    who stands above; at most MOST_ACCOUNTS, the nearest first."""
    found: dict[int, None] = {account_no: None}
    known = _accounts(connection, [account_no])
    chain = _ancestors(connection, account_no)
    _add(found, chain)
    inviters = [account_no, *chain[:1]]
    for inviter in inviters:
        _add(found, _invited_by(connection, inviter, at_us=_registered(known, account_no, now_us)))
    _add(found, _sharing(connection, account_no))
    _add(found, _close_to(connection, list(found)[: _AT_ONCE // 2]))
    return loaded(connection, list(found)[:MOST_ACCOUNTS])


def loaded(connection: Connection, numbers: Sequence[int]) -> Neighbourhood:
    """These accounts as arrays; inviters outside of them are left out."""
    rows = _accounts(connection, numbers)
    place = {number: row for row, number in enumerate(numbers)}
    count = len(numbers)
    fields = {
        name: np.full(count, -1, np.int64)
        for name in ("registered_us", "invited_us", "ordered_us", "seen_us")
    }
    inviter = np.full(count, -1, np.int32)
    orders, refunds = np.zeros(count, np.int32), np.zeros(count, np.int32)
    for number, row in rows.items():
        at = place[number]
        for name, values in fields.items():
            values[at] = -1 if row[name] is None else row[name]
        inviter[at] = place.get(row["inviter_no"], -1)
        orders[at], refunds[at] = row["orders"], row["refunds"]
    newest = int(fields["seen_us"].max(initial=-1))
    buyer = (orders >= 2) & (refunds == 0) & (fields["ordered_us"] >= 0)
    buyer &= fields["ordered_us"] <= newest - 14 * DAY_US
    accounts = Accounts(
        fields["registered_us"], fields["invited_us"], inviter, fields["ordered_us"], orders, refunds, fields["seen_us"], buyer
    )  # fmt: skip
    return Neighbourhood(list(numbers), accounts, *_links(connection, numbers, place))


def evidence_of(near: Neighbourhood, account_no: int) -> Evidence:
    """The small graph around an account: the account, who invited it, and those who share most with it."""
    row = near.row(account_no)
    mine = near.links.thing[near.links.account == row]
    sharing = np.bincount(near.links.account[np.isin(near.links.thing, mine)], minlength=len(near.numbers))
    inviter = int(near.accounts.inviter[row])
    siblings = (near.accounts.inviter == inviter) & (inviter >= 0)
    weight = sharing * 2 + siblings + (near.accounts.inviter == row)
    weight[row] = 10**6
    if inviter >= 0:
        weight[inviter] = 10**5
    drawn = [int(r) for r in np.argsort(-weight, kind="stable")[:DRAWN] if weight[r] > 0]
    place = {r: n for n, r in enumerate(drawn)}
    things: dict[int, int] = {}
    edges: list[tuple[int, int]] = []
    held = np.bincount(near.links.thing, minlength=len(near.names))
    for account, thing in zip(near.links.account.tolist(), near.links.thing.tolist(), strict=True):
        if account in place and (held[thing] > 1 or account == row):
            edges.append((place[account], things.setdefault(thing, len(things))))
    invited = [
        (place[int(near.accounts.inviter[r])], place[r])
        for r in drawn
        if int(near.accounts.inviter[r]) in place
    ]
    return Evidence(
        [near.numbers[r] for r in drawn], [int(near.accounts.registered_us[r]) for r in drawn],
        [near.names[t] for t in things], edges, invited, int(np.count_nonzero(weight > 0)) - len(drawn),
    )  # fmt: skip


def _links(
    connection: Connection, numbers: Sequence[int], place: dict[int, int]
) -> tuple[Links, list[tuple[str, str]]]:
    account, thing, kind = [], [], []
    codes: dict[tuple[int, str], int] = {}
    for part in _parts(numbers):
        query = select(risk_sightings.c.account_no, risk_sightings.c.kind, risk_sightings.c.thing)
        for row in connection.execute(query.where(risk_sightings.c.account_no.in_(part))):
            account.append(place[row.account_no])
            thing.append(codes.setdefault((row.kind, row.thing), len(codes)))
            kind.append(row.kind)
    by_number = list(SIGHTED)
    names = [(by_number[number], name[:6]) for number, name in codes]
    return Links(np.array(account, np.int32), np.array(thing, np.int32), np.array(kind, np.int8)), names


def _accounts(connection: Connection, numbers: Sequence[int]) -> dict[int, RowMapping]:
    found: dict[int, RowMapping] = {}
    for part in _parts(numbers):
        rows = connection.execute(
            select(risk_accounts).where(risk_accounts.c.account_no.in_(part))
        ).mappings()
        found.update((row["account_no"], row) for row in rows)
    return found


def _registered(known: dict[int, RowMapping], account_no: int, now_us: int) -> int:
    row = known.get(account_no)
    return now_us if row is None or row["registered_us"] is None else int(row["registered_us"])


def _ancestors(connection: Connection, account_no: int) -> list[int]:
    chain: list[int] = []
    here: int | None = account_no
    while here is not None and len(chain) < ANCESTORS:
        here = connection.execute(
            select(risk_accounts.c.inviter_no).where(risk_accounts.c.account_no == here)
        ).scalar()
        if here is None or here in chain or here == account_no:
            break
        chain.append(int(here))
    return chain


def _invited_by(connection: Connection, inviter_no: int, at_us: int) -> list[int]:
    """Whom an account brought in, those who registered nearest to an instant first."""
    rows = connection.execute(
        select(risk_accounts.c.account_no, risk_accounts.c.registered_us)
        .where(risk_accounts.c.inviter_no == inviter_no)
        .order_by(risk_accounts.c.registered_us.desc())
        .limit(4 * A_THING)
    ).all()
    near = sorted(rows, key=lambda r: (abs((r.registered_us or at_us) - at_us), r.account_no))
    return [r.account_no for r in near[: 2 * A_THING]]


def _sharing(connection: Connection, account_no: int) -> list[int]:
    """Who was seen with a thing of this account, thing by thing, the nearest in time first."""
    mine = select(risk_sightings.c.kind, risk_sightings.c.thing, risk_sightings.c.at_us).where(
        risk_sightings.c.account_no == account_no, risk_sightings.c.kind != SIGHTED_NUMBER["phone"]
    )
    found: dict[int, None] = {}
    for row in connection.execute(mine).all():
        _add(found, _seen_with(connection, row.kind, row.thing, row.at_us))
    return list(found)


def _close_to(connection: Connection, numbers: Sequence[int]) -> list[int]:
    """Who was seen with a device or payout account of any of these."""
    mine = select(risk_sightings.c.thing).where(
        risk_sightings.c.account_no.in_(numbers), risk_sightings.c.kind.in_(_CLOSE)
    )
    things = sorted(set(connection.execute(mine).scalars()))
    found: dict[int, None] = {}
    for part in _parts(things):
        others = select(risk_sightings.c.account_no).where(
            risk_sightings.c.kind.in_(_CLOSE), risk_sightings.c.thing.in_(part)
        )
        _add(found, sorted(connection.execute(others.limit(MOST_ACCOUNTS)).scalars()))
    return list(found)


def _seen_with(connection: Connection, kind: int, thing: str, at_us: int) -> list[int]:
    base = select(risk_sightings.c.account_no, risk_sightings.c.at_us).where(
        risk_sightings.c.kind == kind, risk_sightings.c.thing == thing
    )
    before = (
        base.where(risk_sightings.c.at_us <= at_us).order_by(risk_sightings.c.at_us.desc()).limit(A_THING)
    )
    after = base.where(risk_sightings.c.at_us > at_us).order_by(risk_sightings.c.at_us).limit(A_THING)
    rows = [*connection.execute(before), *connection.execute(after)]
    return [r.account_no for r in sorted(rows, key=lambda r: (abs(r.at_us - at_us), r.account_no))[:A_THING]]


def _add(found: dict[int, None], numbers: Iterable[int]) -> None:
    for number in numbers:
        found.setdefault(int(number))


def _parts(values: Sequence[Value]) -> Iterable[Sequence[Value]]:
    return (values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE))

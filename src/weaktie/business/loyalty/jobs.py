"""What the worker does for coupons and points: endings, and points that events earn."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, select, text, update

from weaktie.business.loyalty import logic
from weaktie.business.loyalty.contracts import PointsRule
from weaktie.business.loyalty.points import Points
from weaktie.business.loyalty.queries import rewarded
from weaktie.business.loyalty.service import Coupons, Shops
from weaktie.business.loyalty.tables import points_reading
from weaktie.data.identity.contracts import ERASED
from weaktie.data.identity.service import person_map
from weaktie.kit.clock import day_to_iso, from_datetime
from weaktie.store.database.service import Database
from weaktie.store.engine.contracts import Engine
from weaktie.store.lake.contracts import Lake
from weaktie.store.lake.tables import TABLES
from weaktie.trust.ledger.contracts import Posting, Transfer
from weaktie.trust.ledger.service import Ledger

RETURNED = "Order Refunded"
"""The event of a returned order: what it earned goes back."""
ROWS_A_COMMIT = 2_000
_Event = dict[str, Any]
I32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class LoyaltyWork:
    """What the work is done with."""

    database: Database
    lake: Lake
    engine: Engine
    ledger: Ledger
    coupons: Coupons
    points: Points
    shops: Shops


def keep_time(work: LoyaltyWork) -> int:
    """End coupons and reservations whose time has passed, and forget old nonces; returns how many coupons ended."""
    ended = 0
    while True:
        with work.database.begin() as tx:
            part = work.coupons.expire(tx)
        ended += part
        if part == 0:
            break
    with work.database.begin() as tx:
        work.shops.forget_nonces(tx)
    return ended


def end_points(work: LoyaltyWork) -> int:
    """End points whose day has passed; returns how many. It reads all that ever came, so that it is not for every minute."""
    with work.database.begin() as tx:
        return work.points.expire(tx)


def earn(work: LoyaltyWork) -> int:
    """Give the points of events that came into the lake since the last time; returns how many were given.

    Files that were rewritten are read again, and an event earns once all the same. It can be killed anywhere: how far it read is
    remembered after everything of it was given.
    """
    with work.database.connect() as connection:
        snapshot = work.lake.snapshot(connection, tables=["events"])
        rules = work.points.rules(
            connection, living=True
        )  # after the files: a newer rule has nothing in them
        since = connection.execute(select(points_reading.c.version)).scalar() or 0
        person_of = person_map(connection).person_of if rules else None
    version = max((f.added_version for f in snapshot.files), default=0)
    if version <= since:
        return 0
    given = 0
    if rules and person_of is not None:
        new = [f.path for f in snapshot.files if f.added_version > since]
        names = sorted({r.event for r in rules} | {RETURNED})
        with work.engine.session() as session:
            frame = session.scan(new, TABLES["events"].schema)
            oldest = min(r.created_us for r in rules)
            events = session.collect(rewarded(frame, names, oldest)).to_pylist()
        people = _people(events, person_of)
        for rule in rules:
            given += _give(work, rule, [e for e in people if e["event"] == rule.event])
        _take_back(work, [e for e in people if e["event"] == RETURNED and e["order_id"]])
    with work.database.begin() as tx:
        _remember(tx, version)
    return given


def _people(events: list[_Event], person_of: I32) -> list[_Event]:
    """Events with the person of each, in the order in which they came; those of nobody who lives are left out."""
    found = []
    for event in events:
        number = event["alias_no"]
        person = int(person_of[number]) if number < len(person_of) else number
        if person != ERASED:
            found.append(event | {"person": person})
    return sorted(found, key=lambda e: (e["received_time"], e["event_id"]))


def _give(work: LoyaltyWork, rule: PointsRule, events: list[_Event]) -> int:
    given = 0
    since = [e for e in events if from_datetime(e["received_time"]) >= rule.created_us]
    for at in range(0, len(since), ROWS_A_COMMIT):
        part = since[at : at + ROWS_A_COMMIT]
        with work.database.begin() as tx:
            work.ledger.lock(tx)
            known = work.points.known(tx, rule.rule_id, [e["event_id"] for e in part])
            new = [e for e in part if e["event_id"] not in known]
            done = work.ledger.write(tx, _postings(tx, work.points, rule, new))
        given += sum(m.amount for d in done if isinstance(d, Transfer) for m in d.moves)
    return given


def _postings(tx: Connection, points: Points, rule: PointsRule, events: list[_Event]) -> list[Posting]:
    before = (
        points.earned_on(tx, [rule.rule_id], sorted({e["day"] for e in events})) if rule.most_a_day else {}
    )
    today: dict[tuple[str, str], int] = defaultdict(int)
    for (_, owner, day), total in before.items():
        today[(owner, day)] += total
    found = []
    for e in events:
        place = (f"p{e['person']}", day_to_iso(e["day"]))
        earned = logic.earned(rule, e["amount_minor"], e["currency"], today[place])
        if earned > 0:
            today[place] += earned
            posting = points.posting(
                rule, e["person"], earned, event_id=e["event_id"], order_id=e["order_id"], day=e["day"]
            )
            found.append(posting)
    return found


def _take_back(work: LoyaltyWork, events: list[_Event]) -> None:
    for event in events:
        with work.database.begin() as tx:
            work.ledger.lock(tx)
            work.points.take_back(tx, event["order_id"], key=event["event_id"])


def _remember(tx: Connection, version: int) -> None:
    tx.execute(
        text("INSERT INTO points_reading (reading, version) VALUES (1, 0) ON CONFLICT (reading) DO NOTHING")
    )
    tx.execute(update(points_reading).values(version=version))

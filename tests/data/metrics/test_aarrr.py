"""The loop of growth, and cascades of invitations against a naive walk."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.data.behaviour.contracts import Days
from weaktie.data.metrics.referral import brought, cascades
from weaktie.kit.clock import DAY_US, day_to_date


def naive(rows: list[tuple[int, int, int]]) -> dict[int, tuple[int, float | None]]:
    """Depth and cycle of everybody who was brought, walked person by person."""
    inviter_of: dict[int, int] = {}
    when: dict[int, int] = {}

    def ancestors(person: int) -> list[int]:
        found = []
        while person in inviter_of:
            person = inviter_of[person]
            found.append(person)
        return found

    for person, inviter, us in rows:
        if (
            inviter < 0
            or inviter == person
            or person in inviter_of
            or person in [inviter, *ancestors(inviter)]
        ):
            continue
        inviter_of[person], when[person] = inviter, us
    found: dict[int, tuple[int, float | None]] = {}
    for person, inviter in inviter_of.items():
        since = when.get(inviter)
        cycle = (when[person] - since) / DAY_US if since is not None and since <= when[person] else None
        found[person] = (len(ancestors(person)), cycle)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_cascades_are_what_a_naive_walk_finds(seed: int) -> None:
    rng = random.Random(seed)
    rows = sorted(
        ((rng.randrange(30), rng.randrange(-1, 30), rng.randrange(60 * DAY_US)) for _ in range(60)), key=lambda r: r[2]
    )  # fmt: skip
    person, inviter, us = (np.array(c) for c in zip(*rows, strict=True))
    found = brought(
        (
            person.astype(np.int32),
            inviter.astype(np.int32),
            (us // DAY_US).astype(np.int32),
            us.astype(np.int64),
        )
    )
    told = naive(rows)
    assert {int(p): int(d) for p, d in zip(found.person, found.depth, strict=True)} == {
        p: d for p, (d, _) in told.items()
    }
    cycles = {
        int(p): float(c) for p, c in zip(found.person, found.cycle_days, strict=True) if not np.isnan(c)
    }
    assert cycles == pytest.approx({p: c for p, (_, c) in told.items() if c is not None})
    whole = cascades(found, 0, 60)
    assert sum(whole.by_depth) == whole.accepted == len(told)
    assert whole.deepest == max(d for d, _ in told.values())
    halves = [cascades(found, 0, 29).accepted, cascades(found, 30, 60).accepted]
    assert sum(halves) == whole.accepted


def test_the_loop_of_a_small_shop(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        number = iter(range(1000))

        def at(ago: int) -> int:
            return START_US - ago * DAY_US

        def do(who: str, event: str, ago: int, **more: Any) -> None:
            put(wt, track(f"n{next(number)}", who, event=event, at_us=at(ago), **more))

        do("a", "Content Viewed", 40, context={"campaign": {"source": "douyin"}})
        for ago in (12, 11):
            do("a", "Invite Sent", ago)
        do("b", "Invite Accepted", 10, properties={"inviter_id": "a"})
        do("b", "Invite Sent", 9)
        do("c", "Invite Accepted", 6, properties={"inviter_id": "b"})
        do("c", "Product Added", 5)
        do("d", "Content Viewed", 5)
        bring_in(wt)
        today = wt.metrics.today
        loop = wt.aarrr.loop(Days(today - 14, today - 1))
        items = {(i.metric.key, i.currency): i for stage in loop.stages.values() for i in stage}
        point = items["new_users", ""].point
        assert point is not None and point.value == 3
        assert items["cac", ""].no_data is not None and "cost missing" in items["cac", ""].no_data.en
        k = items["k_factor", ""].point
        assert k is not None and (k.numerator, k.denominator) == (2, 4)
        assert loop.cascades.by_depth == [1, 1] and loop.cascades.deepest == 2
        assert loop.cascades.cycle_days == pytest.approx(4.0) and loop.cascades.cycles == 1
        assert sum(c.newcomers for c in loop.channels) == 3
        query = {
            "kind": "cascade",
            "from": str(day_to_date(today - 14)),
            "to": str(day_to_date(today)),
            "depth": 2,
        }
        assert len(wt.behaviour.people(query)) == 1
        for one in loop.channels:
            asked = query | {"kind": "came", "channel": one.channel}
            assert len(wt.behaviour.people(asked)) == one.newcomers
        mature = items["activation_7d", ""]
        assert mature.days.last == today - 7, "a cohort that cannot be known yet is not asked"

"""What is measured, against plain reckonings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.business.risk.contracts import Accounts, BadCase, Links, Rule, RuleCount
from weaktie.business.risk.logic import (
    HOUR_US,
    MINUTE_US,
    RULES,
    checked_rules,
    forms,
    hard,
    measure,
    reasons_of,
    score,
    suggested,
)

US = 1_790_000_000_000_000


def accounts_of(inviter: list[int], when: list[int] | None = None, **more: list[int]) -> Accounts:
    count = len(inviter)
    none = np.full(count, -1, np.int64)
    given = {name: np.array(values, np.int64) for name, values in more.items()}
    return Accounts(
        none if when is None else np.array(when, np.int64) + US, given.get("invited", none), np.array(inviter, np.int32),
        given.get("ordered", none), given.get("orders", np.zeros(count, np.int64)).astype(np.int32),
        given.get("refunds", np.zeros(count, np.int64)).astype(np.int32), given.get("seen", none), np.zeros(count, np.bool_),
    )  # fmt: skip


NOTHING = Links(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int8))


def links_of(kind: int, *pairs: tuple[int, int]) -> Links:
    some = np.array(pairs, np.int32).reshape(-1, 2)
    return Links(some[:, 0], some[:, 1], np.full(len(some), kind, np.int8))


@settings(deadline=None)  # kernels are compiled at their first call
@given(st.lists(st.integers(-1, 9), min_size=10, max_size=10))
def test_a_cycle_is_where_walking_up_comes_back(inviter: list[int]) -> None:
    def comes_back(start: int) -> bool:
        here = inviter[start]
        for _ in range(10):
            if here in (-1, start):
                return here == start
            here = inviter[here]
        return False

    found = hard(accounts_of(inviter), NOTHING)
    itself = [by == n for n, by in enumerate(inviter)]
    assert found["self_invite"].tolist() == itself
    assert found["cycle"].tolist() == [comes_back(n) and not itself[n] for n in range(10)]


@settings(deadline=None)  # kernels are compiled at their first call
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 300)), min_size=1, max_size=25))
def test_sign_ups_nearby_are_counted_by_thing_and_time(rows: list[tuple[int, int]]) -> None:
    when = [minute * MINUTE_US for _, minute in rows]
    links = links_of(2, *((n, thing) for n, (thing, _) in enumerate(rows)))
    found = measure(accounts_of([-1] * len(rows), when), links)["ip_hour"]
    expected = [
        sum(
            other != n and rows[other][0] == thing and abs(when[other] - when[n]) <= HOUR_US // 2
            for other in range(len(rows))
        )
        for n, (thing, _) in enumerate(rows)
    ]
    assert found.tolist() == expected


@settings(deadline=None)  # kernels are compiled at their first call
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), min_size=1, max_size=20, unique=True))
def test_a_score_is_within_its_bounds_and_more_sharing_never_lowers_what_sharing_gives(
    pairs: list[tuple[int, int]],
) -> None:
    people = accounts_of([-1] * 7)
    scores = score(people, links_of(4, *pairs))
    assert ((scores.score >= 0) & (scores.score <= 100)).all()
    more = score(people, links_of(4, *{*pairs, *((n, 0) for n in range(7))}))
    assert (more.points["payout_shared"] >= scores.points["payout_shared"] - 1e-9).all()


def test_even_gaps_are_lockstep_and_chance_is_not() -> None:
    even = [n * 60_000_000 for n in range(12)]
    chance = np.cumsum(np.random.default_rng(5).exponential(60e6, 12)).astype(int).tolist()
    assert measure(accounts_of([-1, *[0] * 11], even), NOTHING)["lockstep"][1:].min() > 0.99
    assert measure(accounts_of([-1, *[0] * 11], chance), NOTHING)["lockstep"][1:].mean() < 0.5
    few = accounts_of([-1, 0, 0, 0], even[:4])
    assert measure(few, NOTHING)["lockstep"].tolist() == [0, 0, 0, 0]


def test_a_rule_gives_points_from_its_start_to_its_full_mark() -> None:
    people = accounts_of([-1] * 8)
    for many, expected in ((1, 0), (3, 0), (5, 13), (7, 26), (8, 26)):
        found = score(people, links_of(0, *((n, 0) for n in range(many))))
        assert found.points["device_shared"][0] == pytest.approx(expected)


def test_reasons_say_what_was_found() -> None:
    found = score(accounts_of([-1] * 8), links_of(0, *((n, 0) for n in range(8))))
    first = reasons_of(found, 0)[0]
    assert first[0] == "device_shared"
    assert first[1].en == "7 other accounts on the same device"


def test_evidence_becomes_what_is_compared() -> None:
    assert forms({"ip": "203.0.113.9"}) == [("ip", "203.0.113.9/32"), ("network", "203.0.113.0/24")]
    assert forms({"ip": "2001:db8:1:2:3::4"}) == [("ip", "2001:db8:1:2::/64"), ("network", "2001:db8:1::/48")]
    assert forms({"phone": "139 1234 5678", "device": "  "}) == []
    assert forms({"phone": "+86 170-1234-5678"}) == [("phone", "virtual")]
    one = forms({"address": "杭州市 西湖区 文三路 8号楼 501室"})
    assert (
        one
        == forms({"address": "杭州市西湖区文三路8号楼-1202"})
        != forms({"address": "杭州市西湖区文三路9号楼501"})
    )
    for wrong in ({"ip": "x"}, {"network": "1.2.3.0/24"}, {"size": "4"}):
        with pytest.raises(BadCase):
            forms(wrong)


def test_suggestions_follow_decisions_within_bounds() -> None:
    decided = {"refunds": (0, 40), "lockstep": (40, 0), "device_day": (3, 3)}
    counts = {code: RuleCount(code, refused, passed) for code, (refused, passed) in decided.items()}
    found = suggested(RULES, counts)
    assert 0.5 * 12 <= found["refunds"].points < 0.6 * 12
    assert 1.4 * 20 < found["lockstep"].points <= 1.5 * 20
    assert found["device_day"] == RULES["device_day"]
    assert dict(checked_rules(found)) == found
    assert Rule(1, 0, 1) != RULES["refunds"]

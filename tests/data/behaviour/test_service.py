"""Events by person: who is in them, in which order, and what they matched."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.profiles.market import no_progress
from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.data.behaviour.contracts import BadPeople, BadTag, Condition, Days, Matcher
from weaktie.data.behaviour.logic import Rows, ordered
from weaktie.data.profiles.jobs import build
from weaktie.kit.clock import business_day

MINUTE = 60_000_000
VIEW, ADD = Matcher("Product Viewed"), Matcher("Product Added")


def test_events_of_a_person_stand_in_their_order(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        put(
            wt,
            track(1, "u1", at_us=START_US - 3 * MINUTE),
            track(2, "u2", at_us=START_US - 9 * MINUTE),
            track(3, "u1", event="Product Added", at_us=START_US - 5 * MINUTE),
            track(4, None, anonymous="a1", at_us=START_US - 7 * MINUTE),
            track(5, "u1", anonymous="a1", event="Share", at_us=START_US - 6 * MINUTE),
        )
        bring_in(wt)
        today = business_day(START_US, wt.settings.zone)
        found = wt.behaviour.sequences([VIEW, ADD], Days(today - 1, today), ["product_id"])
        assert len(found.people) == 2
        sizes = sorted(np.diff(found.starts).tolist())
        assert sizes == [1, 3]
        whose = int(np.argmax(np.diff(found.starts)))
        rows = slice(int(found.starts[whose]), int(found.starts[whose + 1]))
        assert found.matched[rows].tolist() == [1, 2, 1]  # the anonymous view before the sign-in comes first
        assert np.all(np.diff(found.time_us[rows]) > 0)
        products = found.columns["product_id"]
        assert [products.values[c] for c in products.codes[rows]] == ["p4", "p3", "p1"]


def test_conditions_narrow_what_matches(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        put(wt, *(track(n, "u1", at_us=START_US - n * MINUTE) for n in range(1, 8)))
        bring_in(wt)
        today = business_day(START_US, wt.settings.zone)

        def count(condition: Condition) -> int:
            narrowed = Matcher("Product Viewed", (condition,))
            return len(wt.behaviour.sequences([narrowed], Days(today - 1, today)).time_us)

        assert count(Condition("product_id", "eq", ("p3",))) == 1
        assert count(Condition("product_id", "not_in", ("p3", "p4"))) == 5
        assert count(Condition("channel", "unset")) + count(Condition("channel", "set")) == 7


def test_who_withdraws_is_in_no_sequence(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        put(wt, track(1, "u1", at_us=START_US - MINUTE), track(2, "u2", at_us=START_US - MINUTE))
        bring_in(wt)
        days = Days(0, business_day(START_US, wt.settings.zone))
        assert len(wt.behaviour.sequences([VIEW], days).people) == 2
        with wt.database.begin() as tx:
            number = wt.identity.find(tx, "u1")
            assert number is not None
            wt.permits.record(tx, [number], "analytics", granted=False, how="test")
        wt.clock.move(6)  # type: ignore[attr-defined]
        assert len(wt.behaviour.sequences([VIEW], days).people) == 1


def test_an_unknown_query_of_people_is_refused(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt, pytest.raises(BadPeople):
        wt.behaviour.people({"kind": "nothing"})


def test_tags_of_everybody_as_the_build_left_them(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        put(wt, *(track(n, "u1", at_us=START_US - n * MINUTE) for n in range(1, 5)), track(9, "u2"))
        bring_in(wt)
        build(wt.build_parts, no_progress)
        wt.clock.move(6)  # type: ignore[attr-defined]
        found = wt.behaviour.tags(["active_days_30d"])
        assert found.columns["active_days_30d"].to_pylist() == [1, 1]
        with pytest.raises(BadTag):
            wt.behaviour.tags(["nonsense"])


def test_events_of_one_instant_stand_as_they_arrived(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        names = ["Product Viewed", "Share", "Product Added", "Product Viewed"]
        put(
            wt,
            *(track(f"z{9 - n}", "u1", event=name, at_us=START_US - MINUTE) for n, name in enumerate(names)),
        )
        put(wt, track("a", "u1", event="Share", at_us=START_US - MINUTE))
        put(wt, track("b", "u1", event="Share", at_us=START_US - 2 * MINUTE))
        bring_in(wt)
        days = Days(0, business_day(START_US, wt.settings.zone))
        found = wt.behaviour.sequences([VIEW, Matcher("Share"), ADD], days, ["event"])
        assert found.matched.tolist() == [2, 1, 2, 4, 1, 2]
        assert [found.columns["event"].values[c] for c in found.columns["event"].codes] == [
            "Share",
            *names,
            "Share",
        ]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.lists(st.tuples(*(st.integers(-1, 5), *[st.integers(0, 4)] * 4)), max_size=300))
def test_the_order_of_rows_is_that_of_a_plain_sort(people: int, given_rows: list[tuple[int, ...]]) -> None:
    rows = [r for r in given_rows if r[0] < people] * (3 if len(given_rows) > 90 else 1)
    table = np.array(rows, np.int64).reshape(-1, 5)
    person, time, day, matched, record = (np.ascontiguousarray(c) for c in table.T)
    nothing = np.zeros(len(rows), np.int32)
    asked = Rows(
        person.astype(np.int32),
        time,
        day.astype(np.int32),
        matched.astype(np.uint32),
        nothing,
        record,
        nothing,
    )
    found = ordered(asked, people, with_row=True)
    plain = sorted((p, t, r, m, d) for p, t, d, m, r in rows if p >= 0)
    assert found.people.tolist() == sorted({p for p, *_ in plain})
    assert np.diff(found.starts).tolist() == [sum(p == q for p, *_ in plain) for q in found.people]
    got = zip(found.time_us.tolist(), found.matched.tolist(), found.day.tolist(), strict=True)
    assert list(got) == [(t, m, d) for _, t, _, m, d in plain]
    assert [rows[k][1] for k in found.row] == found.time_us.tolist()


def test_a_crowd_of_which_nothing_changed_is_the_same_object(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        put(wt, track(1, "u1"))
        bring_in(wt)
        first = wt.behaviour.crowd()
        wt.clock.move(6)  # type: ignore[attr-defined]
        assert wt.behaviour.crowd() is first
        put(wt, track(2, "u2"))
        bring_in(wt)
        wt.clock.move(6)  # type: ignore[attr-defined]
        assert len(wt.behaviour.crowd().people()) == 2

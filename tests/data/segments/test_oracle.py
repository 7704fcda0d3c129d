"""Random rules against an oracle that asks each person."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.segments.market import EVENTS, EVERYBODY, Oracle, Shop, opened
from weaktie.data.segments import rules, world
from weaktie.data.segments.contracts import Rule
from weaktie.data.segments.evaluating import evaluate
from weaktie.data.segments.rules import steps_of
from weaktie.data.segments.world import Worlds, columns_of


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    yield from opened(tmp_path_factory.mktemp("segments"))


tag_leaves = st.one_of(
    st.builds(
        lambda op, v: {"is": "tag", "tag": "gender", "op": op, "values": [v]},
        st.sampled_from(("eq", "ne", "in", "not_in", "contains")),
        st.sampled_from(("male", "female", "e", "x")),
    ),
    st.builds(
        lambda op, v: {"is": "tag", "tag": "orders_total", "op": op, "values": [v]},
        st.sampled_from(("eq", "ne", "gt", "ge", "lt", "le")),
        st.integers(0, 4),
    ),
    st.builds(
        lambda a, b: {"is": "tag", "tag": "spend_total", "op": "between", "values": [a, b]},
        st.integers(0, 200_000),
        st.integers(0, 200_000),
    ),
    st.builds(
        lambda t, op: {"is": "tag", "tag": t, "op": op},
        st.sampled_from(("province", "days_since_order", "high_quality")),
        st.sampled_from(("set", "unset")),
    ),
)
wheres = st.lists(
    st.one_of(
        st.builds(
            lambda op, v: {"property": "product_id", "op": op, "values": [v]},
            st.sampled_from(("eq", "ne", "contains")),
            st.sampled_from(("p1", "p2", "p")),
        ),
        st.builds(lambda op: {"property": "channel", "op": op}, st.sampled_from(("set", "unset"))),
    ),
    max_size=2,
)
days = st.sampled_from(({}, {"days": 3}, {"days": 10}))
names = st.sampled_from((*EVENTS, ""))
event_leaves = st.one_of(
    st.builds(
        lambda e, w, n, d: {"is": "event", "event": e, "where": w, "least": n} | d,
        names,
        wheres,
        st.integers(0, 5),
        days,
    ),
    st.builds(
        lambda e, w, n, d: {"is": "event", "event": e, "where": w, "most": n} | d,
        names,
        wheres,
        st.integers(0, 5),
        days,
    ),
    st.builds(
        lambda s, w, m, d: (
            {
                "is": "order",
                "steps": [{"event": e, "where": w if i == 0 else []} for i, e in enumerate(s)],
                "within_minutes": m,
            }
            | d
        ),
        st.lists(names, min_size=2, max_size=3),
        wheres,
        st.sampled_from((1, 60, 1440, 14400)),
        days,
    ),
)
rfm_leaves = st.one_of(
    st.builds(lambda r: {"is": "rfm", "r": [r]}, st.sampled_from(("high", "mid", "low"))),
    st.builds(
        lambda t: {"is": "rfm", "tiers": [t]},
        st.sampled_from(("high_value", "potential", "ordinary", "at_risk")),
    ),
)
tie_leaves = st.builds(
    lambda way, n: {"is": "tie", "way": way, "user": f"u{n}"},
    st.sampled_from(("friend_of", "followed_by", "follows", "invited_by", "invited")),
    st.integers(1, 7),
)
trees = st.recursive(
    st.one_of(tag_leaves, event_leaves, rfm_leaves, tie_leaves),
    lambda inner: st.one_of(
        st.builds(lambda of: {"is": "all", "of": of}, st.lists(inner, max_size=3)),
        st.builds(lambda of: {"is": "any", "of": of}, st.lists(inner, max_size=3)),
        st.builds(lambda of: {"is": "not", "of": of}, inner),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def oracle(shop: Shop) -> Oracle:
    return Oracle(shop)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=trees)
def test_random_rules_find_whom_an_oracle_finds(shop: Shop, oracle: Oracle, raw: Any) -> None:
    own = shop.wt.segments
    with shop.wt.database.connect() as connection:
        rule = own.checked(connection, raw)
        assert own.sentence(connection, rule).zh
    by_number = rules.as_json(rule)
    expected = oracle.people_of(by_number)
    assert own.compute(rule).tolist() == expected
    rows = sampled_rows(own.worlds, rule)
    assert rows.people[evaluate(rule, rows)].tolist() == [n for n in expected if n in rows.people]


def sampled_rows(worlds: Worlds, rule: Rule) -> world.Sampled:
    """A sample of about half of these few people, with the columns that the tests look at."""
    before, world.SAMPLE_PEOPLE = world.SAMPLE_PEOPLE, 8
    try:
        found = worlds.some(
            lambda _: np.empty(0, np.int32), [*columns_of(steps_of(rule)), "product_id", "channel"]
        )
    finally:
        world.SAMPLE_PEOPLE = before
    assert found is not None
    assert 0 < len(found.people) < EVERYBODY
    return found


def test_the_oracle_itself_finds_somebody(shop: Shop, oracle: Oracle) -> None:
    sizes = Counter(len(oracle.people_of(raw)) for raw in (
        {"is": "tag", "tag": "orders_total", "op": "ge", "values": [2]}, {"is": "event", "event": "Product Viewed", "least": 9},
        {"is": "order", "steps": [{"event": "Product Viewed"}, {"event": "Order Completed"}], "within_minutes": 14400},
    ))  # fmt: skip
    assert 0 not in sizes
    assert len(oracle.people) == EVERYBODY

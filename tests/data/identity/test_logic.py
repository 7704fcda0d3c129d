"""Grouping: independent of order, and two logins never merge through what two people can share."""

import itertools
import random

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.data.identity.contracts import ERASED
from weaktie.data.identity.logic import (
    FOREVER_US,
    hide,
    is_personal,
    is_usable,
    normalised,
    persons,
    spans_of,
)

USERS, ANONYMOUS, PHONES = range(8), range(8, 16), range(16, 20)
COUNT = 20
facts = st.lists(
    st.one_of(
        st.tuples(st.just("strong"), st.sampled_from(USERS), st.sampled_from(USERS)),
        st.tuples(st.just("login"), st.sampled_from(ANONYMOUS), st.sampled_from(USERS)),
        st.tuples(st.just("contact"), st.sampled_from(PHONES), st.sampled_from(USERS)),
    ),
    max_size=30,
)


def group(found: list[tuple[str, int, int]]) -> tuple[list[int], list[int]]:
    strong = [(a, b) for kind, a, b in found if kind == "strong"]
    tables: dict[str, dict[int, list[int]]] = {"login": {}, "contact": {}}
    for kind, weak, owner in found:
        if kind != "strong":
            tables[kind].setdefault(weak, []).append(owner)
    person_of, shared = persons(COUNT, strong, tables["contact"], tables["login"])
    return person_of.tolist(), shared


@given(facts, st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_no_order_of_facts_changes_the_grouping(
    found: list[tuple[str, int, int]], shuffle: random.Random
) -> None:
    mixed = found * 2
    shuffle.shuffle(mixed)
    assert group(found) == group(mixed)


@given(facts)
@settings(max_examples=300, deadline=None)
def test_logins_merge_only_through_strong_links(found: list[tuple[str, int, int]]) -> None:
    with_weak, _ = group(found)
    strong_only, _ = group([f for f in found if f[0] == "strong"])
    assert with_weak[: len(USERS)] == strong_only[: len(USERS)]


@given(facts)
@settings(max_examples=300, deadline=None)
def test_a_person_is_named_by_its_smallest_number(found: list[tuple[str, int, int]]) -> None:
    person_of, _ = group(found)
    for person in set(person_of):
        assert person == min(i for i, p in enumerate(person_of) if p == person)


def test_an_anonymous_id_of_one_login_joins_it_and_of_two_stays_apart() -> None:
    person_of, shared = group([("login", 8, 0), ("login", 9, 0), ("login", 9, 1)])
    assert person_of[8] == 0
    assert person_of[9] == 9
    assert shared == [9]


def test_one_phone_with_two_names_joins_nobody() -> None:
    person_of, _ = group([("contact", 16, 0), ("contact", 17, 1), ("contact", 17, 2)])
    assert person_of[16] == 0
    assert person_of[17] == 17


def test_erased_numbers_belong_to_nobody_and_the_rest_of_the_person_stays_together() -> None:
    person_of = np.array([0, 0, 0, 3], np.int32)
    assert hide(person_of, [0]).tolist() == [ERASED, 1, 1, 3]
    assert hide(person_of, []).tolist() == person_of.tolist()


def test_events_of_a_shared_id_go_to_the_login_before_them_and_the_first_ones_to_the_first_login() -> None:
    alias = np.array([9, 9, 9, 9], np.int32)
    at = np.array([400, 100, 200, 300], np.int64)
    owner = np.array([1, 1, 2, 2], np.int32)
    assert spans_of(alias, at, owner).to_pylist() == [
        {"alias_no": 9, "from_us": -FOREVER_US, "to_us": 200, "owner_no": 1},
        {"alias_no": 9, "from_us": 200, "to_us": 400, "owner_no": 2},
        {"alias_no": 9, "from_us": 400, "to_us": FOREVER_US, "owner_no": 1},
    ]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 50), st.integers(0, 3)), min_size=1, max_size=30))
@settings(max_examples=200, deadline=None)
def test_spans_cover_all_time_once(instants: list[tuple[int, int, int]]) -> None:
    alias, at, owner = (np.array([i[c] for i in instants]) for c in range(3))
    spans = spans_of(alias.astype(np.int32), at.astype(np.int64), owner.astype(np.int32))
    for number in set(alias.tolist()):
        rows = spans.filter(pa.array([a == number for a in spans["alias_no"].to_pylist()])).to_pylist()
        assert rows[0]["from_us"] == -FOREVER_US
        assert rows[-1]["to_us"] == FOREVER_US
        assert all(x["to_us"] == y["from_us"] for x, y in itertools.pairwise(rows))


def test_personal_and_masked_values_are_told() -> None:
    assert is_personal("user", "13812345678")
    assert is_personal("user", "someone@example.com")
    assert is_personal("phone", "12345")
    assert not is_personal("user", "u-1001")
    assert not is_usable(("phone", "186******05"))
    assert not is_usable(("user", "  "))
    assert normalised("phone", "+86 138-1234 5678") == normalised("phone", "13812345678") == "13812345678"
    assert normalised("email", " A@B.com ") == "a@b.com"

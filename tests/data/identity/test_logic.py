"""Grouping: independent of order, and two logins never merge through what two people can share."""

import itertools
import random

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.data.identity.contracts import ERASED
from weaktie.data.identity.logic import FOREVER_US, hide, persons, shortest_chain, spans_of

USERS, CONTACTS, OPENIDS, DEVICES = range(5), range(5, 9), range(9, 12), range(12, 18)
COUNT = 18
TIERS = np.array([0] * 5 + [1] * 4 + [2] * 3 + [3] * 6, np.int8)
anybody = st.integers(0, COUNT - 1)
facts = st.lists(st.tuples(anybody, anybody).filter(lambda pair: pair[0] != pair[1]), max_size=30)
Fact = tuple[int, int]


def group(found: list[Fact]) -> tuple[list[int], list[int]]:
    ends = np.array(found, np.int32).reshape(-1, 2)
    person_of, contended = persons(TIERS, ends[:, 0].copy(), ends[:, 1].copy())
    return person_of.tolist(), np.flatnonzero(contended).tolist()


@given(facts, st.randoms(use_true_random=False))
@settings(max_examples=500, deadline=None)
def test_no_order_of_facts_changes_the_grouping(found: list[Fact], shuffle: random.Random) -> None:
    mixed = [pair if shuffle.random() < 0.5 else pair[::-1] for pair in found * 2]
    shuffle.shuffle(mixed)
    assert group(found) == group(mixed)


@given(facts)
@settings(max_examples=500, deadline=None)
def test_logins_merge_only_through_links_between_logins(found: list[Fact]) -> None:
    with_all, _ = group(found)
    between, _ = group([f for f in found if f[0] in USERS and f[1] in USERS])
    for a, b in itertools.combinations(USERS, 2):
        assert (with_all[a] == with_all[b]) == (between[a] == between[b])


@given(facts)
@settings(max_examples=500, deadline=None)
def test_a_person_is_named_by_its_smallest_number_and_hangs_together(found: list[Fact]) -> None:
    person_of, contended = group(found)
    for person in set(person_of):
        members = [i for i, p in enumerate(person_of) if p == person]
        assert person == min(members)
        inside = [f for f in found if f[0] in members and f[1] in members]
        assert all(shortest_chain(inside, person, other) is not None for other in members)
    assert all(person_of.count(person_of[c]) == 1 for c in contended)


@given(facts, st.permutations(range(COUNT)))
@settings(max_examples=300, deadline=None)
def test_the_order_in_which_identifiers_were_numbered_changes_no_person(
    found: list[Fact], new: list[int]
) -> None:
    here, _ = group(found)
    tiers = np.empty(COUNT, np.int8)
    tiers[new] = TIERS
    ends = np.array([(new[a], new[b]) for a, b in found], np.int32).reshape(-1, 2)
    there, _ = persons(tiers, ends[:, 0].copy(), ends[:, 1].copy())
    for a, b in itertools.combinations(range(COUNT), 2):
        assert (here[a] == here[b]) == (there[new[a]] == there[new[b]])


def test_a_device_of_one_login_joins_it_and_of_two_stays_apart() -> None:
    person_of, shared = group([(12, 0), (13, 0), (13, 1)])
    assert person_of[12] == 0
    assert person_of[13] == 13
    assert shared == [13]


def test_one_phone_with_two_logins_joins_nobody() -> None:
    person_of, contended = group([(5, 0), (6, 1), (6, 2)])
    assert person_of[5] == 0
    assert person_of[6] == 6
    assert contended == [6]


def test_a_chain_of_weak_ones_joins_no_two_logins_but_each_its_own() -> None:
    person_of, contended = group([(0, 12), (12, 13), (13, 1)])
    assert (person_of[12], person_of[13], contended) == (0, 1, [])


def test_a_unionid_carries_openids_of_two_apps_to_the_login_that_came_later() -> None:
    before, _ = group([(5, 9), (5, 10)])
    assert before[9] == before[10] == 5
    after, _ = group([(5, 9), (5, 10), (0, 9)])
    assert after[5] == after[9] == after[10] == 0


def test_the_shortest_chain_is_found_and_none_where_there_is_none() -> None:
    pairs = [(0, 12), (12, 9), (0, 5), (5, 9), (9, 13)]
    assert shortest_chain(pairs, 0, 13) == [0, 5, 9, 13]
    assert shortest_chain(pairs, 0, 0) == [0]
    assert shortest_chain(pairs, 0, 8) is None


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

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
    owners,
    persons,
    shortest_chain,
    spans_of,
    withheld,
)

USERS, ACCOUNTS, CONTACTS, OPENIDS, DEVICES = (
    range(5),
    range(5, 8),
    range(8, 12),
    range(12, 15),
    range(15, 20),
)
COUNT = 20
TIERS = np.array([0] * 5 + [1] * 3 + [2] * 4 + [3] * 3 + [4] * 5, np.int8)
anybody = st.integers(0, COUNT - 1)
facts = st.lists(st.tuples(anybody, anybody).filter(lambda pair: pair[0] != pair[1]), max_size=30)
words = st.lists(
    st.tuples(st.sampled_from(USERS), st.sampled_from(USERS)).filter(lambda pair: pair[0] < pair[1]),
    max_size=3,
)
Fact = tuple[int, int]


def group(found: list[Fact], apart: list[Fact] | None = None) -> tuple[list[int], list[int]]:
    """Facts rank by their place among the different ones; `apart` words rank before all, the first one first."""
    first = {pair: n for n, pair in reversed(list(enumerate((min(f), max(f)) for f in found)))}
    rank = np.array([first[min(f), max(f)] for f in found], np.int64)
    return persons_of(found, rank, [(*pair, n - 100) for n, pair in enumerate(apart or [])])


def persons_of(
    found: list[Fact], rank: "np.ndarray[tuple[int], np.dtype[np.int64]]", apart: list[tuple[int, int, int]]
) -> tuple[list[int], list[int]]:
    ends = np.array(found, np.int32).reshape(-1, 2)
    person_of, contended = persons(TIERS, ends[:, 0].copy(), ends[:, 1].copy(), rank, apart)
    return person_of.tolist(), np.flatnonzero(contended).tolist()


@given(facts, words, st.randoms(use_true_random=False))
@settings(max_examples=500, deadline=None)
def test_no_order_of_facts_changes_the_grouping(
    found: list[Fact], told: list[Fact], shuffle: random.Random
) -> None:
    ranked = [(pair, n) for n, pair in enumerate(dict.fromkeys((min(f), max(f)) for f in found))]
    apart = [(*pair, -n) for n, pair in enumerate(told)]
    straight = persons_of([p for p, _ in ranked], np.array([n for _, n in ranked], np.int64), apart)
    mixed = [(pair if shuffle.random() < 0.5 else pair[::-1], n) for pair, n in ranked * 2]
    shuffle.shuffle(mixed)
    shuffle.shuffle(apart)
    again = persons_of([p for p, _ in mixed], np.array([n for _, n in mixed], np.int64), apart)
    assert straight == again


@given(facts)
@settings(max_examples=500, deadline=None)
def test_logins_merge_only_through_links_between_logins(found: list[Fact]) -> None:
    with_all, _ = group(found)
    between, _ = group([f for f in found if f[0] in USERS and f[1] in USERS])
    for a, b in itertools.combinations(USERS, 2):
        assert (with_all[a] == with_all[b]) == (between[a] == between[b])


@given(facts)
@settings(max_examples=500, deadline=None)
def test_wechat_accounts_merge_only_under_a_login_or_by_a_link_between_them(found: list[Fact]) -> None:
    with_all, _ = group(found)
    sure, _ = group([f for f in found if max(f) in {*USERS, *ACCOUNTS}])
    for a, b in itertools.combinations(ACCOUNTS, 2):
        assert (with_all[a] == with_all[b]) == (sure[a] == sure[b])


@given(facts, words)
@settings(max_examples=500, deadline=None)
def test_whom_people_told_apart_is_two_whatever_the_facts(found: list[Fact], told: list[Fact]) -> None:
    person_of, _ = group(found, told)
    assert all(person_of[a] != person_of[b] for a, b in told)
    without, _ = group(found)
    refined = {(person_of[n], without[n]) for n in USERS}
    assert len({new for new, _ in refined}) == len(refined), "telling apart merges nobody"


@given(facts, words)
@settings(max_examples=500, deadline=None)
def test_a_person_is_named_by_its_smallest_number_and_hangs_together(
    found: list[Fact], told: list[Fact]
) -> None:
    person_of, contended = group(found, told)
    for person in set(person_of):
        members = [i for i, p in enumerate(person_of) if p == person]
        assert person == min(members)
        inside = [f for f in found if f[0] in members and f[1] in members]
        assert all(shortest_chain(inside, person, other) is not None for other in members)
    assert all(person_of.count(person_of[c]) == 1 for c in contended)


@given(facts)
@settings(max_examples=300, deadline=None)
def test_at_least_two_people_contend_for_whatever_is_contended(found: list[Fact]) -> None:
    ends = np.array(found, np.int32).reshape(-1, 2)
    a, b = ends[:, 0].copy(), ends[:, 1].copy()
    person_of, contended = persons(TIERS, a, b)
    xs, people = owners(TIERS, a, b, person_of, contended)
    assert set(xs.tolist()) == set(np.flatnonzero(contended).tolist())
    assert all((xs == x).sum() >= 2 for x in set(xs.tolist()))
    assert not set(people.tolist()) & set(xs.tolist())


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
    person_of, shared = group([(15, 0), (16, 0), (16, 1)])
    assert person_of[15] == 0
    assert person_of[16] == 16
    assert shared == [16]


def test_one_phone_with_two_logins_joins_nobody() -> None:
    person_of, contended = group([(8, 0), (9, 1), (9, 2)])
    assert person_of[8] == 0
    assert person_of[9] == 9
    assert contended == [9]


def test_one_phone_with_two_wechat_accounts_joins_nobody_and_with_an_account_and_a_login_joins_both() -> None:
    person_of, contended = group([(8, 5), (8, 6), (9, 7), (9, 0)])
    assert len({person_of[5], person_of[6], person_of[8]}) == 3
    assert contended == [8]
    assert person_of[7] == person_of[9] == 0


def test_a_chain_of_weak_ones_joins_no_two_logins_but_each_its_own() -> None:
    found = [(0, 15), (15, 16), (16, 1)]
    person_of, contended = group(found)
    assert (person_of[15], person_of[16], contended) == (0, 1, [])
    ends = np.array(found, np.int32)
    held = withheld(ends[:, 0], ends[:, 1], np.array(person_of, np.int32), np.zeros(COUNT, np.bool_))
    assert held.tolist() == [False, True, False]


def test_a_unionid_carries_openids_of_two_apps_to_the_login_that_came_later() -> None:
    before, _ = group([(5, 12), (5, 13)])
    assert before[12] == before[13] == 5
    after, _ = group([(5, 12), (5, 13), (0, 12)])
    assert after[5] == after[12] == after[13] == 0


def test_the_later_word_of_people_wins_over_the_earlier_and_facts_give_way() -> None:
    line = [(0, 1), (1, 2)]
    ranks = np.array([10, 20], np.int64)
    ends = np.array(line, np.int32)

    def grouped(links: list[Fact], rank: list[int], apart: list[tuple[int, int, int]]) -> list[int]:
        ends = np.array(links, np.int32)
        result = persons(TIERS, ends[:, 0].copy(), ends[:, 1].copy(), np.array(rank, np.int64), apart)
        return result[0][:3].tolist()

    assert persons(TIERS, ends[:, 0].copy(), ends[:, 1].copy(), ranks)[0][:3].tolist() == [0, 0, 0]
    # 0 and 2 were told apart: of the facts between them the one that was seen first stays.
    assert grouped(line, [10, 20], [(0, 2, -5)]) == [0, 0, 2]
    assert grouped(line, [20, 10], [(0, 2, -5)]) == [0, 1, 1]
    # Somebody said later that each pair is one person: the older word is void.
    assert grouped(line, [-7, -6], [(0, 2, -5)]) == [0, 0, 0]
    assert grouped(line, [-7, -4], [(0, 2, -5)]) == [0, 0, 2]


def test_the_shortest_chain_is_found_and_none_where_there_is_none() -> None:
    pairs = [(0, 15), (15, 12), (0, 5), (5, 12), (12, 16)]
    assert shortest_chain(pairs, 0, 16) == [0, 5, 12, 16]
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

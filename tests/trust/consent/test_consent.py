"""Consent: receipts over bases, persons over identifiers, and whom the door turns away."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from weaktie.kit.clock import FixedClock
from weaktie.kit.errors import Refused
from weaktie.store.database.service import Database
from weaktie.trust.consent.contracts import (
    ALL_PURPOSES,
    BASES,
    PURPOSE_NAMES,
    Purpose,
    Receipt,
    SeenIn,
    SourceBasis,
    Standing,
)
from weaktie.trust.consent.logic import basis_masks, effective_masks, override_masks, states
from weaktie.trust.consent.service import Consent, checked_basis, purposes_of_basis
from weaktie.trust.vault.service import Vault

ALL = [1, 2, 4, 8]
# alias 0 is nobody; 1 and 2 are one person, 3 another, 4 erased, 5 a third
PERSON_OF = np.asarray([0, 1, 1, 3, -1, 5], np.int32)


@pytest.fixture
def consent(database: Database, tmp_path: Path) -> Consent:
    return Consent(FixedClock(), Vault.create(database, tmp_path))


def say(
    consent: Consent, database: Database, alias_no: int, purposes: Iterable[int], *, granted: bool,
    person: dict[int, str] | None = None,
) -> None:  # fmt: skip
    assert isinstance(consent.clock, FixedClock)
    consent.clock.move(1)
    with database.begin() as tx:
        for purpose in purposes:
            consent.record_receipt(
                tx, alias_no=alias_no, purpose=Purpose(purpose), granted=granted, how="api", person=person
            )


def seen(*pairs: tuple[int, str]) -> SeenIn:
    names = sorted({source for _, source in pairs})
    return SeenIn(
        np.asarray([a for a, _ in pairs], np.int32), np.asarray([names.index(s) for _, s in pairs], np.int32), names
    )  # fmt: skip


def standing(consent: Consent, database: Database, where: SeenIn, basis_of: dict[str, int]) -> Standing:
    def sources_of(_connection: Connection) -> SeenIn:
        return where

    with database.connect() as connection:
        return consent.standing(connection, PERSON_OF, sources_of, basis_of)


@pytest.mark.parametrize(
    ("basis", "mask"),
    [
        ({}, 0),
        ({"analytics": "contract"}, 1),
        ({"analytics": "contract", "marketing": "consented_upstream", "social": "ask_us"}, 5),
        (dict.fromkeys(PURPOSE_NAMES, "consented_upstream"), 15),
    ],
)
def test_a_basis_grants_its_purposes(basis: dict[str, str], mask: int) -> None:
    assert purposes_of_basis(checked_basis(basis)) == mask


@pytest.mark.parametrize("basis", [{"sale": "contract"}, {"analytics": "because"}, {"analytics": None}])
def test_unknown_purposes_and_bases_are_refused(basis: dict[str, object]) -> None:
    with pytest.raises(Refused, match="bad_basis"):
        checked_basis(basis)


def test_sources_of_all_identifiers_count_together(consent: Consent, database: Database) -> None:
    where = seen((1, "web"), (2, "shop"), (3, "web"), (4, "shop"), (5, "ask"), (99, "shop"))
    found = standing(consent, database, where, {"web": 1, "shop": 4, "ask": 0})
    assert found.people.tolist() == [1, 3, 5]
    assert found.granted.tolist() == [5, 1, 0]
    assert found.allowed(Purpose.MARKETING).tolist() == [True, False, False]
    assert found.allowed(Purpose.ANALYTICS | Purpose.MARKETING).tolist() == [True, False, False]


def test_a_refusal_overrides_the_basis_and_a_later_grant_the_refusal(
    consent: Consent, database: Database
) -> None:
    where, basis = seen((1, "shop"), (3, "shop")), {"shop": 15}
    say(consent, database, 2, [4], granted=False)
    assert standing(consent, database, where, basis).granted.tolist() == [11, 15, 0]
    say(consent, database, 1, [4], granted=True)  # through another identifier of the same person
    assert standing(consent, database, where, basis).granted.tolist() == [15, 15, 0]


def test_people_left_out_have_a_reason(consent: Consent, database: Database) -> None:
    where, basis = seen((1, "shop"), (3, "ask"), (5, "shop")), {"shop": 15, "ask": 0}
    say(consent, database, 5, [4], granted=False)
    with database.begin() as tx:
        consent.block_erased(tx, 4, ["user:gone", "anonymous:gone"])
    found = standing(consent, database, where, basis)
    assert {r.code: r.count for r in found.left_out(Purpose.MARKETING)} == {
        "no_receipt": 1, "refused": 1, "erased": 1,
    }  # fmt: skip
    assert {r.code: r.count for r in found.left_out(Purpose.ANALYTICS)} == {"no_receipt": 1, "erased": 1}


def test_one_person_is_told_the_ground_of_each_purpose(consent: Consent, database: Database) -> None:
    bases = [
        SourceBasis("late", dict.fromkeys(PURPOSE_NAMES, "contract"), 50),
        SourceBasis("early", {"analytics": "consented_upstream", "marketing": "ask_us"}, 10),
    ]
    say(consent, database, 2, [8], granted=False)
    with database.connect() as connection:
        found = {s.purpose: s for s in consent.states(connection, [1, 2], bases)}
        assert consent.effective(connection, [1, 2], bases) == 7
    assert (found[Purpose.ANALYTICS].basis, found[Purpose.ANALYTICS].source_id) == (
        "consented_upstream",
        "early",
    )
    assert (found[Purpose.MARKETING].basis, found[Purpose.MARKETING].since_us) == ("contract", 50)
    assert (found[Purpose.SOCIAL].granted, found[Purpose.SOCIAL].basis) == (False, "own_choice")
    nobody = states([], [])
    assert [(s.granted, s.basis, s.since_us) for s in nobody] == [(False, "none", None)] * 4


def test_receipts_are_only_added(consent: Consent, database: Database) -> None:
    for granted in (True, False, True):
        say(consent, database, 1, [4], granted=granted)
    with database.connect() as connection:
        receipts = consent.receipts(connection, [1, 2])
        assert [r.granted for r in receipts] == [True, False, True]
        assert len({r.receipt_id for r in receipts}) == 3
        assert consent.overrides(connection) == {1: (4, 0)}


def test_a_choice_of_the_past_does_not_override_a_newer_one(consent: Consent, database: Database) -> None:
    say(consent, database, 1, [4], granted=False)
    with database.begin() as tx:
        consent.record_receipt(tx, alias_no=1, purpose="marketing", granted=True, how="import", at_us=1_000)
        future = consent.record_receipt(
            tx, alias_no=1, purpose="social", granted=True, how="event", at_us=2**60
        )
    assert future.at_us == consent.clock.now_us()
    with database.connect() as connection:
        assert consent.overrides(connection) == {1: (8, 4)}


@pytest.mark.parametrize("purpose", ["sale", "", Purpose(3), Purpose(0)])
def test_a_receipt_is_for_one_known_purpose(
    consent: Consent, database: Database, purpose: str | Purpose
) -> None:
    with pytest.raises(Refused, match="bad_purpose"), database.begin() as tx:
        consent.record_receipt(tx, alias_no=1, purpose=purpose, granted=True, how="api")


def test_the_door_turns_away_who_refuses_everything(consent: Consent, database: Database) -> None:
    person = {1: "user:u1", 2: "anonymous:a1"}
    wanted = {
        f"user#{consent.vault.lookup_key('user', 'u1')}",
        f"anonymous#{consent.vault.lookup_key('anonymous', 'a1')}",
    }

    def blocked() -> tuple[frozenset[str], int]:
        with database.connect() as connection:
            return consent.blocked(connection), consent.consent_version(connection)

    assert blocked() == (frozenset(), 0)
    say(consent, database, 1, [1, 2, 4], granted=False, person=person)
    assert blocked() == (frozenset(), 0)
    say(consent, database, 2, [8], granted=False, person=person)
    held, version = blocked()
    assert held == wanted
    assert version > 0
    assert "u1" not in str(held)
    say(consent, database, 1, [1], granted=True, person=person)
    held, later = blocked()
    assert held == frozenset()
    assert later > version


def test_the_erased_stay_turned_away(consent: Consent, database: Database) -> None:
    with database.begin() as tx:
        consent.block_erased(tx, 1, ["user:u1"])
    say(consent, database, 1, ALL, granted=False, person={1: "user:u1"})
    say(consent, database, 1, [1], granted=True, person={1: "user:u1"})
    with database.connect() as connection:
        assert len(consent.blocked(connection)) == 1
        assert consent.erased_people(connection) == 1


def test_receipts_of_the_erased_go(consent: Consent, database: Database) -> None:
    say(consent, database, 1, ALL, granted=True)
    say(consent, database, 3, [1], granted=True)
    with database.begin() as tx:
        assert consent.forget(tx, [1, 2]) == 4
    with database.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM consent_receipts")).scalar() == 1


receipt_lists = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from(ALL), st.booleans(), st.integers(0, 5)), max_size=30
)
basis_lists = st.lists(
    st.fixed_dictionaries({name: st.sampled_from(list(BASES)) for name in PURPOSE_NAMES}), max_size=3
)


@given(receipt_lists, basis_lists)
def test_the_arrays_say_the_same_as_the_rules_for_one_person(
    given_receipts: list[tuple[int, int, bool, int]], bases: list[dict[str, str]]
) -> None:
    receipts = [
        Receipt(n, a, Purpose(p), g, "own_choice", None, "api", at)
        for n, (a, p, g, at) in enumerate(given_receipts)
    ]
    ordered = sorted(receipts, key=lambda r: (r.at_us, r.receipt_id))
    yes, no = override_masks(
        PERSON_OF,
        np.asarray([r.alias_no for r in ordered], np.int32),
        np.asarray([int(r.purpose) for r in ordered], np.uint8),
        np.asarray([r.granted for r in ordered], bool),
    )
    where = seen(*((alias, f"s{n}") for n in range(len(bases)) for alias in (1, 5)))
    masks = effective_masks(
        basis_masks(PERSON_OF, where, {f"s{n}": purposes_of_basis(b) for n, b in enumerate(bases)}), yes, no
    )
    declared = [SourceBasis(f"s{n}", basis, n) for n, basis in enumerate(bases)]
    for person_no, members, known in ((1, (1, 2), declared), (3, (3,), []), (5, (5,), declared)):
        own = states([r for r in receipts if r.alias_no in members], known)
        assert masks[person_no] == sum(s.purpose for s in own if s.granted)
    assert int(ALL_PURPOSES) == 15

"""Assignment: even, independent, lasting; exposures with their probability."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.suites.homes import fresh_app
from tests.suites.signed_in import signed_in
from weaktie.data.flags.contracts import BadFlag, Flag, FlagTaken, NoFlag, Variant
from weaktie.data.flags.erase import FlagsEraser, FlagsExporter
from weaktie.data.flags.logic import assign, bucket_of, checked

CHI2_99_AT_001 = 148.23
"""The 99.9th percentile of chi-square with 99 degrees of freedom."""
HALVES = (Variant("control", 5_000), Variant("treatment", 5_000))


def flag(**more: object) -> Flag:
    given: dict[str, object] = {
        "key": "invite", "version": 1, "salt": "s1", "unit": "person", "variants": HALVES, "holdout": 0,
    }  # fmt: skip
    return Flag(**(given | more))  # type: ignore[arg-type]


def test_buckets_are_even() -> None:
    counts = np.bincount([bucket_of("salt", f"u{n}") // 100 for n in range(60_000)], minlength=100)
    assert ((counts - 600) ** 2 / 600).sum() < CHI2_99_AT_001


def test_two_flags_assign_independently() -> None:
    one, two = flag(salt="a", holdout=1_000), flag(salt="b")
    table = Counter((assign(one, f"u{n}").variant, assign(two, f"u{n}").variant) for n in range(40_000))
    for arm in ("control", "treatment", "holdout"):
        share = table[arm, "treatment"] / (table[arm, "treatment"] + table[arm, "control"])
        assert abs(share - 0.5) < 0.02


def test_a_larger_holdout_moves_nobody_between_variants() -> None:
    small, large = flag(holdout=500), flag(holdout=2_000)
    for n in range(5_000):
        before, after = assign(small, f"u{n}").variant, assign(large, f"u{n}").variant
        assert after in (before, "holdout")


@given(
    st.lists(st.integers(0, 10_000), min_size=0, max_size=5),
    st.integers(0, 9_999),
    st.text(min_size=1, max_size=20),
)
def test_an_assignment_says_the_chance_with_which_it_came(cuts: list[int], holdout: int, unit: str) -> None:
    edges = [0, *sorted(cuts), 10_000]
    variants = tuple(Variant(f"v{k}", b - a) for k, (a, b) in enumerate(pairwise(edges)))
    made = checked(flag(variants=variants, holdout=holdout))
    found = assign(made, unit)
    assert found == assign(made, unit)
    shares = {v.name: v.share for v in variants}
    held = holdout / 10_000
    if found.variant == "holdout":
        assert found.probability == held > 0
    else:
        assert found.probability == pytest.approx((1 - held) * shares[found.variant] / 10_000)
        assert found.probability > 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"variants": (Variant("a", 5_000),)}, {"variants": ()}, {"variants": (Variant("a", 5_000), Variant("a", 5_000))},
        {"variants": (Variant("holdout", 10_000),)}, {"holdout": 10_000}, {"key": "a b"}, {"salt": ""},
    ],
)  # fmt: skip
def test_a_flag_that_cannot_assign_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadFlag):
        checked(flag(**wrong))


def test_exposures_are_kept_once_with_their_chance(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt, wt.database.begin() as tx:
        part = wt.flags
        made = part.declare(tx, "invite", HALVES, holdout=1_000, actor="test")
        with pytest.raises(FlagTaken):
            part.declare(tx, "invite", HALVES, actor="test")
        for _ in range(2):
            part.expose_many(tx, "invite", [(f"p{n}", n) for n in range(2_000)])
        exposed = {e.variant: e for e in part.exposed(tx, made)}
        assert sum(e.units for e in exposed.values()) == 2_000
        assert all(abs(e.units - e.expected) < 0.15 * e.expected for e in exposed.values())
        mine = FlagsExporter().export(tx, [7])["flag_exposures"]
        assert len(mine) == 1
        assert mine[0]["probability"] == part.assignment(tx, "invite", "p7").probability
        stopped = part.stop(tx, "invite")
        assert stopped.stopped_us == wt.clock.now_us()
        with pytest.raises(NoFlag):
            part.assignment(tx, "invite", "p7")
        again = part.declare(tx, "invite", HALVES, salt=made.salt, actor="test")
        assert (again.version, again.salt) == (2, made.salt)


def test_an_exposure_goes_with_the_person(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        with wt.database.begin() as tx:
            wt.flags.declare(tx, "invite", HALVES, unit="cluster", actor="test")
            wt.flags.expose(tx, "invite", "c1", alias_no=None)
            wt.flags.expose(tx, "invite", "p5", alias_no=5)
        assert FlagsEraser(wt.database).erase([5]) == {"flag_exposures": 1}
        assert FlagsEraser(wt.database).erase([5]) == {"flag_exposures": 0}


def test_flags_over_http(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt, signed_in(wt) as browser:
        body = {"key": "invite", "variants": [{"name": "a", "share": 2_500}, {"name": "b", "share": 7_500}]}
        assert browser.send("POST", "/api/flags", body).status_code == 201
        assert browser.send("POST", "/api/flags", body).json()["error"]["code"] == "flag_taken"
        found = browser.send("GET", "/api/flags/invite/assignment?unit=p1").json()
        assert found["variant"] in ("a", "b")
        assert found["probability"] in (0.25, 0.75)
        assert browser.send("GET", "/api/flags").json()[0]["exposed"][0]["units"] == 0
        assert browser.send("POST", "/api/flags/invite/stop").json()["stopped_time"]
        assert browser.send("GET", "/api/flags/invite/assignment?unit=p1").status_code == 404

"""First pages find their answers in memory: after a start, and after changes while somebody looks."""

from pathlib import Path

import pytest

from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.app import warm
from weaktie.app.warm import REST, WATCHED_SECONDS, Warmer
from weaktie.data.metrics.contracts import Need
from weaktie.kit.clock import FixedClock


def test_the_first_page_reads_nothing_after_a_start(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        put(wt, *(track(n, f"u{n % 3}", at_us=START_US - n * 3_600_000_000) for n in range(1, 9)))
        bring_in(wt)
        warmer = Warmer(wt)
        assert warmer.look()
        reads = wt.metrics.book.reads
        assert reads > 0
        wt.metrics.book.read(set(Need))
        assert wt.metrics.overview().users == 3
        assert wt.metrics.book.reads == reads
        assert not warmer.look()


def test_changes_are_followed_only_while_somebody_looks(tmp_path: Path) -> None:
    clock = FixedClock(START_US)
    with fresh_app(tmp_path, clock) as wt:
        warmer = Warmer(wt)
        assert warmer.look()
        put(wt, track(1, "u1"))
        bring_in(wt)
        clock.move(WATCHED_SECONDS + REST)
        assert not warmer.look()
        warmer.somebody_looks()
        assert warmer.look()


def test_a_step_that_fails_keeps_no_other_from_its_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fresh_app(tmp_path) as wt:
        done: list[str] = []

        def fails() -> None:
            raise RuntimeError("broken")

        monkeypatch.setattr(warm, "steps", lambda _: {"one": fails, "two": lambda: done.append("two")})
        assert Warmer(wt).look() and done == ["two"]


def test_every_step_works_on_an_empty_shop(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        for step in warm.steps(wt).values():
            step()

"""When builds are asked for, and what a build does while another runs."""

from pathlib import Path

from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.app.cli_data import build_once
from weaktie.app.status import BEHIND
from weaktie.app.worker import schedule_build
from weaktie.data.profiles.contracts import PROFILES_LEASE
from weaktie.kit.clock import FixedClock
from weaktie.kit.words import Words
from weaktie.store.runs.service import Lease


def test_a_build_waits_for_the_one_that_runs(tmp_path: Path) -> None:
    """What had arrived before it was asked for is in what it publishes."""
    with fresh_app(tmp_path) as wt:
        other = Lease(wt.database, wt.clock, PROFILES_LEASE)
        assert other.acquire()
        put(wt, track(1, "u1"))
        steps: list[str] = []

        def told(share: float, step: Words) -> None:
            steps.append(step.en)
            if step.en.startswith("waiting"):
                other.release()

        assert build_once(wt, told)["people"] == 1
        assert steps[0].startswith("waiting")


def test_the_first_build_waits_for_the_history_that_is_being_sent(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        put(wt, track(1, "u1"))
        bring_in(wt)
        for number in range(2, BEHIND + 4):
            put(wt, track(number, "u1"))
        schedule_build(wt)
        assert wt.jobs.page(None, 10).items == []
        bring_in(wt)
        schedule_build(wt)
        assert [job.kind for job in wt.jobs.page(None, 10).items] == ["build"]


def test_a_mark_asks_for_a_build_although_no_event_came(tmp_path: Path) -> None:
    clock = FixedClock(START_US)
    with fresh_app(tmp_path, clock=clock) as wt:
        put(wt, track(1, "u1"))
        build_once(wt, lambda *_: None)
        clock.move(wt.settings.build.every_minutes * 60 + 60)
        schedule_build(wt)
        assert wt.jobs.page(None, 10).items == [], "nothing is new"
        with wt.database.begin() as tx:
            wt.quality.add(tx, "person", ["u1"], note="", actor="me")
        schedule_build(wt)
        assert [job.kind for job in wt.jobs.page(None, 10).items] == ["build"]


def test_a_clock_that_steps_back_does_not_hold_builds_up(tmp_path: Path) -> None:
    clock = FixedClock(START_US)
    with fresh_app(tmp_path, clock=clock) as wt:
        put(wt, track(1, "u1"))
        build_once(wt, lambda *_: None)
        put(wt, track(2, "u1"))
        bring_in(wt)
        clock.move(-60)
        schedule_build(wt)
        assert [job.actor for job in wt.jobs.page(None, 10).items] == ["schedule"]

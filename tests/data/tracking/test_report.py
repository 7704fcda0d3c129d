"""Coverage by counting, and the rules of the alerts on a clock that moves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.data.tracking.test_check import save, today
from tests.suites.homes import bring_in, fresh_app, put, track
from weaktie.app.wiring import App
from weaktie.data.tracking import jobs, report, service
from weaktie.data.tracking.contracts import Gap, Plan, PlannedEvent
from weaktie.kit.clock import DAY_US, FixedClock, to_iso

PLAN = Plan(
    events=(
        PlannedEvent("A", platforms=("web", "iOS")), PlannedEvent("B", platforms=("web",), status="planned"),
        PlannedEvent("C"), PlannedEvent("Old", platforms=("web",), status="deprecated"),
    )
)  # fmt: skip


def test_coverage_is_seen_pairs_over_planned_ones() -> None:
    recent = [("A", "web", "1.0", 5), ("A", "web", "2.0", 1), ("C", "", "", 2), ("Z", "iOS", "1.0", 9)]
    found = report.coverage(PLAN, recent, {("A", "web"): 9, ("B", "web"): 3, ("C", ""): 9}, 7)
    assert (found.planned, found.seen, found.share) == (4, 2, 0.5)
    assert found.missing == [Gap("A", "iOS", None), Gap("B", "web", 3)]
    assert [(s.platform, s.planned, s.seen, s.events, s.missing) for s in found.platforms] == [
        ("web", 2, 1, 6, ("B",)), ("iOS", 1, 0, 9, ("A",)), ("", 1, 1, 17, ()),
    ]  # fmt: skip
    assert [(s.platform, s.app_version, s.planned, s.seen, s.missing) for s in found.versions] == [
        ("iOS", "1.0", 1, 0, ("A",)), ("web", "1.0", 2, 1, ("B",)), ("web", "2.0", 2, 1, ("B",)),
    ]  # fmt: skip
    assert report.coverage(Plan(), recent, {}, 7).share is None


def test_the_list_tells_planned_from_seen() -> None:
    ever = [("A", "web", 10), ("A", "iOS", 2), ("Z", "web", 10), ("Old", "web", 10)]
    rows = report.event_rows(PLAN, ever, {"A": (6, 1)}, report.Window(5, 11))
    assert [(r.name, r.seen_on, r.last_day, r.events, r.missing, r.share) for r in rows] == [
        ("A", ("web",), 10, 6, ("iOS",), 0.5), ("B", (), None, 0, ("web",), 0.0), ("C", (), None, 0, ("",), 0.0),
        ("Old", ("web",), 10, 0, (), None), ("Z", ("web",), 10, 0, (), None),
    ]  # fmt: skip


class Days:
    """A shop that sends events day by day."""

    def __init__(self, wt: App) -> None:
        assert isinstance(wt.clock, FixedClock)
        self.wt, self.clock, self.number = wt, wt.clock, 0

    def day(self, events: dict[str, int], **properties: Any) -> None:
        """One day's events, checked; then the next day."""
        calls = []
        for name, count in events.items():
            for _ in range(count):
                self.number += 1
                calls.append(track(self.number, event=name, properties=properties, timestamp=to_iso(self.clock.now_us())))  # fmt: skip
        if calls:
            put(self.wt, *calls)
            bring_in(self.wt)
        jobs.check(self.wt.tracking_parts)
        self.clock.move(DAY_US / 1e6)

    def open(self, *states: str) -> set[tuple[str, str, str, str]]:
        with self.wt.database.connect() as connection:
            found = service.list_alerts(connection, states or service.OPEN_STATES)
        return {(a.kind, a.event, a.property, a.state) for a in found}


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    with fresh_app(tmp_path) as wt:
        save(wt, Plan(events=(PlannedEvent("Usual"), PlannedEvent("Rare"), PlannedEvent("Base"))))
        yield Days(wt)


def test_a_planned_event_that_vanishes_is_told_once_and_resolved_when_it_comes_again(days: Days) -> None:
    for _ in range(12):
        days.day({"Usual": 5, "Rare": 1, "Base": 2})
    for _ in range(2):
        days.day({"Base": 2})
        assert days.open() == set(), "today and one complete day are not enough"
    days.day({"Base": 2})
    assert days.open() == {("vanished", "Usual", "", "open")}
    days.day({"Base": 2})
    assert days.open() == {("vanished", "Usual", "", "open")}
    days.day({"Base": 2, "Usual": 1})
    assert days.open() == set()
    assert days.open("resolved") == {("vanished", "Usual", "", "resolved")}


def test_when_nothing_at_all_arrives_no_single_event_is_blamed(days: Days) -> None:
    for _ in range(12):
        days.day({"Usual": 5})
    for _ in range(4):
        days.day({})
    assert days.open() == set()


def test_a_new_event_is_told_until_it_is_planned(days: Days) -> None:
    days.day({"Usual": 1, "Surprise": 1})
    assert days.open() == set(), "what the first check meets is not new"
    days.day({"Usual": 1, "Stranger": 3})
    assert days.open() == {("new_event", "Stranger", "", "open")}
    days.day({"Stranger": 3, "Rare": 1})
    assert days.open() == {("new_event", "Stranger", "", "open")}, "a planned event is no surprise"
    save(days.wt, Plan(events=(PlannedEvent("Stranger"),)))
    days.day({})
    assert days.open() == set()


def test_a_changed_type_is_told_and_over_once_it_is_usual(days: Days) -> None:
    for _ in range(5):
        days.day({"Base": 10}, size=4)
    days.day({"Base": 10}, size=4.5)
    assert days.open() == set(), "broken numbers among whole ones are numbers"
    days.day({"Base": 30}, size="L")
    assert days.open() == {("type_changed", "Base", "size", "open")}
    with days.wt.database.connect() as connection:
        detail = service.list_alerts(connection, ["open"])[0].detail
    assert (detail["before"], detail["after"], detail["values"]) == ("number", "text", 40)
    for _ in range(3):
        days.day({"Base": 60}, size="L")
    assert days.open() == set()


def test_a_muted_alert_stays_silent_and_a_resolved_one_is_closed(days: Days) -> None:
    days.day({"Usual": 1})
    days.day({"Stranger": 1})
    with days.wt.database.begin() as tx:
        (alert,) = service.list_alerts(tx, ["open"])
        service.set_alert(tx, days.clock, alert.alert_id, "muted", "me")
        assert service.open_alerts(tx) == 0
    days.day({"Stranger": 1})
    assert days.open() == {("new_event", "Stranger", "", "muted")}
    with days.wt.database.begin() as tx:
        service.set_alert(tx, days.clock, alert.alert_id, "resolved", "me")
    with days.wt.database.begin() as tx, pytest.raises(Exception, match="alert_resolved"):
        service.set_alert(tx, days.clock, alert.alert_id, "open", "me")
    days.day({"Stranger": 1})
    assert days.open() == set()


def test_the_days_of_coverage_move_with_the_clock(days: Days) -> None:
    days.day({"Usual": 1})
    for _ in range(6):
        days.day({"Base": 1})
    with days.wt.database.connect() as connection:
        seven, thirty = (service.coverage(connection, today(days.wt), n) for n in (7, 30))
    assert (seven.seen, seven.planned, thirty.seen) == (1, 3, 2)

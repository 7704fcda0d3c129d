"""Periods, and what they are compared with."""

from datetime import date

import pytest

from weaktie.data.behaviour.contracts import Days
from weaktie.data.metrics.catalogue import METRICS
from weaktie.data.metrics.contracts import Need, Period
from weaktie.data.metrics.logic import before, periods, ratio, relative, year_before
from weaktie.kit.clock import date_to_day


def span(first: str, last: str) -> Period:
    return Period(date_to_day(date.fromisoformat(first)), date_to_day(date.fromisoformat(last)))


def days(first: str, last: str) -> Days:
    whole = span(first, last)
    return Days(whole.first, whole.last)


def test_periods_are_whole_days_weeks_and_months() -> None:
    assert len(periods(days("2026-11-01", "2026-11-25"), "day")) == 25
    weeks = periods(days("2026-11-25", "2026-11-30"), "week")
    assert weeks == [span("2026-11-23", "2026-11-29"), span("2026-11-30", "2026-12-06")]
    months = periods(days("2025-12-31", "2026-02-01"), "month")
    assert months == [
        span("2025-12-01", "2025-12-31"),
        span("2026-01-01", "2026-01-31"),
        span("2026-02-01", "2026-02-28"),
    ]


def test_what_a_period_is_compared_with() -> None:
    assert before(span("2026-03-01", "2026-03-31"), "month") == span("2026-02-01", "2026-02-28")
    assert before(span("2026-11-23", "2026-11-29"), "week") == span("2026-11-16", "2026-11-22")
    assert before(span("2026-11-10", "2026-11-19"), "range") == span("2026-10-31", "2026-11-09")
    assert year_before(span("2024-02-29", "2024-02-29"), "day") == span("2023-02-28", "2023-02-28")
    assert year_before(span("2024-02-01", "2024-02-29"), "month") == span("2023-02-01", "2023-02-28")
    monday = year_before(span("2026-11-23", "2026-11-29"), "week")
    assert date.fromordinal(719163 + monday.first).weekday() == 0


def test_ratios_and_changes() -> None:
    assert ratio(3, 4) == 0.75 and ratio(3, None) == 3 and ratio(3, 0) is None
    assert relative(15, 10) == pytest.approx(0.5) and relative(-5, -10) == pytest.approx(0.5)
    assert relative(1, 0) is None and relative(None, 2) is None


def test_every_indicator_is_declared_whole() -> None:
    assert len(METRICS) >= 48
    for key, metric in METRICS.items():
        assert key == metric.key
        assert metric.definition.zh.endswith("。") or metric.definition.zh.endswith("score"), key
        assert metric.needs or metric.lacks or metric.key == "nps", key
        assert metric.reads, key
    assert METRICS["cac"].needs == {Need.COSTS, Need.PEOPLE}
    assert METRICS["gmv"].needs == {Need.ORDERS}

"""RFM as people cut it, and how customers move between classes."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.app.cli_data import build_once
from weaktie.app.wiring import App
from weaktie.data.behaviour.contracts import BadPeople
from weaktie.data.profiles.logic import CLASSES, EIGHTS, LEVELS, eight_of, rfm
from weaktie.data.profiles.rules import BadRule, CurrencyRule, Cut, as_dict, checked, read
from weaktie.data.rfm import logic
from weaktie.kit.clock import DAY_US, day_to_date

FIXED = {"CNY": CurrencyRule(Cut("fixed", 10, 100), Cut("fixed", 1, 2), Cut("fixed", 10_000, 20_000))}


def order(
    number: int, user: str, days_ago: int, total: float, event: str = "Order Completed"
) -> dict[str, object]:
    return track(
        f"{event}-{number}", user, event=event, at_us=START_US - days_ago * DAY_US,
        properties={"order_id": f"o{number}", "total": total, "currency": "CNY"},
    )  # fmt: skip


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        put(
            app, order(1, "u1", 70, 50), order(2, "u1", 5, 400), order(3, "u1", 3, 400), order(4, "u2", 65, 99),
            order(5, "u3", 40, 300), order(5, "u3", 2, 300, "Order Refunded"), order(6, "u4", 8, 20),
        )  # fmt: skip
        bring_in(app)
        build_once(app, lambda *_: None)
        app.clock.move(6)  # type: ignore[attr-defined]
        yield app


def test_classes_as_of_today_are_those_of_the_build(wt: App) -> None:
    found = wt.rfm._classed(wt.behaviour.crowd(), wt.profiles.rfm()["as_of_day"], {})
    for cls in set(found.classes):
        assert wt.rfm.cell({"rfm_class": cls}).tolist() == [
            n for n, c in zip(found.people.tolist(), found.classes, strict=True) if c == cls
        ]
    assert found.cutoffs == wt.profiles.rfm()["cutoffs"]


def test_a_saved_rule_is_used_by_the_next_build_and_undone(wt: App) -> None:
    before = {c["key"]: c["count"] for c in wt.profiles.rfm()["classes"]}
    seen = wt.rfm.preview(FIXED)
    assert seen["moved"] > 0
    assert {c["key"]: c["count"] for c in wt.profiles.rfm()["classes"]} == before, "a preview changes nothing"
    assert wt.rfm.save(FIXED, "ann") == 1
    build_once(wt, lambda *_: None)
    wt.profiles.published.refresh()
    matrix = wt.profiles.rfm()
    assert matrix["cutoffs"]["CNY"] == {"r_days": [10, 100], "f": [1, 2], "m_minor": [10_000, 20_000]}
    assert {c["key"]: c["count"] for c in matrix["classes"]} == {c["key"]: c["count"] for c in seen["after"]}
    assert matrix["rule_version"] == 1
    assert wt.rfm.restore(0, "ann") == 2
    build_once(wt, lambda *_: None)
    wt.profiles.published.refresh()
    assert {c["key"]: c["count"] for c in wt.profiles.rfm()["classes"]} == before
    assert [v.version for v in wt.rfm.history()] == [2, 1, 0]
    with wt.database.connect() as connection:
        acts = list(connection.exec_driver_sql("SELECT action FROM audit_log WHERE object_kind = 'rfm'"))
    assert len(acts) == 2


def test_movement_is_of_the_orders_as_they_stood_then(wt: App) -> None:
    moves = wt.rfm.moves(4)
    months = {m["month"]: m for m in moves["months"]}
    assert [m["complete"] for m in moves["months"]] == [True, True, True, False]
    total = {name: sum(c["count"] for c in m["cells"]) for name, m in months.items()}
    ordered = sorted(total)
    today = wt.rfm.today()
    bought_40 = logic.month_name(today - 40)
    if bought_40 != logic.month_name(today - 2):
        assert total[bought_40] == sum(1 for d in (70, 65, 40) if logic.month_name(today - d) <= bought_40)
    assert total[ordered[-1]] == 3, "the refunded one is no buyer any more"
    for name, month in months.items():
        for cell in month["cells"]:
            query = {"kind": "rfm_move", "month": name, "from": cell["from"], "to": cell["to"]}
            assert len(wt.behaviour.people(query)) == cell["count"]
            assert name in wt.behaviour.describe(query).zh


def test_a_past_month_does_not_change_when_later_orders_come(wt: App) -> None:
    before = wt.rfm.moves(4)["months"][:2]
    put(wt, order(9, "u9", 0, 1000), order(4, "u2", 0, 99, "Order Refunded"))
    bring_in(wt)
    wt.behaviour.look_again()
    assert wt.rfm.moves(4)["months"][:2] == before


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "rfm"}, {"kind": "rfm", "rfm_class": "nice"}, {"kind": "rfm", "r": "tall"},
        {"kind": "rfm_move", "month": "2026-13", "from": "none", "to": "new"},
        {"kind": "rfm_move", "month": "x", "from": "none", "to": "new"},
        {"kind": "rfm_move", "month": "2026-10", "from": "new", "to": "none"},
    ],
)  # fmt: skip
def test_queries_that_mean_nothing_are_refused(wt: App, query: dict[str, object]) -> None:
    with pytest.raises(BadPeople):
        wt.behaviour.people(query)


@pytest.mark.parametrize(
    "cut",
    [
        Cut("percent", 0, 50),
        Cut("percent", 50, 50),
        Cut("percent", 1, 100),
        Cut("fixed", 3, 3),
        Cut("fixed", 5, 1),
    ],
)
def test_rules_that_cannot_cut_are_refused(cut: Cut) -> None:
    with pytest.raises(BadRule):
        checked({"CNY": CurrencyRule(m=cut)})


numbers = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 30), st.integers(-9999, 10**7)), min_size=1, max_size=60
)
cuts = st.one_of(
    st.just(Cut()),
    st.tuples(st.integers(1, 98), st.integers(1, 98)).map(lambda p: Cut("percent", min(p), max(p) + 1)),
    st.tuples(st.integers(-100, 10**6), st.integers(1, 10**6)).map(lambda p: Cut("fixed", p[0], p[0] + p[1])),
)


@given(numbers, cuts, cuts, cuts)
def test_any_rule_puts_everybody_into_one_class_and_keeps_order(
    rows: list[tuple[int, int, int]], r: Cut, f: Cut, m: Cut
) -> None:
    rule = checked({"CNY": CurrencyRule(r, f, m)})
    assert read(__import__("json").dumps(as_dict(rule))) == rule
    days, orders, money = (np.array(c, np.int64) for c in zip(*rows, strict=True))
    found = rfm(np.array(["CNY"] * len(rows), object), days, orders, money, days, rule)
    assert len(found.cls) == len(rows)
    assert set(found.cls.tolist()) <= set(range(len(CLASSES)))
    order_of = np.argsort(money)
    assert np.all(np.diff(found.m[order_of]) >= 0)
    assert np.all(np.diff(found.r[np.argsort(days)]) <= 0)


def test_the_eight_classes_cover_every_cell_once() -> None:
    cells = [(r, f, m) for r in LEVELS for f in LEVELS for m in LEVELS]
    assert {eight_of(*cell) for cell in cells} == set(EIGHTS)


@given(st.integers(15_000, 25_000), st.integers(1, 24))
def test_months_are_whole_and_follow_each_other(day: int, count: int) -> None:
    names = list(logic.months_until(day, count))
    assert names[-1] == day_to_date(day).strftime("%Y-%m")
    assert len(set(names)) == count
    ends = [logic.month_end(n) for n in names]
    assert all(27 < b - a < 32 for a, b in pairwise(ends))

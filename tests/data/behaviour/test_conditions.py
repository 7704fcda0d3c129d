"""Conditions on columns, promoted columns and open properties; and what of them is refused, at which place."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.app.wiring import App
from weaktie.data.behaviour.contracts import BadCondition, Condition, Days, Matcher, Op
from weaktie.kit.clock import business_day
from weaktie.store.lake.service import declare

HOSTILE = "x') OR 1=1 --"
ODD = ["a/b~c", 'say "hi"', "it's", "$.deep[*]", "名称", HOSTILE, "*", "properties"]
PROPERTIES: list[dict[str, Any]] = [
    {"colour": "red", "size": 10, "gift": True, **dict.fromkeys(ODD, "yes")},
    {"colour": "blue", "size": "9", "gift": False},
    {"colour": None, "size": "large"},
    {"size": 2.5, "nested": {"a": 1}},
    {},
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with fresh_app(tmp_path_factory.mktemp("conditions")) as wt:
        with wt.database.begin() as tx:
            declare(tx, "events", "p_size", "number", "size", "", now_us=START_US, actor="test")
        calls = [
            track(n, "u1", at_us=START_US - n * 60_000_000, properties=p) for n, p in enumerate(PROPERTIES)
        ]
        put(wt, *calls)
        bring_in(wt)
        yield wt


def count(wt: App, name: str, op: Op, *values: Any) -> int:
    today = business_day(START_US, wt.settings.zone)
    matcher = Matcher("Product Viewed", (Condition(name, op, values),))
    return len(wt.behaviour.sequences([matcher], Days(today - 1, today)).time_us)


@pytest.mark.parametrize(
    ("name", "op", "values", "rows"),
    [
        ("colour", "eq", ("red",), 1), ("colour", "ne", ("red",), 4), ("colour", "in", ("red", "blue"), 2),
        ("colour", "not_in", ("red",), 4), ("colour", "contains", ("lu",), 1), ("colour", "set", (), 2),
        ("colour", "unset", (), 3), ("size", "gt", (9,), 1), ("size", "ge", (9,), 2), ("size", "lt", (9.5,), 2),
        ("size", "eq", ("10",), 1), ("size", "eq", (10,), 1), ("size", "ne", (10,), 4), ("size", "in", (10, 9), 2),
        ("size", "set", (), 4), ("gift", "eq", (True,), 1), ("gift", "ne", (True,), 4), ("nested", "set", (), 1),
        ("p_size", "ge", (9,), 2), ("p_size", "set", (), 3), ("nowhere", "set", (), 0), ("nowhere", "unset", (), 5),
        ("nowhere", "ne", ("x",), 5), ("event_time", "lt", ("2100-01-01",), 5), ("amount_minor", "unset", (), 5),
        *((name, "eq", ("yes",), 1) for name in ODD),
    ],
)  # fmt: skip
def test_what_passes(shop: App, name: str, op: Op, values: tuple[Any, ...], rows: int) -> None:
    assert count(shop, name, op, *values) == rows


def test_columns_may_be_open_properties(shop: App) -> None:
    today = business_day(START_US, shop.settings.zone)
    found = shop.behaviour.sequences(
        [Matcher("Product Viewed")], Days(today - 1, today), ["colour", HOSTILE, "p_size"]
    )
    told = {
        name: [column.values[c] if c >= 0 else None for c in column.codes]
        for name, column in found.columns.items()
    }
    assert told["colour"] == [None, None, None, "blue", "red"], "in the order of time"
    assert told[HOSTILE] == [None, None, None, None, "yes"]
    assert told["p_size"] == [None, "2.5", None, "9", "10"]


@pytest.mark.parametrize(
    ("condition", "place"),
    [
        (Condition("product_id", "eq", (5,)), "values"),
        (Condition("product_id", "eq", ()), "values"),
        (Condition("product_id", "in", ()), "values"),
        (Condition("product_id", "set", ("x",)), "values"),
        (Condition("amount_minor", "gt", ("5",)), "values"),
        (Condition("amount_minor", "contains", ("5",)), "op"),
        (Condition("amount_minor", "gt", (float("nan"),)), "values"),
        (Condition("amount_minor", "gt", (1 << 70,)), "values"),
        (Condition("event_time", "gt", ("yesterday",)), "values"),
        (Condition("p_size", "eq", ("ten",)), "values"),
        (Condition("open", "in", ("a", 1)), "values"),
        (Condition("open", "gt", (True,)), "op"),
        (Condition("", "set"), "property"),
        (Condition("a\0b", "set"), "property"),
    ],
)
def test_what_is_refused(shop: App, condition: Condition, place: str) -> None:
    with pytest.raises(BadCondition) as refused:
        shop.behaviour.sequences([Matcher("x"), Matcher("y", (Condition("z", "set"), condition))], Days(0, 1))
    assert refused.value.place == f"matchers.1.where.1.{place}"


def test_too_many_conditions_are_refused(shop: App) -> None:
    with pytest.raises(BadCondition):
        shop.behaviour.sequences([Matcher("x", (Condition("z", "set"),) * 11)], Days(0, 1))

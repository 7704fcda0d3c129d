"""Orders as they stand: what versions, refunds and cancellations make of an order."""

from typing import Any

import pytest

from tests.data.profiles.market import DAY, Market, at
from weaktie.data.profiles import queries
from weaktie.store.lake.tables import ORDERS


def standing(market: Market, *versions: dict[str, object]) -> dict[str, dict[str, Any]]:
    """The orders of these versions, by id; the version time follows the order in which they are given."""
    rows = [
        {"alias_no": 1, "us": at(DAY), "version_time": at(DAY) + i, "currency": "CNY"} | v
        for i, v in enumerate(versions)
    ]
    market.put("orders", *rows)
    with market.database.connect() as connection:
        files = market.lake.snapshot(connection, tables=["orders"]).files
    with market.engine.session() as session:
        frame = queries.orders_now(session.scan([f.path for f in files], ORDERS.schema))
        return {r["order_id"]: r for r in session.collect(frame).to_pylist()}


def paid(amount: int, **more: object) -> dict[str, object]:
    return {"order_id": "o", "status": "paid", "amount_minor": amount} | more


def other(status: str, amount: int, refunded: int = 0) -> dict[str, object]:
    return {"order_id": "o", "status": status, "amount_minor": amount, "refunded_minor": refunded}


@pytest.mark.parametrize(
    ("versions", "net", "counted", "undone", "status"),
    [
        ([paid(100)], 100, 1, 0, "paid"),
        ([paid(0)], 0, 1, 0, "paid"),
        ([paid(100), paid(80)], 80, 1, 0, "paid"),
        ([paid(100), other("refunded", 100, 30)], 70, 1, 1, "refunded"),
        ([paid(100), other("refunded", 30, 30)], 70, 1, 1, "refunded"),
        ([paid(100), other("refunded", -30)], 70, 1, 1, "refunded"),
        ([paid(100), other("refunded", 100)], 0, 0, 1, "refunded"),
        ([other("refunded", 30, 30), paid(100)], 70, 1, 1, "refunded"),
        ([paid(100, refunded_minor=100)], 0, 0, 1, "refunded"),
        ([other("refunded", -40)], -40, 0, 1, "refunded"),
        ([paid(100), other("cancelled", -100)], 0, 0, 1, "cancelled"),
        ([paid(100), other("cancelled", 0)], 0, 0, 1, "cancelled"),
        ([other("cancelled", -55)], -55, 0, 1, "cancelled"),
        ([other("cancelled", 55)], 0, 0, 1, "cancelled"),
        ([other("adjustment", -11)], -11, 0, 0, "adjustment"),
    ],
)
def test_what_versions_make_of_an_order(
    market: Market, versions: list[dict[str, object]], net: int, counted: int, undone: int, status: str
) -> None:
    row = standing(market, *versions)["o"]
    assert (row["net_minor"], row["counted"], row["undone"], row["status"]) == (net, counted, undone, status)


def test_the_latest_version_wins_whatever_came_first(market: Market) -> None:
    newest = paid(7) | {"version_time": at(DAY) + 99}
    assert standing(market, newest, paid(3), paid(5))["o"]["net_minor"] == 7


def test_of_versions_at_one_instant_the_largest_id_wins(market: Market) -> None:
    same = {"version_time": at(DAY)}
    rows = [paid(n) | same | {"event_id": name} for n, name in ((1, "b"), (2, "c"), (3, "a"))]
    assert standing(market, *rows)["o"]["net_minor"] == 2


def test_orders_do_not_mix(market: Market) -> None:
    found = standing(market, paid(100), paid(50) | {"order_id": "p"}, other("cancelled", -100))
    assert {k: v["net_minor"] for k, v in found.items()} == {"o": 0, "p": 50}

"""The whole way of an event, on SQLite and on PostgreSQL: log, lake, people, build, profile, erasure."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.suites.homes import bring_in, fresh_app, put, track
from weaktie.app.cli_data import build_once
from weaktie.app.status import status_of
from weaktie.app.wiring import App
from weaktie.data.profiles.contracts import NobodyThere, UserFilter


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def wt(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    address = "sqlite:" if request.param == "sqlite" else request.getfixturevalue("empty_postgresql_address")
    with fresh_app(tmp_path, database=address) as app:
        yield app


def order(number: int, user: str, total: float) -> dict[str, object]:
    products = [{"product_id": f"p{number}", "quantity": 1, "price": total}]
    properties = {"order_id": f"o{number}", "total": total, "currency": "CNY", "products": products}
    return track(number, user, event="Order Completed", properties=properties)


def test_from_the_log_to_a_profile_and_out_again(wt: App) -> None:
    put(
        wt,
        track(1, None, anonymous="a1"),
        track(2, "u1", anonymous="a1"),
        order(3, "u1", 99.5),
        order(4, "u2", 10),
    )
    put(wt, track(2, "u1", anonymous="a1"))
    assert bring_in(wt).stored == 4
    built = build_once(wt, lambda *_: None)
    assert built["people"] == 2
    profile = msgspec.json.decode(wt.profiles.profile("u1"))
    assert {alias["value"] for alias in profile["aliases"]} == {"u1", "a1"}
    assert profile["counts"] == {"events": 3, "orders": 1}
    listed = wt.profiles.users(UserFilter(sort="spend"), None, 10)
    assert [(row.user_id, row.spend_minor) for row in listed.items] == [("u1", 9950), ("u2", 1000)]
    found = status_of(wt, enter=True)
    assert (found["events"], found["users"], found["orders"], found["lag"]) == (4, 2, 2, 0)
    assert wt.rights.erase("u1", reason="test", actor="test").state == "done"
    with pytest.raises(NobodyThere):
        wt.profiles.profile("a1")
    assert build_once(wt, lambda *_: None)["people"] == 1
    assert wt.metrics.overview().gmv == [(10_950, "CNY")], "the sale stays, without its buyer"

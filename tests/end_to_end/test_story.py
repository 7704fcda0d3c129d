"""The product's story, as its users live it: from nothing to a profile, over the real server and the real clients."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.suites.servers import Server, last_line, run, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("story") / "home"
    run("init", "--home", str(home))
    with serving(home) as running:
        yield running


@pytest.fixture(scope="module")
def write_key(server: Server) -> str:
    return last_line(run("key", "create", "--kind", "write", "--name", "shop", "--home", str(server.home)))


@pytest.fixture(scope="module")
def read_key(server: Server) -> str:
    return last_line(run("key", "create", "--kind", "read", "--name", "scripts", "--home", str(server.home)))


def build(server: Server) -> None:
    run("build", "--home", str(server.home))


def test_the_official_clients_reach_a_profile_with_tags(
    server: Server, write_key: str, read_key: str
) -> None:
    import sensorsanalytics
    from segment.analytics.client import Client

    segment = Client(write_key, host=server.address, sync_mode=True)
    segment.identify(
        "ming", {"city": "上海", "phone": "19912345678", "nickname": "小明"}, anonymous_id="device-1"
    )
    segment.track(anonymous_id="device-1", event="Content Viewed", properties={"content_id": "c1"})
    segment.track("ming", "Product Viewed", {"product_id": "p1"})
    products = [{"product_id": "p1", "quantity": 2, "price": 49.5}]
    segment.track(
        "ming", "Order Completed", {"order_id": "o1", "total": 99, "currency": "CNY", "products": products}
    )
    consumer = sensorsanalytics.DefaultConsumer(f"{server.address}/sa?project=default&token={write_key}")
    sensors = sensorsanalytics.SensorsAnalytics(consumer)
    sensors.track("ming", "ProductViewed", {"product_id": "p2"}, is_login_id=True)
    sensors.track_signup("hong", "device-2")
    sensors.profile_set("hong", {"city": "成都"}, is_login_id=True)
    sensors.close()

    seen = server.until("/api/profiles/ming", read_key, lambda p: p["live"]["events_since_build"] >= 5)
    assert seen["generation"] is None, "seen a second ago is no 404"
    build(server)
    profile = server.until("/api/profiles/ming", read_key, lambda p: p["generation"] is not None)
    assert {(a["kind"], a["value"]) for a in profile["aliases"]} >= {
        ("user", "ming"),
        ("anonymous", "device-1"),
    }
    assert "19912345678" not in json.dumps(profile), "contacts are masked"
    assert profile["counts"]["orders"] == 1
    assert len({tag["dimension"] for tag in profile["tags"]}) == 4
    assert server.get("/api/profiles/device-2", read_key)["user_id"] == "hong"
    timeline = server.get("/api/profiles/ming/timeline?limit=2", read_key)
    assert len(timeline["items"]) == 2
    assert timeline["next_cursor"]
    orders = server.get("/api/profiles/ming/orders", read_key)["items"]
    assert [order["order_id"] for order in orders] == ["o1"]
    status = json.loads(run("status", "--home", str(server.home), "--json"))
    assert status["orders"] == 1
    assert status["lag"] == 0
    assert status["worker"] is True


def test_a_file_of_orders_becomes_people_with_orders(server: Server, read_key: str, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    rows = [
        ["order_id", "user_id", "paid_time", "amount", "currency"],
        ["f1", "lan", "2026-10-01 12:00:00", "10.00", "CNY"],
        ["f2", "nobody-yet", "2026-10-02 12:00:00", "=cmd()", "CNY"],
    ]
    file.write_text("\n".join(",".join(row) for row in rows), "gbk")
    dry = json.loads(run("import", "orders", str(file), "--home", str(server.home), "--dry-run", "--json"))
    assert dry["tables"]["orders"][0]["amount_minor"] == 1000
    assert [bad["code"] for bad in dry["bad"]] == ["not_a_number"]
    done = json.loads(run("import", "orders", str(file), "--home", str(server.home), "--json"))
    assert (done["stored"]["orders"], done["bad"]) == (1, 1)
    bad = list(csv.reader(io.StringIO(Path(done["bad_rows_file"]).read_text("utf-8-sig"))))
    assert "'=cmd()" in bad[1], "cells are neutralised against formulas"
    again = json.loads(run("import", "orders", str(file), "--home", str(server.home), "--json"))
    assert again["stored"].get("orders", 0) == 0
    build(server)
    server.until("/api/profiles/lan", read_key, lambda profile: profile["counts"]["orders"] == 1)


def test_the_public_answers_tell_nothing_and_the_rest_is_refused(server: Server, write_key: str) -> None:
    status, body = server.call("/api/health")
    health = json.loads(body)
    assert status == 200
    assert health["status"] == "ok"
    for headers in ({}, {"Authorization": f"Bearer {write_key}"}, {"Authorization": "Bearer wkr_wrong"}):
        status, body = server.call("/api/profiles/ming", headers=headers)
        assert status == 401
        assert json.loads(body)["error"]["code"]
    status, body = server.call("/api/no-such-route")
    assert (status, json.loads(body)["error"]["code"]) == (404, "no_such_page")


def test_hostile_values_in_filters_are_values(server: Server, read_key: str) -> None:
    hostile = "x'%20OR%201=1;--"
    listed = server.get(f"/api/users?search={hostile}&channel={hostile}&province={hostile}", read_key)
    assert listed["items"] == []
    bearer = {"Authorization": f"Bearer {read_key}"}
    assert server.call(f"/api/users?sort={hostile}", headers=bearer)[0] == 422
    assert server.call(f"/api/users?tier={hostile}", headers=bearer)[0] == 422
    assert server.get(f"/api/live/events?event={hostile}&source={hostile}", read_key)["items"] == []
    assert server.call(f"/api/profiles/{hostile}", headers=bearer)[0] == 404
    assert server.call(f"/api/dead-letters?cursor={hostile}", headers=bearer)[0] == 400
    assert server.call("/assets/..%2f..%2f..%2fhome.py")[0] == 404


def test_online_retail_comes_out_exactly(tmp_path: Path, data_dir: Path) -> None:
    home = tmp_path / "home"
    run("init", "--home", str(home))
    file = data_dir / "online_retail" / "online_retail.csv.gz"
    if not file.exists():
        pytest.skip("online_retail is not in the folder of public data sets")
    run("import", "orders", str(file), "--mapping", "online-retail", "--home", str(home))
    run("build", "--home", str(home))
    status = json.loads(run("status", "--home", str(home), "--json"))
    assert (status["orders"], status["users"], status["people"]) == (25_900, 4_372, 4_372)
    import weaktie

    with weaktie.open(home) as wt:
        orders = wt.orders.to_polars()
        assert orders["order_id"].n_unique() == 25_900
        assert orders.filter(orders["status"] == "cancelled").height == 3_836
        assert orders["amount_minor"].sum() == 974_774_793
        assert wt.rfm.collect().num_rows > 4_000
        assert wt.app.metrics.overview().gmv == [(974_774_793, "GBP")]

"""Custom metrics over HTTP: made, changed, asked, archived; and what is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.data.metrics.shop import Told, fill
from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import fresh_app
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.kit.clock import day_to_date
from weaktie.trust.audit.service import page


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Told, Browser]]:
    with fresh_app(tmp_path_factory.mktemp("custom")) as wt:
        told = fill(wt, 11)
        with wt.database.begin() as tx:
            _, token = wt.accounts.invite(tx, name="op", email="op@example.com", role="operator")
        hashed = wt.accounts.hash_password(PASSWORD)
        with wt.database.begin() as tx:
            wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
        with TestClient(make_api(wt), base_url=ORIGIN) as http:
            browser = Browser(http)
            assert browser.sign_in("op@example.com").status_code == 200
            yield wt, told, browser


def named(key: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": key, "name_zh": key, "name_en": key, "definition_zh": "定义", "definition_en": "definition", "spec": spec,
    }  # fmt: skip


def ask(browser: Browser, told: Told, *keys: str, ago: int = 30) -> dict[str, Any]:
    body = {
        "metrics": list(keys), "from": str(day_to_date(told.today - ago)), "to": str(day_to_date(told.today - 1)), "by": "range",
    }  # fmt: skip
    answer = browser.send("POST", "/api/metrics/query", body)
    assert answer.status_code == 200, answer.text
    return {s["metric"]: s["points"][0] for s in answer.json()["series"]}


def test_measures_and_formulas_come_out_right(shop: tuple[App, Told, Browser]) -> None:
    _, told, browser = shop
    a, b = told.today - 30, told.today - 1
    specs: dict[str, dict[str, Any]] = {
        "likes": {"numerator": {"of": "events", "what": "count", "event": "Content Liked"}},
        "likers": {"numerator": {"of": "events", "what": "people", "event": "Content Liked"}},
        "p3_views": {
            "numerator": {
                "of": "events", "what": "count", "event": "Content Liked",
                "where": [{"property": "product_id", "op": "set"}],
            }
        },
        "large_orders": {
            "numerator": {"of": "orders", "what": "count", "where": [{"property": "net_minor", "op": "ge", "values": [50000]}]}
        },
        "average_net": {"numerator": {"of": "orders", "what": "average", "field": "net"}},
        "likes_each": {
            "numerator": {"of": "events", "what": "count", "event": "Content Liked"},
            "denominator": {"of": "events", "what": "people", "event": "Content Liked"},
        },
        "sales_per_like": {"formula": ["gmv", "likes"]},
        "aov_to_arpu": {"formula": ["aov", "arpu"]},
    }  # fmt: skip
    for key, spec in specs.items():
        answer = browser.send("POST", "/api/metrics/custom", named(key, spec))
        assert answer.status_code == 201, (key, answer.text)
    found = ask(browser, told, *specs, "gmv", "aov", "arpu")
    likes = [p for p, day, name in told.events if name == "Content Liked" and a <= day <= b]
    assert found["likes"]["value"] == len(likes) == found["p3_views"]["value"]
    assert found["likers"]["value"] == len(set(likes))
    assert found["likes_each"]["value"] == pytest.approx(len(likes) / len(set(likes)))
    inside = [net for _, _, day, net, _ in told.orders if a <= day <= b and net > 0]
    assert found["large_orders"]["value"] == sum(net >= 50_000 for net in inside)
    assert found["average_net"]["value"] == pytest.approx(sum(inside) / len(inside))
    assert found["sales_per_like"]["value"] == pytest.approx(found["gmv"]["value"] / len(likes))
    assert found["aov_to_arpu"]["value"] == pytest.approx(found["aov"]["value"] / found["arpu"]["value"])
    catalogue = {m["key"]: m for m in browser.send("GET", "/api/metrics").json()}
    assert set(specs) <= set(catalogue) and catalogue["aov_to_arpu"]["formula"] == ["aov", "arpu"]
    assert catalogue["average_net"]["unit"] == "money"


def test_a_change_is_a_new_version_and_archiving_can_be_taken_back(shop: tuple[App, Told, Browser]) -> None:
    wt, told, browser = shop
    first = named("mine", {"numerator": {"of": "events", "what": "count", "event": "Content Liked"}})
    assert browser.send("POST", "/api/metrics/custom", first).status_code == 201
    assert browser.send("POST", "/api/metrics/custom", first).status_code == 400, "the key is taken"
    second = named("mine", {"numerator": {"of": "events", "what": "people", "event": "Content Liked"}})
    del second["key"]
    assert browser.send("PUT", "/api/metrics/custom/mine", second).json()["version"] == 2
    versions = browser.send("GET", "/api/metrics/custom/mine").json()
    assert [v["version"] for v in versions] == [2, 1]
    on_it = named("on_mine", {"formula": ["gmv", "mine"]})
    assert browser.send("POST", "/api/metrics/custom", on_it).status_code == 201
    assert browser.send("POST", "/api/metrics/custom/mine/archive").status_code == 409
    assert browser.send("POST", "/api/metrics/custom/on_mine/archive").status_code == 200
    assert browser.send("POST", "/api/metrics/custom/mine/archive").status_code == 200
    body = {"metrics": ["mine"], "from": "2026-09-01", "to": "2026-09-02"}
    assert browser.send("POST", "/api/metrics/query", body).status_code == 404
    assert browser.send("POST", "/api/metrics/custom/mine/restore").status_code == 200
    assert ask(browser, told, "mine")["mine"]["value"] is not None
    with wt.database.connect() as connection:
        acts = [e.action for e in page(connection).items]
    assert {"metric.save", "metric.archive", "metric.restore"} <= set(acts)


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"numerator": {"of": "weather", "what": "count"}},
        {"numerator": {"of": "events", "what": "sum", "event": "X"}},
        {
            "numerator": {
                "of": "events",
                "what": "count",
                "event": "X",
                "where": [{"property": "a", "op": "eq"}],
            }
        },
        {
            "numerator": {
                "of": "events",
                "what": "count",
                "where": [{"property": "a", "op": "like", "values": [1]}],
            }
        },
        {
            "numerator": {
                "of": "orders",
                "what": "count",
                "where": [{"property": "phone", "op": "eq", "values": ["1"]}],
            }
        },
        {"numerator": {"of": "orders", "what": "sum", "field": "weight"}},
        {"formula": ["gmv"]},
        {"formula": ["gmv", "nothing"]},
        {"surprise": 1},
    ],
)
def test_what_makes_no_sense_is_refused(shop: tuple[App, Told, Browser], spec: dict[str, Any]) -> None:
    _, _, browser = shop
    answer = browser.send("POST", "/api/metrics/custom", named("bad_one", spec))
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "bad_metric"


def test_a_built_in_metric_cannot_be_replaced(shop: tuple[App, Told, Browser]) -> None:
    _, _, browser = shop
    spec = {"numerator": {"of": "events", "what": "count"}}
    assert browser.send("POST", "/api/metrics/custom", named("gmv", spec)).status_code == 400
    assert browser.send("POST", "/api/metrics/custom", named("Bad Key", spec)).status_code == 400


def test_definitions_that_pages_asked_for_are_still_there(shop: tuple[App, Told, Browser]) -> None:
    _, _, browser = shop
    known = browser.send("GET", "/api/definitions").json()
    wanted = {
        "users",
        "orders",
        "gmv",
        "events_total",
        "events_per_minute",
        "active_users",
        "dead_letters",
        "lag",
    }
    assert wanted <= set(known)

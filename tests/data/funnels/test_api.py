"""A funnel over HTTP: figures, the people behind them, who is left out, and funnels that are kept."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import START_US, bring_in, fresh_app, pretend, put, track
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.data.behaviour.contracts import I32, BadPeople, only
from weaktie.kit.words import Words

from starlette.testclient import TestClient  # isort: skip

MINUTE = 60_000_000
DAY = 86_400_000_000
STEPS = [{"event": "Product Viewed"}, {"event": "Product Added"}, {"event": "Order Completed"}]


class Segment:
    """A segment of two people, by their user ids."""

    def __init__(self, wt: App) -> None:
        self.wt = wt

    def people(self, query: Any) -> I32:
        if query["segment_id"] != "seg":
            raise BadPeople(Words("无", "none"))
        with self.wt.database.connect() as connection:
            wanted = sorted(
                n for u in ("u1", "u4") if (n := self.wt.identity.find(connection, u)) is not None
            )
        return only(self.wt.behaviour.crowd().people(), wanted)

    def describe(self, query: Any) -> Words:
        return Words("老客", "Regulars")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[App, Browser]]:
    with fresh_app(tmp_path) as wt:
        at = START_US - 3 * DAY

        def did(number: int, user: str, event: str, minutes: float, **properties: Any) -> dict[str, Any]:
            return track(number, user, event=event, at_us=at + int(minutes * MINUTE), properties=properties)

        put(
            wt,
            did(1, "u1", "Product Viewed", 0, colour="red", price=10),
            did(2, "u1", "Product Added", 2),
            did(3, "u1", "Order Completed", 12, order_id="o1", total=9, currency="CNY"),
            did(4, "u2", "Product Viewed", 0, colour="blue", price=300),
            did(5, "u2", "Product Added", 4),
            did(6, "u2", "Product Removed", 5),
            did(7, "u2", "Order Completed", 60 * 30, order_id="o2", total=9, currency="CNY"),
            did(8, "u3", "Product Viewed", 0, colour="red", price=20),
            did(9, "u4", "Product Added", 0),
            track(10, "u5", at_us=START_US - 5 * MINUTE, properties={"colour": "red"}),
            *(track(1000 + n, "u6", at_us=at + n) for n in range(wt.quality.limit + 1)),
        )
        bring_in(wt)
        pretend(wt, "segment", Segment(wt))
        with wt.database.begin() as tx:
            _, token = wt.accounts.invite(tx, name="op", email="op@example.com", role="analyst")
        hashed = wt.accounts.hash_password(PASSWORD)
        with wt.database.begin() as tx:
            wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
        with TestClient(make_api(wt), base_url=ORIGIN) as http:
            browser = Browser(http)
            assert browser.sign_in("op@example.com").status_code == 200
            yield wt, browser


def asked(browser: Browser, **more: Any) -> dict[str, Any]:
    answer = browser.send("POST", "/api/funnels/query", {"funnel": {"steps": STEPS, **more}})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def counts(found: dict[str, Any]) -> dict[str, list[int]]:
    return {g["key"]: [s["people"] for s in g["steps"]] for g in found["groups"]}


def test_figures_of_a_funnel(shop: tuple[App, Browser]) -> None:
    _, browser = shop
    found = asked(browser)
    assert counts(found) == {"all": [4, 2, 2]}, "u4 never began, u6 does more than a person can"
    second, third = found["groups"][0]["steps"][1:]
    assert (second["of_first"], second["lost"], third["of_former"]) == (0.5, 2, 1.0)
    assert (second["times"]["median_s"], third["times"]["p90_s"]) == (180.0, 97044.0)
    assert found["open_people"] == 2, "u3 and u5 may still add"
    assert [p["entered"] for p in found["trend"] if p["entered"]] == [3, 1]
    assert all(p["converted"] is None for p in found["trend"][-7:]), "a window of seven days is open"
    short = asked(browser, window_seconds=3600)
    assert counts(short) == {"all": [4, 2, 1]}
    assert [(p["entered"], p["converted"]) for p in short["trend"] if p["entered"]] == [(3, 1), (1, None)]
    removed = {"event": "Product Removed", "after": 2, "before": 3}
    assert counts(asked(browser, exclusions=[removed])) == {"all": [4, 2, 1]}
    dear = [
        {"event": "Product Viewed", "where": [{"property": "price", "op": "ge", "values": [20]}]},
        *STEPS[1:],
    ]
    assert counts(asked(browser, steps=dear)) == {"all": [2, 1, 1]}


def test_breakdowns_and_segments(shop: tuple[App, Browser]) -> None:
    _, browser = shop
    by_colour = asked(browser, breakdown={"by": "property", "key": "colour"})
    assert counts(by_colour) == {"all": [4, 2, 2], "value:red": [3, 1, 1], "value:blue": [1, 1, 1]}
    by_nothing = asked(browser, breakdown={"by": "property", "key": "no'such\"key"})
    assert counts(by_nothing) == {"all": [4, 2, 2], "none": [4, 2, 2]}
    compared = asked(browser, segments=["seg"])
    assert counts(compared) == {"all": [4, 2, 2], "segment:seg": [1, 1, 1]}
    assert compared["groups"][1]["words"]["zh"] == "老客"
    assert counts(asked(browser, within="seg")) == {"all": [1, 1, 1]}
    refused = browser.send("POST", "/api/funnels/query", {"funnel": {"steps": STEPS, "within": "other"}})
    assert refused.status_code == 400


def test_a_point_opens_its_people(shop: tuple[App, Browser]) -> None:
    wt, _ = shop

    def people(**more: Any) -> set[str]:
        query = {"kind": "funnel", "funnel": {"steps": STEPS}, **more}
        numbers = wt.behaviour.people(query).tolist()
        with wt.database.connect() as connection:
            return {str(a.value) for a in wt.identity.described(connection, numbers)}

    assert people(step=1) == {"u1", "u2", "u3", "u5"}
    assert people(step=1, dropped=True) == {"u3", "u5"}
    assert people(step=3) == {"u1", "u2"}
    assert people(step=1, entered_from="2026-09-21") == {"u5"}
    split = {"steps": STEPS, "breakdown": {"by": "property", "key": "colour"}}
    assert people(step=2, funnel=split, group="value:blue") == {"u2"}
    assert wt.behaviour.describe(
        {"kind": "funnel", "funnel": {"steps": STEPS}, "step": 2, "dropped": True}
    ).zh.endswith("第 2 步后流失")
    for wrong in (
        {"step": 4},
        {"step": 3, "dropped": True},
        {"step": 1, "group": "value:no"},
        {"step": 1, "funnel": {}},
    ):
        with pytest.raises(BadPeople):
            people(**wrong)


def test_what_cannot_be_asked_is_refused_with_its_place(shop: tuple[App, Browser]) -> None:
    _, browser = shop

    def refused(**more: Any) -> tuple[str, str]:
        answer = browser.send("POST", "/api/funnels/query", {"funnel": {"steps": STEPS, **more}})
        assert answer.status_code in (400, 422), answer.text
        error = answer.json()["error"]
        return error["code"], error["place"]

    where = [{"property": "amount_minor", "op": "gt", "values": ["much"]}]
    assert refused(steps=[STEPS[0], {"event": "x", "where": where}]) == (
        "bad_condition",
        "steps.1.where.0.values",
    )
    assert refused(exclusions=[{"event": "x", "after": 3, "before": 4}]) == ("bad_funnel", "exclusions.0")
    assert refused(days={"recent_days": 3, "from_day": "2026-01-01"}) == ("bad_funnel", "days")
    assert refused(segments=["seg"], breakdown={"by": "tag", "key": "gender"}) == ("bad_funnel", "breakdown")
    assert refused(breakdown={"by": "tag", "key": "no"}) == ("bad_tag", "no")
    assert refused(steps=STEPS[:1])[0] == "bad_request"


def test_the_spreadsheet_says_the_same(shop: tuple[App, Browser]) -> None:
    _, browser = shop
    q = json.dumps({"steps": STEPS})
    answer = browser.client.get("/api/funnels/csv", params={"q": q})
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert [(r["step"], r["people"], r["lost"]) for r in rows] == [
        ("1", "4", "0"),
        ("2", "2", "2"),
        ("3", "2", "0"),
    ]
    told = browser.client.get("/api/funnels/csv", params={"q": q, "what": "trend"}).text
    assert len(told.splitlines()) == 31
    assert browser.client.get("/api/funnels/csv", params={"q": "{"}).status_code == 400


def test_funnels_are_kept_changed_deleted_and_brought_back(shop: tuple[App, Browser]) -> None:
    wt, browser = shop
    made = browser.send("POST", "/api/funnels", {"name": "下单", "funnel": {"steps": STEPS}})
    assert made.status_code == 201
    path = f"/api/funnels/{made.json()['funnel_id']}"
    assert (
        browser.send("POST", "/api/funnels", {"name": "下单", "funnel": {"steps": STEPS}}).status_code == 409
    )
    assert browser.send("PATCH", path, {"name": "下单漏斗"}).json()["name"] == "下单漏斗"
    assert [f["name"] for f in browser.client.get("/api/funnels").json()["items"]] == ["下单漏斗"]
    assert browser.send("DELETE", path, None).status_code == 204
    assert browser.client.get("/api/funnels").json()["items"] == []
    assert browser.send("PATCH", path, {"name": "x"}).status_code == 404
    back = browser.send("POST", f"{path}/restore", None).json()
    assert back["funnel"]["steps"][2]["event"] == "Order Completed"
    with wt.database.connect() as connection:
        actions = (
            connection.exec_driver_sql("SELECT action FROM audit_log WHERE object_kind = 'funnel'")
            .scalars()
            .all()
        )
    assert actions == ["funnel.create", "funnel.change", "funnel.delete", "funnel.restore"]

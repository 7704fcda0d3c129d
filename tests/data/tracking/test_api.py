"""The tracking plan over HTTP: editing, imports with preview, the report, alerts, and who may do what."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.app.test_access import person
from tests.data.tracking.test_check import view
from tests.data.tracking.test_workbook import EVENTS, HEAD
from tests.suites.consoles import ORIGIN, Browser
from tests.suites.homes import bring_in, fresh_app, put, track
from tests.suites.workbooks import workbook
from weaktie.app.cli_data import as_job
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.data.tracking import jobs
from weaktie.trust.accounts.contracts import Role
from weaktie.trust.audit.tables import audit_log

EVENT = {
    "name": "Product Viewed",
    "platforms": ["web", "iOS"],
    "properties": [{"name": "price", "type": "integer"}],
}


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield app


@pytest.fixture
def developer(wt: App) -> Iterator[Browser]:
    with TestClient(make_api(wt), base_url=ORIGIN, raise_server_exceptions=False) as client:
        browser = Browser(client)
        assert browser.sign_in(person(wt, Role.DEVELOPER, "dev@example.com")).status_code == 200
        yield browser


def save_event(developer: Browser, base: int, event: object = EVENT, name: str | None = None) -> int:
    body = {"base_version": base, "name": name, "event": event}
    answer = developer.send("POST", "/api/tracking/plan/events", body)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["version"])


def test_a_plan_is_edited_compared_and_restored(developer: Browser) -> None:
    assert developer.send("GET", "/api/tracking/plan").json()["version"] == 0
    assert save_event(developer, 0) == 1
    assert save_event(developer, 1, EVENT | {"name": "Product Seen"}, "Product Viewed") == 2
    changes = developer.send("GET", "/api/tracking/plan/difference?before=1&after=2").json()
    assert {(c["kind"], c["event"]) for c in changes} == {
        ("added", "Product Seen"),
        ("removed", "Product Viewed"),
    }
    stale = developer.send(
        "POST", "/api/tracking/plan/events", {"base_version": 1, "name": None, "event": EVENT}
    )
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "plan_changed")
    assert (
        developer.send("POST", "/api/tracking/plan/restore", {"base_version": 2, "version": 1}).json()[
            "version"
        ]
        == 3
    )
    assert developer.send("GET", "/api/tracking/plan").json()["events"][0]["name"] == "Product Viewed"
    assert [v["version"] for v in developer.send("GET", "/api/tracking/plan/versions").json()] == [3, 2, 1]
    assert save_event(developer, 3, None, "Product Viewed") == 4
    gone = developer.send(
        "POST", "/api/tracking/plan/events", {"base_version": 4, "name": "Nobody", "event": None}
    )
    assert gone.status_code == 404
    shared = {"base_version": 4, "common": [{"name": "x"}, {"name": "x"}], "user_properties": []}
    assert (
        developer.send("POST", "/api/tracking/plan/shared", shared).json()["error"]["code"] == "named_twice"
    )


def test_yaml_is_looked_at_before_it_is_kept(developer: Browser) -> None:
    assert (
        developer.send("POST", "/api/tracking/plan/proposal", {"base_version": 0}).json()["saved_version"]
        == 1
    )
    answer = developer.send("GET", "/api/tracking/plan/yaml")
    assert "attachment" in answer.headers["content-disposition"]
    text = answer.text.replace("name: App Opened", "name: App Started")
    body = {"base_version": 1, "text": text}
    look = developer.send("POST", "/api/tracking/plan/yaml", body).json()
    assert {(c["kind"], c["event"]) for c in look["changes"]} == {
        ("added", "App Started"),
        ("removed", "App Opened"),
    }
    assert look["saved_version"] is None
    assert developer.send("GET", "/api/tracking/plan").json()["version"] == 1
    kept = developer.send("POST", "/api/tracking/plan/yaml", body | {"save": True}).json()
    assert kept["saved_version"] == 2
    same = developer.send("GET", "/api/tracking/plan/yaml").text
    assert (
        developer.send("POST", "/api/tracking/plan/yaml", {"base_version": 2, "text": same}).json()["changes"]
        == []
    )
    bad = developer.send("POST", "/api/tracking/plan/yaml", {"base_version": 2, "text": "a: &a [*a]"})
    assert (bad.status_code, bad.json()["error"]["code"]) == (422, "yaml_alias")


def test_a_workbook_is_looked_at_before_it_is_kept(developer: Browser) -> None:
    save_event(developer, 0)
    broken: list[list[str | int]] = [HEAD, [1, "a", "甲", "x", "", "魔法", "", "", "", "", ""]]
    data = workbook({"事件表": EVENTS[1:], "更多事件": broken})

    def send(query: str) -> dict:
        headers = {"Origin": ORIGIN, "X-CSRF-Token": developer.csrf}
        answer = developer.client.post(f"/api/tracking/plan/workbook?{query}", content=data, headers=headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    look = send("base_version=1")
    assert look["events"] == 5
    assert [(b["sheet"], b["row"], b["column"], b["code"]) for b in look["bad"]] == [
        ("更多事件", 2, "F", "unknown_type")
    ]
    assert look["renamed"] == {"$MPLaunch": "App Opened"}
    assert developer.send("GET", "/api/tracking/plan").json()["version"] == 1
    assert send("base_version=1&save=true")["saved_version"] == 2
    names = [e["name"] for e in developer.send("GET", "/api/tracking/plan").json()["events"]]
    assert names == ["Product Viewed", "product_view", "App Opened", "coupon_get", "a"]


def test_the_pages_tell_what_came(wt: App, developer: Browser) -> None:
    save_event(developer, 0)
    put(wt, view(1, price=5), view(2, price="=1+1"), view(3, version="2.0"), track(4, event="Surprise"))
    bring_in(wt)
    jobs.check(wt.tracking_parts)
    rows = {r["name"]: r for r in developer.send("GET", "/api/tracking/events").json()}
    assert rows["Product Viewed"]["coverage"] == 0.5
    assert rows["Product Viewed"]["missing"] == ["iOS"]
    assert (rows["Product Viewed"]["events"], rows["Product Viewed"]["failed"]) == (3, 2)
    assert rows["Surprise"]["status"] == "unplanned"
    cover = developer.send("GET", "/api/tracking/coverage?days=7").json()
    assert (cover["planned"], cover["seen"], cover["share"], cover["goal"]) == (2, 1, 0.5, 0.8)
    assert [(m["event"], m["platform"], m["last_day"]) for m in cover["missing"]] == [
        ("Product Viewed", "iOS", None)
    ]
    assert {(v["platform"], v["app_version"]) for v in cover["versions"]} == {("web", "1.0"), ("web", "2.0")}
    found = developer.send("GET", "/api/tracking/violations?days=7&kind=wrong_type&platform=web").json()
    assert [(v["property"], v["events"], v["share"]) for v in found["items"]] == [
        ("price", 1, 0.5),
        ("price", 1, 1.0),
    ]
    assert (found["events"], found["failed"], found["kinds"]) == (
        4,
        3,
        {"unplanned_event": 1, "wrong_type": 2},
    )
    report = developer.send("GET", "/api/tracking/violations.csv?days=7")
    lines = list(csv.DictReader(io.StringIO(report.text.lstrip("\ufeff"))))
    assert sorted((line["event"], line["kind"], line["events"]) for line in lines) == [
        ("Product Viewed", "wrong_type", "1"), ("Product Viewed", "wrong_type", "1"), ("Surprise", "unplanned_event", "1"),
    ]  # fmt: skip
    detail = developer.send("GET", "/api/tracking/event?name=Product Viewed").json()
    price = next(o for o in detail["observed"] if o["name"] == "price")
    assert (price["types"], price["inferred"]) == ({"integer": 1, "number": 1, "text": 1}, "text")
    assert developer.send("GET", "/api/tracking/event?name=Nothing").status_code == 404


def test_an_event_from_the_data_is_planned_with_one_click_and_the_past_checked_again(
    wt: App, developer: Browser
) -> None:
    save_event(developer, 0)
    put(wt, track(1, event="Surprise", properties={"n": 1}))
    bring_in(wt)
    jobs.check(wt.tracking_parts)
    assert (
        developer.send("POST", "/api/tracking/plan/adopt", {"base_version": 1, "event": "Surprise"}).json()[
            "version"
        ]
        == 2
    )
    assert developer.send("GET", "/api/tracking/state").json()["stale_files"] == 1
    started = developer.send("POST", "/api/tracking/recheck", {"days": 7})
    assert started.status_code == 202
    job = wt.jobs.next_waiting()
    assert job is not None
    assert (job.job_id, job.kind, job.params) == (started.json()["job_id"], "tracking", {"days": 7})
    as_job(wt, job.job_id, lambda told: {"files": jobs.recheck(wt.tracking_parts, 7, told).files_checked})
    assert wt.jobs.get(job.job_id).state == "done"
    assert developer.send("GET", "/api/tracking/violations").json()["items"] == []
    assert developer.send("GET", "/api/tracking/state").json()["stale_files"] == 0


def test_an_alert_is_moved_and_every_change_is_audited(wt: App, developer: Browser) -> None:
    save_event(developer, 0)
    for number, event in enumerate(("Product Viewed", "Stranger")):
        put(wt, track(number, event=event))
        bring_in(wt)
        jobs.check(wt.tracking_parts)
    shown = developer.send("GET", "/api/tracking/alerts").json()
    assert (shown["open"], [a["event"] for a in shown["items"]]) == (1, ["Stranger"])
    place = f"/api/tracking/alerts/{shown['items'][0]['alert_id']}"
    assert developer.send("POST", place, {"state": "acknowledged"}).json()["state"] == "acknowledged"
    assert developer.send("GET", "/api/tracking/alerts").json()["open"] == 0
    assert developer.send("POST", place, {"state": "gone"}).status_code == 422
    assert developer.send("POST", place, {"state": "resolved"}).status_code == 200
    assert developer.send("POST", place, {"state": "open"}).status_code == 409
    assert developer.send("POST", "/api/tracking/alerts/99", {"state": "open"}).status_code == 404
    with wt.database.connect() as connection:
        acts = [
            row.action for row in connection.execute(audit_log.select()) if row.action.startswith("tracking")
        ]
    assert acts == ["tracking.plan.save", "tracking.alert", "tracking.alert"]


def test_whoever_may_only_look_changes_nothing(wt: App, developer: Browser) -> None:
    with TestClient(make_api(wt), base_url=ORIGIN) as client:
        analyst = Browser(client)
        analyst.sign_in(person(wt, Role.ANALYST, "an@example.com"))
        for path in (
            "plan",
            "plan/versions",
            "plan/proposal",
            "events",
            "coverage",
            "violations",
            "alerts",
            "state",
        ):
            assert analyst.send("GET", f"/api/tracking/{path}").status_code == 200, path
        for path, body in (
            ("plan/proposal", {"base_version": 0}), ("plan/yaml", {"base_version": 0, "text": ""}),
            ("recheck", {"days": 1}), ("alerts/1", {"state": "muted"}), ("plan/adopt", {"base_version": 0, "event": "x"}),
        ):  # fmt: skip
            assert analyst.send("POST", f"/api/tracking/{path}", body).status_code == 403, path

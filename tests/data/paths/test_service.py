"""Paths over a real home and HTTP: where people go after a start and before an end, and who they are."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN
from tests.suites.homes import START_US, bring_in, fresh_app, pretend, put, track
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.data.behaviour.contracts import BadPeople
from weaktie.kit.clock import HOUR_US, MINUTE_US, business_day, day_to_date
from weaktie.kit.words import Words

SHARE, VIEW, ADD, ORDER = "Product Shared", "Product Viewed", "Product Added", "Checkout Started"


def session(user: str, begin_us: int, *events: str) -> list[dict]:
    """Events of a person five minutes after each other; `name/value` gives it a list."""
    return [
        track(
            f"{user}-{begin_us}-{n}", user, event=event.partition("/")[0], at_us=begin_us + 5 * n * MINUTE_US,
            properties={"list": event.partition("/")[2]} if "/" in event else {},
        )
        for n, event in enumerate(events)
    ]  # fmt: skip


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        early, late = START_US - 20 * HOUR_US, START_US - 5 * HOUR_US
        put(
            app,
            *session("a", early, SHARE, VIEW, VIEW, ADD, ORDER),
            *session("a", late, VIEW, ADD),
            *session("b", early, VIEW, SHARE, VIEW),
            *session("c", late, VIEW, ORDER),
            *session("d", late, SHARE),
        )
        bring_in(app)
        yield app


def ask(wt: App, **more):
    key = wt.create_key("read", "test", source_id=None, actor="test")
    today = business_day(START_US, wt.settings.zone)
    days = {"first_day": day_to_date(today - 2).isoformat(), "last_day": day_to_date(today).isoformat()}
    body = {"anchor": {"event": VIEW}, **days} | more
    answer = TestClient(make_api(wt), base_url=ORIGIN).post(
        "/api/paths/query", json=body, headers={"Authorization": f"Bearer {key}"}
    )
    return body, answer.status_code, answer.json()


def nodes(found) -> dict:
    return {(n["step"], n["event"]): n["count"] for n in found["nodes"]}


def test_paths_by_people_and_by_sessions(wt: App) -> None:
    body, status, found = ask(wt)
    assert (status, found["paths"], found["people"]) == (200, 3, 3)
    assert nodes(found) == {
        (0, VIEW): 3, (1, ADD): 1, (1, SHARE): 1, (1, ORDER): 1, (2, ORDER): 1, (2, VIEW): 1,
    }  # fmt: skip
    _, _, found = ask(wt, unit="sessions")
    assert (found["paths"], found["people"]) == (4, 3)
    assert nodes(found)[1, ADD] == 2
    people = {"kind": "path", "query": body, "step": 0, "node": f"e:{VIEW}"}
    assert len(wt.behaviour.people(people)) == 3
    assert len(wt.behaviour.people(people | {"to": f"e:{ADD}"})) == 1
    assert len(wt.behaviour.people(people | {"to": "end"})) == 0
    assert len(wt.behaviour.people(people | {"step": 2})) == 1
    assert "Product Viewed → Product Added" in wt.behaviour.describe(people | {"to": f"e:{ADD}"}).en


def test_the_first_step_is_the_funnels(wt: App) -> None:
    """Who did the start event in the period, once each: what step 1 of a funnel on it has."""
    _, _, found = ask(wt)
    today = business_day(START_US, wt.settings.zone)
    from weaktie.data.behaviour.contracts import Days, Matcher

    did = wt.behaviour.sequences([Matcher(VIEW)], Days(today - 2, today))
    assert found["people"] == found["nodes"][0]["count"] == len(did.people)


def test_paths_to_an_end_and_chosen_events(wt: App) -> None:
    _, _, found = ask(wt, anchor={"event": ORDER}, direction="to")
    assert nodes(found) == {(0, ORDER): 2, (1, ADD): 1, (1, VIEW): 1, (2, VIEW): 1, (3, SHARE): 1}
    _, _, found = ask(wt, anchor={"event": SHARE}, events=[ORDER])
    assert nodes(found) == {(0, SHARE): 3, (1, ORDER): 1}


def test_repeats_top_steps_and_sessions(wt: App) -> None:
    _, _, found = ask(wt, anchor={"event": SHARE}, collapse=False, steps=3)
    shown = nodes(found)
    assert (shown[1, VIEW], shown[2, VIEW]) == (2, 1)
    assert next(n for n in found["nodes"] if n["step"] == 2)["beyond"] == 1
    _, _, found = ask(wt, top=1)
    assert (1, "") in nodes(found), "rarer events are one node"
    assert sum(n["count"] for n in found["nodes"] if n["step"] == 1) == 3
    _, _, found = ask(wt, session_minutes=4)
    assert {n["step"] for n in found["nodes"]} == {0}, "five minutes apart is another session now"


def test_a_property_tells_nodes_apart(wt: App) -> None:
    put(
        wt,
        *session("e", START_US - HOUR_US, SHARE, f"{VIEW}/new", f"{VIEW}/hot"),
        *session("f", START_US - HOUR_US, SHARE, VIEW),
    )
    bring_in(wt)
    wt.clock.move(61)  # type: ignore[attr-defined]
    _, status, found = ask(wt, anchor={"event": SHARE}, split={"event": VIEW, "property": "list"})
    assert status == 200, found
    second = {(n["event"], n["value"]): n["count"] for n in found["nodes"] if n["step"] == 1}
    assert second == {(VIEW, None): 3, (VIEW, "new"): 1}


def test_segments_narrow_and_nonsense_is_refused(wt: App) -> None:
    everybody = wt.behaviour.crowd().people()

    class Fake:
        def people(self, query):
            return everybody[:1]

        def describe(self, query):
            return Words("一", "one")

    wt.behaviour._sources.pop("segment", None)
    pretend(wt, "segment", Fake())
    _, _, found = ask(wt, segment="one")
    assert found["people"] <= 1
    _, status, found = ask(wt, first_day="2026-05-01", last_day="2026-04-01")
    assert (status, found["error"]["code"]) == (400, "bad_paths")
    _, status, _ = ask(wt, steps=11)
    assert status == 422
    with pytest.raises(BadPeople):
        wt.behaviour.people({"kind": "path", "query": {}, "step": 99, "node": "x"})


def test_an_empty_answer_has_no_nodes(wt: App) -> None:
    _, status, found = ask(wt, anchor={"event": "Never Happens"})
    assert (status, found["nodes"], found["edges"], found["paths"]) == (200, [], [], 0)

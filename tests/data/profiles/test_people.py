"""The list of users behind a query of people: narrowed, counted, exported, refused."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.data.profiles.market import no_progress
from tests.suites.consoles import ORIGIN
from tests.suites.homes import bring_in, fresh_app, put, track
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.data.behaviour.contracts import I32, only
from weaktie.data.profiles.jobs import build
from weaktie.kit.words import Words


class Chosen:
    """People by their ids, as a chart would name them."""

    def __init__(self, wt: App) -> None:
        self.wt = wt

    def people(self, query: Mapping[str, Any]) -> I32:
        with self.wt.database.connect() as connection:
            found = [self.wt.identity.find(connection, name) for name in query["names"]]
        return only(self.wt.behaviour.crowd().people(), sorted(n for n in found if n is not None))

    def describe(self, query: Mapping[str, Any]) -> Words:
        return Words("选中的人", "the chosen")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, TestClient]]:
    with fresh_app(tmp_path_factory.mktemp("people")) as wt:
        put(wt, *(track(n, f"u{n}") for n in range(1, 8)), track(20, None, anonymous="a1"))
        bring_in(wt)
        build(wt.build_parts, no_progress)
        put(wt, track(30, "late"))
        bring_in(wt)
        wt.clock.move(6)  # type: ignore[attr-defined]
        wt.behaviour.register("chosen", Chosen(wt))
        key = wt.create_key("read", "test", source_id=None, actor="test")
        with TestClient(make_api(wt), base_url=ORIGIN, headers={"Authorization": f"Bearer {key}"}) as http:
            yield wt, http


def asked(*names: str) -> dict[str, str]:
    return {"people": json.dumps({"kind": "chosen", "names": names})}


def test_the_list_has_only_the_people_asked_for_and_says_who_is_missing(shop: tuple[App, TestClient]) -> None:
    _, http = shop
    found = http.get("/api/users", params=asked("u2", "u5", "a1", "late")).json()
    assert {row["user_id"] for row in found["items"]} == {"u2", "u5"}
    assert found["total"] == 2
    words = {"zh": "选中的人", "en": "the chosen"}
    assert found["people"] == {"words": words, "count": 4, "users": 2, "visitors": 1, "unpublished": 1}
    visitors = http.get("/api/users", params=asked("u2", "a1") | {"visitors": "true"}).json()
    assert [row["user_id"] for row in visitors["items"]] == ["a1"]
    assert http.get("/api/users").json()["people"] is None


def test_one_thread_asked_about_other_people_answers_about_them(shop: tuple[App, TestClient]) -> None:
    wt, _ = shop
    numbers = wt.behaviour.crowd().people()
    assert wt.profiles.standing(numbers).asked == len(numbers) == 9
    assert wt.profiles.standing(numbers[:1]).users == 1
    assert wt.profiles.standing(np.array([], np.int32)) == wt.profiles.standing(numbers[:0])
    assert wt.profiles.standing(numbers[:3]).users == 3


def test_pages_and_filters_hold_among_them(shop: tuple[App, TestClient]) -> None:
    _, http = shop
    seen: list[str] = []
    cursor = None
    while True:
        params = asked("u1", "u3", "u4") | {"limit": "1"} | ({"cursor": cursor} if cursor else {})
        page = http.get("/api/users", params=params).json()
        seen += [row["user_id"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == ["u1", "u3", "u4"]
    none = http.get("/api/users", params=asked("u1") | {"channel": "nowhere"}).json()
    assert none["items"] == []


def test_the_export_is_of_the_same_people_and_stands_in_the_audit_log(shop: tuple[App, TestClient]) -> None:
    wt, http = shop
    lines = http.get("/api/users/export", params=asked("u2", "u5")).text.splitlines()
    assert sorted(line.split(",")[0] for line in lines[1:]) == ["u2", "u5"]
    with wt.database.connect() as connection:
        from weaktie.trust.audit.service import page

        newest = page(connection, cursor=None, limit=1).items[0]
    assert newest.action == "users_exported"
    assert newest.detail["people"] == "chosen"
    assert newest.detail["asked"] == 2


@pytest.mark.parametrize("text", ["[1]", "nothing", '{"kind": "unknown"}'])
def test_a_query_that_is_none_is_refused(shop: tuple[App, TestClient], text: str) -> None:
    _, http = shop
    answer = http.get("/api/users", params={"people": text})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_people"

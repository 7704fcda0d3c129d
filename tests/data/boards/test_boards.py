"""Boards over HTTP: tiles, versions, who may see and change, and what a query's tile shows to whom."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.data.sql.test_sql import Shop, refuse
from tests.suites.consoles import Browser
from tests.suites.homes import bring_in, fresh_app, put, track
from weaktie.app.cli_data import build_once

TEXT = {"tile_id": "a", "kind": "text", "title": "", "wide": 6, "high": 1, "holds": {"text": "说明"}}
METRIC = {
    "tile_id": "m",
    "kind": "metric",
    "title": "",
    "wide": 3,
    "high": 2,
    "holds": {"key": "gmv", "show": "number"},
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    clients: list[Any] = []
    with fresh_app(tmp_path) as wt:
        put(wt, track(1, "u1"), track(2, "u2"))
        bring_in(wt)
        build_once(wt, lambda *_: None)
        yield Shop(wt, clients)
        for client in clients:
            client.close()


def made(shop: Shop, *tiles: dict[str, Any], browser: Browser | None = None, **more: Any) -> dict[str, Any]:
    body = {"name": "周会", "tiles": list(tiles), **more}
    answer = (browser or shop.analyst).send("POST", "/api/boards", body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def saved_query(shop: Shop, sql: str, *, shared: bool) -> str:
    body = {"name": "q", "sql": sql, "shared": shared, "chart": {"kind": "number", "y": ["n"]}}
    return str(shop.analyst.send("POST", "/api/sql/queries", body).json()["query_id"])


def on_board(shop: Shop, sql: str, *, shared: bool = True, **more: Any) -> str:
    """The address of the one tile of a new board that everybody may see."""
    tile = TEXT | {"kind": "query", "holds": {"query_id": saved_query(shop, sql, shared=shared), **more}}
    return f"/api/boards/{made(shop, tile, access='view')['board_id']}/tiles/a"


def settled(browser: Browser, path: str) -> Any:
    answer = browser.send("GET", path)
    for _ in range(600):
        if answer.status_code != 200 or answer.json()["state"] != "running":
            break
        answer = browser.send("GET", path)
    return answer


def test_tiles_are_saved_with_versions_and_brought_back(shop: Shop) -> None:
    board = made(shop, TEXT)
    path = f"/api/boards/{board['board_id']}"
    second = shop.analyst.send("PATCH", path, {"tiles": [METRIC, TEXT], "version": 1}).json()
    assert (second["version"], [t["tile_id"] for t in second["tiles"]]) == (2, ["m", "a"])
    late = shop.analyst.send("PATCH", path, {"tiles": [], "version": 1})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "board_changed")
    assert shop.analyst.send("PATCH", path, {"name": "月会"}).json()["version"] == 2
    back = shop.analyst.send("POST", f"{path}/versions/1/restore").json()
    assert (back["version"], len(back["tiles"]), back["name"]) == (3, 1, "月会")
    assert [b["version"] for b in shop.analyst.send("GET", f"{path}/versions").json()] == [3, 2, 1]
    shop.analyst.send("PATCH", path, {"archived": True})
    assert [b["board_id"] for b in shop.analyst.send("GET", "/api/boards").json()] == ["overview"]
    shop.analyst.send("PATCH", path, {"archived": False})
    assert len(shop.analyst.send("GET", "/api/boards").json()) == 2


@pytest.mark.parametrize(
    "tile",
    [
        TEXT | {"wide": 13},
        TEXT | {"high": 0},
        TEXT | {"holds": {"text": " "}},
        TEXT | {"holds": {"text": "x", "href": "/users"}},
        TEXT | {"kind": "link", "holds": {"href": "https://elsewhere.example"}},
        TEXT | {"kind": "link", "holds": {"href": "//elsewhere.example"}},
        TEXT | {"kind": "link", "holds": {"href": "javascript:alert(1)"}},
        TEXT | {"kind": "query", "holds": {}},
        METRIC | {"holds": {"show": "number"}},
    ],
)
def test_a_tile_that_cannot_be_is_refused(shop: Shop, tile: dict[str, Any]) -> None:
    answer = shop.analyst.send("POST", "/api/boards", {"name": "x", "tiles": [tile]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_tile")


def test_who_may_see_and_who_may_change(shop: Shop) -> None:
    board = made(shop, TEXT)
    path = f"/api/boards/{board['board_id']}"
    operator, developer = (
        shop.person("operator", "op@example.com"),
        shop.person("developer", "dev@example.com"),
    )
    assert operator.send("GET", path).status_code == 404
    assert shop.analyst.send("PATCH", path, {"access": "view"}).status_code == 200
    assert operator.send("GET", path).json()["may_change"] is False
    assert operator.send("PATCH", path, {"tiles": []}).status_code == 403
    assert operator.send("PATCH", path, {"access": "own"}).status_code == 403
    shop.analyst.send("PATCH", path, {"access": "edit"})
    assert operator.send("PATCH", path, {"tiles": [TEXT, METRIC]}).json()["version"] == 2
    assert operator.send("PATCH", path, {"archived": True}).status_code == 403, (
        "what the board is stays its owner's"
    )
    assert developer.send("GET", path).status_code == 200
    assert developer.send("PATCH", path, {"tiles": []}).status_code == 403


def test_the_board_that_ships_is_copied_and_not_changed(shop: Shop) -> None:
    ships = shop.analyst.send("GET", "/api/boards/overview").json()
    assert ships["words"]["zh"] == "经营概览"
    assert {t["kind"] for t in ships["tiles"]} == {"metric"}
    assert shop.analyst.send("PATCH", "/api/boards/overview", {"name": "x"}).status_code == 403
    copy = made(shop, copy_of="overview")
    assert [t["holds"] for t in copy["tiles"]] == [t["holds"] for t in ships["tiles"]]
    assert copy["may_change"] is True


def test_a_tile_shows_its_query_to_those_with_whom_it_is_shared(shop: Shop) -> None:
    path = on_board(shop, "SELECT count(*) AS n FROM events", shared=False)
    operator = shop.person("operator", "op@example.com")
    assert settled(shop.analyst, path).json()["rows"] == [[2]]
    refused = settled(operator, path)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "query_not_shared")
    shared = on_board(shop, "SELECT count(*) AS n FROM events")
    assert settled(operator, shared).json()["rows"] == [[2]]


def test_a_tile_takes_the_days_of_the_board(shop: Shop) -> None:
    path = on_board(
        shop, "SELECT {{from}} AS a, {{to}} AS b", values={"from": "2026-01-01", "to": "2026-01-31"}
    )
    assert settled(shop.analyst, path).json()["rows"] == [["2026-01-01", "2026-01-31"]]
    assert settled(shop.analyst, f"{path}?from=2026-02-01&to=2026-02-02").json()["rows"] == [
        ["2026-02-01", "2026-02-02"]
    ]
    assert shop.analyst.send("GET", f"{path}?from=yesterday").status_code == 422


def test_a_failing_tile_fails_alone(shop: Shop) -> None:
    path = on_board(shop, "SELECT missing AS n FROM events")
    found = settled(shop.analyst, path).json()
    assert found["state"] == "failed"
    assert "missing" in found["error"]["en"]
    gone = on_board(shop, "SELECT * FROM nowhere")
    assert shop.analyst.send("GET", gone).json()["error"]["code"] == "bad_sql"


def test_a_result_is_kept_for_all_who_look_until_somebody_in_it_withdraws(shop: Shop) -> None:
    path = on_board(shop, "SELECT count(*) AS n, uuid() AS made FROM events")
    operator = shop.person("operator", "op@example.com")
    first = settled(shop.analyst, path).json()["rows"]
    assert settled(operator, path).json()["rows"] == first
    refuse(shop.wt, "u2")
    shop.wt.clock.move(6)  # type: ignore[attr-defined]
    assert settled(operator, path).json()["rows"][0][0] == 1


def test_a_result_is_computed_again_a_minute_after_the_lake_changed(shop: Shop) -> None:
    path = on_board(shop, "SELECT count(*) AS n FROM events")
    assert settled(shop.analyst, path).json()["rows"] == [[2]]
    put(shop.wt, track(3, "u1"))
    bring_in(shop.wt)
    assert settled(shop.analyst, path).json()["rows"] == [[2]]
    shop.wt.clock.move(61)  # type: ignore[attr-defined]
    assert settled(shop.analyst, path).json()["rows"] == [[3]]

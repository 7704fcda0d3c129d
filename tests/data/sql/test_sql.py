"""The SQL page over HTTP: runs, limits, history, results, saved queries."""

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import bring_in, fresh_app, put, track
from weaktie.app.cli_data import build_once
from weaktie.app.http import make_api
from weaktie.app.wiring import App


class Shop:
    """A home with three people, one of whom refused, and browsers of an analyst and others."""

    def __init__(self, wt: App, clients: list[TestClient]) -> None:
        self.wt, self._clients = wt, clients
        self.analyst = self.person("analyst", "ann@example.com")

    def person(self, role: str, email: str) -> Browser:
        with self.wt.database.begin() as tx:
            _, token = self.wt.accounts.invite(tx, name=email.partition("@")[0], email=email, role=role)
        hashed = self.wt.accounts.hash_password(PASSWORD)
        with self.wt.database.begin() as tx:
            self.wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
        client = TestClient(make_api(self.wt), base_url=ORIGIN)
        self._clients.append(client)
        browser = Browser(client)
        assert browser.sign_in(email).status_code == 200
        return browser

    def run(self, sql: str, browser: Browser | None = None, **values: Any) -> dict[str, Any]:
        """A run that has ended."""
        browser = browser or self.analyst
        self.wt.clock.move(0.01)  # type: ignore[attr-defined]
        answer = browser.send("POST", "/api/sql/runs", {"sql": sql, "values": values})
        assert answer.status_code == 201, answer.text
        return self.ended(answer.json(), browser)

    def ended(self, run: dict[str, Any], browser: Browser | None = None) -> dict[str, Any]:
        until = time.monotonic() + 60
        while run["state"] == "running":
            assert time.monotonic() < until
            time.sleep(0.02)
            run = (browser or self.analyst).send("GET", f"/api/sql/runs/{run['run_id']}").json()
        return run

    def rows(self, sql: str, **values: Any) -> list[list[Any]]:
        run = self.run(sql, **values)
        assert run["state"] == "done", run["error"]
        answer = self.analyst.send("GET", f"/api/sql/runs/{run['run_id']}/rows")
        assert answer.status_code == 200, answer.text
        found: list[list[Any]] = answer.json()["rows"]
        return found


def refuse(wt: App, user: str) -> None:
    with wt.database.begin() as tx:
        alias = wt.identity.find(tx, user)
        assert alias is not None
        wt.permits.record(tx, [alias], "analytics", granted=False, how="test")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    clients: list[TestClient] = []
    with fresh_app(tmp_path) as wt:
        put(wt, track(1, "u1", anonymous="a1"), track(2, "u1"), track(3, "refuses"), track(4, "u2"))
        bring_in(wt)
        refuse(wt, "refuses")
        build_once(wt, lambda *_: None)
        yield Shop(wt, clients)
        for client in clients:
            client.close()


def test_a_query_sees_what_a_notebook_sees(shop: Shop) -> None:
    assert shop.rows("SELECT event_id FROM events ORDER BY 1") == [["m1"], ["m2"], ["m4"]]
    assert shop.rows("SELECT count(DISTINCT person_no) FROM events") == [[2]]
    for table in shop.analyst.send("GET", "/api/sql/schema").json()["tables"]:
        found = shop.run(f"SELECT * FROM {table['name']}")
        assert found["state"] == "done", (table["name"], found["error"])
        assert {c["name"] for c in found["columns"]} == {c["name"] for c in table["columns"]}
    mask = "SELECT as_date(day), day_of(as_date(day)) - day FROM events LIMIT 1"
    assert shop.rows(mask)[0][1] == 0


def test_a_withdrawal_ends_results_and_the_next_run_is_without_the_person(shop: Shop) -> None:
    run = shop.run("SELECT event_id FROM events")
    rows = f"/api/sql/runs/{run['run_id']}/rows"
    assert shop.analyst.send("GET", rows).json()["total"] == 3
    refuse(shop.wt, "u2")
    shop.wt.clock.move(6)  # type: ignore[attr-defined]
    for path in (rows, f"/api/sql/runs/{run['run_id']}/export"):
        assert shop.analyst.send("GET", path).json()["error"]["code"] == "result_gone"
    assert len(shop.rows("SELECT event_id FROM events")) == 2


def test_values_are_bound_and_dates_are_dates(shop: Shop) -> None:
    sql = "SELECT {{name}} || '!', {{from}} + 1, {{n}} * 2"
    assert shop.rows(sql, name="x' OR '1'='1", **{"from": "2026-02-28"}, n=21) == [
        ["x' OR '1'='1!", "2026-03-01", 42]
    ]
    missing = shop.run("SELECT {{from}}")
    assert (missing["state"], missing["error"]["code"]) == ("failed", "bad_values")
    assert shop.run("SELECT {{d}}", d="2026-02-31")["error"]["code"] == "bad_values"


def test_what_cannot_be_run_is_told_with_its_place_and_kept_in_the_history(shop: Shop) -> None:
    wrong = shop.run("SELECT *\nFROM evnts")
    assert (wrong["error"]["line"], wrong["error"]["column"]) == (2, 6)
    column = shop.run("SELECT '中', missing FROM events")
    assert (column["error"]["line"], column["error"]["column"]) == (1, 13)
    assert shop.run("SELECT * FROM read_text('/etc/passwd')")["error"]["code"] == "bad_sql"
    history = shop.analyst.send("GET", "/api/sql/runs").json()["items"]
    assert [r["state"] for r in history] == ["failed"] * 3
    assert history[-1]["sql"] == "SELECT *\nFROM evnts"


def test_a_history_is_ones_own(shop: Shop) -> None:
    run = shop.run("SELECT 1")
    other = shop.person("analyst", "bob@example.com")
    assert other.send("GET", "/api/sql/runs").json()["items"] == []
    for path in ("", "/rows", "/export"):
        assert other.send("GET", f"/api/sql/runs/{run['run_id']}{path}").status_code == 404
    assert other.send("POST", f"/api/sql/runs/{run['run_id']}/cancel").status_code == 404
    operator = shop.person("operator", "op@example.com")
    assert operator.send("POST", "/api/sql/runs", {"sql": "SELECT 1"}).status_code == 403


def test_one_at_a_time_and_a_running_one_is_stopped(shop: Shop) -> None:
    started = shop.analyst.send("POST", "/api/sql/runs", {"sql": "SELECT pg_sleep(50)"}).json()
    assert started["state"] == "running"
    again = shop.analyst.send("POST", "/api/sql/runs", {"sql": "SELECT 1"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "query_running")
    stopped = shop.analyst.send("POST", f"/api/sql/runs/{started['run_id']}/cancel").json()
    assert stopped["state"] == "cancelled"
    assert shop.rows("SELECT 1") == [[1]]


def test_a_result_is_cut_with_a_notice_paged_and_exported(shop: Shop) -> None:
    runner = shop.wt.sql_page.runner
    runner._settings = replace(runner._settings, most_rows=250)
    run = shop.run("SELECT i AS n, '=1+1' AS formula, 9007199254740993 AS large FROM range(1000) t(i)")
    assert (run["rows"], run["cut"]) == (250, True)
    path = f"/api/sql/runs/{run['run_id']}"
    page = shop.analyst.send("GET", f"{path}/rows?offset=240&limit=100").json()
    assert [row[0] for row in page["rows"]] == list(range(240, 250))
    assert page["rows"][0][1:] == ["=1+1", "9007199254740993"]
    text = shop.analyst.send("GET", f"{path}/export?format=csv").text
    assert text.splitlines()[1] == "0,'=1+1,9007199254740993"
    assert len(text.splitlines()) == 251
    whole = shop.analyst.send("GET", f"{path}/export?format=parquet").content
    assert pq.read_table(io.BytesIO(whole)).num_rows == 250
    actions = {
        e["action"] for e in shop.person("owner", "own@example.com").send("GET", "/api/audit").json()["items"]
    }
    assert {"sql.run", "sql.export"} <= actions


def test_odd_types_are_shown_and_exported(shop: Shop) -> None:
    sql = (
        "SELECT INTERVAL 3 DAY AS i, [1, 2] AS l, {'a': 1.5} AS s, 'NaN'::DOUBLE AS f, 170141183460469231731687303715884105727 AS h, "
        "'\\x00'::BLOB AS b, NULL AS n, TIME '10:00' AS t, 1.25::DECIMAL(9, 2) AS d, MAP {'k': 1} AS m, uuid() AS u, 1 AS i"
    )
    run = shop.run(sql)
    assert run["state"] == "done", run["error"]
    path = f"/api/sql/runs/{run['run_id']}"
    row = shop.analyst.send("GET", f"{path}/rows").json()["rows"][0]
    assert row[1:4] == ["[1, 2]", '{"a": 1.5}', "nan"]
    assert row[4].startswith("17014118346046923")
    for kind in ("csv", "parquet"):
        assert shop.analyst.send("GET", f"{path}/export?format={kind}").status_code == 200


def test_queries_are_saved_shared_changed_and_brought_back(shop: Shop) -> None:
    body = {"name": "渠道", "sql": "SELECT 1", "chart": {"kind": "bar", "x": "a", "y": ["b"]}}
    made = shop.analyst.send("POST", "/api/sql/queries", body).json()
    path = f"/api/sql/queries/{made['query_id']}"
    other = shop.person("analyst", "bob@example.com")
    assert other.send("GET", path).status_code == 404
    second = shop.analyst.send("PATCH", path, {"sql": "SELECT 2", "shared": True}).json()
    assert (second["version"], second["chart"]["kind"]) == (2, "bar")
    assert other.send("GET", path).json()["sql"] == "SELECT 2"
    assert other.send("PATCH", path, {"sql": "SELECT 3"}).status_code == 403
    assert [v["sql"] for v in other.send("GET", f"{path}/versions").json()] == ["SELECT 2", "SELECT 1"]
    back = shop.analyst.send("POST", f"{path}/versions/1/restore").json()
    assert (back["version"], back["sql"]) == (3, "SELECT 1")
    assert shop.analyst.send("PATCH", path, {"archived": True}).json()["archived_time"] is not None
    assert shop.analyst.send("GET", "/api/sql/queries").json() == []
    assert shop.analyst.send("PATCH", path, {"archived": False}).json()["archived_time"] is None
    assert shop.analyst.send("PATCH", path, {"name": "渠道 2"}).json()["version"] == 3


def test_a_restart_leaves_no_run_running(shop: Shop) -> None:
    started = shop.analyst.send("POST", "/api/sql/runs", {"sql": "SELECT pg_sleep(20)"}).json()
    runner = shop.wt.sql_page.runner
    with runner._lock:
        ticket = runner._tickets.pop(started["run_id"])
    found = shop.analyst.send("GET", f"/api/sql/runs/{started['run_id']}").json()
    assert (found["state"], found["error"]["code"]) == ("failed", "query_interrupted")
    runner.cancel(ticket)

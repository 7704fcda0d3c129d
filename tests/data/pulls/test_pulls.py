"""Pulls against real folders, a real HTTP server and real databases: each thing once, nothing outside, nothing written."""

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import URL, Engine, create_engine, make_url, select, text

from tests.suites.homes import START_US, fresh_app, stored
from weaktie.app.wiring import App
from weaktie.app.worker import _schedule_pulls
from weaktie.data.pulls import ways
from weaktie.data.pulls.contracts import BadPull, NoSuchPull, Pull, PullNameTaken
from weaktie.data.pulls.logic import checked_query, next_due
from weaktie.data.pulls.tables import pulls
from weaktie.kit.clock import DAY_US, MINUTE_US, FixedClock, to_iso
from weaktie.kit.errors import Refused
from weaktie.kit.outbound import Outbound
from weaktie.kit.settings import Imports
from weaktie.kit.words import Words

ORDERS = (
    "order_id,user_id,paid_time,amount\nA1,u1,2026-01-05 08:00:00,12.50\nA2,u2,2026-01-05 09:00:00,many\n"
)


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        app.settings = replace(app.settings, imports=Imports(folders=str(tmp_path / "drop")))
        (tmp_path / "drop").mkdir()
        yield app


def silent(share: float, step: Words) -> None:
    """Progress that nobody watches."""


def make(wt: App, **more: Any) -> Pull:
    values: dict[str, Any] = {
        "name": "orders", "way": "folder", "address": str(wt.settings.home.parent / "drop"), "options": {},
        "kind": "orders", "every_minutes": 15, **more,
    }  # fmt: skip
    with wt.database.begin() as tx:
        return wt.pulls.create(tx, values, actor="acc_1")


def run(wt: App, pull: Pull) -> dict[str, Any]:
    assert isinstance(wt.clock, FixedClock)
    wt.clock.move(1)
    return wt.pulls.run(pull.pull_id, actor="schedule", job_id=None, progress=silent)


def drop(wt: App, name: str, content: str, *, age_s: float = 60) -> Path:
    path = wt.settings.home.parent / "drop" / name
    path.write_text(content, "utf-8")
    at = wt.clock.now_us() / 1e6 - age_s
    os.utime(path, (at, at))
    return path


def test_each_file_of_a_folder_is_imported_once(wt: App) -> None:
    pull = make(wt, options={"pattern": "*.csv"})
    drop(wt, "one.csv", ORDERS)
    drop(wt, "other.txt", ORDERS)
    drop(wt, "still-written.csv", ORDERS.replace("A1", "B1"), age_s=1)
    first = run(wt, pull)
    assert (first["files"], first["rows"], first["bad"]) == (1, 2, 1)
    drop(wt, "copy.csv", ORDERS)
    assert run(wt, pull)["files"] == 0, "the same content under another name"
    drop(wt, "one.csv", ORDERS.replace("12.50", "13.50"), age_s=30)
    assert run(wt, pull)["rows"] == 2, "the same name with other content"
    assert sorted(o["amount_minor"] for o in stored(wt, "orders")) == [1250, 1350]
    with wt.database.connect() as connection:
        runs = wt.pulls.runs(connection, pull.pull_id)
    assert [r.files for r in runs] == [1, 0, 1] and all(r.state == "done" for r in runs)
    left = list((wt.settings.home / "imports").rglob("file"))
    assert left == [], "copies go when their rows are in the lake"


@pytest.mark.parametrize("address", ["/etc", "{root}/../other", "relative", "{root}/link"])
def test_a_folder_outside_the_allowed_ones_is_refused(wt: App, address: str) -> None:
    root = wt.settings.home.parent / "drop"
    (root / "link").symlink_to("/etc")
    with pytest.raises(BadPull, match="pull_folder_not_allowed"):
        make(wt, address=address.replace("{root}", str(root)))
    wt.settings = replace(wt.settings, imports=Imports())
    del wt.__dict__["pulls"]
    with pytest.raises(BadPull, match="pull_no_folder_allowed"):
        make(wt)


def test_a_link_out_of_the_folder_is_passed_over(wt: App, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text(ORDERS, "utf-8")
    os.utime(tmp_path / "secret.csv", (0, 0))
    (tmp_path / "drop" / "secret.csv").symlink_to(tmp_path / "secret.csv")
    assert run(wt, make(wt))["files"] == 0


def test_a_pull_that_fails_says_why_and_goes_on_next_time(wt: App) -> None:
    pull = make(wt)
    drop(wt, "a.csv", "nothing,useful\n1,2\n")
    with pytest.raises(Refused, match="field_not_mapped"):
        run(wt, pull)
    with wt.database.connect() as connection:
        failed = wt.pulls.runs(connection, pull.pull_id)[0]
    assert failed.state == "failed" and failed.error is not None
    assert failed.error["code"] == "field_not_mapped" and set(failed.error["message"]) == {"zh", "en"}
    drop(wt, "later.csv", ORDERS, age_s=30)
    with pytest.raises(Refused, match="field_not_mapped"):
        run(wt, pull)
    assert len(stored(wt, "orders")) == 1, "one file that cannot be used keeps no other out"
    drop(wt, "a.csv", ORDERS.replace("A1", "C1"))
    assert run(wt, pull)["rows"] == 2


class Shop(BaseHTTPRequestHandler):
    """A shop's server: an export behind a token, with an ETag."""

    content: ClassVar[bytes] = ORDERS.encode()
    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        """The export, or 304, or a redirect, or 401."""
        self.asked.append((self.path, self.headers.get("Authorization")))
        tag = f'"{hash(self.content)}"'
        if self.path.startswith("/inside"):
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
        elif self.headers.get("Authorization") != "Bearer s3cret" and "token=s3cret" not in self.path:
            self.send_response(401)
        elif self.headers.get("If-None-Match") == tag:
            self.send_response(304)
        else:
            self.send_response(200)
            self.send_header("ETag", tag)
            self.end_headers()
            self.wfile.write(self.content)
            return
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    Shop.asked.clear()
    Shop.content = ORDERS.encode()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_address_is_fetched_when_it_changed_and_its_secret_is_never_shown(wt: App, shop: str) -> None:
    wt.__dict__["outbound"] = Outbound(allow="127.0.0.1")
    pull = make(wt, way="http", address=f"{shop}/export.csv", secret="Bearer s3cret")
    assert run(wt, pull)["rows"] == 2
    assert run(wt, pull)["files"] == 0 and len(Shop.asked) == 2
    Shop.content = ORDERS.replace("A1", "A3").encode()
    assert run(wt, pull)["rows"] == 2
    with wt.database.connect() as connection:
        sealed = connection.execute(select(pulls.c.secret)).scalar_one()
        assert b"s3cret" not in bytes(sealed)
        again = wt.pulls.find(connection, pull.pull_id)
    assert again.has_secret and "s3cret" not in repr(again)
    other = make(wt, name="by query", way="http", address=f"{shop}/x.csv?token={{secret}}", secret="s3cret")
    assert run(wt, other)["files"] == 1 and Shop.asked[-1] == ("/x.csv?token=s3cret", None)
    with wt.database.begin() as tx:
        wt.pulls.change(tx, pull.pull_id, {"secret": ""})
    with pytest.raises(BadPull, match="pull_http_status"):
        run(wt, pull)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/",
        "http://2130706433/",
        "http://169.254.169.254/latest/",
        "http://[::1]/",
        "ftp://a.example/",
    ],
)
def test_no_address_of_our_own_network_is_fetched(wt: App, address: str) -> None:
    with pytest.raises(Refused, match="outbound_"):
        make(wt, way="http", address=address)


def test_a_redirect_to_the_inside_is_refused(wt: App, shop: str) -> None:
    wt.__dict__["outbound"] = Outbound(allow="127.0.0.1")
    pull = make(wt, way="http", address=f"{shop}/inside", secret="Bearer s3cret")
    with pytest.raises(Refused, match="outbound_not_public"):
        run(wt, pull)


def shop_database(folder: Path) -> Path:
    path = folder / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE orders (no TEXT, buyer TEXT, paid TEXT, total NUMERIC, changed INTEGER)"
        )
        rows = [(f"D{n}", f"u{n % 3}", "2026-01-05 08:00:00", n + 0.5, n // 2) for n in range(10)]
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", rows)
    return path


QUERY = "SELECT no AS order_id, buyer AS user_id, paid AS paid_time, total AS amount, changed FROM orders"


def test_a_database_gives_only_what_is_new_and_is_never_written(wt: App, tmp_path: Path) -> None:
    path = shop_database(tmp_path / "drop")
    pull = make(
        wt, way="database", address=f"sqlite:///{path}", options={"query": QUERY, "mark_column": "changed", "most_rows": 3},
    )  # fmt: skip
    counts = [run(wt, pull)["rows"] for _ in range(5)]
    assert len(stored(wt, "orders")) == 10, counts
    assert run(wt, pull)["files"] == 0
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO orders VALUES ('D10', 'u1', '2026-01-06', 1, 4)")
    run(wt, pull)
    assert len(stored(wt, "orders")) == 11, "a row that comes late with the last mark is not lost"
    whole = make(
        wt,
        name="whole",
        way="database",
        address=f"sqlite:///{path}",
        options={"query": QUERY, "most_rows": 3},
    )
    with pytest.raises(BadPull, match="pull_too_many_rows"):
        run(wt, whole)


def test_a_database_outside_or_a_query_that_writes_is_refused(wt: App, tmp_path: Path) -> None:
    inside = shop_database(tmp_path / "drop")
    own = next(p for p in wt.settings.home.rglob("*") if p.is_file() and p.read_bytes()[:6] == b"SQLite")
    with pytest.raises(BadPull, match="pull_folder_not_allowed"):
        make(wt, way="database", address=f"sqlite:///{own}", options={"query": QUERY})
    for query in (
        "DELETE FROM orders",
        "SELECT 1; DROP TABLE orders",
        "WITH x AS (DELETE FROM orders) SELECT 1",
        "",
    ):
        with pytest.raises(BadPull, match="pull_bad_query"):
            make(wt, way="database", address=f"sqlite:///{inside}", options={"query": query})
    for address in (
        "postgresql://u@127.0.0.1/x",
        "postgresql:///x",
        "mysql://u@db.example/x",
        "sqlite://",
        "nonsense",
    ):
        with pytest.raises(Refused):
            run(wt, make(wt, name=address, way="database", address=address, options={"query": QUERY}))


def test_queries_are_told_apart() -> None:
    assert (
        checked_query("select a, 'x; delete' as b from t -- drop\n;")
        == "select a, 'x; delete' as b from t -- drop"
    )
    assert checked_query('WITH a AS (SELECT 1) SELECT "update" FROM a')


def test_postgresql_is_read_in_a_read_only_session(
    wt: App, empty_postgresql_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test's server listens on a socket file: only where the connection goes is put in its place."""
    real = make_url(empty_postgresql_address).set(drivername="postgresql+psycopg")
    engine = create_engine(real)
    with engine.begin() as connection:
        connection.execute(text("CREATE SEQUENCE s"))
        connection.execute(
            text("CREATE TABLE o (no text, paid timestamptz, total numeric, changed timestamptz)")
        )
        connection.execute(
            text("INSERT INTO o VALUES ('P1', '2026-01-05 08:00+08', 12.345, '2026-01-05 08:00+08')")
        )
    asked: list[tuple[URL, dict[str, Any]]] = []

    def there(url: URL, **more: Any) -> Engine:
        asked.append((url, dict(more["connect_args"])))
        more["connect_args"].pop("hostaddr")
        return create_engine(real, **more)

    monkeypatch.setattr(ways, "create_engine", there)
    wt.__dict__["outbound"] = Outbound(allow="db.shop", resolver=lambda _host, _port: ["10.1.2.3"])
    query = "SELECT no AS order_id, paid::timestamptz AS paid_time, total AS amount, changed FROM o"
    address = "postgresql://reader:s3cret@db.shop/shop"
    pull = make(wt, way="database", address=address, options={"query": query, "mark_column": "changed"})
    assert pull.address == "postgresql+psycopg://reader@db.shop/shop" and pull.has_secret
    assert run(wt, pull)["rows"] == 1 and stored(wt, "orders")[0]["amount_minor"] == 1235
    assert asked[0][0].password == "s3cret" and asked[0][1]["hostaddr"] == "10.1.2.3"
    assert run(wt, pull)["files"] == 0
    writing = make(
        wt, name="w", way="database", address=address, options={"query": "SELECT nextval('s') AS order_id"}
    )
    with pytest.raises(BadPull, match="pull_database_failed") as refused:
        run(wt, writing)
    assert "ReadOnlySqlTransaction" in refused.value.words.en
    engine.dispose()


def test_times_of_day_are_of_the_workspace() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    now = 1_767_571_200_000_000  # 2026-01-05 08:00 there
    assert to_iso(next_due(now, None, "08:00", shanghai)) == to_iso(now + DAY_US)
    assert next_due(now, None, "08:01", shanghai) == now + MINUTE_US
    assert next_due(now, 30, None, shanghai) == now + 30 * MINUTE_US


def test_due_pulls_become_jobs_once_and_paused_ones_do_not(wt: App) -> None:
    assert isinstance(wt.clock, FixedClock) and wt.clock.now_us() >= START_US
    pull = make(wt)
    other = make(wt, name="paused")
    with wt.database.begin() as tx:
        wt.pulls.change(tx, other.pull_id, {"paused": True})
    _schedule_pulls(wt)
    _schedule_pulls(wt)
    asked = wt.jobs.page(None, 10).items
    assert [(j.kind, j.params) for j in asked] == [("pull", {"pull_id": pull.pull_id})]
    wt.clock.move(-3600)
    with wt.database.begin() as tx:
        assert wt.pulls.due(tx) == [pull.pull_id], "a clock that steps back holds no interval up"
        assert wt.pulls.due(tx) == []
    with pytest.raises(PullNameTaken):
        make(wt)
    with wt.database.begin() as tx:
        wt.pulls.remove(tx, pull.pull_id)
    with pytest.raises(NoSuchPull):
        run(wt, pull)


@pytest.mark.parametrize(
    "given", [{}, {"every_minutes": 0}, {"every_minutes": 5, "daily_at": "08:00"}, {"daily_at": "24:00"}]
)
def test_a_schedule_is_one_of_two(wt: App, given: dict[str, Any]) -> None:
    with pytest.raises(BadPull, match="pull_bad_schedule"):
        make(wt, **{"every_minutes": None, **given})


def test_saved_mappings_serve_pulls(wt: App) -> None:
    from weaktie.data.imports.mapping import from_toml
    from weaktie.data.imports.saved import keep

    with wt.database.begin() as tx:
        mapping = from_toml(
            'kind = "orders"\n[fields]\norder_id = "n"\npaid_time = "t"\namount = "a"\n', name="x"
        )
        keep(tx, mapping, "我的订单", actor="acc_1", now_us=1)
    drop(wt, "a.csv", "n,t,a\nX1,2026-01-05,3\n")
    assert run(wt, make(wt, mapping="我的订单"))["rows"] == 1
    with pytest.raises(Refused, match="unknown_mapping"):
        make(wt, name="b", mapping="nobody")
    assert json.dumps(stored(wt, "orders")[0]["order_id"]) == '"X1"'

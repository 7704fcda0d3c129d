"""Promotion of properties end to end: history equals what new events get, through every way in and every rewriting."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

import weaktie
from tests.app.test_access import person
from tests.data.tracking.test_api import developer, save_event  # noqa: F401  a fixture
from tests.data.tracking.test_check import PLAN, everything, save
from tests.suites.consoles import ORIGIN, Browser
from tests.suites.homes import START_US, bring_in, fresh_app, put, stored, track
from tests.suites.servers import WEAKTIE
from weaktie.app.backup import take
from weaktie.app.cli_data import as_job, build_once
from weaktie.app.http import make_api
from weaktie.app.restore import restore
from weaktie.app.wiring import App, open_app
from weaktie.app.worker import schedule_filling
from weaktie.data.collect.erase import CollectEraser
from weaktie.data.imports.contracts import ImportSpec
from weaktie.data.tracking import columns, jobs
from weaktie.data.tracking.contracts import (
    AlreadyPromoted,
    NotInPlan,
    Plan,
    PlannedEvent,
    Property,
    TooManyColumns,
)
from weaktie.kit.clock import DAY_US, FixedClock
from weaktie.kit.errors import Refused
from weaktie.store.lake.contracts import ColumnNameTaken, LakeFile, PromotedColumn
from weaktie.store.lake.jobs import MERGE_AT, compact
from weaktie.store.lake.service import drop, fill
from weaktie.store.runs.contracts import FAILED, RUNNING
from weaktie.trust.accounts.contracts import Role
from weaktie.trust.audit.tables import audit_log

OURS = Plan(
    common=(Property("ab_test"), Property("颜色")),
    events=(
        PlannedEvent(
            "Product Viewed",
            properties=(
                Property("colour", "enum", values=("red",)), Property("price", "money"), Property("size", "integer"),
                Property("productId"), Property("itemSize", "integer"), Property("tags", "list"), Property("at", "time"),
                Property("new", "boolean"),
            ),
        ),
        PlannedEvent("Products Searched", properties=(Property("size", "number"),)),
        PlannedEvent("Order Completed", properties=(Property("coupon_id"),)),
    ),
)  # fmt: skip
ODD: list[Any] = [
    None, 0, 7, -3, 2.5, 3.0, True, False, "", "red", "红", "12", " 12.5", "1e3", "true", [], [1, "a"], {"a": 1},
    "2026-01-01", "2026-01-01T08:00:00+08:00", 1_767_225_600, "13800138000", "a@example.com", "x" * 300, "NaN", 10**17,
]  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    address = "sqlite:" if request.param == "sqlite" else request.getfixturevalue("empty_postgresql_address")
    with fresh_app(tmp_path, database=address) as app:
        save(app, OURS)
        yield app


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield app


@pytest.fixture
def planned(wt: App) -> App:
    save(wt, OURS)
    return wt


def promote(
    wt: App, prop: str, event: str = "", kind: str | None = None, name: str | None = None
) -> PromotedColumn:
    with wt.database.begin() as tx:
        return columns.promote(tx, wt.clock, event=event, prop=prop, kind=kind, name=name, actor="test")


def fill_all(wt: App) -> int:
    return fill(wt.database, wt.lake, wt.clock, "events", lambda *_: None).files


def files(wt: App) -> tuple[LakeFile, ...]:
    with wt.database.connect() as connection:
        return wt.lake.snapshot(connection, tables=["events"]).files


def states(wt: App) -> dict[str, columns.ColumnState]:
    with wt.database.connect() as connection:
        return {s.column.name: s for s in columns.states(connection, wt.lake)}


def seen(wt: App, *names: str) -> dict[str, tuple[Any, ...]]:
    """What an analyst sees: the columns by event id."""
    with weaktie.open(wt.settings.home) as notebook:
        rows = notebook.events.collect().to_pylist()
    return {row["event_id"]: tuple(row[n] for n in names) for row in rows}


def odd_calls() -> list[dict[str, Any]]:
    calls = [
        track(
            f"{event[:9]}-{i}",
            f"u{i % 3}",
            event=event,
            properties={"size": value, "颜色": value, "colour": value, "at": value},
        )
        for event in ("Product Viewed", "Products Searched")
        for i, value in enumerate(ODD)
    ]
    return [
        *calls,
        track("none", "u1", properties={}),
        track("unplanned", "u1", event="Odd One", properties={"size": 5}),
    ]


def every_way_in(wt: App, folder: Path) -> None:
    """The same odd values live, in a file of rows and in a file of stored calls."""
    put(wt, *odd_calls())
    bring_in(wt)
    table = folder / "events.csv"
    table.write_text(
        "event_id,event,user_id,event_time,size,colour\n"
        + "".join(
            f"c{i},Product Viewed,u{i},2026-01-0{i + 1}T00:00:00Z,{v},red\n"
            for i, v in enumerate(["5", "x", "2.5"])
        ),
        "utf-8",
    )
    wt.importer.import_file(ImportSpec(path=table, kind="events"), actor="t", progress=lambda *_: None)


PROMOTED = (
    ("size", "Product Viewed", None, "p_size"), ("size", "", "text", "p_size_text"), ("colour", "Product Viewed", None, None),
    ("颜色", "", None, "p_colour_of_all"), ("at", "Product Viewed", None, None), ("ab_test", "", "boolean", None),
)  # fmt: skip
NAMES = ("p_size", "p_size_text", "p_colour", "p_colour_of_all", "p_at", "p_ab_test")


def test_promoted_before_or_after_the_events_is_the_same(tmp_path: Path) -> None:
    found = []
    for first in (True, False):
        folder = tmp_path / str(first)
        folder.mkdir()
        with fresh_app(folder) as wt:
            save(wt, OURS)
            if first:
                for prop, event, kind, name in PROMOTED:
                    promote(wt, prop, event, kind, name)
            every_way_in(wt, folder)
            if not first:
                assert all(not f.promoted for f in files(wt))
                for prop, event, kind, name in PROMOTED:
                    promote(wt, prop, event, kind, name)
                assert set(seen(wt, *NAMES).values()) == {(None,) * 6}, "there, but null until it is filled"
                assert {s.is_ready for s in states(wt).values()} == {False}
                assert fill_all(wt) == len(files(wt))
            assert fill_all(wt) == 0
            counts = {n: (s.rows, s.filled, s.values, s.misfits, s.is_ready) for n, s in states(wt).items()}
            found.append((seen(wt, *NAMES), counts))
    assert found[0] == found[1]
    rows, counts = found[0]
    assert rows["mProduct V-2"][0] == 7
    assert rows["mProducts -2"][:2] == (None, "7"), "the column of one event is null for another"
    assert rows["munplanned"][:2] == (None, "5"), "the column of all events is for unplanned ones too"
    assert rows["c0"][:3] == (5, "5", "red")
    assert rows["c1"][:2] == (None, "x")
    assert counts["p_size"][3] > 5, "what did not fit is counted"
    assert counts["p_size_text"][3] == 0
    assert counts["p_size"][4]


def test_filling_leaves_everything_else_as_it_was(both: App) -> None:
    wt = both
    for number in range(3):
        put(wt, *[track(f"{number}-{i}", f"u{i}", properties={"size": i}) for i in range(4)])
        bring_in(wt)
    build_once(wt, lambda *_: None)
    before, counted, manifest = stored(wt), everything(wt), files(wt)
    promote(wt, "size", "Product Viewed")
    assert fill_all(wt) == 3
    assert stored(wt) == before, "an ordinary scan sees no promoted column"
    assert [(f.file_id, f.added_version, f.ids_path, f.rows) for f in files(wt)] == [
        (f.file_id, f.added_version, f.ids_path, f.rows) for f in manifest
    ]
    again = build_once(wt, lambda *_: None)
    assert (again["unchanged"], again["days_computed"]) == (True, 0)
    assert everything(wt) == counted
    assert jobs.check(wt.tracking_parts).files_checked == 0, "nothing is counted again"
    # Every event that was there is still known, and new ones touch their day alone.
    put(wt, *[track(f"2-{i}", f"u{i}", properties={"size": i}) for i in range(4)])
    put(wt, track("late", "u1", at_us=START_US - 3 * DAY_US, properties={"size": 9}))
    done = bring_in(wt)
    assert (done.stored, done.duplicates) == (1, 4)
    assert build_once(wt, lambda *_: None)["days_computed"] == 1
    assert seen(wt, "p_size")["mlate"] == (9,)


def test_a_plan_of_the_checks_is_not_disturbed(wt: App) -> None:
    """Violations and counts are the same with columns as without."""
    save(wt, PLAN)
    put(wt, track(1, "u1", properties={"product_id": "p", "price": "x", "stock": "many"}))
    bring_in(wt)
    promote(wt, "stock", "Product Viewed")
    put(wt, track(2, "u1", properties={"product_id": "p", "price": "x", "stock": "many"}))
    bring_in(wt)
    fill_all(wt)
    jobs.check(wt.tracking_parts)
    counts = everything(wt)
    fill_all(wt)
    jobs.check(wt.tracking_parts)
    assert everything(wt) == counts


def test_merging_and_erasing_keep_the_columns(both: App) -> None:
    wt = both
    for number in range(MERGE_AT):
        if number == MERGE_AT // 2:
            promote(wt, "size", "Product Viewed")
        put(wt, track(f"{number}", f"u{number % 3}", properties={"size": number}))
        bring_in(wt)
    assert {bool(f.promoted) for f in files(wt)} == {True, False}
    expected = {f"m{n}": (n if n >= MERGE_AT // 2 else None,) for n in range(MERGE_AT)}
    assert seen(wt, "p_size") == expected, "files with and without it are one table"
    assert compact(wt.database, wt.lake, ["events"]) == MERGE_AT
    assert seen(wt, "p_size") == {f"m{n}": (n,) for n in range(MERGE_AT)}, "merging fills it, too"
    assert states(wt)["p_size"].is_ready
    with wt.database.connect() as connection:
        alias_no = wt.identity.find(connection, "u1")
    assert alias_no is not None
    promote(wt, "colour", "Product Viewed")
    CollectEraser(wt.database, wt.lake, wt.clock).erase([alias_no])
    left = {f"m{n}": (n,) for n in range(MERGE_AT) if n % 3 != 1}
    assert seen(wt, "p_size") == left
    assert states(wt)["p_size"].values == len(left), "the counts follow the rows"
    assert states(wt)["p_colour"].is_ready, "an erasure writes what is declared by then"
    put(wt, *[track(f"{n}", f"u{n % 3}", properties={"size": n}) for n in range(MERGE_AT)])
    assert bring_in(wt).duplicates == MERGE_AT, "also those of who was erased"


def test_a_column_that_is_taken_back_is_gone_at_once(planned: App) -> None:
    wt = planned
    put(wt, track(1, "u1", properties={"size": "5", "colour": "red"}))
    bring_in(wt)
    first = promote(wt, "size", "Product Viewed", "text")
    fill_all(wt)
    assert seen(wt, "p_size") == {"m1": ("5",)}
    with weaktie.open(wt.settings.home) as notebook:
        assert "p_size" in notebook.events.columns
        with wt.database.begin() as tx:
            drop(tx, first.column_id, now_us=1, actor="test")
        assert [c for c in notebook.events.columns if c.startswith("p_")] == []
        assert notebook.sql("select properties from events")["properties"].to_pylist() == [
            '{"colour":"red","size":"5"}'
        ]
    again = promote(wt, "size", "Product Viewed", "integer")
    assert (again.name, again.stored_as) == ("p_size", "p_size__2")
    assert seen(wt, "p_size") == {"m1": (None,)}, "nothing of the old column's type"
    fill_all(wt)
    assert seen(wt, "p_size") == {"m1": (5,)}
    with weaktie.open(wt.settings.home) as notebook:
        found = notebook.sql("select p_size + 1 as n from events where p_size = $n", n=5)
    assert found["n"].to_pylist() == [6]


def test_a_backup_brings_columns_back(planned: App, tmp_path: Path) -> None:
    wt = planned
    put(wt, *[track(n, "u1", properties={"size": n}) for n in range(3)])
    bring_in(wt)
    promote(wt, "size", "Product Viewed")
    fill_all(wt)
    put(wt, *[track(n, "u1", properties={"size": n}) for n in range(3, 5)])
    bring_in(wt)
    put(wt, track(5, "u1", properties={"size": 5}))
    take(wt, tmp_path / "bk", lambda *_: None)
    key = wt.settings.home / "keys/master.key"
    report = restore(tmp_path / "bk", tmp_path / "new", key, wt.clock, lambda *_: None)
    assert report.events_from_log == 1
    with open_app(tmp_path / "new", wt.clock) as new:
        assert seen(new, "p_size") == {f"m{n}": (n,) for n in range(6)}
        assert states(new)["p_size"].is_ready
        put(new, track(3, "u1", properties={"size": 3}), track(7, "u1", properties={"size": "7"}))
        assert (bring_in(new).stored, seen(new, "p_size")["m7"]) == (1, (7,))


def test_a_batch_that_was_on_its_way_is_filled_by_the_schedule(planned: App) -> None:
    wt = planned
    put(wt, track(1, "u1", properties={"size": 1}))
    bring_in(wt)
    schedule_filling(wt)
    assert wt.jobs.page(None, 10).items == [], "nothing is declared"
    promote(wt, "size", "Product Viewed")
    schedule_filling(wt)
    schedule_filling(wt)
    (job,) = wt.jobs.page(None, 10).items
    assert (job.kind, job.actor) == ("columns", "schedule")
    as_job(wt, job.job_id, lambda told: {"files": fill(wt.database, wt.lake, wt.clock, "events", told).files})
    assert wt.jobs.get(job.job_id).result == {"files": 1}
    schedule_filling(wt)
    assert len(wt.jobs.page(None, 10).items) == 1, "nothing is lacking"
    promote(wt, "colour", "Product Viewed")
    wt.clock.move(1)  # type: ignore[attr-defined]
    stopped = wt.jobs.start("columns", {}, actor="someone")
    wt.jobs.cancel(stopped.job_id)
    schedule_filling(wt)
    assert len(wt.jobs.page(None, 10).items) == 2, "who cancelled it has an hour"
    wt.clock.move(61 * 60)  # type: ignore[attr-defined]
    schedule_filling(wt)
    assert len(wt.jobs.page(None, 10).items) == 3


def test_a_job_that_was_killed_is_taken_up_again(tmp_path: Path) -> None:
    """kill -9 in the middle of the real command, then the schedule and another run."""
    now_us = time.time_ns() // 1000
    with fresh_app(tmp_path, FixedClock(now_us)) as wt:
        save(wt, OURS)
        for number in range(300):
            put(wt, track(number, f"u{number % 9}", properties={"size": number}))
            bring_in(wt)
        before = [(f.file_id, f.added_version) for f in files(wt)]
        promote(wt, "size", "Product Viewed")
        job = wt.jobs.start("columns", {}, actor="test")
        command = [*WEAKTIE, "columns", "--home", str(wt.settings.home), "--job", job.job_id]
        process = subprocess.Popen(command, env={**os.environ})
        try:
            for _ in range(600):
                if states(wt)["p_size"].filled:
                    break
                time.sleep(0.02)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        half = states(wt)["p_size"]
        assert 0 < half.filled < half.rows, "it was killed in the middle"
        wt.clock.move(120)  # type: ignore[attr-defined]  # the dead process's lease and beat lapse
        assert wt.jobs.get(job.job_id).state == RUNNING
        assert wt.jobs.next_waiting() is None
        assert (wt.jobs.get(job.job_id).state, wt.jobs.get(job.job_id).error) == (FAILED, "process_died")
        schedule_filling(wt)
        waiting = wt.jobs.next_waiting()
        assert waiting is not None
        assert fill_all(wt) == half.rows - half.filled, "what was committed is not done again"
        assert seen(wt, "p_size") == {f"m{n}": (n,) for n in range(300)}
        assert [(f.file_id, f.added_version) for f in files(wt)] == before


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"prop": "nothing"}, "not_in_plan"),
        ({"prop": "size", "event": "Nobody"}, "not_in_plan"),
        ({"prop": "itemSize", "event": "Products Searched"}, "not_in_plan"),
        ({"prop": "productId"}, "has_own_column"),
        ({"prop": "coupon_id", "event": "Order Completed"}, "has_own_column"),
        ({"prop": "size", "kind": "money"}, "unknown_column_type"),
        ({"prop": "size", "name": "size"}, "bad_column_name"),
        ({"prop": "size", "name": "p_Size"}, "bad_column_name"),
        ({"prop": "size", "name": "p_size__2"}, "bad_column_name"),
        ({"prop": "size", "name": "p_" + "a" * 62}, "bad_column_name"),
        ({"prop": "颜色"}, "bad_column_name"),
    ],
)
def test_what_cannot_be_promoted_is_refused_by_name(planned: App, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        promote(planned, **asked)
    assert refused.value.code == code


def test_names_types_and_limits(planned: App) -> None:
    made = [
        promote(planned, "itemSize"),
        promote(planned, "size"),
        promote(planned, "size", "Product Viewed"),
    ]
    assert [(c.name, c.type) for c in made] == [
        ("p_item_size", "integer"), ("p_size", "integer"), ("p_product_viewed_size", "integer"),
    ]  # fmt: skip
    assert promote(planned, "price").type == "number"
    assert promote(planned, "coupon_id").property == "coupon", "by the name under which the lake keeps it"
    with pytest.raises(AlreadyPromoted):
        promote(planned, "size", name="p_other")
    with pytest.raises(ColumnNameTaken):
        promote(planned, "size", "Products Searched", name="p_size")
    many = Plan(common=tuple(Property(f"n{i}") for i in range(70)))
    save(planned, many)
    for number in range(columns.MOST_COLUMNS - 5):
        promote(planned, f"n{number}")
    with pytest.raises(TooManyColumns):
        promote(planned, "n69")
    with pytest.raises(NotInPlan):
        promote(planned, "size")
    put(planned, track(1, "u1", properties={f"n{i}": i for i in range(70)}))
    bring_in(planned)
    assert seen(planned, "p_n0", "p_n58") == {"m1": ("0", "58")}


def test_over_http_with_its_permissions_and_its_trace(wt: App, developer: Browser) -> None:  # noqa: F811
    event = {"name": "Product Viewed", "properties": [{"name": "size", "type": "integer"}]}
    save_event(developer, 0, event)
    put(wt, track(1, "u1", properties={"size": 1}), track(2, "u1", properties={"size": "big"}))
    bring_in(wt)
    assert developer.send("GET", "/api/tracking/columns").json() == {"items": [], "most": 64, "job_id": None}
    asked = {"event": "Product Viewed", "property": "size"}
    answer = developer.send("POST", "/api/tracking/columns", asked)
    assert answer.status_code == 201, answer.text
    (item,) = answer.json()["items"]
    assert (item["name"], item["type"], item["state"], item["share"]) == ("p_size", "integer", "filling", 0.0)
    job = wt.jobs.get(answer.json()["job_id"])
    assert job.kind == "columns"
    as_job(wt, job.job_id, lambda told: {"files": fill(wt.database, wt.lake, wt.clock, "events", told).files})
    (item,) = developer.send("GET", "/api/tracking/columns").json()["items"]
    assert (item["state"], item["share"], item["values"], item["misfits"]) == ("ready", 1.0, 1, 1)
    for more, status, code in (
        ({}, 409, "already_promoted"), ({"property": "no"}, 404, "not_in_plan"),
        ({"event": "", "type": "json"}, 422, "unknown_column_type"), ({"event": "", "name": "p_size"}, 409, "column_name_taken"),
    ):  # fmt: skip
        refused = developer.send("POST", "/api/tracking/columns", asked | more)
        assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert developer.send("POST", "/api/tracking/columns/fill").status_code == 202
    place = f"/api/tracking/columns/{item['column_id']}"
    with TestClient(make_api(wt), base_url=ORIGIN, raise_server_exceptions=False) as client:
        analyst = Browser(client)
        assert analyst.sign_in(person(wt, Role.ANALYST, "ana@example.com")).status_code == 200
        assert len(analyst.send("GET", "/api/tracking/columns").json()["items"]) == 1
        assert analyst.send("POST", "/api/tracking/columns", asked).status_code == 403
        assert analyst.send("DELETE", place).status_code == 403
    assert developer.send("DELETE", place).json()["items"] == []
    assert developer.send("DELETE", place).status_code == 404
    with wt.database.connect() as connection:
        actions = connection.execute(select(audit_log.c.action)).scalars().all()
    assert [a for a in actions if a.startswith("tracking.column")] == [
        "tracking.column.promote", "tracking.column.fill", "tracking.column.drop",
    ]  # fmt: skip

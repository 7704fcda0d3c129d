"""Properties of people against the plan: each kind of violation, by property and source, as files come and go."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.data.tracking.test_api import developer  # noqa: F401  a fixture
from tests.data.tracking.test_check import save, today
from tests.suites.consoles import Browser
from tests.suites.homes import bring_in, fresh_app, put
from tests.suites.workbooks import workbook
from weaktie.app.wiring import App
from weaktie.data.collect.erase import CollectEraser
from weaktie.data.imports.contracts import ImportSpec
from weaktie.data.tracking import jobs, service
from weaktie.data.tracking.contracts import Plan, Property
from weaktie.data.tracking.tables import trait_violations
from weaktie.data.tracking.workbook import read
from weaktie.store.lake.jobs import MERGE_AT, compact

PLAN = Plan(
    user_properties=(
        Property("vip_level", "integer"), Property("sex", "enum", values=("男", "女")), Property("$tier", "text"),
        Property("plan", "enum", values=("free", "1")), Property("likes", "list"), Property("phone", "text"),
        Property("score", "number"), Property("since", "time"), Property("signup_time", "time"),
    )
)  # fmt: skip


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield app


def says(number: int, user: str = "u1", **traits: Any) -> dict[str, Any]:
    return {"type": "identify", "messageId": f"i{number}", "userId": user, "traits": traits}


def found(wt: App) -> dict[tuple[str, str, str], int]:
    """Violations by property, kind and source."""
    with wt.database.connect() as connection:
        report = service.trait_report(connection, today(wt), 30, limit=500)
    assert report.total == len(report.items)
    assert all(0 < row.updates <= row.of and row.sample for row in report.items)
    return {(r.property, r.kind, r.source): r.updates for r in report.items}


def counts(wt: App) -> tuple[int, int]:
    with wt.database.connect() as connection:
        report = service.trait_report(connection, today(wt), 30, limit=500)
    return report.updates, report.failed


def test_each_kind_is_found_by_property_and_source_and_nothing_else(wt: App) -> None:
    save(wt, PLAN)
    put(
        wt,
        says(
            1, vip_level=3, gender="男", tier="gold", plan="free", likes=["a"], score=1.5, since="2026-01-01"
        ),
        says(
            2,
            vip_level=3.0,
            plan=1,
            phone="13800000000",
            createdAt="2026-01-01",
            email="a@example.com",
            name="王",
        ),
        says(3, vip_level=None, city="杭州"),
        says(4, vip_level="three", likes="a", score="x", since="soon", tier=5),
        says(5, gender="M", plan="gold"),
        says(6, favourite_colour="red", vip_level="three"),
    )
    put(wt, says(7, vip_level="high"), source="other")
    bring_in(wt)
    jobs.check(wt.tracking_parts)
    assert found(wt) == {
        ("vip_level", "wrong_type", "default"): 2, ("likes", "wrong_type", "default"): 1, ("score", "wrong_type", "default"): 1,
        ("since", "wrong_type", "default"): 1, ("$tier", "wrong_type", "default"): 1, ("sex", "not_in_enum", "default"): 1,
        ("plan", "not_in_enum", "default"): 1, ("favourite_colour", "unplanned_property", "default"): 1,
        ("vip_level", "wrong_type", "other"): 1,
    }  # fmt: skip
    assert counts(wt) == (7, 4)


def test_imported_people_are_held_against_it_too(wt: App, tmp_path: Path) -> None:
    save(wt, PLAN)
    file = tmp_path / "users.csv"
    file.write_text("user_id,gender,vip_level\nu1,女,2\nu2,x,2\n", "utf-8")
    wt.importer.import_file(ImportSpec(path=file, kind="users"), actor="t", progress=lambda *_: None)
    jobs.check(wt.tracking_parts)
    assert {(p, k): n for (p, k, _), n in found(wt).items() if p == "sex"} == {("sex", "not_in_enum"): 1}
    assert counts(wt)[0] == 2


def test_without_planned_properties_nothing_is_wrong_but_updates_are_counted(wt: App) -> None:
    save(wt, Plan())
    put(wt, says(1, anything=1))
    bring_in(wt)
    jobs.check(wt.tracking_parts)
    assert (found(wt), counts(wt)) == ({}, (1, 0))


def test_merging_erasing_and_a_changed_plan(wt: App) -> None:
    save(wt, PLAN)
    for number in range(MERGE_AT):
        put(wt, says(number, f"u{number % 2}", vip_level="x"))
        bring_in(wt)
        jobs.check(wt.tracking_parts)
    assert found(wt) == {("vip_level", "wrong_type", "default"): MERGE_AT}
    compact(wt.database, wt.lake, ["users"])
    assert jobs.check(wt.tracking_parts).files_dropped == MERGE_AT
    assert found(wt) == {("vip_level", "wrong_type", "default"): MERGE_AT}
    with wt.database.connect() as connection:
        alias_no = wt.identity.find(connection, "u0")
    assert alias_no is not None
    CollectEraser(wt.database, wt.lake, wt.clock).erase([alias_no])
    jobs.check(wt.tracking_parts)
    assert found(wt) == {("vip_level", "wrong_type", "default"): MERGE_AT // 2}
    with wt.database.connect() as connection:
        assert set(connection.execute(select(trait_violations.c.sample)).scalars()) == {"i1"}
    save(wt, Plan(user_properties=(Property("vip_level", "text"),)))
    jobs.check(wt.tracking_parts)
    assert found(wt) != {}, "the past is checked again on request only"
    jobs.recheck(wt.tracking_parts, 30)
    assert found(wt) == {}


def test_a_workbook_of_people_over_http(wt: App, developer: Browser) -> None:  # noqa: F811
    """What 神策's sheet of user properties declares is what updates are held against."""
    rows: list[list[str | int]] = [
        ["属性英文变量名", "属性显示名", "属性值类型"],
        ["vip_level", "会员等级", "数值"],
    ]
    plan = read(workbook({"用户表": rows})).plan
    assert [(p.name, p.type) for p in plan.user_properties] == [("vip_level", "number")]
    save(wt, plan)
    put(wt, says(1, vip_level="high"), says(2, vip_level=2))
    bring_in(wt)
    jobs.check(wt.tracking_parts)
    body = developer.send("GET", "/api/tracking/traits?days=7").json()
    assert (body["planned"], body["updates"], body["failed"], body["total"]) == (1, 2, 1, 1)
    (item,) = body["items"]
    assert (item["property"], item["kind"], item["source"], item["updates"], item["share"]) == (
        "vip_level", "wrong_type", "default", 1, 0.5,
    )  # fmt: skip

"""Events of the lake against the plan: each kind of violation, and sums that do not depend on how files came about."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.app.wiring import App
from weaktie.data.collect.erase import CollectEraser
from weaktie.data.tracking import checking, jobs, service
from weaktie.data.tracking.checking import fits, observed_type
from weaktie.data.tracking.contracts import Plan, PlanChanged, PlannedEvent, Property
from weaktie.data.tracking.tables import checked_files, observed, seen, violations
from weaktie.kit.clock import DAY_US, business_day, to_iso
from weaktie.store.lake.jobs import compact

PLAN = Plan(
    common=(Property("ab_test"),),
    events=(
        PlannedEvent(
            "Product Viewed", platforms=("web", "iOS"),
            properties=(
                Property("product_id", required=True), Property("price", "money", required=True),
                Property("colour", "enum", values=("red", "1", "true")), Property("stock", "integer"),
                Property("when", "time"), Property("sizes", "list"), Property("new", "boolean"), Property("weight", "number"),
            ),
        ),
        PlannedEvent(
            "Order Completed",
            properties=(Property("total", "money", required=True), Property("products", "list", required=True)),
        ),
        PlannedEvent("Product Shared", properties=(Property("recipient_id", required=True),)),
    ),
)  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def wt(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    address = "sqlite:" if request.param == "sqlite" else request.getfixturevalue("empty_postgresql_address")
    with fresh_app(tmp_path, database=address) as app:
        yield app


def save(wt: App, plan: Plan) -> int:
    with wt.database.begin() as tx:
        base = service.current(tx).version
        return service.save(tx, wt.clock, plan, base_version=base, actor="a", note="").version


def view(
    number: int, user: str = "u1", *, platform: str = "web", version: str = "1.0", **properties: Any
) -> dict[str, Any]:
    context = {"platform": platform, "app": {"version": version}}
    given = {"product_id": "p1", "price": 9.9} | properties
    return track(number, user, properties={k: v for k, v in given.items() if v is not None}, context=context)


def _with(call: dict[str, Any], name: str) -> dict[str, Any]:
    call["properties"][name] = 1
    return call


def sums(wt: App, table: Any, *, sample: bool = False) -> dict[tuple[object, ...], tuple[object, ...]]:
    """The table's counts by everything but the file."""
    numbers = ["events", "failed"] if table is seen else ["events"]
    skip = {"row_id", "file_id", "sample", *numbers}
    keys = [c.name for c in table.columns if c.name not in skip]
    found: dict[tuple[object, ...], tuple[object, ...]] = {}
    with wt.database.connect() as connection:
        for row in connection.execute(select(table)).mappings():
            key = tuple(row[k] for k in keys)
            before = found.get(key, (0,) * len(numbers))
            found[key] = tuple(int(str(a)) + row[n] for a, n in zip(before, numbers, strict=True))
    return found


def everything(wt: App) -> list[object]:
    return [sums(wt, table) for table in (seen, observed, violations)]


def full(wt: App) -> list[object]:
    """The same from nothing."""
    with wt.database.begin() as tx:
        for table in (seen, observed, violations, checked_files):
            tx.execute(delete(table))
    jobs.check(wt.tracking_parts)
    return everything(wt)


def kinds(wt: App) -> dict[tuple[str, str, str], int]:
    """Violations by event, kind and property."""
    with wt.database.connect() as connection:
        rows, total = service.violation_rows(connection, today(wt), 30, limit=500)
    assert total == len(rows)
    assert all(row.sample and 0 < row.events <= row.of for row in rows)
    return {(r.event, r.kind, r.property): r.events for r in rows}


def today(wt: App) -> int:
    return business_day(wt.clock.now_us(), wt.settings.zone)


def test_each_kind_of_violation_is_found_and_nothing_else(wt: App) -> None:
    save(wt, PLAN)
    put(
        wt,
        view(1, colour="red", stock=3, when="2026-01-01T00:00:00Z", sizes=[1], new=True, weight=1.5, ab_test="x", url="/a"),
        view(2, price="¥1,299.00", colour=1, stock=4.0, when=1_790_000_000, weight=2),
        view(3, colour=True, mobile="13800000000"),
        view(4, price=None),
        view(5, product_id=None, productId="p2"),
        view(6, price="cheap", stock=1.5, when="soon", sizes="L", new="yes", weight="heavy"),
        view(7, colour="green"),
        view(8, size_chart="x"),
        view(9, platform="Android"),
        view(10, platform=""),
        track(11, event="Nobody Planned This"),
        track(12, event="Order Completed", properties={"order_id": "o1", "revenue": 5}),
        track(13, event="Order Completed", properties={"order_id": "o2", "products": [{"product_id": "p", "price": 3}]}),
        track(14, event="Product Shared", properties={"recipient_id": "u9"}),
        {"type": "identify", "messageId": "m15", "userId": "u1", "traits": {"city": "x"}},
    )  # fmt: skip
    bring_in(wt)
    jobs.check(wt.tracking_parts)
    assert kinds(wt) == {
        ("Product Viewed", "unplanned_property", "mobile"): 1,
        ("Product Viewed", "missing_required", "price"): 1,
        ("Product Viewed", "wrong_type", "price"): 1, ("Product Viewed", "wrong_type", "stock"): 1,
        ("Product Viewed", "wrong_type", "when"): 1, ("Product Viewed", "wrong_type", "sizes"): 1,
        ("Product Viewed", "wrong_type", "new"): 1, ("Product Viewed", "wrong_type", "weight"): 1,
        ("Product Viewed", "not_in_enum", "colour"): 1, ("Product Viewed", "unplanned_property", "size_chart"): 1,
        ("Product Viewed", "unexpected_platform", ""): 1, ("Nobody Planned This", "unplanned_event", ""): 1,
    }  # fmt: skip
    with wt.database.connect() as connection:
        found = service.totals(connection, today(wt), 1)
    assert (found.events, found.failed) == (14, 7)
    assert sum(found.kinds.values()) == 12


def test_without_a_plan_nothing_is_wrong_but_all_is_counted(wt: App) -> None:
    put(wt, track(1), track(2))
    bring_in(wt)
    jobs.check(wt.tracking_parts)
    assert kinds(wt) == {}
    with wt.database.connect() as connection:
        assert service.totals(connection, today(wt), 1).events == 2


def test_late_files_merging_and_running_again_give_what_a_full_count_gives(wt: App) -> None:
    save(wt, PLAN)
    for batch in range(18):
        put(wt, *(_mixed(100 * batch + n, START_US - batch * DAY_US) for n in range(8)))
        bring_in(wt)
        jobs.check(wt.tracking_parts)
    before = everything(wt)
    assert jobs.check(wt.tracking_parts).files_checked == 0
    assert everything(wt) == before
    assert compact(wt.database, wt.lake, ["events"]) >= 16
    merged = jobs.check(wt.tracking_parts)
    assert merged.files_dropped >= 16
    assert everything(wt) == before
    assert full(wt) == before
    assert sum(n for (n, _) in sums(wt, seen).values()) == 18 * 8  # type: ignore[misc]


def _mixed(number: int, at_us: int) -> dict[str, Any]:
    platform, colour = ("web", "iOS", "Android")[number % 3], ("red", "no")[number % 2]
    call = view(number, f"u{number % 8}", platform=platform, version=str(number % 2), colour=colour)
    return call | {"timestamp": to_iso(at_us)}


def test_an_erasure_takes_its_counts_and_samples_along(wt: App) -> None:
    save(wt, PLAN)
    put(wt, *(view(n, f"u{n % 2}", colour="green") for n in range(10)))
    bring_in(wt)
    jobs.check(wt.tracking_parts)
    assert kinds(wt) == {("Product Viewed", "not_in_enum", "colour"): 10}
    with wt.database.connect() as connection:
        alias = wt.identity.find(connection, "u0")
    assert alias is not None
    CollectEraser(wt.database, wt.lake, wt.clock).erase([alias])
    jobs.check(wt.tracking_parts)
    assert kinds(wt) == {("Product Viewed", "not_in_enum", "colour"): 5}
    with wt.database.connect() as connection:
        samples = set(connection.execute(select(violations.c.sample)).scalars())
    assert samples == {"m1"}
    left = everything(wt)
    assert full(wt) == left


def test_a_check_in_small_steps_ends_where_one_step_does(wt: App) -> None:
    save(wt, PLAN)
    for batch in range(4):
        put(wt, *(view(10 * batch + n, colour="no") for n in range(5)))
        bring_in(wt)
    first = jobs.check(wt.tracking_parts, most_rows=6)
    assert not first.caught_up
    while not jobs.check(wt.tracking_parts, most_rows=6).caught_up:
        pass
    stepped = everything(wt)
    assert full(wt) == stepped


def test_a_changed_plan_counts_for_what_comes_and_for_the_past_on_request(wt: App) -> None:
    save(wt, PLAN)
    put(wt, view(1, colour="green"))
    bring_in(wt)
    jobs.check(wt.tracking_parts)
    save(wt, Plan(events=(PlannedEvent("Product Viewed"),)))
    assert jobs.check(wt.tracking_parts).files_checked == 0
    with wt.database.connect() as connection:
        assert service.stale_files(connection, today(wt), 30)[0] == 1
    told: list[float] = []
    done = jobs.recheck(wt.tracking_parts, 30, lambda share, _: told.append(share))
    assert (done.files_checked, told[-1]) == (1, 1.0)
    assert set(kinds(wt)) == {("Product Viewed", "unplanned_property", p) for p in ("colour", "price")}
    assert jobs.recheck(wt.tracking_parts, 30).files_checked == 0


def test_a_long_file_is_read_in_parts_and_the_lease_is_kept(wt: App, monkeypatch: pytest.MonkeyPatch) -> None:
    save(wt, PLAN)
    put(wt, *(view(n, colour=("red", "no")[n % 2]) for n in range(50)))
    bring_in(wt)
    jobs.check(wt.tracking_parts)
    whole = everything(wt)
    monkeypatch.setattr(checking, "BATCH_ROWS", 7)
    beats: list[float] = []
    with wt.database.begin() as tx:
        tx.execute(delete(checked_files))
    jobs.check(wt.tracking_parts, lambda share, _: beats.append(share))
    assert len(beats) >= 8
    assert everything(wt) == whole


def test_names_without_end_are_counted_together(wt: App) -> None:
    save(wt, PLAN)
    put(wt, *(_with(view(n), f"key_{n}") for n in range(400)))
    bring_in(wt)
    jobs.check(wt.tracking_parts)
    found = kinds(wt)
    assert len(found) <= 301
    assert sum(found.values()) == 400


def test_versions_are_kept_and_two_people_do_not_overwrite_each_other(wt: App) -> None:
    save(wt, PLAN)
    assert save(wt, PLAN) == 1, "a plan that says the same is no new version"
    assert save(wt, Plan()) == 2
    with wt.database.begin() as tx, pytest.raises(PlanChanged):
        service.save(tx, wt.clock, PLAN, base_version=1, actor="b", note="")
    with wt.database.connect() as connection:
        assert service.version(connection, 1).plan == PLAN
        assert service.version(connection, 0).plan == Plan()
        assert [v[0] for v in service.versions(connection)] == [2, 1]


def test_an_event_is_adopted_as_it_was_seen(wt: App) -> None:
    put(
        wt,
        view(1, stock=1, price=2, when="2026-01-01", new=True),
        view(2, platform="iOS", stock=2, sizes=["a"]),
    )
    bring_in(wt)
    jobs.check(wt.tracking_parts)
    with wt.database.connect() as connection:
        event = service.adopted(connection, "Product Viewed")
    assert event.platforms == ("web", "iOS")
    assert {p.name: p.type for p in event.properties} == {
        "product_id": "text", "stock": "integer", "price": "number", "when": "time", "new": "boolean", "sizes": "list",
    }  # fmt: skip
    save(wt, Plan(events=(event,)))
    jobs.recheck(wt.tracking_parts, 30)
    assert kinds(wt) == {}


@pytest.mark.parametrize(
    ("value", "observed_as", "fitting"),
    [
        ("x", "text", {"text", "enum"}),
        ("2026-02-30", "text", {"text", "enum"}),
        ("2026-02-03 10:00:00", "time", {"text", "enum", "time"}),
        (3, "integer", {"integer", "number", "money", "enum"}),
        (3.0, "integer", {"integer", "number", "money", "enum"}),
        (3.5, "number", {"number", "money", "enum"}),
        (1_790_000_000, "integer", {"integer", "number", "money", "enum", "time"}),
        (True, "boolean", {"boolean", "enum"}),
        ([1], "list", {"list"}),
        ({"a": 1}, "object", set()),
        ("￥12.50", "text", {"text", "enum", "money"}),
        ("‹phone›", "hidden", {"text", "integer", "number", "money", "boolean", "time", "list", "enum"}),
    ],
)
def test_what_a_value_is_and_what_it_may_stand_for(
    value: object, observed_as: str, fitting: set[str]
) -> None:
    assert observed_type(value) == observed_as
    types = ("text", "integer", "number", "money", "boolean", "time", "list", "enum")
    assert {t for t in types if fits(value, t)} == fitting

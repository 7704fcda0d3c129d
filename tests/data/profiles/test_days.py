"""user_day: what it counts, whose rows it gives to whom, and that only touched days are computed again."""

from dataclasses import replace
from typing import Any

import pytest

from tests.data.profiles.market import DAY, Market, at, no_progress
from weaktie.data.profiles import jobs_days
from weaktie.data.profiles.jobs import build
from weaktie.kit.words import Words
from weaktie.store.lake.contracts import Staged


def day_rows(market: Market) -> dict[tuple[Any, Any], dict[str, Any]]:
    return {(r["alias_no"], r["day"]): r for r in market.rows("user_day")}


def seen(alias: int, us: int, event: str = "Content Viewed", **more: object) -> dict[str, object]:
    return {"alias_no": alias, "event": event, "us": us} | more


def test_counts_of_a_day(market: Market) -> None:
    market.user(1, "u1")
    market.put("products", {"product_id": "p", "category": "tea"}, {"product_id": "q", "category": "cups"})
    market.put(
        "events",
        seen(1, at(DAY, 0.5), session_id="a", platform="iOS"),
        seen(1, at(DAY, 9), "Content Clicked", session_id="a", platform="iOS"),
        seen(1, at(DAY, 12), "Product Viewed", session_id="b", platform="mini_program", product_id="p"),
        seen(1, at(DAY, 13), "Product Viewed", session_id="b", platform="mini_program", product_id="p"),
        seen(1, at(DAY, 23.9), "Product Added", session_id="c", platform="mini_program", product_id="q"),
    )
    market.put("orders", {"order_id": "o", "alias_no": 1, "us": at(DAY, 22), "amount_minor": 990})
    build(market, no_progress)
    row = day_rows(market)[1, DAY]
    assert (row["events"], row["sessions"], row["content_views"], row["product_views"]) == (5, 3, 1, 2)
    assert (row["night_events"], row["morning_events"], row["noon_events"], row["evening_events"]) == (
        2,
        1,
        2,
        0,
    )
    assert (row["ios_events"], row["mini_program_events"], row["web_events"]) == (2, 3, 0)
    assert (row["orders"], row["amount_minor"], row["currency"], row["refunds"]) == (1, 990, "CNY", 0)
    assert (row["top_category"], row["top_category_events"]) == ("tea", 2)
    assert (row["first_us"], row["last_us"]) == (at(DAY, 0.5), at(DAY, 23.9))


def test_sessions_without_an_id_are_cut_at_30_idle_minutes(market: Market) -> None:
    market.user(1, "u1")
    market.put(
        "events",
        *(seen(1, at(DAY, hour)) for hour in (1.0, 1.25, 1.75, 3.0)),
        seen(1, at(DAY, 9), session_id="named"),
    )
    build(market, no_progress)
    # 1:00, 1:15 and 1:45 are one session (gaps of at most 30 minutes), 3:00 another, and the named one.
    assert day_rows(market)[1, DAY]["sessions"] == 3


def test_rows_without_the_analytics_purpose_are_not_counted(market: Market) -> None:
    market.user(1, "u1")
    market.put("events", seen(1, at(DAY)), seen(1, at(DAY), purposes=14))
    market.put("orders", {"order_id": "o", "alias_no": 1, "us": at(DAY), "amount_minor": 5, "purposes": 2})
    build(market, no_progress)
    assert (day_rows(market)[1, DAY]["events"], day_rows(market)[1, DAY]["orders"]) == (1, 0)


def test_a_shared_anonymous_id_belongs_to_the_login_of_the_time(market: Market) -> None:
    market.user(1, "u1")
    market.user(2, "u2")
    market.user(3, "shared", kind="anonymous")
    far = 2**62
    market.people.spans = [(3, -far, at(DAY, 12), 1), (3, at(DAY, 12), far, 2)]
    market.put("events", seen(3, at(DAY, 8)), seen(3, at(DAY, 12)), seen(3, at(DAY, 13)), seen(1, at(DAY, 1)))
    build(market, no_progress)
    owners = {(r["alias_no"], r["owner_no"]): r["events"] for r in market.rows("user_day")}
    assert owners == {(3, 1): 1, (3, 2): 2, (1, 1): 1}
    active = {t["person_no"]: t["content_views_30d"] for t in market.rows("user_tags")}
    assert active == {1: 2, 2: 2, 3: 0}


def test_changed_spans_compute_their_days_again(market: Market) -> None:
    market.user(1, "u1")
    market.user(2, "u2")
    market.user(3, "shared", kind="anonymous")
    market.put("events", seen(3, at(DAY - 40)), seen(1, at(DAY)))
    build(market, no_progress)
    market.people.spans = [(3, -(2**62), 2**62, 2)]
    result = build(market, no_progress)
    assert result.days_computed == 1
    assert {(r["alias_no"], r["owner_no"]) for r in market.rows("user_day")} == {(3, 2), (1, 1)}


def test_only_touched_days_are_computed(market: Market) -> None:
    market.user(1, "u1")
    market.put("events", *(seen(1, at(DAY - i)) for i in range(60)))
    assert build(market, no_progress).days_computed == 60
    before = day_rows(market)
    market.put("events", seen(1, at(DAY - 50)), seen(1, at(DAY)))
    assert build(market, no_progress).days_computed == 2
    after = day_rows(market)
    changed = {day for (_, day), row in after.items() if row != before[1, day]}
    assert changed == {DAY - 50, DAY}
    assert len(after) == 60


def test_an_order_that_moves_to_another_day_leaves_the_first(market: Market) -> None:
    market.user(1, "u1")
    order = {"order_id": "o", "alias_no": 1, "amount_minor": 100}
    market.put("orders", order | {"us": at(DAY - 3), "version_time": at(DAY - 3)})
    build(market, no_progress)
    market.put("orders", order | {"us": at(DAY - 1), "version_time": at(DAY - 1)})
    build(market, no_progress)
    assert {day: r["orders"] for (_, day), r in day_rows(market).items()} == {DAY - 1: 1}


def test_a_product_that_gets_a_category_counts_for_days_before(market: Market) -> None:
    market.user(1, "u1")
    market.put("events", seen(1, at(DAY - 2), "Product Viewed", product_id="p"))
    build(market, no_progress)
    assert day_rows(market)[1, DAY - 2]["top_category"] is None
    market.put("products", {"product_id": "p", "category": "tea", "version_time": at(DAY)})
    build(market, no_progress)
    assert day_rows(market)[1, DAY - 2]["top_category"] == "tea"


def test_step_by_step_equals_all_at_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    files = [
        [
            seen(1 + i % 3, at(DAY - (i * 7) % 45, (i * 5) % 24), session_id=f"s{i % 4}")
            for i in range(k, 90, 3)
        ]
        for k in range(3)
    ]
    orders = [
        {"order_id": f"o{i}", "alias_no": 1 + i % 3, "us": at(DAY - i), "amount_minor": 10 * i}
        for i in range(20)
    ]
    tables = []
    for steps in (True, False):
        market = Market(tmp_path_factory.mktemp("home"))
        for number in (1, 2, 3):
            market.user(number, f"u{number}")
        for rows, part in zip(files, (orders[:5], orders[5:9], orders[9:]), strict=True):
            market.put("events", *(dict(r) for r in rows))
            market.put("orders", *(dict(o) for o in part))
            if steps:
                build(market, no_progress)
        build(market, no_progress)
        tables.append([sorted(map(str, market.rows(t))) for t in ("user_day", "user_tags", "rfm")])
        market.close()
    assert tables[0] == tables[1]


class Killed(Exception):
    """Stands for the end of the process."""


def test_a_killed_build_goes_on_where_it_was(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    market.user(1, "u1")
    market.put("events", *(seen(1, at(DAY - i)) for i in range(100)))
    staged: list[Staged] = []
    stage = market.lake.stage

    def kill_at_third(share: float, step: Words) -> None:
        if len(staged) == 2:
            raise Killed

    def counted(*args: Any, **kwargs: Any) -> Staged:
        staged.append(stage(*args, **kwargs))
        return staged[-1]

    monkeypatch.setattr(market.lake, "stage", counted)
    with pytest.raises(Killed):
        build(market, kill_at_third)
    assert market.rows("user_day") == []
    done = {s.path for s in staged}
    staged.clear()
    assert build(market, no_progress).days_computed == 100
    assert done.isdisjoint(s.path for s in staged if s.table == "user_day")
    assert len(market.rows("user_day")) == 100


def test_days_are_in_the_workspaces_zone(market: Market) -> None:
    market.settings = replace(
        market.settings, workspace=replace(market.settings.workspace, timezone="Europe/London")
    )
    assert jobs_days.offset_minutes(20_000, market.settings.zone) == 60
    assert jobs_days.offset_minutes(20_100, market.settings.zone) == 0

"""The build as a whole: who is in it, what it publishes, when it has nothing to do."""

import sqlite3

import pytest

from tests.data.profiles.market import DAY, Market, at, no_progress
from weaktie.data.collect.service import SeenState
from weaktie.data.profiles import state
from weaktie.data.profiles.contracts import PROFILES_LEASE
from weaktie.data.profiles.jobs import build
from weaktie.store.runs.contracts import Busy
from weaktie.store.runs.service import lease


@pytest.fixture
def shop(market: Market) -> Market:
    for number in range(1, 6):
        market.user(number, f"u{number}")
        market.put(
            "orders", {"order_id": f"o{number}", "alias_no": number, "us": at(DAY), "amount_minor": 100}
        )
    market.user(6, "anon", kind="anonymous")
    market.put("events", {"alias_no": 6, "event": "App Opened", "us": at(DAY)})
    return market


def test_an_empty_home_builds(market: Market) -> None:
    result = build(market, no_progress)
    assert (result.generation, result.people, result.visitors, result.as_of_day) == (1, 0, 0, DAY)


def test_people_without_the_purpose_are_left_out_and_counted(shop: Market) -> None:
    shop.permits.refused = {2, 6}
    result = build(shop, no_progress)
    assert (result.people, result.visitors) == (4, 0)
    assert result.left_out.total == 1
    assert [(r.code, r.count) for r in result.left_out.reasons] == [("refused", 1)]
    for table in ("user_tags", "rfm"):
        assert 2 not in {r["person_no"] for r in shop.rows(table)}


def test_unidentified_orders_count_in_the_totals_and_for_nobody(shop: Market) -> None:
    shop.put("orders", {"order_id": "x", "alias_no": None, "us": at(DAY), "amount_minor": 23})
    build(shop, no_progress)
    with shop.database.connect() as connection:
        generation = state.newest(connection)
    assert generation is not None
    assert generation.details["totals"] == [{"currency": "CNY", "orders": 6, "counted": 6, "net_minor": 523}]
    assert sum(int(str(r["m_minor"])) for r in shop.rows("rfm")) == 500


def test_what_never_happened_was_not_today(shop: Market) -> None:
    shop.user(7, "quiet")
    shop.put("users", {"alias_no": 7, "us": at(DAY), "city": "上海"})
    build(shop, no_progress)
    quiet = next(r for r in shop.rows("user_tags") if r["person_no"] == 7)
    days = ("days_since_active", "days_since_order", "registered_days")
    assert [quiet[name] for name in ("city", *days)] == ["上海", None, None, None]


def test_nothing_new_is_quick_and_publishes_nothing(shop: Market) -> None:
    first = build(shop, no_progress)
    again = build(shop, no_progress)
    assert (again.generation, again.unchanged, again.people) == (first.generation, True, 5)
    assert sorted(p.name for p in (shop.settings.home / "published").iterdir()) == ["gen-1.sqlite"]


def test_withdrawal_alone_makes_a_new_generation(shop: Market) -> None:
    build(shop, no_progress)
    shop.permits.refused = {1}
    result = build(shop, no_progress)
    assert (result.unchanged, result.people, result.days_computed) == (False, 4, 0)


def test_a_new_day_makes_a_new_generation(shop: Market) -> None:
    build(shop, no_progress)
    shop.clock.move(86_400)
    result = build(shop, no_progress)
    assert (result.generation, result.unchanged) == (2, False)
    assert result.as_of_day == DAY, "as of the last day that has data, not of today"


def test_data_of_the_future_does_not_move_the_as_of_day(shop: Market) -> None:
    shop.put("orders", {"order_id": "f", "alias_no": 1, "us": at(DAY + 400), "amount_minor": 100})
    result = build(shop, no_progress)
    assert result.as_of_day == DAY
    assert {r["f_orders"] for r in shop.rows("rfm")} == {1}


def test_old_generations_are_retired(shop: Market) -> None:
    for _ in range(5):
        build(shop, no_progress)
        shop.clock.move(86_400)
    names = sorted(p.name for p in (shop.settings.home / "published").iterdir())
    assert names == ["gen-3.sqlite", "gen-4.sqlite", "gen-5.sqlite"]


def test_a_leftover_of_a_killed_publish_is_in_nobodys_way(shop: Market) -> None:
    folder = shop.settings.home / "published"
    folder.mkdir()
    (folder / "gen-1.part").write_bytes(b"half a file")
    (folder / "gen-1.sqlite").write_bytes(b"renamed, and not named in the database")
    assert build(shop, no_progress).generation == 1
    connection = sqlite3.connect(f"file:{folder / 'gen-1.sqlite'}?mode=ro", uri=True)
    assert connection.execute("SELECT count(*) FROM profiles").fetchone() == (6,)
    connection.close()


def test_one_build_at_a_time(shop: Market) -> None:
    with lease(shop.database, shop.clock, PROFILES_LEASE), pytest.raises(Busy):
        build(shop, no_progress)


def test_the_overlay_is_settled(shop: Market) -> None:
    shop.live.rows[1] = SeenState(at(DAY), 3, "App Opened")
    build(shop, no_progress)
    assert shop.live.rows == {}


def test_no_write_transaction_is_open_while_it_publishes(
    shop: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    from weaktie.data.profiles import publish

    written = publish.write

    def watched(*args: object, **kwargs: object) -> str:
        # Another process's writer: it would wait here if a transaction were open.
        other = sqlite3.connect(shop.settings.home / "weaktie.db", timeout=0)
        other.execute("BEGIN IMMEDIATE")
        other.rollback()
        other.close()
        return written(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(publish, "write", watched)
    build(shop, no_progress)

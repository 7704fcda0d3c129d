"""Reads: one person, lists, rows from the lake; who is hidden, and when."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.data.profiles.market import DAY, Market, at, no_progress
from weaktie.data.collect.service import SeenState
from weaktie.data.profiles.contracts import NobodyThere, NotAnalysable, NothingPublished, UserFilter
from weaktie.data.profiles.jobs import build
from weaktie.data.profiles.service import ProfileEraser, Profiles
from weaktie.kit.errors import Refused

PEOPLE = 12


def stock(market: Market) -> Market:
    """Twelve buyers, the first of whom has a cookie and a phone; a visitor."""
    for n in range(1, PEOPLE + 1):
        market.user(n, f"u{n}")
    market.put(
        "orders",
        *(
            {"order_id": f"o{n}", "alias_no": n, "us": at(DAY - n % 3), "amount_minor": 100 * (n % 5)}
            for n in range(1, PEOPLE + 1)
        ),
    )
    market.user(50, "cookie", kind="anonymous", person=1)
    market.people.rows[51] = ("phone", None, 1)
    market.user(60, "stranger", kind="anonymous")
    market.personal.fields = {1: {"nickname": "=小鹿"}, 51: {"identifier": "19900001234"}}
    market.put("users", {"alias_no": 2, "gender": "male", "province": "浙江", "day": DAY})
    opened = {"properties": '{"n":1}'}
    market.put(
        "events",
        *(
            opened
            | {"alias_no": 1 if i % 2 else 50, "event": "App Opened" if i % 3 else "Content Viewed"}
            | {"us": at(DAY - i % 7, i % 24)}
            for i in range(100)
        ),
    )
    market.put("relations", {"src_alias_no": 1, "dst_alias_no": 2, "kind": "friend", "day": DAY})
    line = {"order_id": "o1", "line_no": 1, "alias_no": 1, "name": "茶", "quantity": 2, "day": DAY}
    market.put("order_items", line)
    build(market, no_progress)
    return market


@pytest.fixture
def shop(market: Market) -> Market:
    """A shop that the test may change."""
    return stock(market)


@pytest.fixture
def profiles(shop: Market) -> Profiles:
    return Profiles(shop)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profiles]:
    """A shop that is only read."""
    market = stock(Market(tmp_path_factory.mktemp("home")))
    yield Profiles(market)
    market.close()


def page(profiles: Profiles, user_id: str) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(profiles.profile(user_id))
    return found


def test_a_person_by_any_id(still: Profiles) -> None:
    first = page(still, "u1")
    assert first == page(still, "cookie") == page(still, "@1")
    assert (first["person_no"], first["generation"], first["counts"]) == (1, 1, {"events": 100, "orders": 1})
    assert first["names"] == {"nickname": "=***", "phone": "199******34", "email": None}
    assert {a["value"] for a in first["aliases"]} == {"u1", "cookie", "199******34"}
    assert b"19900001234" not in still.profile("u1")
    assert {t["key"] for t in first["tags"]} >= {"orders_total", "friends", "lifecycle_stage"}
    assert first["rfm"]["class"] in ("ordinary", "new", "high_value")


@pytest.mark.parametrize(
    "user_id", ["nobody", "@999", "@", "@1x", "@²", "@99999999999999999999", "u1' OR 1=1", "\u0000"]
)
def test_nobody(still: Profiles, user_id: str) -> None:
    with pytest.raises(NobodyThere):
        still.profile(user_id)


def test_the_overlay_lies_over_the_published_row(shop: Market, profiles: Profiles) -> None:
    shop.live.rows[50] = SeenState(at(DAY, 23), 4, "Order Completed")
    found = page(profiles, "u1")
    assert found["live"] == {
        "last_seen_time": "2024-10-04T15:00:00.000Z", "events_since_build": 4, "last_event": "Order Completed",
    }  # fmt: skip
    assert found["counts"]["events"] == 104


def test_somebody_seen_a_second_ago_is_found(shop: Market, profiles: Profiles) -> None:
    shop.user(70, "newcomer")
    shop.live.rows[70] = SeenState(at(DAY, 23), 1, "App Opened")
    found = page(profiles, "newcomer")
    assert (found["generation"], found["tags"], found["live"]["last_event"]) == (None, [], "App Opened")


def test_a_new_identifier_of_a_known_person_shows_the_published_row(shop: Market, profiles: Profiles) -> None:
    shop.user(71, "new-cookie", kind="anonymous", person=1)
    assert page(profiles, "new-cookie")["person_no"] == 1
    assert page(profiles, "new-cookie")["generation"] == 1


def test_before_the_first_build(market: Market) -> None:
    market.user(1, "u1")
    profiles = Profiles(market)
    assert page(profiles, "u1")["generation"] is None
    assert profiles.users(UserFilter(), None, None).items == []
    assert (profiles.current(), profiles.left_out().total, len(profiles.tags())) == (None, 0, 66)
    with pytest.raises(NothingPublished):
        profiles.rfm()


def test_a_new_generation_is_seen_within_a_second(shop: Market, profiles: Profiles) -> None:
    assert page(profiles, "u1")["generation"] == 1
    shop.clock.move(86_400)
    build(shop, no_progress)
    shop.clock.move(1)
    assert page(profiles, "u1")["generation"] == 2


def test_erased_people_are_gone_at_once(shop: Market, profiles: Profiles) -> None:
    page(profiles, "u1")
    shop.people.erased = {1, 50, 51}
    for user_id in ("u1", "cookie", "@1"):
        with pytest.raises(NobodyThere):
            profiles.profile(user_id)
    assert "u1" not in {u.user_id for u in profiles.users(UserFilter(), None, None).items}
    assert "u1" not in {u.user_id for rows in profiles.every_user(UserFilter()) for u in rows}


def test_withdrawal_hides_at_once(shop: Market, profiles: Profiles) -> None:
    shop.permits.refused = {2}
    for read in (
        lambda: profiles.profile("u2"),
        lambda: profiles.timeline("u2", event=None, cursor=None, limit=5),
        lambda: profiles.orders("u2", cursor=None, limit=5),
        lambda: profiles.relations("u2"),
    ):
        with pytest.raises(NotAnalysable):
            read()
    assert "u2" not in {u.user_id for u in profiles.users(UserFilter(), None, None).items}
    assert [t["user_id"] for t in profiles.relations("u1")] == [None]


def test_the_eraser_leaves_nothing(shop: Market, profiles: Profiles) -> None:
    page(profiles, "u1")
    eraser = ProfileEraser(shop)
    gone = eraser.erase([1, 50, 51])
    assert gone == {"published": 5, "user_day": 14, "user_tags": 1, "rfm": 1} | {"user_day": gone["user_day"]}
    assert gone["user_day"] >= 7
    for table in ("user_day", "user_tags", "rfm"):
        assert not any(
            {r.get("alias_no"), r.get("owner_no"), r.get("person_no")} & {1, 50, 51} for r in shop.rows(table)
        )
    for path in (shop.settings.home / "published").iterdir():
        for needle in (b"cookie", b"199******34"):
            assert needle not in path.read_bytes()
    assert page(profiles, "u2")["person_no"] == 2
    assert eraser.erase([1, 50, 51]) == {"published": 0, "user_day": 0, "user_tags": 0, "rfm": 0}


def all_pages(profiles: Profiles, wanted: UserFilter, limit: int) -> list[str]:
    cursor, found = None, []
    while True:
        part = profiles.users(wanted, cursor, limit)
        found += [u.user_id for u in part.items]
        cursor = part.next_cursor
        if cursor is None:
            assert part.total == len(found)
            return found


@pytest.mark.parametrize("sort", ["last_seen", "spend", "orders", "registered"])
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("limit", [1, 5, 500])
def test_pages_hold_everybody_once(still: Profiles, sort: str, descending: bool, limit: int) -> None:
    found = all_pages(still, UserFilter(sort=sort, descending=descending), limit)
    assert sorted(found) == sorted(f"u{n}" for n in range(1, PEOPLE + 1))
    if sort == "spend":
        spends = [100 * (int(u[1:]) % 5) for u in found]
        assert spends == sorted(spends, reverse=descending)


def test_filters(still: Profiles) -> None:
    def ids(**wanted: Any) -> set[str]:
        return set(all_pages(still, UserFilter(**wanted), 100))

    assert ids(gender="male") == ids(province="浙江") == ids(search="u2") == {"u2"}
    assert ids(search="u1") == {"u1"}, "an exact id is only that person"
    assert ids(search="cookie") == {"u1"}
    assert ids(search="stranger") == {"stranger"}, "somebody named is shown, visitor or not"
    assert ids(visitors=True) == {"stranger"}
    assert ids(min_spend_minor=400) == {"u4", "u9"}
    assert ids(active_within_days=1, sort="spend") >= {"u3", "u6"}
    assert ids(tier="at_risk") | ids(tier="ordinary") | ids(tier="high_value") | ids(tier="potential") == {
        f"u{n}" for n in range(1, PEOPLE + 1)
    }
    assert ids(search="u1' OR '1'='1") == ids(gender="%") == ids(province="浙江'--") == set()


def test_an_unknown_order_or_cursor_is_refused(still: Profiles) -> None:
    with pytest.raises(Refused, match="bad_sort"):
        still.users(UserFilter(sort="person_no; DROP TABLE users"), None, None)
    with pytest.raises(Refused, match="bad_cursor"):
        still.users(UserFilter(), "xx", None)


def test_a_timeline_in_pages(still: Profiles) -> None:
    cursor, times, ids = None, [], set()
    while True:
        part = still.timeline("u1", event=None, cursor=cursor, limit=9)
        times += [e["event_time"] for e in part.items]
        ids |= {e["event_id"] for e in part.items}
        cursor = part.next_cursor
        if cursor is None:
            break
    assert len(times) == len(ids) == 100
    assert times == sorted(times, reverse=True)
    only = still.timeline("u1", event="Content Viewed", cursor=None, limit=500).items
    assert len(only) == 34
    assert only[0]["properties"] == {"n": 1}


def test_a_timeline_over_many_files_reads_the_newest_first(shop: Market, profiles: Profiles) -> None:
    for day in range(1, 120):
        shop.put("events", {"alias_no": 3, "event": "App Opened", "us": at(DAY - day)})
    part = profiles.timeline("u3", event=None, cursor=None, limit=3)
    assert [e["event_time"][:10] for e in part.items] == ["2024-10-03", "2024-10-02", "2024-10-01"]
    assert len(profiles.timeline("u3", event=None, cursor=part.next_cursor, limit=500).items) == 116


def test_orders_with_their_lines(still: Profiles) -> None:
    (order,) = still.orders("u1", cursor=None, limit=5).items
    assert (order["order_id"], order["amount_minor"], order["status"]) == ("o1", 100, "paid")
    assert order["items"] == [
        {"product_id": None, "name": "茶", "quantity": 2, "amount_minor": None, "currency": "CNY"}
    ]


def test_figures_of_pages(still: Profiles) -> None:
    rfm = still.rfm()
    assert (
        rfm["people"]
        == sum(c["count"] for c in rfm["cells"])
        == sum(c["count"] for c in rfm["classes"])
        == PEOPLE
    )
    assert len(rfm["cells"]) == 27
    assert sum(c["share"] for c in rfm["tiers"]) == pytest.approx(1)
    assert sum(t["spend_minor"] for t in rfm["tiers"]) == sum(100 * (n % 5) for n in range(1, PEOPLE + 1))
    facets = still.facets()
    assert facets["genders"] == [{"value": "male", "words": {"zh": "男", "en": "Male"}, "count": 1}]
    tags = {t["key"]: t for t in still.tags()}
    assert tags["gender"]["coverage"] == pytest.approx(1 / PEOPLE)
    assert sum(d["count"] for d in tags["orders_total"]["distribution"]) == PEOPLE

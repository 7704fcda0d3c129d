"""The catalogue of tags, and each tag on a market small enough to compute by hand."""

from typing import Any

import duckdb
import narwhals as nw
import pytest

from tests.data.profiles.market import DAY, Market, at, no_progress
from weaktie.data.collect.vocabulary import ORDER_EVENTS, OWN_EVENTS, RELATION_EVENTS, VOCABULARY
from weaktie.data.profiles.catalogue import SHOWN, TAGS, USER_TAGS
from weaktie.data.profiles.jobs import build
from weaktie.data.profiles.lineage import ANY_EVENT, events_of, of_tag
from weaktie.data.profiles.show import display, money
from weaktie.data.profiles.tables import COUNTED
from weaktie.data.profiles.tags import Dimension, facts, merged
from weaktie.kit.clock import day_to_date
from weaktie.store.lake.tables import TABLES


def test_the_catalogue_is_whole() -> None:
    assert len({t.measures for t in TAGS}) >= 40, "windows of one quantity are one tag"
    assert {t.dimension for t in TAGS} == set(Dimension)
    assert len({t.words.zh for t in TAGS}) == len({t.words.en for t in TAGS}) == len(TAGS)
    for tag in TAGS:
        assert set(tag.source_tables) <= set(TABLES), tag.key
        assert tag.dtype in ("text", "bool") or tag.bounds, f"{tag.key}: a number needs classes"
        assert tag.bounds == tuple(sorted(tag.bounds))
        assert tag.definition.zh != tag.words.zh
    assert USER_TAGS.schema.names[2:] == [t.key for t in TAGS]


def _weekend(day: int) -> bool:
    return day_to_date(day).weekday() >= 5


WEEKEND = sum(_weekend(DAY - i) for i in range(10)) + 2 * _weekend(DAY) + 2 * _weekend(DAY - 2)
WEEKEND_ORDERS = sum(_weekend(DAY - ago) for ago in (50, 20, 5))


def test_every_tag_says_where_it_comes_from() -> None:
    known = set(VOCABULARY) | set(OWN_EVENTS) | set(ORDER_EVENTS) | set(RELATION_EVENTS) | {ANY_EVENT}
    aliases = {name for c in COUNTED for name in c.events}
    for tag in TAGS:
        told: Any = of_tag(tag)
        assert [a["name"] for a in told["aggregates"]] == [a.name for a in tag.needs]
        for aggregate in told["aggregates"]:
            assert aggregate["columns"], aggregate["name"]
            for column in aggregate["columns"]:
                table, _, name = column["column"].partition(".")
                assert name in TABLES[table].schema.names, column
                assert set(column["events"]) <= known | aliases, column
        assert events_of(tag.key)


def test_more_tags_of_a_source_are_no_more_passes() -> None:
    """Aggregates of all tags of a source are one query: one group-by over one scan, however many tags there are."""
    half, whole = merged(TAGS[::2], SHOWN), merged(TAGS, SHOWN)
    assert set(whole) == {a.source for t in TAGS for a in t.needs} | {a.source for a in SHOWN}
    rows: nw.LazyFrame[Any] = nw.from_native(duckdb.sql("SELECT i AS person_no, i AS day FROM range(9) t(i)"))
    for needs in (half, whole):
        frames = {
            source: rows.with_columns(**{a.column: nw.lit(1) for a in aggregates if a.column != "day"})
            for source, aggregates in needs.items()
        }
        plan = facts(rows, frames, needs, DAY).to_native().explain()
        assert plan.count("HASH_GROUP_BY") + plan.count("PERFECT_HASH_GROUP_BY") <= len(needs)


@pytest.fixture
def shop(market: Market) -> Market:
    for number, name in ((1, "ann"), (2, "bob"), (3, "cleo")):
        market.user(number, name)
    market.put(
        "users",
        {"alias_no": 1, "gender": "female", "city": "杭州", "channel": "kol", "us": at(DAY - 40),
         "registered_time": at(DAY - 40, 1)},
        {"alias_no": 1, "city": "宁波", "us": at(DAY - 1)},
        {"alias_no": 2, "gender": "male", "us": at(DAY)},
    )  # fmt: skip
    view = {"alias_no": 1, "event": "Content Viewed", "platform": "Android"}
    market.put("products", {"product_id": "p", "category": "tea"})
    market.put(
        "events",
        *(view | {"us": at(DAY - i, 20), "session_id": f"s{i}"} for i in range(10)),
        *(
            {"alias_no": 1, "event": "Content Clicked", "us": at(DAY, 20), "session_id": "s0"}
            for _ in range(2)
        ),
        {"alias_no": 1, "event": "Product Viewed", "us": at(DAY - 100), "product_id": "p"},
        {"alias_no": 2, "event": "Product Viewed", "us": at(DAY - 35), "product_id": "p"},
        {"alias_no": 2, "event": "Product Shared", "us": at(DAY - 35)},
        {"alias_no": 1, "event": "Content Liked", "us": at(DAY - 2)},
        {"alias_no": 1, "event": "Content Commented", "us": at(DAY - 2)},
    )
    bought = {"alias_no": 1, "currency": "CNY", "status": "paid"}
    market.put(
        "orders",
        bought | {"order_id": "a", "us": at(DAY - 50), "amount_minor": 10_000},
        bought | {"order_id": "b", "us": at(DAY - 20), "amount_minor": 60_000, "coupon_id": "c",
                  "referrer_alias_no": 2},
        bought | {"order_id": "c", "us": at(DAY - 10), "amount_minor": 30_000, "refunded_minor": 30_000},
        bought | {"order_id": "d", "us": at(DAY - 5), "amount_minor": 500, "currency": "JPY",
                  "referrer_alias_no": 1},
    )  # fmt: skip
    tie = {"src_alias_no": 1, "dst_alias_no": 2, "day": DAY}
    market.put(
        "relations",
        tie | {"kind": "friend"},
        tie | {"kind": "friend", "src_alias_no": 2, "dst_alias_no": 1},
        tie | {"kind": "follow", "dst_alias_no": 3},
        tie | {"kind": "invite", "src_alias_no": 2, "dst_alias_no": 1},
    )
    build(market, no_progress)
    return market


def test_every_tag_by_hand(shop: Market) -> None:
    rows: dict[Any, dict[str, Any]] = {r["person_no"]: r for r in shop.rows("user_tags")}
    assert rows[1] == {
        "person_no": 1, "as_of_day": DAY,
        "gender": "female", "age_band": None, "province": None, "city": "宁波", "acquisition_channel": "kol",
        "registered_days": 40, "main_platform": "android",
        "active_days_30d": 12, "days_since_active": 0, "lifecycle_stage": "retained", "sessions_30d": 11,
        "content_views_30d": 10, "content_ctr_30d": 0.2, "searches_30d": 0, "product_views_30d": 0,
        "cart_rate_30d": None, "app_opens_30d": 0, "favourite_daypart": "evening", "favourite_category": None,
        "friends": 1, "following": 1, "followers": 0, "shares_30d": 0, "interactions_30d": 2,
        "invites_sent_90d": 0, "invitees": 0, "was_invited": True, "orders_brought": 0,
        "main_currency": "CNY", "orders_total": 3, "spend_total": 70_000, "spend_30d": 60_000, "orders_90d": 3,
        "average_order": 35_000, "days_since_order": 5, "order_interval": 22.5, "refund_rate": 0.25,
        "coupon_rate": pytest.approx(1 / 3), "high_quality": True,
        "platforms_used_90d": 1, "days_known": 100, "profile_completeness": 0.5, "category_breadth_90d": 0,
        "category_focus_90d": None, "events_per_active_day_30d": pytest.approx(14 / 12), "search_intensity_30d": 0.0,
        "cart_abandonment_30d": None, "content_preference_30d": None, "night_share_90d": 0.0,
        "weekend_share_90d": pytest.approx(WEEKEND / 14), "activity_trend_30d": "rising", "favourites_90d": 0,
        "message_opens_30d": 0, "buyers_brought": 0, "invitees_ordered": 0, "friends_ordered": 0, "days_since_share": None,
        "share_rate_30d": None, "days_since_first_order": 50, "days_to_first_order": 0,
        "repurchase_overdue": pytest.approx(5 / 22.5), "largest_order": 60_000, "refund_share": pytest.approx(0.3),
        "weekend_order_rate": pytest.approx(WEEKEND_ORDERS / 3), "referred_order_rate": pytest.approx(1 / 3),
        "purchase_rate_90d": None,
    }  # fmt: skip
    bob = rows[2]
    assert (bob["gender"], bob["lifecycle_stage"], bob["days_since_active"]) == ("male", "dormant", 35)
    assert (bob["favourite_category"], bob["invitees"], bob["orders_brought"]) == ("tea", 1, 1)
    assert (
        bob["invitees_ordered"],
        bob["friends_ordered"],
        bob["buyers_brought"],
        bob["days_since_share"],
    ) == (1, 1, 1, 35)
    assert (bob["category_breadth_90d"], bob["category_focus_90d"], bob["activity_trend_30d"]) == (
        1,
        1.0,
        None,
    )
    assert (bob["friends"], bob["shares_30d"], bob["orders_total"], bob["high_quality"]) == (1, 0, 0, None)
    cleo = rows[3]
    assert (cleo["followers"], cleo["lifecycle_stage"], cleo["active_days_30d"]) == (1, None, 0)


def test_rfm_of_the_shop(shop: Market) -> None:
    (row,) = shop.rows("rfm")
    assert (row["person_no"], row["currency"], row["r_days"], row["f_orders"], row["m_minor"]) == (
        1,
        "CNY",
        5,
        3,
        70_000,
    )
    assert (row["first_day"], row["last_day"]) == (DAY - 50, DAY - 5)


@pytest.mark.parametrize(
    ("key", "value", "zh", "en"),
    [
        ("gender", "male", "男", "Male"),
        ("gender", "其他", "其他", "其他"),
        ("orders_total", 1200, "1,200 单", "1,200 orders"),
        ("spend_total", -5, "-¥0.05", "-¥0.05"),
        ("content_ctr_30d", 0.1234, "12.3%", "12.3%"),
        ("high_quality", False, "否", "No"),
        ("order_interval", 22.5, "22.5 天", "22.5 days"),
    ],
)
def test_values_as_text(key: str, value: Any, zh: str, en: str) -> None:
    tag = next(t for t in TAGS if t.key == key)
    assert display(tag, value, "CNY").as_dict() == {"zh": zh, "en": en}


def test_money_keeps_the_currencys_digits() -> None:
    assert [money(123456, c) for c in ("GBP", "JPY", "THB")] == ["£1,234.56", "¥123,456", "THB 1,234.56"]

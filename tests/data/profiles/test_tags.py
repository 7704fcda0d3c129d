"""The catalogue of tags, and each tag on a market small enough to compute by hand."""

from typing import Any

import pytest

from tests.data.profiles.market import DAY, Market, at, no_progress
from weaktie.data.profiles.catalogue import TAGS, USER_TAGS
from weaktie.data.profiles.jobs import build
from weaktie.data.profiles.show import display, money
from weaktie.data.profiles.tags import Dimension
from weaktie.store.lake.tables import TABLES


def test_the_catalogue_is_whole() -> None:
    assert len(TAGS) >= 20
    assert {t.dimension for t in TAGS} == set(Dimension)
    assert len({t.words.zh for t in TAGS}) == len({t.words.en for t in TAGS}) == len(TAGS)
    for tag in TAGS:
        assert set(tag.source_tables) <= set(TABLES), tag.key
        assert tag.dtype in ("text", "bool") or tag.bounds, f"{tag.key}: a number needs classes"
        assert tag.bounds == tuple(sorted(tag.bounds))
        assert tag.definition.zh != tag.words.zh
    assert USER_TAGS.schema.names[2:] == [t.key for t in TAGS]


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
    }  # fmt: skip
    bob = rows[2]
    assert (bob["gender"], bob["lifecycle_stage"], bob["days_since_active"]) == ("male", "dormant", 35)
    assert (bob["favourite_category"], bob["invitees"], bob["orders_brought"]) == ("tea", 1, 1)
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

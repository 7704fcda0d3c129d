"""The lake tables that a build makes, and the database tables that remember builds."""

from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from weaktie.kit.words import Words
from weaktie.store.database.tables import metadata
from weaktie.store.lake.tables import TIME, LakeTable, register
from weaktie.store.lake.tables import Column as LakeColumn


@dataclass(frozen=True, slots=True)
class Counted:
    """A column of `user_day` that counts events by name. The second names are what other SDKs' presets call them."""

    column: str
    words: Words
    events: tuple[str, ...]


COUNTED: tuple[Counted, ...] = (
    Counted("content_views", Words("浏览内容次数", "contents seen"), ("Content Viewed", "content_view")),
    Counted(
        "content_clicks", Words("点击内容次数", "contents clicked"), ("Content Clicked", "content_click")
    ),
    Counted("searches", Words("搜索次数", "searches"), ("Products Searched", "search")),
    Counted("product_views", Words("浏览商品次数", "products seen"), ("Product Viewed", "product_view")),
    Counted("adds", Words("加购次数", "additions to the cart"), ("Product Added", "add_to_cart")),
    Counted("checkouts", Words("提交订单次数", "check-outs begun"), ("Checkout Started", "submit_order")),
    Counted(
        "shares", Words("分享次数", "shares"), ("Product Shared", "Content Shared", "Cart Shared", "share")
    ),
    Counted("invites_sent", Words("发出邀请次数", "invitations sent"), ("Invite Sent", "invite_send")),
    Counted(
        "invites_accepted",
        Words("接受邀请次数", "invitations accepted"),
        ("Invite Accepted", "invite_accept"),
    ),
    Counted("likes", Words("点赞次数", "likes"), ("Content Liked", "like")),
    Counted(
        "favourites",
        Words("收藏次数", "times something was saved"),
        ("Content Favourited", "Product Added to Wishlist", "favourite"),
    ),
    Counted("message_opens", Words("打开消息次数", "messages opened"), ("Message Opened", "Push Clicked")),
    Counted("comments", Words("评论次数", "comments"), ("Content Commented", "comment")),
    Counted(
        "app_opens",
        Words("打开应用次数", "times the app was opened"),
        ("App Opened", "Application Opened", "$AppStart", "$MPLaunch"),
    ),
)
DAY_PARTS: tuple[tuple[str, int, int], ...] = (
    ("morning_events", 5, 11),
    ("noon_events", 11, 14),
    ("afternoon_events", 14, 18),
    ("evening_events", 18, 23),
    ("night_events", 23, 5),
)
"""Column, first hour, hour after the last (in the workspace's zone)."""
PLATFORM_COLUMNS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("mini_program_events", "mini_program", ("mini_program", "MiniProgram", "miniprogram")),
    ("ios_events", "ios", ("ios", "iphone os", "ipados")),
    ("android_events", "android", ("android", "harmonyos")),
    ("web_events", "web", ("web", "js", "h5")),
)
"""Column, the platform's key, and how clients call it (compared in lower case)."""


def _c(name: str, dtype: pa.DataType, zh: str, en: str) -> LakeColumn:
    return LakeColumn(name, dtype, Words(zh, en))


_PERSON = _c(
    "person_no", pa.int32(), "人的编号（最小的标识编号）", "number of the person: its smallest alias number"
)
_AS_OF = _c("as_of_day", pa.int32(), "计算基准日", "business day as of which it was computed")
_DAY = _c("day", pa.int32(), "业务日期", "business day")

USER_DAY = register(
    LakeTable(
        "user_day",
        Words("用户每日汇总，每个标识每个活跃日一行", "one row for each identifier and active day"),
        (
            _c("alias_no", pa.int32(), "标识编号", "number of the identifier"),
            _c(
                "owner_no",
                pa.int32(),
                "归属：多人共用的匿名标识归当时登录的人，否则同标识编号",
                "whose it is: the login of that time for a shared anonymous id, else the identifier itself",
            ),
            _DAY,
            _c("events", pa.int32(), "事件数", "events"),
            _c("sessions", pa.int32(), "会话数（无会话 id 时 30 分钟无活动切分）", "sessions (cut at 30 idle minutes where no id came)"),
            *(_c(c.column, pa.int32(), c.words.zh, c.words.en) for c in COUNTED),
            _c("orders", pa.int32(), "成交订单数（不含取消与全额退款）", "orders that count (no cancellations, no full refunds)"),
            _c("refunds", pa.int32(), "有退款或取消的订单数", "orders refunded or cancelled"),
            _c("amount_minor", pa.int64(), "净成交额（当日该币种）", "net amount of that currency in minor units"),
            _c("currency", pa.string(), "货币；有多种时取字母序第一种", "its currency, the first by alphabet of several"),
            *(_c(name, pa.int32(), f"{low} 点至 {high} 点的事件数", f"events from {low}:00 to {high}:00") for name, low, high in DAY_PARTS),
            *(_c(name, pa.int32(), f"来自 {key} 的事件数", f"events from {key}") for name, key, _ in PLATFORM_COLUMNS),
            _c("top_category", pa.string(), "当日互动最多的商品类目", "category of goods met most often that day"),
            _c("top_category_events", pa.int32(), "该类目的互动次数", "how often it was met"),
            _c("first_us", pa.int64(), "当日最早活动（微秒，UTC）", "earliest activity, microseconds UTC"),
            _c("last_us", pa.int64(), "当日最晚活动（微秒，UTC）", "latest activity, microseconds UTC"),
        ),
        sort=("alias_no", "day"),
        alias_columns=("alias_no", "owner_no"),
        counts=True,
    )
)  # fmt: skip

RFM = register(
    LakeTable(
        "rfm",
        Words("RFM 分级，每个有成交订单的用户一行", "RFM levels, one row for each buyer"),
        (
            _PERSON,
            _AS_OF,
            _c("currency", pa.string(), "用户的主要货币", "the person's main currency"),
            _c("r_days", pa.int32(), "距最近一次成交的天数", "days since the last order that counts"),
            _c("f_orders", pa.int32(), "成交订单数", "orders that count"),
            _c(
                "m_minor",
                pa.int64(),
                "净消费金额（主要货币）",
                "net amount in the main currency, minor units",
            ),
            _c("r", pa.string(), "R 等级：high、mid、low", "R level: high, mid, low"),
            _c("f", pa.string(), "F 等级", "F level"),
            _c("m", pa.string(), "M 等级", "M level"),
            _c("rfm_class", pa.string(), "六类用户之一", "one of six classes"),
            _c("tier", pa.string(), "四个运营层级之一", "one of four operating tiers"),
            _c("first_day", pa.int32(), "首次成交日", "day of the first order that counts"),
            _c("last_day", pa.int32(), "最近成交日", "day of the last order that counts"),
        ),
        sort=("person_no",),
        alias_columns=("person_no",),
    )
)


def register_user_tags(columns: tuple[LakeColumn, ...]) -> LakeTable:
    """`user_tags`: one row for each person, one column for each tag; called once by the catalogue of tags."""
    return register(
        LakeTable(
            "user_tags",
            Words("用户标签，每人一行", "tags, one row for each person"),
            (_PERSON, _AS_OF, *columns),
            sort=("person_no",),
            alias_columns=("person_no",),
        )
    )


ORDERS_NOW = pa.schema(
    [
        ("order_id", pa.string()),
        ("alias_no", pa.int32()),
        ("owner_no", pa.int32()),
        ("day", pa.int32()),
        ("paid_time", TIME),
        ("currency", pa.string()),
        ("net_minor", pa.int64()),
        ("gross_minor", pa.int64()),
        ("refunded_minor", pa.int64()),
        ("counted", pa.int32()),
        ("undone", pa.int32()),
        ("has_coupon", pa.int32()),
        ("referrer_alias_no", pa.int32()),
        ("purposes", pa.int16()),
    ]
)
"""One row for each order as it stands: `queries.orders_now`. No lake table; it is computed where it is needed."""

generations = Table(
    "generations",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("path", String(255), nullable=False, comment="below the home"),
    Column("built_us", BigInteger, nullable=False),
    Column("snapshot_version", BigInteger, nullable=False, comment="version of the lake that was read"),
    Column("offsets_json", Text, nullable=False, comment="how far the lake writer had read each partition of the log"),
    Column("people", Integer, nullable=False),
    Column("as_of_day", Integer, nullable=False, comment="business day as of which it was computed"),
    Column("code_version", String(64), nullable=False),
    Column("inputs_hash", String(64), nullable=False, comment="of all that went in; equal means nothing to do"),
    Column("details_json", Text, nullable=False, comment="left out, cut-offs, totals"),
    Column("retired_us", BigInteger, comment="null while its file is kept"),
    comment="Published generations of profiles; the highest number is the one that is read",
)  # fmt: skip

build_state = Table(
    "build_state",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("value", Text, nullable=False, comment="JSON"),
    Column("updated_us", BigInteger, nullable=False),
    comment="What an unfinished build has done already, and what the last one has seen",
)

rfm_rules = Table(
    "rfm_rules",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("rule_json", Text, nullable=False, comment="by currency: how each measure is cut"),
    Column("made_by", String(64), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    comment="How RFM is cut; the highest version holds, without any it is cut by tertiles",
)

"""Where a tag comes from: tag → aggregates → columns of the lake → events and their properties. Declared, not traced."""

from dataclasses import dataclass
from functools import cache

from weaktie.data.profiles.catalogue import TAGS
from weaktie.data.profiles.tables import COUNTED, DAY_PARTS, PLATFORM_COLUMNS
from weaktie.data.profiles.tags import Source, Tag

ANY_EVENT = "*"
PAID, REFUNDED, CANCELLED = "Order Completed", "Order Refunded", "Order Cancelled"
ALL_ORDERS = (PAID, REFUNDED, CANCELLED)
ORDER_COLUMNS: dict[str, tuple[str, ...]] = {
    "counted": ("order_id", "status", "amount_minor", "refunded_minor"),
    "one": ("order_id",),
    "undone": ("status", "refunded_minor"),
    "main_currency": ("currency", "amount_minor"),
    "net_main_minor": ("amount_minor", "refunded_minor", "currency", "status"),
    "counted_main": ("order_id", "currency", "status"),
    "counted_main_minor": ("amount_minor", "refunded_minor", "currency", "status"),
    "counted_day": ("paid_time", "status"),
    "counted_coupon": ("coupon_id", "status"),
    "counted_weekend": ("paid_time", "status"),
    "counted_referred": ("referrer_alias_no", "status"),
    "counted_buyer": ("alias_no", "referrer_alias_no", "status"),
    "gross_main_minor": ("amount_minor", "currency"),
    "refunded_main_minor": ("refunded_minor", "currency"),
}
"""Columns of `orders` behind each column that tags sum."""
ORDER_PROPERTIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "order_id": (ALL_ORDERS, ("order_id",)), "status": (ALL_ORDERS, ()), "currency": (ALL_ORDERS, ("currency",)),
    "amount_minor": (ALL_ORDERS, ("total", "revenue", "products")), "refunded_minor": ((REFUNDED,), ("total",)),
    "paid_time": ((PAID,), ("timestamp",)), "coupon_id": ((PAID,), ("coupon",)),
    "referrer_alias_no": ((PAID,), ("referrer_id", "inviter_id", "sharer_id")), "alias_no": ((PAID,), ("userId",)),
}  # fmt: skip
IDENTIFY = ("User Identified", "Profile Set", "Signed Up")
USER_COLUMNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "gender": ("gender", ("gender",)), "age_band": ("age_band", ("age_band", "birthday")), "province": ("province", ("province",)),
    "city": ("city", ("city",)), "channel": ("channel", ("channel", "utm_source", "utm_campaign")),
    "registered_us": ("registered_time", ("registered_time", "timestamp")),
    "registered_day": ("registered_time", ("registered_time", "timestamp")),
}  # fmt: skip
TIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "is_friend": (("Friend Added",), ("friend_id",)), "is_following": (("User Followed",), ("followed_id",)),
    "is_follower": (("User Followed",), ("followed_id",)),
    "is_invitee": (("Invite Sent", "Invite Accepted"), ("invitee_id", "inviter_id")),
    "is_invited": (("Invite Sent", "Invite Accepted"), ("invitee_id", "inviter_id")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """A column of the lake (`table.column`), the events that fill it (ANY_EVENT: all) and the properties it is taken from."""

    column: str
    events: tuple[str, ...]
    properties: tuple[str, ...]


def _of_user_day(column: str) -> tuple[Origin, ...]:
    name = {"weekend_events": "events", "share_day": "shares"}.get(column, column)
    counted = {c.column: c.events for c in COUNTED}
    if name in counted:
        return (Origin(f"user_day.{name}", counted[name], ()),)
    if name == "orders":
        return (Origin("user_day.orders", ALL_ORDERS, ("order_id", "total")),)
    takes = {
        **{part: ("timestamp",) for part, _, _ in DAY_PARTS},
        **{platform: ("context.os", "context.library") for platform, _, _ in PLATFORM_COLUMNS},
        "sessions": ("session_id", "timestamp"),
    }
    return (Origin(f"user_day.{name}", (ANY_EVENT,), takes.get(name, ("timestamp",))),)


def _of_orders(column: str) -> tuple[Origin, ...]:
    return tuple(Origin(f"orders.{c}", *ORDER_PROPERTIES[c]) for c in ORDER_COLUMNS[column])


def _of_relations(column: str) -> tuple[Origin, ...]:
    tie = column.removesuffix("_bought")
    own = (Origin("relations.kind", *TIES[tie]), Origin("relations.dst_alias_no", *TIES[tie]))
    return (*own, *_of_orders("counted")) if tie != column else own


def origins(source: Source, column: str) -> tuple[Origin, ...]:
    """What a column that an aggregate is taken over is made of; raises KeyError for one that is not declared."""
    if source == "user_day":
        return _of_user_day(column)
    if source in ("orders", "brought"):
        return _of_orders(column)
    if source == "relations":
        return _of_relations(column)
    if source == "interests":
        met = Origin("user_day.top_category", (ANY_EVENT,), ("product_id",))
        return (met, Origin("products.category", ("Item Set", PAID), ("category",)))
    name, properties = USER_COLUMNS[column]
    return (Origin(f"users.{name}", IDENTIFY, properties),)


def of_tag(tag: Tag) -> dict[str, object]:
    """The lineage of one tag as the HTTP API gives it: aggregates, each with its columns and their events."""
    return {
        "key": tag.key,
        "aggregates": [
            {
                "name": a.name, "source": a.source, "how": a.how, "column": a.column, "days": a.days,
                "columns": [
                    {"column": o.column, "events": list(o.events), "properties": list(o.properties)}
                    for o in origins(a.source, a.column)
                ],
            }
            for a in tag.needs
        ],
    }  # fmt: skip


@cache
def every() -> tuple[dict[str, object], ...]:
    """The lineage of every built-in tag."""
    return tuple(of_tag(tag) for tag in TAGS)


@cache
def events_of(key: str) -> frozenset[str]:
    """The events that feed a tag; ANY_EVENT among them where every event does."""
    tag = next(t for t in TAGS if t.key == key)
    return frozenset(e for a in tag.needs for o in origins(a.source, a.column) for e in o.events)

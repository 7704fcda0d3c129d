"""The columns in which simulated events live between behaviour and encoding."""

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np

from weaktie.simulate.timeline import I8, I32, I64, B


class Kind(IntEnum):
    """What happened; `NAMES` gives the words of the protocols."""

    APP_OPENED = 0
    CONTENT_VIEWED = 1
    CONTENT_CLICKED = 2
    CONTENT_LIKED = 3
    CONTENT_COMMENTED = 4
    PRODUCTS_SEARCHED = 5
    PRODUCT_LIST_VIEWED = 6
    PRODUCT_VIEWED = 7
    PRODUCT_ADDED = 8
    CHECKOUT_STARTED = 9
    ORDER_COMPLETED = 10
    ORDER_REFUNDED = 11
    PRODUCT_SHARED = 12
    INVITE_SENT = 13
    INVITE_ACCEPTED = 14
    SIGNED_UP = 15
    SIGNED_IN = 16
    IDENTIFY = 17
    TRAITS = 18
    MESSAGE_SENT = 19
    GIFT_SENT = 20
    GROUP_BUY_OPENED = 21
    GROUP_BUY_JOINED = 22


NAMES: dict[Kind, str] = {
    kind: kind.name.replace("_", " ").title() for kind in Kind if kind not in (Kind.IDENTIFY, Kind.TRAITS)
}


@dataclass(frozen=True, slots=True)
class Events:
    """Parallel columns, one row an event; times in milliseconds UTC, -1 where a column does not apply.

    `target` is the product, the content or the category, by kind; `other` the content that led to a product, or
    with whom an order was made; `peer` a person: who shared it, to whom, or the other side of a dealing; `order` a
    row of `Orders`; `known` whether the user id is on the event; `number` the quantity, the search word, how many
    messages, what a gift cost in minor units, or the group.
    """

    kind: I8
    time_ms: I64
    person: I32
    device: I32
    channel: I8
    known: B
    target: I32
    other: I32
    peer: I32
    order: I32
    number: I32

    def __len__(self) -> int:
        return len(self.kind)

    def take(self, rows: I64 | B) -> "Events":
        """The events at `rows`, in that order."""
        return Events(*(getattr(self, one.name)[rows] for one in fields(self)))


def joined(parts: list[Events]) -> Events:
    """All parts in time order; what happens in the same millisecond stays in the order of the parts."""
    together = Events(*(np.concatenate([getattr(p, one.name) for p in parts]) for one in fields(Events)))
    return together.take(np.argsort(together.time_ms, kind="stable"))


def made(
    kind: Kind,
    time_ms: I64,
    person: I32,
    device: I32,
    channel: I8,
    known: B,
    *,
    target: I32 | None = None,
    other: I32 | None = None,
    peer: I32 | None = None,
    order: I32 | None = None,
    number: I32 | None = None,
) -> Events:
    """Events of one kind."""
    count = len(time_ms)
    none = np.full(count, -1, np.int32)
    return Events(
        kind=np.full(count, kind, np.int8),
        time_ms=time_ms.astype(np.int64),
        person=person.astype(np.int32),
        device=device.astype(np.int32),
        channel=channel.astype(np.int8),
        known=known,
        target=none if target is None else target.astype(np.int32),
        other=none if other is None else other.astype(np.int32),
        peer=none if peer is None else peer.astype(np.int32),
        order=none if order is None else order.astype(np.int32),
        number=none if number is None else number.astype(np.int32),
    )


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of one batch: row k holds `first[k]`…`first[k + 1]` of the items. Money in minor units."""

    person: I32
    first: I64
    product: I32
    quantity: I32
    discount_minor: I64
    total_minor: I64
    coupon: I8
    peer: I32

    def __len__(self) -> int:
        return len(self.person)

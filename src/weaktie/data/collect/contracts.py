"""What arrives, in the forms it takes between the door and the lake."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

import msgspec
import pyarrow as pa
from sqlalchemy import Connection

from weaktie.data.identity.contracts import HIDDEN_PERSON, KINDS, Identifier, IdentifierKind
from weaktie.kit.words import Words

__all__ = [
    "CHANNEL_WORDS", "CRAWLER", "DUPLICATE_LINE", "HIDDEN_PERSON", "LATE", "OTHER_PAYLOAD_FLAG", "TEST", "TIME_CORRECTED",
    "BadRow", "Commit", "Decoder", "Entity", "Event", "Held", "Identifier", "IdentifierKind", "Link", "LoadBatch",
    "LoadOutcome", "OrderFacts", "OrderItem", "RawRequest", "RelationFacts", "in_order", "openid_of",
]  # fmt: skip

TIME_CORRECTED, OTHER_PAYLOAD_FLAG, LATE, DUPLICATE_LINE, CRAWLER, TEST = 1, 2, 4, 8, 16, 64
"""Bits of `events.flags`; identity has 128 (HIDDEN_PERSON). What a crawler did and what is a platform's own test order no
figure counts by default."""


CHANNEL_WORDS: dict[str, Words] = {
    name: Words(zh, en)
    for name, zh, en in (
        ("douyin", "抖音", "Douyin"), ("kuaishou", "快手", "Kuaishou"), ("xiaohongshu", "小红书", "RedNote"),
        ("wechat", "微信", "WeChat"), ("wechat_channels", "视频号", "WeChat Channels"),
        ("wechat_chat", "微信聊天", "WeChat chat"), ("wechat_official", "公众号", "WeChat official account"),
        ("wechat_search", "微信搜索", "WeChat search"), ("wecom", "企业微信", "WeCom"), ("weibo", "微博", "Weibo"),
        ("bilibili", "B 站", "Bilibili"), ("zhihu", "知乎", "Zhihu"), ("search", "搜索引擎", "Search engine"),
        ("qr_code", "扫码", "QR code"), ("referral", "好友邀请", "Referral"), ("kol", "达人", "Creator"),
        ("email", "邮件", "E-mail"), ("sms", "短信", "SMS"), ("push", "推送", "Push"), ("organic", "自然流量", "Organic"),
        ("wecom_friend", "企微好友", "WeCom friends"), ("wecom_group", "企微社群", "WeCom groups"),
        ("official_account", "公众号", "Official account"), ("mini_program", "小程序", "Mini-program"),
    )
}  # fmt: skip
CHANNEL_WORDS |= {
    f"{name}_ads": Words(f"{CHANNEL_WORDS[name].zh}广告", f"{CHANNEL_WORDS[name].en} ads")
    for name in ("douyin", "kuaishou", "xiaohongshu", "wechat", "weibo", "bilibili", "zhihu")
}
"""The channels that the rule of `channel_of` gives; a client's own name for one is shown as it came."""


_STRENGTH = {kind: place for place, kind in enumerate(KINDS)}


def in_order(found: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """The identifiers of an event, each once, the strongest kind first."""
    return tuple(sorted(dict.fromkeys(found), key=lambda identifier: _STRENGTH[identifier[0]]))


def openid_of(openid: str, app: object) -> Identifier:
    """An openid within its app: two apps may not be mixed up. Without a known app it is the openid alone."""
    return ("openid", f"{app}/{openid}" if isinstance(app, str) and 0 < len(app) <= 64 else openid)


class RawRequest(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A request as the door keeps it in the log. `body` is what came over the wire after decompression."""

    protocol: str
    endpoint: str
    source_id: str
    purposes: int
    received_us: int
    body: bytes
    user_agent: str = ""
    version: int = 1


@dataclass(frozen=True, slots=True)
class Link:
    """Two identifiers belong to one person, said by `kind` (`login`, `trait`, `alias`)."""

    a: Identifier
    b: Identifier
    kind: str


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One line of an order; `amount` in major units, of the whole line."""

    product_id: str
    name: str | None
    quantity: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What an event says about an order; `amount` in major units, `refunded` the part given back so far.

    `paid_us` is when it was paid, where that is not the time of the event: a later version of a paid order.
    """

    order_id: str
    status: str
    amount: Decimal
    currency: str
    items: tuple[OrderItem, ...] = ()
    coupon_id: str | None = None
    referrer: str | None = None
    refunded: Decimal = Decimal(0)
    paid_us: int | None = None


@dataclass(frozen=True, slots=True)
class RelationFacts:
    """What an event says about two people: from the event's person to `other` (a user id), or the reverse."""

    kind: str
    other: Identifier
    weight: float = 1.0
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Entity:
    """A product or content as an event describes it (神策 item_set): fields by their lake column names."""

    table: Literal["products", "contents"]
    fields: dict[str, object]


class Event(msgspec.Struct):
    """One thing somebody did, as a protocol's decoder gives it. `identifiers` stand strongest first.

    `event_us` is already corrected for the client's clock; `client_us` is what the client wrote. `raw` is the event's
    own bytes: two copies of an id are the same event when these are the same. `user_agent` is the visitor's where the
    event says it; else the request's counts.
    """

    event_id: str
    event: str
    identifiers: tuple[Identifier, ...]
    event_us: int
    client_us: int | None
    raw: bytes
    flags: int = 0
    session_id: str | None = None
    platform: str | None = None
    app_version: str | None = None
    channel: str | None = None
    content_id: str | None = None
    product_id: str | None = None
    order_id: str | None = None
    sharer: Identifier | None = None
    amount: Decimal | None = None
    currency: str | None = None
    shop_id: str | None = None
    user_agent: str | None = None
    properties: dict[str, object] = msgspec.field(default_factory=dict)
    links: tuple[Link, ...] = ()
    traits: dict[str, object] | None = None
    order: OrderFacts | None = None
    relation: RelationFacts | None = None
    entity: Entity | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """An event that cannot be stored, with the reason and the bytes that came; it goes to the dead letters."""

    code: str
    words: Words
    place: str
    sample: bytes


class Decoder(Protocol):
    """A protocol: one raw request in, events and bad rows out. Pure; it never raises for what a client sent."""

    def __call__(self, request: RawRequest) -> tuple[list[Event], list[BadRow]]: ...


@dataclass(frozen=True, slots=True)
class LoadBatch:
    """Rows that come in bulk (an import), already checked and typed, for one lake table.

    `rows` has the columns of the lake table, except that each alias column `X_alias_no` (and plain `alias_no`) is
    replaced by a text column `X_user_id` (`user_id`) holding a user id or null, and that `source`, `purposes`,
    `log_*`, `received_time` and `day` may be missing: the loader fills them. Events may also have `anonymous_id`.
    `personal` holds columns `nickname`, `phone`, `email`, row by row, for the vault and the identifiers; of orders and
    their lines only `phone`: the buyer, where no user id is known.
    """

    table: str
    rows: pa.Table
    source_id: str
    purposes: int
    origin: str
    personal: pa.Table | None = None


@dataclass(frozen=True, slots=True)
class LoadOutcome:
    """What became of a batch: rows that entered and rows whose id was already there."""

    stored: int
    duplicates: int


class Commit(Protocol):
    """Work that must be committed in the same transaction as the rows (an import's progress)."""

    def __call__(self, tx: object, outcomes: Sequence[LoadOutcome]) -> None: ...


@dataclass(frozen=True, slots=True)
class Grant:
    """What a write key may do: feed one source. `purposes` are the bits of the source's basis, stamped on requests."""

    source_id: str
    purposes: int


class WriteKeys(Protocol):
    """Where the door looks a write key up."""

    async def find(self, key: str) -> Grant | None:
        """The grant of a living key, or None."""
        ...


class Held(Protocol):
    """Where the writers ask which personal values people had corrected: what comes in does not override these."""

    def __call__(self, connection: Connection, fields: Iterable[tuple[int, str]], /) -> set[tuple[int, str]]:
        """Those of these (identifier, field) that stay as they are."""
        ...


class Blocked(Protocol):
    """Identifiers of which nothing may be stored: erased people, and those who refused every purpose."""

    def any(self) -> bool:
        """Whether there is any; while there is none the door reads no identifiers."""
        ...

    def blocks(self, kind: IdentifierKind, value: str) -> bool:
        """Whether events under this identifier must not be kept. It must not block: it answers from memory."""
        ...

    def refuses(self, kind: IdentifierKind, value: str) -> bool:
        """Whether it is because the person refuses every purpose. Else they were erased, and may register anew."""
        ...


class NothingBlocked:
    """A `Blocked` with nobody in it."""

    def any(self) -> bool:
        """False."""
        return False

    def blocks(self, kind: IdentifierKind, value: str) -> bool:  # noqa: ARG002 - the port's signature
        """False."""
        return False

    def refuses(self, kind: IdentifierKind, value: str) -> bool:  # noqa: ARG002 - the port's signature
        """False."""
        return False

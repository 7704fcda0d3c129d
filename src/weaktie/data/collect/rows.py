"""From decoded events to the rows of the lake's tables. Pure: numbers of identifiers are given in."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from weaktie.data.collect.contracts import CRAWLER, Event, Identifier, IdentifierKind, RawRequest
from weaktie.data.collect.crawlers import crawler_of
from weaktie.data.identity.contracts import ACCOUNT, LOGIN, SHARED_TIER, TIER, LinkFact
from weaktie.data.identity.service import is_usable
from weaktie.kit.clock import MINUTE_US
from weaktie.kit.hashing import hash128
from weaktie.kit.money import to_minor
from weaktie.store.lake.tables import TABLES
from weaktie.store.log.contracts import Place

ENCODER = msgspec.json.Encoder(order="deterministic")
PERSONAL_TRAITS = {
    "nickname": "nickname", "name": "name", "$name": "name", "firstName": "first_name", "lastName": "last_name",
    "phone": "phone", "mobile": "phone", "$phone": "phone", "email": "email", "$email": "email",
    "address": "address", "birthday": "birthday", "avatar": "avatar", "id_card": "id_card",
}  # fmt: skip
"""Traits that are personal data: they go to the vault under these names and never to the lake."""
CONTACT_KINDS: dict[str, IdentifierKind] = {"phone": "phone", "email": "email"}
USER_TRAITS = {
    "gender": "gender", "$gender": "gender", "age_band": "age_band", "province": "province", "$province": "province",
    "city": "city", "$city": "city", "channel": "channel", "$utm_source": "channel",
}  # fmt: skip


class Decoded(msgspec.Struct, frozen=True):
    """An event with the request it came in and its place in the log."""

    place: Place
    index: int
    request: RawRequest
    event: Event


@dataclass(slots=True)
class Batch:
    """What a set of new events adds: rows by lake table, and facts for the database."""

    tables: dict[str, pa.Table] = field(default_factory=dict)
    links: list[LinkFact] = field(default_factory=list)
    sources: set[tuple[int, str]] = field(default_factory=set)
    personal: dict[tuple[int, str], str] = field(default_factory=dict)
    seen: dict[int, tuple[int, int, str]] = field(default_factory=dict)
    minutes: dict[tuple[int, str, str], int] = field(default_factory=dict)
    ages: dict[int, tuple[str, str]] = field(default_factory=dict)


def identifiers_of(event: Event, usable: Callable[[Identifier], bool] = is_usable) -> Iterable[Identifier]:
    """Every identifier that an event names and that can be a key, by who tells that."""
    for identifier in event.identifiers:
        if usable(identifier):
            yield identifier
    for link in event.links:
        yield from (i for i in (link.a, link.b) if usable(i))
    if event.sharer is not None and usable(event.sharer):
        yield event.sharer
    if event.relation is not None and usable(event.relation.other):
        yield event.relation.other
    if event.order is not None and event.order.referrer:
        yield ("user", event.order.referrer)
    if event.entity is not None and event.entity.fields.get("creator_id"):
        yield ("user", str(event.entity.fields["creator_id"]))
    for name, value in (event.traits or {}).items():
        kind = CONTACT_KINDS.get(PERSONAL_TRAITS.get(name, ""))
        if kind and isinstance(value, str) and is_usable((kind, value)):
            yield (kind, value)


def assemble(
    decoded: Sequence[Decoded], numbers: dict[Identifier, int], zone: ZoneInfo, currency: str
) -> Batch:
    """Rows and facts of events that are new; `currency` is the workspace's, for amounts that name none."""
    batch = Batch()
    rows = _Rows()
    for item in decoded:
        _add_event(rows, batch, item, numbers, currency)
        event = item.event
        if event.order is not None:
            _add_order(rows, item, numbers, currency)
        if event.relation is not None:
            _add_relation(rows, item, numbers)
        if event.traits is not None:
            _add_user(rows, batch, item, numbers)
        if event.entity is not None:
            _add_entity(rows, item, numbers, currency)
    for name, found in rows.tables.items():
        batch.tables[name] = to_arrow(name, found, zone)
    return batch


EVENT_ORDER = (
    "event_id", "event", "alias_no", "anon_alias_no", "shop_id", "session_id", "event_time", "client_time",
    "received_time", "day", "log_partition", "log_record", "log_index", "source", "platform", "app_version", "channel",
    "content_id", "product_id", "order_id", "sharer_alias_no", "amount_minor", "currency", "purposes", "flags",
    "properties",
)  # fmt: skip
"""The order in which `_add_event` writes an event's row; it is the lake's own."""
assert list(EVENT_ORDER) == TABLES["events"].schema.names

DAY_FROM = {
    "events": "event_time",
    "orders": "paid_time",
    "order_items": "version_time",
    "users": "version_time",
    "relations": "time",
}


def to_arrow(table: str, rows: list[tuple[object, ...]], zone: ZoneInfo) -> pa.Table:
    """Rows in the order of the lake's columns as an Arrow table; `day` is derived from the table's time."""
    schema = TABLES[table].schema
    columns = list(zip(*rows, strict=True))
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    if table in DAY_FROM:
        names = schema.names
        arrays[names.index("day")] = business_days(arrays[names.index(DAY_FROM[table])], zone)
    return pa.table(arrays, schema=schema)


def business_days(times: pa.Array | pa.ChunkedArray, zone: ZoneInfo) -> pa.Array:
    """The date in the workspace's zone of each UTC time, as int32 days since 1970."""
    local = pc.local_timestamp(times.cast(pa.timestamp("us", tz=zone.key)))
    days = pc.floor_temporal(local, unit="day").cast(pa.timestamp("s")).cast(pa.int64())
    result = pc.cast(pc.divide(days, 86_400), pa.int32())
    return result.combine_chunks() if isinstance(result, pa.ChunkedArray) else result


class _Rows:
    """Rows that gather, table by table, as tuples in the order of the lake's columns."""

    def __init__(self) -> None:
        self.tables: dict[str, list[tuple[object, ...]]] = {}
        self.events: list[tuple[object, ...]] = []

    def append(self, table: str, values: Mapping[str, object]) -> None:
        names = TABLES[table].schema.names
        self.tables.setdefault(table, []).append(tuple(map(values.get, names)))

    def append_event(self, row: tuple[object, ...]) -> None:
        if not self.events:
            self.tables["events"] = self.events
        self.events.append(row)


def _add_event(
    rows: _Rows, batch: Batch, item: Decoded, numbers: dict[Identifier, int], currency: str
) -> None:
    event, request = item.event, item.request
    alias, anonymous = _who(event, numbers)
    money = event.currency or currency
    paid = event.amount is not None
    agent = event.user_agent or request.user_agent
    flags = event.flags | CRAWLER if agent and crawler_of(agent) else event.flags
    rows.append_event(
        (
            event.event_id, event.event, alias, anonymous, event.shop_id, event.session_id, event.event_us,
            event.client_us, request.received_us, None, item.place.partition, item.place.record, item.index,
            request.source_id, event.platform, event.app_version, event.channel, event.content_id, event.product_id,
            event.order_id, numbers.get(event.sharer) if event.sharer else None,
            to_minor(event.amount, money) if event.amount is not None else None, money if paid else None,
            request.purposes, flags,
            ENCODER.encode(event.properties).decode() if event.properties else None,
        )
    )  # fmt: skip
    minute = (request.received_us // MINUTE_US, request.source_id, event.event)
    batch.minutes[minute] = batch.minutes.get(minute, 0) + 1
    for link in event.links:
        a, b = numbers.get(link.a), numbers.get(link.b)
        if a is not None and b is not None and a != b:
            batch.links.append(LinkFact(min(a, b), max(a, b), link.kind, event.event_us, request.source_id))
    if alias is None:
        return
    batch.sources.add((alias, request.source_id))
    if len(event.identifiers) > 1:
        _link_all(batch, item, alias, numbers)
    known = batch.seen.get(alias)
    if known is None:
        batch.seen[alias] = (event.event_us, 1, event.event)
    else:
        newer = event.event_us >= known[0]
        batch.seen[alias] = (
            max(event.event_us, known[0]),
            known[1] + 1,
            event.event if newer else known[2],
        )


def _link_all(batch: Batch, item: Decoded, first: int, numbers: dict[Identifier, int]) -> None:
    """What one event names belongs together: each identifier joins the strongest, by what the weaker one is."""
    event, source = item.event, item.request.source_id
    strongest = next(kind for kind, value in event.identifiers if (kind, value) in numbers)
    for identifier in event.identifiers:
        number = numbers.get(identifier)
        tier = TIER[identifier[0]]
        # Two logins in one event are no proof that they are one person: only an alias says so.
        if number is None or number == first or tier == LOGIN:
            continue
        kind = "trait" if tier < SHARED_TIER else "login" if strongest == "user" else "alias"
        batch.links.append(LinkFact(min(first, number), max(first, number), kind, event.event_us, source))
        batch.sources.add((number, source))


def _who(event: Event, numbers: dict[Identifier, int]) -> tuple[int | None, int | None]:
    """The strongest identifier of the event, and the strongest one beside a login or WeChat account that people share."""
    alias: int | None = None
    strongest = SHARED_TIER
    for identifier in event.identifiers:
        number = numbers.get(identifier)
        if number is None:
            continue
        if alias is None:
            alias, strongest = number, TIER[identifier[0]]
        elif strongest <= ACCOUNT and TIER[identifier[0]] >= SHARED_TIER:
            return alias, number
    return alias, None


def _add_order(rows: _Rows, item: Decoded, numbers: dict[Identifier, int], currency: str) -> None:
    event, request, order = item.event, item.request, item.event.order
    assert order is not None
    alias, _ = _who(event, numbers)
    money = order.currency or currency
    common = {
        "event_id": event.event_id,
        "order_id": order.order_id,
        "alias_no": alias,
        "currency": money,
        "version_time": event.event_us,
        "source": request.source_id,
        "purposes": request.purposes,
    }
    rows.append(
        "orders",
        common
        | {
            "shop_id": event.shop_id,
            "paid_time": event.event_us if order.paid_us is None else order.paid_us,
            "amount_minor": to_minor(order.amount, money),
            "channel": event.channel,
            "referrer_alias_no": numbers.get(("user", order.referrer)) if order.referrer else None,
            "coupon_id": order.coupon_id,
            "status": order.status,
            "refunded_minor": to_minor(order.refunded, money),
            "items": len(order.items),
        },
    )
    for number, line in enumerate(order.items, 1):
        rows.append(
            "order_items",
            common
            | {
                "line_no": number,
                "product_id": line.product_id,
                "name": line.name,
                "quantity": line.quantity,
                "amount_minor": to_minor(line.amount, money),
            },
        )


def _add_relation(rows: _Rows, item: Decoded, numbers: dict[Identifier, int]) -> None:
    event, relation = item.event, item.event.relation
    assert relation is not None
    alias, _ = _who(event, numbers)
    other = numbers.get(relation.other)
    if alias is None or other is None:
        return
    rows.append(
        "relations",
        {
            "event_id": event.event_id,
            "src_alias_no": other if relation.reverse else alias,
            "dst_alias_no": alias if relation.reverse else other,
            "kind": relation.kind,
            "time": event.event_us,
            "weight": relation.weight,
            "source": item.request.source_id,
            "purposes": item.request.purposes,
        },
    )


def _add_user(rows: _Rows, batch: Batch, item: Decoded, numbers: dict[Identifier, int]) -> None:
    event, request = item.event, item.request
    alias, _ = _who(event, numbers)
    if alias is None:
        return
    assert event.traits is not None
    values: dict[str, object] = {}
    others: dict[str, object] = {}
    for name, value in event.traits.items():
        if name in ("age", "birthday") and value is not None:
            batch.ages[alias] = (name, str(value))
        if name in PERSONAL_TRAITS:
            if value not in (None, ""):
                _keep_personal(batch, item, alias, PERSONAL_TRAITS[name], str(value), numbers)
        elif name in USER_TRAITS:
            values[USER_TRAITS[name]] = None if value is None else str(value)[:200]
        elif name != "registered_us":
            others[name] = value
    rows.append(
        "users",
        {
            "event_id": event.event_id,
            "alias_no": alias,
            "registered_time": event.traits.get("registered_us"),
            "traits": ENCODER.encode(others).decode() if others else None,
            "version_time": event.event_us,
            "source": request.source_id,
            "purposes": request.purposes,
        }
        | values,
    )


def _keep_personal(
    batch: Batch, item: Decoded, alias: int, name: str, value: str, numbers: dict[Identifier, int]
) -> None:
    batch.personal[alias, name] = value
    kind = CONTACT_KINDS.get(name)
    contact = numbers.get((kind, value)) if kind else None
    if contact is not None and contact != alias:
        pair = (min(alias, contact), max(alias, contact))
        batch.links.append(LinkFact(*pair, "trait", item.event.event_us, item.request.source_id))
        batch.sources.add((contact, item.request.source_id))


def _add_entity(rows: _Rows, item: Decoded, numbers: dict[Identifier, int], currency: str) -> None:
    entity = item.event.entity
    assert entity is not None
    values = dict(entity.fields)
    creator = values.pop("creator_id", None)
    price = values.pop("price", None)
    if price is not None:
        values["currency"] = values.get("currency") or currency
        values["price_minor"] = to_minor(str(price), str(values["currency"]))
    if creator:
        values["creator_alias_no"] = numbers.get(("user", str(creator)))
    rows.append(
        entity.table,
        values
        | {
            "event_id": item.event.event_id,
            "version_time": item.event.event_us,
            "source": item.request.source_id,
        },
    )


def payload_words(raws: Sequence[bytes], ids: Sequence[str]) -> npt.NDArray[np.uint64]:
    """The (n, 3) words by which duplicates are told: 128 bits of each id, 64 bits of each payload."""
    high_low = hash128(list(ids))
    payload = hash128(pa.array(raws, pa.large_binary()))
    return np.column_stack([high_low, payload[:, 0]])

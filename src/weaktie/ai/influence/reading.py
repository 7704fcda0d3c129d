"""From the lake to arrays of persons: who is related to whom, who came through whom, whose contents reached whom.

Everybody in these arrays grants social analysis now; sharers, authors and friends alike. What was read for one state of the
lake is kept; past months by their files.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from weaktie.ai.influence import queries
from weaktie.ai.influence.contracts import Bools, Item
from weaktie.data.behaviour.contracts import I32, I64, Crowd, Days
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.identity.service import owner_of
from weaktie.kit.clock import business_day, date_to_day, day_to_date
from weaktie.store.engine.contracts import Session
from weaktie.store.lake.contracts import Snapshot
from weaktie.store.lake.tables import CONTENTS, EVENTS, ORDERS, PRODUCTS, RELATIONS

SOCIAL, MARKETING = 8, 4
U8 = npt.NDArray[np.uint8]
MOST_KEPT = 48
Made = TypeVar("Made")


class Permits(Protocol):
    """What influence asks of consent."""

    def masks(self, connection: Connection, person_of: I32) -> tuple[U8, U8]:
        """(granted, refused) purposes of everybody as bits, both indexed by person number."""
        ...


@dataclass(frozen=True, slots=True)
class Social:
    """The people who grant social analysis: the crowd without all others, and who of them grants marketing (by person)."""

    crowd: Crowd
    marketing: Bools

    @property
    def size(self) -> int:
        """One more than the greatest person number."""
        return len(self.crowd.persons)

    def people(self) -> I32:
        """Everybody, ascending."""
        return self.crowd.people()


@dataclass(frozen=True, slots=True)
class Relations:
    """Relations between two different people, each kind and direction once, with the first time. (m) each."""

    src: I32
    dst: I32
    kind: npt.NDArray[np.object_]
    us: I64

    def of(self, kind: str, until_us: int | None = None) -> tuple[I32, I32]:
        """The ends of relations of a kind, of those that began up to an instant."""
        mask = self.kind == kind
        if until_us is not None:
            mask &= self.us <= until_us
        return self.src[mask], self.dst[mask]


@dataclass(frozen=True, slots=True)
class Contents:
    """Contents by their newest version, with the person who made each (-1 where they may not be told). (n) each."""

    ids: list[str]
    titles: list[str]
    kinds: list[str]
    creator: I32
    us: I64


@dataclass(frozen=True, slots=True)
class Touches:
    """Who reached whom in a span of days: (m) each, a pair of people once. `acted_day` is 0 where nothing was done yet."""

    person: I32
    creator: I32
    last_day: I32
    acted_day: I32


@dataclass(frozen=True, slots=True)
class Counts:
    """How often somebody shared on a day."""

    person: I32
    day: I32
    n: I64


@dataclass(frozen=True, slots=True)
class Paid:
    """Orders that count: buyer, who referred (-1 for nobody who may be told), day, instant, worth, currency."""

    person: I32
    referrer: I32
    day: I32
    us: I64
    net_minor: I64
    currency: I32
    currencies: list[str]


@dataclass(frozen=True, slots=True)
class Passed:
    """Events that name a sharer (`by`), and shares (`by` -1 and `shared`). `content`, `product` point into the lists, -1 for none."""

    person: I32
    by: I32
    us: I64
    day: I32
    shared: Bools
    invited: Bools
    ordered: Bools
    content: I32
    product: I32
    contents: list[str]
    products: list[str]


class Book:
    """Reads arrays, and keeps them while what they were made of is the same. Safe from any thread."""

    def __init__(self, behaviour: Behaviour, permits: Permits) -> None:
        self.behaviour, self._permits = behaviour, permits
        self._lock = threading.RLock()
        self._kept: OrderedDict[object, object] = OrderedDict()

    @property
    def today(self) -> int:
        """The business day now."""
        return business_day(self.behaviour.clock.now_us(), self.behaviour.settings.zone)

    def once(self, key: object, make: Callable[[], Made]) -> Made:
        """What was made under this key, or make it."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            return cast(Made, self._kept[key])

    def social(self) -> Social:
        """Who may be looked at for social analysis now."""
        crowd = self.behaviour.crowd()
        return self.once(("social", crowd.key), lambda: self._social(crowd))

    def _social(self, crowd: Crowd) -> Social:
        with self.behaviour.database.connect() as connection:
            granted, _ = self._permits.masks(connection, crowd.persons)
        size = len(crowd.persons)
        may = np.zeros(size, np.uint8)
        may[: min(size, len(granted))] = granted[:size]
        agreed = (crowd.persons >= 0) & ((may[np.maximum(crowd.persons, 0)] & SOCIAL) != 0)
        persons = np.where(agreed, crowd.persons, np.int32(-1)).astype(np.int32)
        return Social(replace(crowd, persons=persons, key=f"{crowd.key}|social"), (may & MARKETING) != 0)

    # --- standing facts ---------------------------------------------------------------------------------------------

    def relations(self, social: Social) -> Relations:
        """Who is related to whom."""
        return self.once(("relations", social.crowd.key), lambda: self._relations(social))

    def _relations(self, social: Social) -> Relations:
        table = self._collect(social.crowd.snapshot, "relations", RELATIONS.schema, queries.relations_between)
        us = pc.fill_null(table["us"], 0).to_numpy().astype(np.int64)
        src = self._owner(social, table["src_alias_no"], us)
        dst = self._owner(social, table["dst_alias_no"], us)
        kind = np.array(table["kind"].to_pylist(), dtype=object)
        keep = np.flatnonzero((src >= 0) & (dst >= 0) & (src != dst))
        names, codes = np.unique(kind[keep].astype(str), return_inverse=True)
        order = np.lexsort((us[keep], dst[keep], src[keep], codes))
        keep, codes = keep[order], codes[order]
        first = np.ones(len(keep), np.bool_)
        first[1:] = (
            (codes[1:] != codes[:-1]) | (src[keep][1:] != src[keep][:-1]) | (dst[keep][1:] != dst[keep][:-1])
        )
        keep, codes = keep[first], codes[first]
        kinds = names.astype(object)[codes] if len(names) else np.zeros(0, object)
        return Relations(src[keep], dst[keep], kinds, us[keep])

    def contents(self, social: Social) -> Contents:
        """What was published by whom."""
        return self.once(("contents", social.crowd.key), lambda: self._contents(social))

    def _contents(self, social: Social) -> Contents:
        table = self._collect(social.crowd.snapshot, "contents", CONTENTS.schema, queries.published)
        table = table.sort_by(
            [("content_id", "ascending"), ("version_us", "ascending"), ("event_id", "ascending")]
        )
        ids = table["content_id"].to_pylist()
        last = np.array([i + 1 == len(ids) or ids[i] != ids[i + 1] for i in range(len(ids))], np.bool_)
        table = table.filter(pa.array(last, pa.bool_()))
        us = pc.fill_null(table["us"], 0).to_numpy().astype(np.int64)
        return Contents(
            table["content_id"].to_pylist(), [t or "" for t in table["title"].to_pylist()],
            [k or "" for k in table["kind"].to_pylist()], self._owner(social, table["creator_alias_no"], us), us,
        )  # fmt: skip

    def product_names(self, social: Social) -> dict[str, str]:
        """What products are called, by id."""
        return self.once(("products", social.crowd.snapshot.version), lambda: self._products(social))

    def _products(self, social: Social) -> dict[str, str]:
        table = self._collect(social.crowd.snapshot, "products", PRODUCTS.schema, queries.named_products)
        rows = table.sort_by("version_us").to_pylist()
        return {r["product_id"]: r["name"] or "" for r in rows}

    def paid(self, social: Social) -> Paid:
        """Orders that count, of everybody who may be analysed; who referred only where it may serve social analysis."""
        return self.once(("paid", social.crowd.key), lambda: self._paid(social))

    def _paid(self, social: Social) -> Paid:
        snapshot, quality = social.crowd.snapshot, self.behaviour.quality
        with self.behaviour.database.connect() as connection:
            marked = quality.marked(connection)
        with self.behaviour.engine.session() as session:
            left_out = session.table(quality.left_out_orders(session, snapshot, marked).select(["order_id"]))
            orders = session.scan([f.path for f in snapshot.of("orders")], ORDERS.schema)
            table = session.collect(queries.paid_orders(orders, left_out))
        table = table.sort_by([("us", "ascending"), ("alias_no", "ascending")])
        us = table["us"].to_numpy().astype(np.int64)
        person = self._owner(social, table["alias_no"], us)
        referrer = self._owner(social, pc.fill_null(table["referrer_alias_no"], -1), us)
        referrer[table["social"].to_numpy() == 0] = -1
        currency = pc.fill_null(table["currency"], "").combine_chunks().dictionary_encode()
        keep = person >= 0
        return Paid(
            person[keep], np.where(referrer == person, -1, referrer)[keep].astype(np.int32),
            table["day"].to_numpy().astype(np.int32)[keep], us[keep],
            table["net_minor"].to_numpy().astype(np.int64)[keep],
            np.asarray(currency.indices, np.int32)[keep], currency.dictionary.to_pylist(),
        )  # fmt: skip

    # --- months -----------------------------------------------------------------------------------------------------

    def month_of(self, social: Social, days: tuple[int, int]) -> tuple[Touches, Touches, Counts]:
        """Of some days: whose contents reached whom, who came through whom, and who shared how often."""
        return self.once(("month", social.crowd.key, days), lambda: self._month(social, days))

    def _month(self, social: Social, days: tuple[int, int]) -> tuple[Touches, Touches, Counts]:
        files = social.crowd.snapshot.of("events", from_day=days[0], to_day=days[1])
        authors, shared = self.contents(social), pc.unique(social.crowd.spans["alias_no"]).cast(pa.int32())
        alike = (
            "rows", days, tuple(f.sha256 for f in files), hash(authors.creator.tobytes()), len(authors.ids),
            hash(tuple(shared.to_pylist())), self.behaviour.quality.limit,
        )  # fmt: skip
        touched, came, counts = self.once(alike, lambda: self._rows(social, days, authors, shared))
        through = self._owner(social, came["sharer_alias_no"], came["first_us"].to_numpy())
        return (
            self._touches(social, touched, touched["creator_no"].to_numpy().astype(np.int32), "acted_day"),
            self._touches(social, came, through, "last_day"),
            self._counts(social, counts),
        )

    def _rows(
        self, social: Social, days: tuple[int, int], authors: Contents, shared: pa.Array
    ) -> tuple[pa.Table, pa.Table, pa.Table]:
        """The engine's part of a month, by identifier: it stays true while the files do."""
        known = np.flatnonzero(authors.creator >= 0)
        whose = pa.table(
            {
                "content_id": pa.array([authors.ids[i] for i in known], pa.string()),
                "creator_no": pa.array(authors.creator[known], pa.int32()),
            }
        )
        files = social.crowd.snapshot.of("events", from_day=days[0], to_day=days[1])
        with self.behaviour.engine.session() as session:
            events = session.scan([f.path for f in files], EVENTS.schema)
            seats, odd = session.table(pa.table({"alias_no": shared})), self._odd(session, social, days)
            touched = queries.content_touches(events, session.table(whose), seats, days, odd)
            came = queries.share_touches(events, seats, days, odd)
            counts = queries.share_counts(events, seats, days, odd)
            return session.collect(touched), session.collect(came), session.collect(counts)

    def _touches(self, social: Social, table: pa.Table, creator: I32, acted: str) -> Touches:
        person = self._owner(social, table["alias_no"], table["first_us"].to_numpy())
        last, did = table["last_day"].to_numpy().astype(np.int32), table[acted].to_numpy().astype(np.int32)
        keep = np.flatnonzero((person >= 0) & (creator >= 0) & (person != creator))
        key = creator[keep].astype(np.int64) * max(social.size, 1) + person[keep]
        pairs, place = np.unique(key, return_inverse=True)
        latest, acted_day = np.zeros(len(pairs), np.int32), np.zeros(len(pairs), np.int32)
        np.maximum.at(latest, place, last[keep])
        np.maximum.at(acted_day, place, did[keep])
        size = max(social.size, 1)
        return Touches((pairs % size).astype(np.int32), (pairs // size).astype(np.int32), latest, acted_day)

    def _counts(self, social: Social, table: pa.Table) -> Counts:
        person = self._owner(social, table["alias_no"], table["first_us"].to_numpy())
        keep = person >= 0
        return Counts(
            person[keep], table["day"].to_numpy().astype(np.int32)[keep], table["n"].to_numpy().astype(np.int64)[keep]
        )  # fmt: skip

    def by_content(self, social: Social, creator: int, days: tuple[int, int]) -> dict[str, tuple[int, int]]:
        """How many people each of a creator's contents reached on some days, and how many did something with it."""
        return self.once(
            ("by content", social.crowd.key, creator, days), lambda: self._by_content(social, creator, days)
        )

    def _by_content(self, social: Social, creator: int, days: tuple[int, int]) -> dict[str, tuple[int, int]]:
        contents = self.contents(social)
        own = [contents.ids[i] for i in np.flatnonzero(contents.creator == creator)]
        shared = pa.table({"alias_no": pc.unique(social.crowd.spans["alias_no"]).cast(pa.int32())})
        files = [f.path for f in social.crowd.snapshot.of("events", from_day=days[0], to_day=days[1])]
        with self.behaviour.engine.session() as session:
            events = session.scan(files, EVENTS.schema)
            wanted = session.table(pa.table({"content_id": pa.array(own, pa.string())}))
            odd = self._odd(session, social, days)
            frame = queries.content_people(events, wanted, session.table(shared), days, odd)
            table = session.collect(frame)
        person = self._owner(social, table["alias_no"], table["first_us"].to_numpy())
        code, names = _coded(table["content_id"])
        keep = (person >= 0) & (person != creator)
        size = max(social.size, 1)
        key = code[keep].astype(np.int64) * size + person[keep]
        pairs, place = np.unique(key, return_inverse=True)
        acted = np.zeros(len(pairs), np.int32)
        np.maximum.at(acted, place, table["acted_day"].to_numpy().astype(np.int32)[keep])
        reached = np.bincount(pairs // size, minlength=len(names))
        did = np.bincount(pairs[acted > 0] // size, minlength=len(names))
        return {n: (int(reached[i]), int(did[i])) for i, n in enumerate(names)}

    # --- cascades ---------------------------------------------------------------------------------------------------

    def passed(self, social: Social, days: tuple[int, int]) -> Passed:
        """What was shared and opened on some days, in order of time."""
        return self.once(("passed", social.crowd.key, days), lambda: self._passed(social, days))

    def _passed(self, social: Social, days: tuple[int, int]) -> Passed:
        files = social.crowd.snapshot.of("events", from_day=days[0], to_day=days[1])
        with self.behaviour.engine.session() as session:
            events = session.scan([f.path for f in files], EVENTS.schema)
            table = session.collect(queries.passed_on(events, days, self._odd(session, social, days)))
        table = table.sort_by([("us", "ascending"), ("alias_no", "ascending"), ("event", "ascending")])
        us = table["us"].to_numpy().astype(np.int64)
        person = self._owner(social, table["alias_no"], us)
        by = self._owner(social, pc.fill_null(table["sharer_alias_no"], -1), us)
        event = np.array(table["event"].to_pylist(), dtype=object)
        shared, invited, ordered = (
            np.isin(event, names) if len(event) else np.zeros(0, np.bool_)
            for names in (
                [*queries.SHARED, queries.INVITED[0]],
                queries.INVITED,
                ("Order Completed", "Order Refunded"),
            )
        )
        by = np.where(shared | (by == person), -1, by).astype(np.int32)
        keep = (person >= 0) & (shared | (by >= 0))
        content, contents = _coded(table["content_id"])
        product, products = _coded(table["product_id"])
        return Passed(
            person[keep], by[keep], us[keep], table["day"].to_numpy().astype(np.int32)[keep], shared[keep],
            invited[keep], ordered[keep],
            content[keep], product[keep], contents, products,
        )  # fmt: skip

    def saw(self, social: Social, content_id: str) -> I32:
        """Everybody who had to do with a content, ascending."""
        files = [f.path for f in social.crowd.snapshot.of("events")]
        with self.behaviour.engine.session() as session:
            events = session.scan(files, EVENTS.schema)
            days = (0, self.today + 1)
            odd = self._odd(session, social, days)
            table = session.collect(queries.who_saw(events, content_id, days, odd))
        person = self._owner(social, table["alias_no"], table["us"].to_numpy())
        found: I32 = np.unique(person[person >= 0]).astype(np.int32)
        return found

    def first_day(self, social: Social) -> int | None:
        """The first day of which the lake holds events."""
        span = self.behaviour.span(social.crowd)
        return span.first if span is not None else None

    # --- parts ------------------------------------------------------------------------------------------------------

    def _collect(
        self, snapshot: Snapshot, table: str, schema: pa.Schema, query: Callable[[Any], Any]
    ) -> pa.Table:
        with self.behaviour.engine.session() as session:
            return _collected(session, snapshot, table, schema, query)

    def _odd(self, session: Session, social: Social, days: tuple[int, int]) -> Any:
        """Identifiers and days at rates beyond a person's, as a frame; None where there are none."""
        pairs = self.behaviour.impossible(session, social.crowd.snapshot, Days(*days))
        return session.table(pairs) if pairs.num_rows else None

    def _owner(self, social: Social, alias: pa.ChunkedArray, us: I64) -> I32:
        """Whose each row is, -1 where they may not be told."""
        numbers = alias.to_numpy().astype(np.int32)
        there = numbers >= 0
        found = owner_of(
            social.crowd.persons, social.crowd.spans, np.maximum(numbers, 0), np.asarray(us, np.int64)
        )
        return np.where(there, found, -1).astype(np.int32)


def _collected(
    session: Session, snapshot: Snapshot, table: str, schema: pa.Schema, query: Callable[[Any], Any]
) -> pa.Table:
    frame = session.scan([f.path for f in snapshot.of(table)], schema)
    return session.collect(query(frame))


def _coded(column: pa.ChunkedArray) -> tuple[I32, list[str]]:
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return codes.astype(np.int32), encoded.dictionary.to_pylist()


def months_before(day: int, count: int) -> list[tuple[str, int, int]]:
    """The last `count` calendar months up to the one of the day, the oldest first: (name, first day, last day)."""
    here = day_to_date(day)
    at = here.year * 12 + here.month - 1
    found = []
    for number in range(at - count + 1, at + 1):
        first = date(number // 12, number % 12 + 1, 1)
        after = date((number + 1) // 12, (number + 1) % 12 + 1, 1)
        found.append((first.strftime("%Y-%m"), date_to_day(first), date_to_day(after) - 1))
    return found


def item_key(item: Item) -> str:
    """An item as links and queries of people name it."""
    return f"{item.kind}:{item.id}"

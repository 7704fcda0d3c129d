"""Writing a generation: a read-only SQLite file with a row for each person, and the figures of its pages.

The file is written aside, synced, renamed and only then named in the database: readers see the old one or the new one.
No write transaction of the database is open while it is written.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from weaktie.data.profiles.catalogue import TAGS
from weaktie.kit.disk import sync

CHUNK = 20_000
FOLDER = "published"

SCHEMA = """
CREATE TABLE profiles (person_no INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE aliases (alias_no INTEGER PRIMARY KEY, person_no INTEGER NOT NULL);
CREATE TABLE users (
  person_no INTEGER PRIMARY KEY, user_id TEXT NOT NULL, visitor INTEGER NOT NULL, name TEXT, tier TEXT, rfm TEXT,
  r TEXT, f TEXT, m TEXT, orders INTEGER NOT NULL, spend_minor INTEGER NOT NULL, currency TEXT,
  last_us INTEGER NOT NULL, registered_us INTEGER NOT NULL, channel TEXT, province TEXT, city TEXT, gender TEXT);
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL);
"""
INDEXES = """
CREATE INDEX users_last ON users (visitor, last_us, person_no);
CREATE INDEX users_spend ON users (visitor, spend_minor, person_no);
CREATE INDEX users_orders ON users (visitor, orders, person_no);
CREATE INDEX users_registered ON users (visitor, registered_us, person_no);
CREATE INDEX users_id ON users (user_id);
CREATE INDEX users_filters ON users (visitor, tier, rfm, channel, gender, province, spend_minor, last_us, r, f, m);
"""
USER_COLUMNS = (
    "person_no", "user_id", "visitor", "name", "tier", "rfm", "r", "f", "m", "orders", "spend_minor", "currency",
    "last_us", "registered_us", "channel", "province", "city", "gender",
)  # fmt: skip


class ShownAlias(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One identifier as everybody with access may see it."""

    alias_no: int
    kind: str
    value: str
    first_seen_us: int


class RfmRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """RFM of one buyer."""

    r_days: int
    f_orders: int
    m_minor: int
    r: str
    f: str
    m: str
    rfm_class: str
    tier: str


class Body(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A person as published; `tags` stand in the order of meta `tag_keys`. Encoded with msgpack."""

    user_id: str
    aliases: list[ShownAlias]
    names: dict[str, str]
    tags: list[str | int | float | bool | None]
    rfm: RfmRow | None
    currency: str | None
    events: int
    orders: int
    last_us: int


@dataclass(frozen=True, slots=True)
class Person:
    """What identity and the vault say of somebody, ready to be shown."""

    user_id: str
    visitor: bool
    aliases: list[ShownAlias]
    names: dict[str, str]


BODY_ENCODER = msgspec.msgpack.Encoder()
BODY_DECODER = msgspec.msgpack.Decoder(Body)


def write(
    home: Path, number: int, rows: Iterable[tuple[Body, tuple[Any, ...]]], meta: dict[str, object]
) -> str:
    """Write generation `number`; returns its path below the home. `rows` gives each person's body and USER_COLUMNS."""
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"gen-{number}.sqlite"
    partial = path.with_suffix(".part")
    partial.unlink(missing_ok=True)
    connection = sqlite3.connect(partial, isolation_level=None)
    try:
        for pragma in ("page_size=8192", "journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE"):
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(SCHEMA)
        connection.execute("BEGIN")
        _insert(connection, rows)
        for key, value in {"tag_keys": [t.key for t in TAGS], **meta}.items():
            connection.execute("INSERT INTO meta VALUES (?, ?)", (key, msgspec.json.encode(value)))
        connection.execute("COMMIT")
        connection.executescript(INDEXES)
        connection.execute("PRAGMA optimize")
    finally:
        connection.close()
    sync(partial)
    partial.rename(path)
    sync(folder)
    return f"{FOLDER}/{path.name}"


def without(
    path: Path,
    person_nos: Sequence[int],
    alias_nos: Sequence[int],
    remake: Callable[[sqlite3.Connection], dict[str, object]] | None = None,
) -> int:
    """Rewrite a generation without these people; returns how many rows went. The new file replaces the old at once.

    Figures of whole pages (distributions, cells) name nobody and stay as they were when it was published, unless `remake`
    gives new ones from what is left.
    """
    partial = path.with_suffix(".part")
    partial.unlink(missing_ok=True)
    source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    target = sqlite3.connect(partial, isolation_level=None)
    try:
        source.backup(target)
        target.execute("PRAGMA secure_delete=ON")
        target.execute("PRAGMA journal_mode=OFF")
        people = {(n,) for n in person_nos}
        for start in range(0, len(alias_nos), 500):
            part = list(alias_nos[start : start + 500])
            marks = ",".join("?" * len(part))
            query = f"SELECT DISTINCT person_no FROM aliases WHERE alias_no IN ({marks})"  # noqa: S608 (only marks)
            people |= {(row[0],) for row in target.execute(query, part)}
        gone = 0
        for table in ("profiles", "users", "aliases"):
            before = target.total_changes
            target.executemany(f"DELETE FROM {table} WHERE person_no = ?", sorted(people))  # noqa: S608 (own names)
            gone += target.total_changes - before
        if remake is not None and gone:
            for key, value in remake(target).items():
                target.execute("UPDATE meta SET value = ? WHERE key = ?", (msgspec.json.encode(value), key))
        target.execute("VACUUM")
    finally:
        source.close()
        target.close()
    if gone == 0:
        partial.unlink()
        return 0
    sync(partial)
    partial.rename(path)
    sync(path.parent)
    return gone


def bodies(facts: pa.Table, people: dict[int, Person]) -> Iterator[tuple[Body, tuple[Any, ...]]]:
    """Rows of the generation from one wide table: tags, shown facts and RFM columns, one row for each person."""
    keys = [t.key for t in TAGS]
    for batch in facts.to_batches(max_chunksize=CHUNK):
        columns = batch.to_pydict()
        tags = zip(*(columns[key] for key in keys), strict=True)
        rest = zip(*(columns[name] for name in _PLAIN), strict=True)
        for person_no, tag_values, plain in zip(columns["person_no"], tags, rest, strict=True):
            yield _row(person_no, people[person_no], list(tag_values), dict(zip(_PLAIN, plain, strict=True)))


_PLAIN = (
    "shown_last_us", "shown_first_us", "shown_events", "shown_registered_us", "currency", "r_days", "f_orders",
    "m_minor", "r", "f", "m", "rfm_class", "tier", "orders_total", "spend_total", "acquisition_channel", "province",
    "city", "gender",
)  # fmt: skip


def _row(person_no: int, person: Person, tags: list[Any], x: dict[str, Any]) -> tuple[Body, tuple[Any, ...]]:
    rfm = None
    if x["rfm_class"] is not None:
        rfm = RfmRow(
            x["r_days"], x["f_orders"], x["m_minor"], x["r"], x["f"], x["m"], x["rfm_class"], x["tier"]
        )
    last_us = x["shown_last_us"] or 0  # people who never did anything were never seen
    body = Body(
        person.user_id, person.aliases, person.names, tags, rfm, x["currency"], x["shown_events"] or 0,
        x["orders_total"] or 0, last_us,
    )  # fmt: skip
    user = (
        person_no, person.user_id, int(person.visitor), person.names.get("nickname"), x["tier"], x["rfm_class"],
        x["r"], x["f"], x["m"], x["orders_total"] or 0, x["spend_total"] or 0, x["currency"], last_us,
        x["shown_registered_us"] or 0, x["acquisition_channel"], x["province"], x["city"], x["gender"],
    )  # fmt: skip
    return body, user


def _insert(connection: sqlite3.Connection, rows: Iterable[tuple[Body, tuple[Any, ...]]]) -> None:
    profiles: list[tuple[int, bytes]] = []
    users: list[tuple[Any, ...]] = []
    aliases: list[tuple[int, int]] = []
    marks = ",".join("?" * len(USER_COLUMNS))

    def flush() -> None:
        connection.executemany("INSERT INTO profiles VALUES (?, ?)", profiles)
        connection.executemany(f"INSERT INTO users VALUES ({marks})", users)  # noqa: S608 (only marks)
        connection.executemany("INSERT INTO aliases VALUES (?, ?)", aliases)
        profiles.clear()
        users.clear()
        aliases.clear()

    for body, user in rows:
        profiles.append((user[0], BODY_ENCODER.encode(body)))
        users.append(user)
        aliases += [(a.alias_no, user[0]) for a in body.aliases]
        if len(users) >= CHUNK:
            flush()
    flush()

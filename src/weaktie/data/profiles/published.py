"""Reading the published generation: immutable files, one connection a thread, the pointer looked at once a second."""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from weaktie.data.profiles import state
from weaktie.data.profiles.contracts import I32, Generation, NothingPublished, UserFilter
from weaktie.data.profiles.publish import BODY_DECODER, USER_COLUMNS, Body
from weaktie.kit.clock import Clock
from weaktie.kit.errors import Refused
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.kit.words import Words
from weaktie.store.database.service import Database

POLL_S = 1.0
IDS_A_READ = 20_000
MMAP_BYTES = 1 << 40
SORTS = {"last_seen": "last_us", "spend": "spend_minor", "orders": "orders", "registered": "registered_us"}
"""What a list may be sorted by, and its column."""
DAY_US = 86_400_000_000
CHOSEN = "person_no IN (SELECT person_no FROM temp.chosen)"


@dataclass(frozen=True, slots=True)
class UserRow:
    """One line of the list of users."""

    person_no: int
    user_id: str
    visitor: int
    name: str | None
    tier: str | None
    rfm: str | None
    r: str | None
    f: str | None
    m: str | None
    orders: int
    spend_minor: int
    currency: str | None
    last_us: int
    registered_us: int
    channel: str | None
    province: str | None
    city: str | None
    gender: str | None


class Published:
    """The newest generation. Safe from any thread."""

    def __init__(self, home: Path, database: Database, clock: Clock) -> None:
        self._home, self._database, self._clock = home, database, clock
        self._lock = threading.Lock()
        self._local = threading.local()
        self._polled = float("-inf")
        self._newest: Generation | None = None
        self._tag_keys: dict[int, list[str]] = {}

    def newest(self) -> Generation | None:
        """The generation that is read now, at most a second old."""
        now = self._clock.monotonic()
        if now - self._polled >= POLL_S:
            with self._lock:
                if now - self._polled >= POLL_S:
                    self._poll()
                    self._polled = now
        return self._newest

    def refresh(self) -> None:
        """Look at the pointer now."""
        with self._lock:
            self._poll()

    def _poll(self) -> None:
        with self._database.connect() as connection:
            # Read whole: a withdrawal between two builds changes who is left out of the same generation.
            self._newest = state.newest(connection)

    def need(self) -> Generation:
        """The newest generation; raises NothingPublished."""
        found = self.newest()
        if found is None:
            raise NothingPublished
        return found

    def connection(self) -> sqlite3.Connection:
        """This thread's connection to the newest generation; raises NothingPublished."""
        try:
            path, key = self._file()
        except FileNotFoundError:
            # Retired since the pointer was last looked at.
            self.refresh()
            path, key = self._file()
        if getattr(self._local, "key", None) != key:
            old = getattr(self._local, "connection", None)
            if old is not None:
                old.close()
            opened = sqlite3.connect(
                f"{path.as_uri()}?mode=ro&immutable=1",
                uri=True,
                check_same_thread=False,
                cached_statements=64,
            )
            opened.execute(f"PRAGMA mmap_size={MMAP_BYTES}")
            self._local.connection, self._local.key, self._local.chosen = opened, key, None
        connection: sqlite3.Connection = self._local.connection
        return connection

    def _file(self) -> tuple[Path, tuple[int, int]]:
        generation = self.need()
        path = self._home / generation.path
        # The inode too: an erasure puts another file in the place of the same generation.
        return path, (generation.number, path.stat().st_ino)

    def body_of(self, alias_no: int) -> tuple[int, Body] | None:
        """Person number and published row of the person with this identifier; one look-up."""
        row = (
            self.connection()
            .execute(
                "SELECT p.person_no, p.body FROM aliases a JOIN profiles p ON p.person_no = a.person_no WHERE a.alias_no = ?",
                (alias_no,),
            )
            .fetchone()
        )
        return None if row is None else (int(row[0]), BODY_DECODER.decode(row[1]))

    def tag_keys(self) -> list[str]:
        """Keys of the tags in the order of a body's values; a generation may be older than the code."""
        number = self.need().number
        known = self._tag_keys.get(number)
        if known is None:
            known = self._tag_keys[number] = self.meta("tag_keys")
        return known

    def meta(self, key: str) -> Any:
        """One of the generation's figures: tags, facets, rfm."""
        row = self.connection().execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0])

    def aliases_of(self, person_nos: Sequence[int]) -> dict[int, list[int]]:
        """The identifiers of each of these people."""
        found: dict[int, list[int]] = {n: [] for n in person_nos}
        for person_no in person_nos:
            body = (
                self.connection()
                .execute("SELECT body FROM profiles WHERE person_no = ?", (person_no,))
                .fetchone()
            )
            if body is not None:
                found[person_no] = [a.alias_no for a in BODY_DECODER.decode(body[0]).aliases]
        return found

    def users(
        self, wanted: UserFilter, cursor: str | None, limit: int | None, only: int | None, among: I32 | None = None
    ) -> Page[UserRow]:  # fmt: skip
        """A page of users; `only` narrows it to one person (found by an exact id), `among` to these people. The total counts
        the filter's people."""
        size = page_size(limit)
        column = SORTS.get(wanted.sort)
        if column is None:
            raise Refused("bad_sort", Words("不支持的排序方式。", "Unknown order."), place="sort")
        where, values = self._where(wanted, only)
        connection = self.connection()
        if among is not None:
            self._choose(connection, among)
            where += f" AND {CHOSEN}"
        total = connection.execute(f"SELECT count(*) FROM users WHERE {where}", values).fetchone()[0]  # noqa: S608 (own names, bound values)
        after = ""
        if cursor:
            sort_value, person_no = read_cursor(cursor, 2)
            sign = "<" if wanted.descending else ">"
            after = f" AND ({column}, person_no) {sign} (?, ?)"
            values = [*values, sort_value, person_no]
        way = "DESC" if wanted.descending else "ASC"
        rows = connection.execute(
            f"SELECT {', '.join(USER_COLUMNS)} FROM users WHERE {where}{after} "  # noqa: S608 (own names, bound values)
            f"ORDER BY {column} {way}, person_no {way} LIMIT ?",
            [*values, size + 1],
        ).fetchall()
        items = [UserRow(*row) for row in rows[:size]]
        more = None
        if len(rows) > size:
            more = write_cursor(getattr(items[-1], column), items[-1].person_no)
        return Page(items, more, int(total))

    def standing(self, people: I32) -> tuple[int, int]:
        """How many of these people are published as (identified users, anonymous visitors)."""
        connection = self.connection()
        self._choose(connection, people)
        rows = connection.execute(f"SELECT visitor, count(*) FROM users WHERE {CHOSEN} GROUP BY visitor")  # noqa: S608 (own names)
        counted = dict(rows.fetchall())
        return int(counted.get(0, 0)), int(counted.get(1, 0))

    def ids_of(self, people: I32) -> Iterator[list[tuple[int, str]]]:
        """(person_no, user_id) of those of these people who are published, by number, in pages."""
        connection = self.connection()
        for at in range(0, len(people), IDS_A_READ):
            part = json.dumps(people[at : at + IDS_A_READ].tolist())
            yield connection.execute(
                "SELECT person_no, user_id FROM users WHERE person_no IN (SELECT value FROM json_each(?)) ORDER BY person_no",
                (part,),
            ).fetchall()

    def _choose(self, connection: sqlite3.Connection, people: I32) -> None:
        """Put the people into this thread's table of chosen ones; the same people as before stand there already."""
        raw = np.ascontiguousarray(people).tobytes()
        digest = hashlib.blake2b(raw, digest_size=16).digest()
        if self._local.chosen == digest:
            return
        self._local.chosen = None
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS chosen (person_no INTEGER PRIMARY KEY)")
        connection.execute("DELETE FROM temp.chosen")
        connection.executemany("INSERT INTO temp.chosen VALUES (?)", zip(people.tolist(), strict=True))
        connection.commit()
        self._local.chosen = digest

    def every(
        self, wanted: UserFilter, only: int | None, among: I32 | None = None
    ) -> Iterator[list[UserRow]]:
        """All users of the filter, in pages of 500."""
        cursor = None
        while True:
            page = self.users(wanted, cursor, 500, only, among)
            yield page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def _where(self, wanted: UserFilter, only: int | None) -> tuple[str, list[Any]]:
        parts: list[str] = ["visitor = ?"]
        values: list[Any] = [int(wanted.visitors)]
        if only is not None:
            # Somebody asked for by name is shown, visitor or not.
            parts, values = ["person_no = ?"], [only]
        elif wanted.search:
            parts.append("user_id >= ? AND user_id < ?")
            values += [wanted.search, wanted.search + "\U0010ffff"]
        for name in ("tier", "rfm", "r", "f", "m", "channel", "gender", "province"):
            value = getattr(wanted, name)
            if value is not None:
                parts.append(f"{name} = ?")
                values.append(value)
        if wanted.min_spend_minor is not None:
            parts.append("spend_minor >= ?")
            values.append(wanted.min_spend_minor)
        if wanted.active_within_days is not None:
            parts.append("last_us >= ?")
            values.append(self._clock.now_us() - wanted.active_within_days * DAY_US)
        return " AND ".join(parts), values

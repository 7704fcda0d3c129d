"""Dead letters: events that could not be stored, kept encrypted under the key of their day until they are mended.

A letter is open, mended or discarded; what changes it is in `replay`.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Select, case, func, select

from weaktie.data.collect.contracts import BadRow
from weaktie.data.collect.tables import dead_letters
from weaktie.kit.clock import DAY_US
from weaktie.kit.logs import mask
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.kit.words import Words
from weaktie.store.log.contracts import Keys, Place

LARGEST_SAMPLE = 32_768
OPEN, MENDED, DISCARDED = "open", "mended", "discarded"
STATES = (OPEN, MENDED, DISCARDED)
ROWS_A_READ = 2_000
_EVENT = re.compile(rb'"event"\s*:\s*"((?:[^"\\]|\\.){1,255})"')


@dataclass(frozen=True, slots=True)
class Letter:
    """A bad row with its place in the log and what its request said."""

    place: Place
    index: int
    received_us: int
    source_id: str
    protocol: str
    bad: BadRow
    endpoint: str = ""
    purposes: int = 0
    sent: str | None = None


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Which letters; what is None is not asked. Times are when the server took them, the end excluded."""

    code: str | None = None
    source_id: str | None = None
    protocol: str | None = None
    event: str | None = None
    since_us: int | None = None
    until_us: int | None = None
    state: str | None = OPEN

    def of(self, query: Select[Any]) -> Select[Any]:
        """The query, for these letters only."""
        columns = dead_letters.c
        for column, value in (
            (columns.code, self.code), (columns.source_id, self.source_id), (columns.protocol, self.protocol),
            (columns.event, self.event), (columns.state, self.state),
        ):  # fmt: skip
            if value is not None:
                query = query.where(column == value)
        if self.since_us is not None:
            query = query.where(columns.received_us >= self.since_us)
        return query if self.until_us is None else query.where(columns.received_us < self.until_us)


@dataclass(frozen=True, slots=True)
class ShownLetter:
    """A dead letter as the console shows it; `sample` is masked, None once its day's key is destroyed."""

    letter_id: int
    received_us: int
    source_id: str
    protocol: str
    code: str
    message: Words
    place: str
    sample: str | None
    event: str | None
    state: str
    outcome: str | None
    mendable: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A letter with its event as it came; `sample` is None once its day's key is destroyed."""

    letter_id: int
    place: Place
    index: int
    received_us: int
    source_id: str
    protocol: str
    endpoint: str
    purposes: int
    sent: str | None
    sample: bytes | None


@dataclass(frozen=True, slots=True)
class LetterCount:
    """How many letters have one reason: open ones, and all that ever had it."""

    code: str
    message: Words
    count: int
    total: int
    first_us: int
    last_us: int
    sources: list[str]


def sealed_rows(letters: list[Letter], keys: Keys) -> list[dict[str, object]]:
    """The rows of `dead_letters`, samples encrypted. Call it outside transactions: it may make a day's key."""
    rows: list[dict[str, object]] = []
    for letter in letters:
        day = letter.received_us // DAY_US
        nonce = secrets.token_bytes(12)
        sample = letter.bad.sample[:LARGEST_SAMPLE]
        sealed = AESGCM(keys.day_key(day)).encrypt(nonce, sample, _bound(letter.received_us))
        rows.append(
            {
                "received_us": letter.received_us, "source_id": letter.source_id, "protocol": letter.protocol,
                "code": letter.bad.code, "message_zh": letter.bad.words.zh, "message_en": letter.bad.words.en,
                "place": letter.bad.place[:255], "key_day": day, "sample": nonce + sealed,
                "log_partition": letter.place.partition, "log_record": letter.place.record, "log_index": letter.index,
                "endpoint": letter.endpoint[:64], "purposes": letter.purposes, "sent": letter.sent,
                "event": _event_name(sample),
                "whole": len(letter.bad.sample) <= LARGEST_SAMPLE and bool(letter.protocol),
            }
        )  # fmt: skip
    return rows


def _event_name(sample: bytes) -> str | None:
    found = _EVENT.search(sample)
    return mask(found[1].decode("utf-8", "replace"))[:255] if found else None


def page(
    connection: Connection, keys: Keys, wanted: LetterFilter, cursor: str | None, limit: int | None
) -> Page[ShownLetter]:
    """Letters, the newest first."""
    size = page_size(limit)
    query = wanted.of(select(dead_letters)).order_by(dead_letters.c.letter_id.desc()).limit(size + 1)
    if cursor:
        query = query.where(dead_letters.c.letter_id < read_cursor(cursor, 1)[0])
    rows = connection.execute(query).mappings().all()
    items = []
    for row in rows[:size]:
        plain = _opened(bytes(row["sample"]), row["received_us"], row["key_day"], keys)
        items.append(
            ShownLetter(
                row["letter_id"], row["received_us"], row["source_id"], row["protocol"], row["code"],
                Words(row["message_zh"], row["message_en"]), row["place"], None if plain is None else shown(plain),
                row["event"], row["state"], row["outcome"], bool(row["whole"]) and plain is not None,
            )
        )  # fmt: skip
    after = write_cursor(items[-1].letter_id) if len(rows) > size else None
    return Page(items, after, count(connection, wanted))


def count(connection: Connection, wanted: LetterFilter) -> int:
    """How many letters these are."""
    return int(connection.execute(wanted.of(select(func.count()).select_from(dead_letters))).scalar_one())


def mendable(
    connection: Connection,
    keys: Keys,
    wanted: LetterFilter,
    *,
    after: int = 0,
    until: int | None = None,
    most: int = ROWS_A_READ,
) -> list[Kept]:
    """Whole letters with their events, the oldest first: those whose number is above `after` and at most `until`."""
    columns = dead_letters.c
    query = wanted.of(select(dead_letters)).where(columns.letter_id > after, columns.whole)
    if until is not None:
        query = query.where(columns.letter_id <= until)
    rows = connection.execute(query.order_by(columns.letter_id).limit(most)).mappings()
    return [
        Kept(
            row["letter_id"], Place(row["log_partition"], row["log_record"]), row["log_index"], row["received_us"],
            row["source_id"], row["protocol"], row["endpoint"], row["purposes"], row["sent"],
            _opened(bytes(row["sample"]), row["received_us"], row["key_day"], keys),
        )
        for row in rows
    ]  # fmt: skip


def summary(connection: Connection) -> list[LetterCount]:
    """How many letters there are for each reason, the most frequent first; reasons with no open letter stand last."""
    columns = dead_letters.c
    is_open = case((columns.state == OPEN, 1), else_=0)
    query = select(
        columns.code, func.max(columns.message_zh), func.max(columns.message_en), func.sum(is_open), func.count(),
        func.min(columns.received_us), func.max(columns.received_us),
    ).group_by(columns.code)  # fmt: skip
    sources: dict[str, list[str]] = {}
    for code, source_id in connection.execute(select(columns.code, columns.source_id).distinct()):
        sources.setdefault(code, []).append(source_id)
    counts = [
        LetterCount(code, Words(zh, en), int(n), total, first, last, sorted(sources[code]))
        for code, zh, en, n, total, first, last in connection.execute(query)
    ]
    return sorted(counts, key=lambda c: (-c.count, c.code))


def shown(plain: bytes) -> str:
    """An event as people may see it."""
    return mask(plain.decode("utf-8", "replace"))[:4000]


def _opened(sample: bytes, received_us: int, key_day: int, keys: Keys) -> bytes | None:
    try:
        return AESGCM(keys.day_key(key_day)).decrypt(sample[:12], sample[12:], _bound(received_us))
    except (InvalidTag, LookupError):
        return None


def _bound(received_us: int) -> bytes:
    return b"dead_letters|sample|%d" % received_us

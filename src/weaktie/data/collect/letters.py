"""Dead letters: events that could not be stored, kept encrypted under the key of their day."""

import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, func, select

from weaktie.data.collect.contracts import BadRow
from weaktie.data.collect.tables import dead_letters
from weaktie.kit.clock import DAY_US
from weaktie.kit.logs import mask
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.kit.words import Words
from weaktie.store.log.contracts import Keys, Place

LARGEST_SAMPLE = 32_768


@dataclass(frozen=True, slots=True)
class Letter:
    """A bad row with its place in the log."""

    place: Place
    index: int
    received_us: int
    source_id: str
    protocol: str
    bad: BadRow


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


@dataclass(frozen=True, slots=True)
class LetterCount:
    """How many letters have one reason."""

    code: str
    message: Words
    count: int
    last_us: int


def sealed_rows(letters: list[Letter], keys: Keys) -> list[dict[str, object]]:
    """The rows of `dead_letters`, samples encrypted. Call it outside transactions: it may make a day's key."""
    rows: list[dict[str, object]] = []
    for letter in letters:
        day = letter.received_us // DAY_US
        nonce = secrets.token_bytes(12)
        sample = letter.bad.sample[:LARGEST_SAMPLE]
        rows.append(
            {
                "received_us": letter.received_us,
                "source_id": letter.source_id,
                "protocol": letter.protocol,
                "code": letter.bad.code,
                "message_zh": letter.bad.words.zh,
                "message_en": letter.bad.words.en,
                "place": letter.bad.place[:255],
                "key_day": day,
                "sample": nonce
                + AESGCM(keys.day_key(day)).encrypt(nonce, sample, _bound(letter.received_us)),
                "log_partition": letter.place.partition,
                "log_record": letter.place.record,
                "log_index": letter.index,
            }
        )
    return rows


def page(
    connection: Connection, keys: Keys, code: str | None, cursor: str | None, limit: int | None
) -> Page[ShownLetter]:
    """Letters, the newest first, of one reason or of all."""
    size = page_size(limit)
    query = select(dead_letters).order_by(dead_letters.c.letter_id.desc()).limit(size + 1)
    total = select(func.count()).select_from(dead_letters)
    if code:
        query, total = query.where(dead_letters.c.code == code), total.where(dead_letters.c.code == code)
    if cursor:
        query = query.where(dead_letters.c.letter_id < read_cursor(cursor, 1)[0])
    rows = connection.execute(query).mappings().all()
    items = [
        ShownLetter(
            row["letter_id"], row["received_us"], row["source_id"], row["protocol"], row["code"],
            Words(row["message_zh"], row["message_en"]), row["place"],
            _opened(bytes(row["sample"]), row["received_us"], row["key_day"], keys),
        )
        for row in rows[:size]
    ]  # fmt: skip
    after = write_cursor(items[-1].letter_id) if len(rows) > size else None
    return Page(items, after, connection.execute(total).scalar_one())


def summary(connection: Connection) -> list[LetterCount]:
    """How many letters there are for each reason, the most frequent first."""
    query = select(
        dead_letters.c.code,
        func.max(dead_letters.c.message_zh),
        func.max(dead_letters.c.message_en),
        func.count(),
        func.max(dead_letters.c.received_us),
    ).group_by(dead_letters.c.code)
    counts = [
        LetterCount(code, Words(zh, en), n, last) for code, zh, en, n, last in connection.execute(query)
    ]
    return sorted(counts, key=lambda c: (-c.count, c.code))


def _opened(sample: bytes, received_us: int, key_day: int, keys: Keys) -> str | None:
    try:
        plain = AESGCM(keys.day_key(key_day)).decrypt(sample[:12], sample[12:], _bound(received_us))
    except (InvalidTag, LookupError):
        return None
    return mask(plain.decode("utf-8", "replace"))[:4000]


def _bound(received_us: int) -> bytes:
    return b"dead_letters|sample|%d" % received_us

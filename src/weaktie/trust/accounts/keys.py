"""Keys of programs: made once in the clear, kept as a hash."""

import hashlib

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from weaktie.kit.clock import MINUTE_US, Clock
from weaktie.kit.errors import NotFound, Refused
from weaktie.kit.ids import new_id, new_secret
from weaktie.kit.words import Words
from weaktie.trust.accounts.contracts import KEY_PREFIXES, KeyRecord
from weaktie.trust.accounts.tables import api_keys

USE_NOTED_EVERY_US = 10 * MINUTE_US


def hash_key(plaintext: str) -> str:
    """How a key is kept: SHA-256 in hex. A key has 192 random bits, so a slow hash adds nothing."""
    return hashlib.sha256(plaintext.encode("utf-8", "replace")).hexdigest()


def create_key(tx: Connection, clock: Clock, kind: str, name: str, *, source_id: str | None = None) -> str:
    """Make a key and return it in the clear, the only time it is seen; a write key belongs to a source."""
    if kind not in KEY_PREFIXES:
        raise Refused(
            "bad_key_kind",
            Words("密钥类型只能是 write 或 read。", "A key is of kind write or read."),
            place="kind",
        )
    if not name.strip() or len(name) > 120:
        raise Refused(
            "bad_name",
            Words("名称长度应为 1 到 120 个字符。", "A name has 1 to 120 characters."),
            place="name",
        )
    plaintext = new_secret(KEY_PREFIXES[kind])
    now_us = clock.now_us()
    tx.execute(
        insert(api_keys).values(
            key_id=new_id("key", now_us), kind=kind, name=name.strip(), hash=hash_key(plaintext), hint=plaintext[:8],
            source_id=source_id, created_us=now_us,
        )
    )  # fmt: skip
    return plaintext


def find_key(connection: Connection, plaintext: str, kind: str) -> KeyRecord | None:
    """The living key of that kind; None when it is unknown, revoked or of another kind."""
    row = connection.execute(
        select(api_keys).where(
            api_keys.c.hash == hash_key(plaintext), api_keys.c.kind == kind, api_keys.c.revoked_us.is_(None)
        )
    ).mappings().first()  # fmt: skip
    return None if row is None else _key(row)


def key_book(connection: Connection, kind: str = "write") -> dict[str, KeyRecord]:
    """Every living key of the kind by its hash (`hash_key`), for a door that must not ask the database each time."""
    rows = connection.execute(
        select(api_keys).where(api_keys.c.kind == kind, api_keys.c.revoked_us.is_(None))
    )
    return {row["hash"]: _key(row) for row in rows.mappings()}


def key_version(connection: Connection) -> tuple[int, int, int]:
    """A value that changes whenever a key is made or revoked; cheap enough to poll every second."""
    count, made, revoked = connection.execute(
        select(
            func.count(),
            func.coalesce(func.max(api_keys.c.created_us), 0),
            func.count(api_keys.c.revoked_us),
        ).select_from(api_keys)
    ).one()
    return int(count), int(made), int(revoked)


def list_keys(connection: Connection) -> list[KeyRecord]:
    """Every key, the revoked too, newest first."""
    rows = connection.execute(
        select(api_keys).order_by(api_keys.c.created_us.desc(), api_keys.c.key_id.desc())
    )
    return [_key(row) for row in rows.mappings()]


def revoke_key(tx: Connection, clock: Clock, key_id: str) -> KeyRecord:
    """Make a key useless from now on; revoking it again changes nothing. Raises NotFound `no_key`."""
    tx.execute(
        update(api_keys)
        .where(api_keys.c.key_id == key_id, api_keys.c.revoked_us.is_(None))
        .values(revoked_us=clock.now_us())
    )
    row = tx.execute(select(api_keys).where(api_keys.c.key_id == key_id)).mappings().first()
    if row is None:
        raise NotFound("no_key", Words("没有这个密钥。", "There is no such key."), place="key_id")
    return _key(row)


def note_use(tx: Connection, key_id: str, at_us: int) -> None:
    """Remember that the key was used, at most once in ten minutes."""
    tx.execute(
        update(api_keys)
        .where(
            api_keys.c.key_id == key_id,
            func.coalesce(api_keys.c.last_used_us, 0) <= at_us - USE_NOTED_EVERY_US,
        )
        .values(last_used_us=at_us)
    )


def _key(row: RowMapping) -> KeyRecord:
    return KeyRecord(**row)

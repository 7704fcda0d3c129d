"""The door of the vault."""

import json
import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, insert, select, text

from weaktie.kit.disk import sync
from weaktie.store.database.service import Database, write_many
from weaktie.trust.vault.contracts import MASTER_KEY_FILE, MissingMasterKey, WrongMasterKey
from weaktie.trust.vault.logic import (
    KEY_BYTES,
    MasterKey,
    decrypt,
    encrypt,
    normal_form,
    read_master,
    write_master,
)
from weaktie.trust.vault.tables import vault_day_keys, vault_items, vault_keys, vault_master

CACHED_KEYS = 10_000
ROWS_A_STATEMENT = 10_000


class Vault:
    """Seals personal values under one key for each identifier (`alias_no`), which the master key wraps.

    Raises MissingMasterKey or WrongMasterKey when the home's key file is not the one the database belongs to.
    """

    def __init__(self, database: Database, home: Path) -> None:
        self.database = database
        self.home = home
        self.master = MasterKey(_read_key_file(home / MASTER_KEY_FILE))
        self._checked = False
        # One bound value however many numbers there are: a list of ten thousand parameters is slow on both databases.
        self._among = text(
            "alias_no IN (SELECT value FROM json_each(:among))"
            if database.is_sqlite
            else "alias_no IN (SELECT value::bigint FROM json_array_elements_text(CAST(:among AS json)))"
        )
        self._ciphers: OrderedDict[bytes, AESGCM] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def create(cls, database: Database, home: Path) -> "Vault":
        """The vault of a new home: makes the master key file where there is none and nothing was sealed yet."""
        path = home / MASTER_KEY_FILE
        with database.begin() as tx:
            enrolled = tx.execute(select(vault_master.c.fingerprint)).scalar()
            if not path.exists():
                if enrolled is not None:
                    raise MissingMasterKey
                _write_key_file(path, secrets.token_bytes(KEY_BYTES))
            vault = cls(database, home)
            vault.check(tx)
            if enrolled is None:
                tx.execute(insert(vault_master).values(master_id=1, fingerprint=vault.master.fingerprint))
        return vault

    def check(self, connection: Connection) -> None:
        """Raises WrongMasterKey when the database belongs to another master key."""
        known = connection.execute(select(vault_master.c.fingerprint)).scalar()
        if known is not None and known != self.master.fingerprint:
            raise WrongMasterKey
        self._checked = known is not None

    def lookup_key(self, kind: str, value: str) -> str:
        """The blind index of an identifier: keyed HMAC-SHA256 of its normal form, 64 hex digits."""
        return self.master.mac("lookup", f"{kind}\0{normal_form(kind, value)}")

    def blind(self, lookup: str) -> str:
        """The keyed form of a stored look-up: `kind:value` becomes `kind#hmac`, which stays as it is."""
        kind, mark, value = _split(lookup)
        return lookup if mark == "#" else f"{kind}#{self.lookup_key(kind, value)}"

    def journal_mac(self, lookup: str) -> str:
        """The form in which an identifier stands in the erasure journal; it is not the blind index."""
        return self.master.mac("journal", self.blind(lookup))

    def backup_key(self) -> bytes:
        """The 32-byte key that seals the parts of backups that would tell something."""
        return self.master.backup_key

    def seal(self, tx: Connection, alias_no: int, field: str, value: str) -> None:
        """Keep one personal value of an identifier, replacing the former one."""
        self.seal_many(tx, [(alias_no, field, value)])

    def seal_many(self, tx: Connection, rows: Sequence[tuple[int, str, str]]) -> None:
        """Keep many values `(alias_no, field, value)`; a repeated field takes the last value."""
        if not rows:
            return
        self._ensure_checked(tx)
        last = {(alias_no, field): value for alias_no, field, value in rows}
        ciphers = self._ciphers_for(tx, {alias_no for alias_no, _ in last}, make=True)
        key_id = self.master.key_id
        write_many(
            tx, "vault_items (alias_no, field, sealed)", ("bigint", "text", "bytea"),
            [
                (alias_no, field, encrypt(ciphers[alias_no], key_id, _bytes(value), _item(alias_no, field)))
                for (alias_no, field), value in last.items()
            ],
            "(alias_no, field) DO UPDATE SET sealed = excluded.sealed",
        )  # fmt: skip

    def open(self, connection: Connection, alias_nos: Iterable[int]) -> dict[int, dict[str, str]]:
        """Every value of the identifiers, in the clear, as `{alias_no: {field: value}}`; those without values are absent."""
        wanted = set(alias_nos)
        self._ensure_checked(connection)
        ciphers = self._ciphers_for(connection, wanted, make=False)
        found: dict[int, dict[str, str]] = {}
        for part in _parts(ciphers):
            for alias_no, field, sealed in connection.execute(
                select(vault_items).where(self._among), _among(part)
            ):
                plain = decrypt(ciphers[alias_no], bytes(sealed), _item(alias_no, field))
                found.setdefault(alias_no, {})[field] = plain.decode("utf-8")
        return found

    def forget(self, tx: Connection, alias_nos: Iterable[int]) -> int:
        """Destroy the identifiers' keys and values; returns how many values are gone. No backup opens them again
        that does not hold the keys too."""
        gone = 0
        for part in _parts(set(alias_nos)):
            gone += tx.execute(delete(vault_items).where(self._among), _among(part)).rowcount
            tx.execute(delete(vault_keys).where(self._among), _among(part))
        with self._lock:
            self._ciphers.clear()
        return gone

    def seal_secret(self, secret: str, place: str) -> bytes:
        """A secret that the product itself needs again (a webhook's, a connection's), under the master key.

        `place` is its `table|column|row`: the sealed bytes open nowhere else.
        """
        return self.master.wrap(_bytes(secret), place.encode())

    def open_secret(self, sealed: bytes, place: str) -> str:
        """What `seal_secret` sealed for this place; raises WrongMasterKey for anything else."""
        return self.master.unwrap(sealed, place.encode()).decode("utf-8")

    def day_keys(self) -> "DayKeys":
        """The keys of the log's days (`store.log.contracts.Keys`)."""
        return DayKeys(self)

    def _ensure_checked(self, connection: Connection) -> None:
        if not self._checked:
            self.check(connection)

    def _ciphers_for(self, connection: Connection, alias_nos: set[int], *, make: bool) -> dict[int, AESGCM]:
        """The identifiers' ciphers; with `make`, keys that do not exist yet are made in the caller's transaction."""
        ciphers = {a: self._cipher(a, wrapped) for a, wrapped in self._wrapped(connection, alias_nos).items()}
        missing = alias_nos - ciphers.keys() if make else set()
        if missing:
            mine = {}
            for alias_no in sorted(missing):
                key = secrets.token_bytes(KEY_BYTES)
                mine[alias_no] = self.master.wrap(key, _key(alias_no))
                ciphers[alias_no] = AESGCM(key)
            write_many(
                connection,
                "vault_keys (alias_no, wrapped)",
                ("bigint", "bytea"),
                list(mine.items()),
                "(alias_no) DO NOTHING",
            )
            if not self.database.is_sqlite:  # another writer's key may have come first; SQLite has one writer
                stored = self._wrapped(connection, missing)
                others = {a: w for a, w in stored.items() if w != mine[a]}
                ciphers |= {alias_no: self._cipher(alias_no, wrapped) for alias_no, wrapped in others.items()}
        return ciphers

    def _wrapped(self, connection: Connection, alias_nos: set[int]) -> dict[int, bytes]:
        return {
            alias_no: bytes(wrapped)
            for part in _parts(alias_nos)
            for alias_no, wrapped in connection.execute(select(vault_keys).where(self._among), _among(part))
        }

    def _cipher(self, alias_no: int, wrapped: bytes) -> AESGCM:
        # Cached by the wrapped bytes, so that a key that another process replaced is never used by mistake.
        with self._lock:
            cipher = self._ciphers.get(wrapped)
            if cipher is not None:
                self._ciphers.move_to_end(wrapped)
                return cipher
        cipher = AESGCM(self.master.unwrap(wrapped, _key(alias_no)))
        with self._lock:
            self._ciphers[wrapped] = cipher
            if len(self._ciphers) > CACHED_KEYS:
                self._ciphers.popitem(last=False)
        return cipher


class DayKeys:
    """Keys of UTC days in their own short transactions: never call it inside another one."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self._known: OrderedDict[int, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def day_key(self, day: int) -> bytes:
        """The 32-byte key of the day, made when it is first asked for, the same in every process."""
        with self._lock:
            if day in self._known:
                return self._known[day]
        wrapped = self._find(day)
        if wrapped is None:
            with self.vault.database.begin() as tx:
                self.vault._ensure_checked(tx)  # noqa: SLF001  one class in two parts
                made = self.vault.master.wrap(secrets.token_bytes(KEY_BYTES), _day(day))
                tx.execute(
                    text(
                        "INSERT INTO vault_day_keys (day, wrapped) VALUES (:day, :wrapped) ON CONFLICT (day) DO NOTHING"
                    ),
                    {"day": day, "wrapped": made},
                )
            wrapped = self._find(day)
            assert wrapped is not None, "the key was just made"
        key = self.vault.master.unwrap(wrapped, _day(day))
        with self._lock:
            self._known[day] = key
            if len(self._known) > 64:
                self._known.popitem(last=False)
        return key

    def destroy(self, day: int) -> None:
        """Forget the key: what was encrypted with it is unreadable for ever, also in backups without the key."""
        with self.vault.database.begin() as tx:
            tx.execute(delete(vault_day_keys).where(vault_day_keys.c.day == day))
        with self._lock:
            self._known.pop(day, None)

    def destroy_before(self, day: int) -> None:
        """Forget the keys of all days before this one."""
        with self.vault.database.begin() as tx:
            tx.execute(delete(vault_day_keys).where(vault_day_keys.c.day < day))
        with self._lock:
            for known in [d for d in self._known if d < day]:
                del self._known[known]

    def _find(self, day: int) -> bytes | None:
        with self.vault.database.connect() as connection:
            wrapped = connection.execute(
                select(vault_day_keys.c.wrapped).where(vault_day_keys.c.day == day)
            ).scalar()
        return None if wrapped is None else bytes(wrapped)


def _parts(alias_nos: Iterable[int]) -> Iterable[list[int]]:
    ordered = sorted(alias_nos)
    return (ordered[at : at + ROWS_A_STATEMENT] for at in range(0, len(ordered), ROWS_A_STATEMENT))


def _among(alias_nos: list[int]) -> dict[str, str]:
    return {"among": json.dumps(alias_nos)}


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "replace")


def _key(alias_no: int) -> bytes:
    return b"vault_keys|wrapped|%d" % alias_no


def _item(alias_no: int, field: str) -> bytes:
    return f"vault_items|sealed|{alias_no}|{field}".encode()


def _day(day: int) -> bytes:
    return b"vault_day_keys|wrapped|%d" % day


def _split(lookup: str) -> tuple[str, str, str]:
    for at, mark in enumerate(lookup):
        if mark in ":#":
            return lookup[:at], mark, lookup[at + 1 :]
    raise AssertionError(f"not a look-up: it has no kind ({len(lookup)} characters)")


def key_of(path: Path) -> MasterKey:
    """The master key in a file that lies outside a home; raises MissingMasterKey or WrongMasterKey."""
    return MasterKey(_read_key_file(path))


def _read_key_file(path: Path) -> bytes:
    try:
        return read_master(path.read_text("ascii"))
    except FileNotFoundError as error:
        raise MissingMasterKey from error
    except (UnicodeDecodeError, OSError) as error:
        raise WrongMasterKey from error


def _write_key_file(path: Path, secret: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(write_master(secret))
        out.flush()
        os.fsync(out.fileno())
    sync(path.parent)

"""Adapters between floors: what one capability asks of another, answered by the one that knows."""

import threading
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from sqlalchemy import Connection

from weaktie.data.collect.contracts import Grant, Identifier, IdentifierKind
from weaktie.data.identity.contracts import ERASED
from weaktie.data.identity.service import Identity, former_forms, lookup_of, normalised, person_map
from weaktie.data.profiles.permits import ConsentPermits
from weaktie.data.sources import service as sources
from weaktie.data.sources.contracts import DEFAULT_SOURCE_ID
from weaktie.kit.clock import Clock
from weaktie.kit.logs import get_logger
from weaktie.store.database.service import Database
from weaktie.trust.accounts.keys import key_book
from weaktie.trust.consent.service import Consent
from weaktie.trust.vault.service import Vault

_LOG = get_logger("ports")
IMPORT_BASIS = sources.OWN_SERVICE_BASIS
"""The ground of an import that declares none: that of the shop's own service."""
REFUSALS_LOOKED_S, REFUSALS_READ_S = 5.0, 30.0
LOOKUPS_A_STATEMENT = 5_000


class ImportSources:
    """The source that an import's rows belong to."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def for_import(
        self, tx: Connection, *, source_id: str | None, basis: Mapping[str, str] | None
    ) -> tuple[str, int]:
        """The named source, or the source of kind `import` with this basis, made when there is none."""
        if source_id is not None:
            found = sources.find(tx, source_id)
            return found.source_id, found.purposes
        wanted = dict(basis) if basis is not None else IMPORT_BASIS
        for source in sources.list_sources(tx, archived=False):
            if source.kind == "import" and source.basis == wanted:
                return source.source_id, source.purposes
        made = sources.create(tx, self._clock, name="Imports", kind="import", basis=wanted, actor="import")
        return made.source_id, made.purposes


def write_grants(database: Database) -> Callable[[], dict[str, Grant]]:
    """A reader of all living write keys with the source and purposes of each, by hash."""

    def load() -> dict[str, Grant]:
        with database.connect() as connection:
            living = {s.source_id: s.purposes for s in sources.list_sources(connection, archived=False)}
            keys = key_book(connection)
        fallback = DEFAULT_SOURCE_ID
        named = {digest: key.source_id or fallback for digest, key in keys.items()}
        return {digest: Grant(source, living[source]) for digest, source in named.items() if source in living}

    return load


class BlockedPeople:
    """Identifiers of whom nothing may be kept, held in memory and followed once a second by a thread of its own."""

    def __init__(self, database: Database, consent: Consent, vault: Vault, *, every_s: float = 1.0) -> None:
        self._database, self._consent, self._vault, self._every_s = database, consent, vault, every_s
        self._lookups: dict[str, str] = {}
        self._version = -1
        self._stop = threading.Event()

    def start(self) -> None:
        """Read once now, then follow changes until `stop`."""
        self.refresh()
        threading.Thread(target=self._follow, daemon=True).start()

    def stop(self) -> None:
        """End following."""
        self._stop.set()

    def refresh(self) -> None:
        """Read the identifiers again when they changed."""
        with self._database.connect() as connection:
            version = self._consent.consent_version(connection)
            if version != self._version:
                self._lookups = self._consent.block_reasons(connection)
                self._version = version

    def _follow(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                self.refresh()
            except Exception:  # noqa: BLE001  the last known list holds until the database answers again
                _LOG.warning("blocked_people_not_read")

    def any(self) -> bool:
        """Whether anybody is blocked."""
        return bool(self._lookups)

    def blocks(self, kind: IdentifierKind, value: str) -> bool:
        """Whether events under this identifier must not be kept."""
        return self._reason(kind, value) is not None

    def refuses(self, kind: IdentifierKind, value: str) -> bool:
        """Whether it is because the person refuses every purpose."""
        return self._reason(kind, value) == "refused"

    def _reason(self, kind: IdentifierKind, value: str) -> str | None:
        found = (
            self._lookups.get(f"{k}#{self._vault.lookup_key(k, normalised(k, v))}")
            for k, v in former_forms((kind, value))
        )
        return next((reason for reason in found if reason is not None), None)


class RelayPermits:
    """From whom which purposes are withheld, for relays: read again when receipts changed and at least every half minute."""

    def __init__(
        self, database: Database, blocked: BlockedPeople, permits: ConsentPermits, identity: Identity, vault: Vault,
        clock: Clock,
    ) -> None:  # fmt: skip
        self._database, self._blocked, self._permits = database, blocked, permits
        self._identity, self._vault, self._clock = identity, vault, clock
        self._lock = threading.Lock()
        self._refused: dict[str, int] = {}
        self._looked, self._read, self._last = float("-inf"), float("-inf"), -1

    def refuses(self, identifiers: Sequence[Identifier], purposes: int) -> bool:
        """True where anybody of these is blocked, or one of the purposes is withheld from them: refused, too young for it, or
        granted to a text that has changed since."""
        with self._lock:
            if self._clock.monotonic() - self._looked >= REFUSALS_LOOKED_S:
                self._refresh()
            refused = self._refused
        if self._blocked.any() and any(self._blocked.blocks(kind, value) for kind, value in identifiers):
            return True
        return bool(refused) and any(
            refused.get(lookup_of(i, self._vault), 0) & purposes for i in identifiers
        )

    def _refresh(self) -> None:
        now = self._clock.monotonic()
        with self._database.connect() as connection:
            last = self._permits.newest_receipt(connection)
            # Other identifiers of a person, an age or a changed text may come to be known without any new receipt.
            if last != self._last or now - self._read >= REFUSALS_READ_S:
                self._refused = self._read_all(connection) if self._permits.withholds(connection) else {}
                self._last, self._read = last, now
        self._looked = now

    def _read_all(self, connection: Connection) -> dict[str, int]:
        person_of = person_map(connection).person_of
        refused = self._permits.withheld(connection, person_of)
        living = np.flatnonzero(person_of != ERASED)
        refusing = living[refused[person_of[living]] != 0]
        found: dict[str, int] = {}
        for at in range(0, len(refusing), LOOKUPS_A_STATEMENT):
            part = refusing[at : at + LOOKUPS_A_STATEMENT].tolist()
            for alias_no, lookup in self._identity.lookups(connection, part).items():
                found[lookup] = int(refused[person_of[alias_no]])
        return found

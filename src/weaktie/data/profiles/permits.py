"""Consent as profiles ask it: receipts, and the bases of the sources in which somebody was seen."""

import threading
from collections.abc import Sequence

from sqlalchemy import Connection

from weaktie.data.identity.service import Identity
from weaktie.data.profiles.contracts import ANALYTICS, I32, U8
from weaktie.data.sources import service as sources
from weaktie.kit.clock import Clock
from weaktie.trust.consent.contracts import PurposeState, Receipt, SourceBasis, Young
from weaktie.trust.consent.service import Consent
from weaktie.trust.rights.service import Corrections

BASIS_POLL_S = 5.0


class ConsentPermits:
    """`contracts.Permits` over the consent, source and identity services."""

    def __init__(
        self, consent: Consent, identity: Identity, clock: Clock, corrections: Corrections | None = None
    ) -> None:
        self._consent, self._identity, self._clock = consent, identity, clock
        self._corrections = corrections
        self._lock = threading.Lock()
        self._bases: dict[str, dict[str, str]] = {}
        self._polled = float("-inf")

    def masks(self, connection: Connection, person_of: I32) -> tuple[U8, U8]:
        """(granted, refused) purposes of everybody, indexed by person number."""
        basis = sources.purposes(connection)
        return self._consent.person_masks(connection, person_of, self._identity.seen_in, basis)

    def withheld(self, connection: Connection, person_of: I32) -> U8:
        """The purposes that nobody may serve for each person, whatever their sources grant, indexed by person number."""
        return self._consent.withheld_masks(connection, person_of)

    def withholds(self, connection: Connection) -> bool:
        """Whether `withheld` could say anything of anybody."""
        return self._consent.withholds(connection)

    def states(self, connection: Connection, alias_nos: Sequence[int]) -> list[PurposeState]:
        """Every purpose of one person; a source's changed basis counts within five seconds."""
        return self._consent.states(connection, alias_nos, self._bases_of(connection, alias_nos))

    def granted_many(self, connection: Connection, people: Sequence[Sequence[int]]) -> list[int]:
        """The granted purposes of each of these people as bits."""
        return [
            sum(int(s.purpose) for s in self.states(connection, numbers) if s.granted) for numbers in people
        ]

    def receipts(self, connection: Connection, alias_nos: Sequence[int]) -> list[Receipt]:
        """Every receipt of the person, newest first."""
        return self._consent.receipts(connection, alias_nos)

    def record(
        self, tx: Connection, alias_nos: Sequence[int], purpose: str, *, granted: bool, how: str
    ) -> Receipt:
        """Add a receipt; the door learns at once whether the person still wants anything kept."""
        return self._consent.record_receipt(
            tx,
            alias_no=min(alias_nos),
            purpose=purpose,
            granted=granted,
            how=how,
            person=self._identity.lookups(tx, alias_nos),
        )

    def newest_receipt(self, connection: Connection) -> int:
        """The number of the newest receipt."""
        return self._consent.newest_receipt(connection)

    def said_since(self, connection: Connection, receipt_id: int) -> list[int]:
        """Identifiers with receipts after this one."""
        return self._consent.said_since(connection, receipt_id)

    def shown(self, connection: Connection, alias_nos: Sequence[int], purpose: int = ANALYTICS) -> set[int]:
        """Those of these identifiers whose person grants the purpose now, whichever identifier they said it through."""
        groups = [self._identity.component(connection, n) or [n] for n in alias_nos]
        masks = self.granted_many(connection, groups)
        return {n for n, mask in zip(alias_nos, masks, strict=True) if mask & purpose}

    def separate(self, connection: Connection, alias_nos: Sequence[int]) -> list[PurposeState]:
        """The person's separate consents."""
        return self._consent.separate_states(connection, alias_nos)

    def young(self, connection: Connection, alias_nos: Sequence[int]) -> Young:
        """The person's age band."""
        return self._consent.young(connection, alias_nos)

    def deleted_tags(self, connection: Connection, alias_nos: Sequence[int]) -> frozenset[str]:
        """The tags that the person deleted."""
        return self._consent.objections.of(connection, alias_nos)

    def all_deleted_tags(self, connection: Connection) -> list[tuple[int, str]]:
        """(identifier, tag) of every deletion."""
        return self._consent.objections.everybody(connection)

    def corrections(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, str]:
        """Values that the person had corrected, by field."""
        return {} if self._corrections is None else self._corrections.values(connection, alias_nos)

    def all_corrections(self, connection: Connection) -> list[tuple[int, str, str]]:
        """(identifier, attribute, value) of every correction of an attribute."""
        return [] if self._corrections is None else self._corrections.all_attributes(connection)

    def bases(self, connection: Connection, alias_nos: Sequence[int]) -> list[SourceBasis]:
        """The bases of the sources in which the person was seen."""
        return self._bases_of(connection, alias_nos)

    def _bases_of(self, connection: Connection, alias_nos: Sequence[int]) -> list[SourceBasis]:
        now = self._clock.monotonic()
        with self._lock:
            if now - self._polled >= BASIS_POLL_S:
                self._bases = {s.source_id: s.basis for s in sources.list_sources(connection)}
                self._polled = now
        seen = self._identity.sources_of(connection, alias_nos)
        if any(source_id not in self._bases for source_id, _ in seen):
            self._bases = {s.source_id: s.basis for s in sources.list_sources(connection)}
        return [SourceBasis(s, self._bases[s], since_us) for s, since_us in seen if s in self._bases]

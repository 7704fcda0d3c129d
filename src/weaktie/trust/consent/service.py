"""The door of consent."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from sqlalchemy import Connection, delete, insert, select, text

from weaktie.kit.clock import Clock
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words
from weaktie.store.database.service import ByValues
from weaktie.trust.consent.contracts import (
    ALL_PURPOSES,
    I32,
    PURPOSE_NAMES,
    U8,
    Purpose,
    PurposeState,
    Receipt,
    SourceBasis,
    SourcesOf,
    Standing,
)
from weaktie.trust.consent.logic import (
    basis_masks,
    checked_basis,
    effective_masks,
    latest_by_purpose,
    override_masks,
    purposes_of_basis,
    states,
)
from weaktie.trust.consent.tables import consent_blocks, consent_changes, consent_receipts
from weaktie.trust.vault.service import Vault

ROWS_A_STATEMENT = 500

__all__ = ["Consent", "checked_basis", "purposes_of_basis"]


class Consent:
    """Receipts, what follows from them, and the identifiers that the door turns away."""

    def __init__(self, clock: Clock, vault: Vault) -> None:
        self.clock = clock
        self.vault = vault

    def record_receipt(
        self,
        tx: Connection,
        *,
        alias_no: int,
        purpose: Purpose | str,
        granted: bool,
        how: str,
        basis: str = "own_choice",
        source_id: str | None = None,
        at_us: int | None = None,
        person: Mapping[int, str] | None = None,
    ) -> Receipt:
        """Add a receipt for one purpose; nothing earlier is changed. `at_us` is when the choice was made, else now.

        `person` maps every identifier of the person to its look-up text; given, the door learns at once whether to keep
        the person's requests. Raises Refused `bad_purpose`.
        """
        one = _purpose(purpose)
        made_us = self.clock.now_us() if at_us is None else min(at_us, self.clock.now_us())
        row = {
            "alias_no": alias_no, "purpose": int(one), "granted": granted, "basis": basis, "source_id": source_id,
            "how": how[:64], "at_us": made_us,
        }  # fmt: skip
        made = tx.execute(insert(consent_receipts).values(**row)).inserted_primary_key
        assert made is not None
        if person is not None:
            self.update_blocks(tx, person)
        return Receipt(int(made[0]), alias_no, one, granted, basis, source_id, row["how"], made_us)  # type: ignore[arg-type]

    def receipts(self, connection: Connection, alias_nos: Iterable[int]) -> list[Receipt]:
        """Every receipt of the identifiers, newest first."""
        found: list[Receipt] = []
        ordered = sorted(set(alias_nos))
        for at in range(0, len(ordered), ROWS_A_STATEMENT):
            rows = _RECEIPTS_OF.run(connection, ordered[at : at + ROWS_A_STATEMENT]).mappings()
            found += [Receipt(**{**row, "purpose": Purpose(row["purpose"])}) for row in rows]
        return sorted(found, key=lambda r: (r.at_us, r.receipt_id), reverse=True)

    def states(
        self, connection: Connection, alias_nos: Iterable[int], bases: Iterable[SourceBasis]
    ) -> list[PurposeState]:
        """Each purpose of one person with all their identifiers, and the sources in which these were seen."""
        return states(self.receipts(connection, alias_nos), bases)

    def effective(
        self, connection: Connection, alias_nos: Iterable[int], bases: Iterable[SourceBasis]
    ) -> int:
        """The mask of purposes that may be served for one person now."""
        return sum(state.purpose for state in self.states(connection, alias_nos, bases) if state.granted)

    def overrides(self, connection: Connection) -> dict[int, tuple[int, int]]:
        """(granted mask, refused mask) of every identifier that has receipts of its own."""
        masks: dict[int, tuple[int, int]] = {}
        for alias_no, purpose, granted in connection.execute(_OLDEST_FIRST):
            yes, no = masks.get(alias_no, (0, 0))
            yes, no = (yes | purpose, no & ~purpose) if granted else (yes & ~purpose, no | purpose)
            masks[alias_no] = (yes, no)
        return masks

    def person_masks(
        self, connection: Connection, person_of: I32, sources_of: SourcesOf, basis_of: Mapping[str, int]
    ) -> tuple[U8, U8]:
        """The masks of purposes that may be served and that were refused, both indexed by person number.

        `person_of` is indexed by alias number and gives the person number, -1 for the erased; `basis_of` maps each source
        to the mask its basis grants. Gather with `masks[person_of]` for masks by identifier.
        """
        rows = connection.execute(_OLDEST_FIRST).all()
        columns = list(zip(*rows, strict=True)) or [(), (), ()]
        granted, refused = override_masks(
            person_of, np.asarray(columns[0], np.int32), np.asarray(columns[1], np.uint8), np.asarray(columns[2], bool)
        )  # fmt: skip
        basis = basis_masks(person_of, sources_of(connection), basis_of)
        return effective_masks(basis, granted, refused), refused

    def standing(
        self,
        connection: Connection,
        person_of: I32,
        sources_of: SourcesOf,
        basis_of: Mapping[str, int],
        *,
        people: I32 | None = None,
    ) -> Standing:
        """What holds for every person now, or for the given person numbers; arguments as in `person_masks`."""
        masks, refused = self.person_masks(connection, person_of, sources_of, basis_of)
        if people is None:
            people = np.flatnonzero(person_of == np.arange(len(person_of))).astype(np.int32)
            people = people[people > 0]  # numbers start at 1
        return Standing(people, masks[people], refused[people], self.erased_people(connection))

    def erased_people(self, connection: Connection) -> int:
        """How many people were erased."""
        rows = connection.execute(
            select(consent_blocks.c.alias_no).where(consent_blocks.c.reason == "erased").distinct()
        )
        return len(rows.all())

    def update_blocks(self, tx: Connection, person: Mapping[int, str]) -> bool:
        """Block all identifiers of a person who refuses every purpose, and unblock those of one who no longer does.

        `person` maps alias number to look-up text. Returns whether the person is blocked. Erased ones stay blocked.
        """
        latest = latest_by_purpose(self.receipts(tx, person))
        refuses = all(
            int(p) in latest and not latest[int(p)].granted for p in PURPOSE_NAMES.values()
        )  # fmt: skip
        lookups = [self.vault.blind(lookup) for lookup in person.values()]
        if refuses:
            self._block(tx, lookups, min(person), "refused")
        else:
            gone = tx.execute(
                delete(consent_blocks).where(
                    consent_blocks.c.lookup.in_(lookups), consent_blocks.c.reason == "refused"
                )
            ).rowcount
            if gone:
                self._changed(tx)
        return refuses

    def block_erased(self, tx: Connection, person_no: int, lookups: Sequence[str]) -> None:
        """Turn away whatever comes for an erased person's identifiers from now on."""
        self._block(tx, [self.vault.blind(lookup) for lookup in lookups], person_no, "erased")

    def forget(self, tx: Connection, alias_nos: Iterable[int]) -> int:
        """Remove the receipts of erased identifiers; returns how many. Their blocks stay: keyed hashes."""
        return sum(
            tx.execute(delete(consent_receipts).where(consent_receipts.c.alias_no == alias_no)).rowcount
            for alias_no in set(alias_nos)
        )

    def blocked(self, connection: Connection) -> frozenset[str]:
        """The identifiers whose requests are not kept, as `kind#` + `Vault.lookup_key(kind, value)`."""
        return frozenset(connection.execute(select(consent_blocks.c.lookup)).scalars())

    def consent_version(self, connection: Connection) -> int:
        """A number that grows with each change of `blocked`."""
        return int(connection.execute(select(consent_changes.c.version)).scalar() or 0)

    def _block(self, tx: Connection, lookups: Sequence[str], alias_no: int, reason: str) -> None:
        now_us = self.clock.now_us()
        rows = [
            {"lookup": lookup, "alias_no": alias_no, "reason": reason, "now_us": now_us} for lookup in lookups
        ]
        if not rows:
            return
        tx.execute(
            text(
                "INSERT INTO consent_blocks (lookup, alias_no, reason, since_us) VALUES (:lookup, :alias_no, :reason, :now_us) "
                "ON CONFLICT (lookup) DO UPDATE SET reason = CASE WHEN consent_blocks.reason = 'erased' THEN 'erased' "
                "ELSE excluded.reason END, alias_no = excluded.alias_no"
            ),
            rows,
        )
        self._changed(tx)

    def _changed(self, tx: Connection) -> None:
        tx.execute(
            text(
                "INSERT INTO consent_changes (name, version) VALUES ('blocks', 1) "
                "ON CONFLICT (name) DO UPDATE SET version = consent_changes.version + 1"
            )
        )


# Every profile that is read asks it.
_RECEIPTS_OF = ByValues(
    lambda numbers: select(consent_receipts).where(consent_receipts.c.alias_no.in_(numbers))
)
_OLDEST_FIRST = select(
    consent_receipts.c.alias_no, consent_receipts.c.purpose, consent_receipts.c.granted
).order_by(consent_receipts.c.at_us, consent_receipts.c.receipt_id)


def _purpose(purpose: Purpose | str) -> Purpose:
    one = PURPOSE_NAMES.get(purpose) if isinstance(purpose, str) else purpose
    if one is None or int(one) not in {int(p) for p in PURPOSE_NAMES.values()}:
        raise Refused(
            "bad_purpose",
            Words(
                "用途只能是 " + "、".join(PURPOSE_NAMES) + "。",
                f"A purpose is one of {', '.join(PURPOSE_NAMES)}.",
            ),
            place="purpose",
        )
    assert one in ALL_PURPOSES
    return one

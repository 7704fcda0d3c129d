"""The door of consent."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, func, insert, select, text

from weaktie.kit.clock import DAY_US, Clock
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words
from weaktie.store.database.service import ByValues
from weaktie.trust.consent.ages import Ages
from weaktie.trust.consent.asking import Objections, prompts_for
from weaktie.trust.consent.contracts import (
    ALL_PURPOSES,
    I32,
    NAME_OF,
    NOT_ASKED_WORDS,
    OUTDATED_WORDS,
    PURPOSE_NAMES,
    RECEIPT_WORDS,
    SEPARATE_NAMES,
    SUBJECTS,
    U8,
    Chooser,
    Material,
    Prompt,
    Purpose,
    PurposeState,
    Receipt,
    SourceBasis,
    SourcesOf,
    Standing,
    Young,
)
from weaktie.trust.consent.links import Links
from weaktie.trust.consent.logic import (
    GRANTED,
    OUTDATED,
    REFUSED,
    basis_masks,
    checked_basis,
    effective_masks,
    held_masks,
    latest_by_purpose,
    outdated,
    purposes_of_basis,
    states,
)
from weaktie.trust.consent.notices import Notices
from weaktie.trust.consent.tables import (
    consent_ages,
    consent_blocks,
    consent_changes,
    consent_links,
    consent_prompts,
    consent_receipts,
    tag_objections,
)
from weaktie.trust.vault.service import Vault

ROWS_A_STATEMENT = 500

__all__ = ["Consent", "checked_basis", "purposes_of_basis"]


class Consent:
    """Receipts, what follows from them, and the identifiers that the door turns away."""

    def __init__(self, clock: Clock, vault: Vault) -> None:
        self.clock = clock
        self.vault = vault
        self.notices = Notices(clock)
        self.ages = Ages(clock)
        self.links = Links(clock, vault)
        self.objections = Objections(clock)

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
        notice_version: int | None = None,
    ) -> Receipt:
        """Add a receipt for one purpose or separate consent; nothing earlier is changed. `at_us` is when the choice was made,
        else now. `notice_version` is the text that was shown: without it the newest published one, for a choice made now.

        `person` maps every identifier of the person to its look-up text; given, the door learns at once whether to keep
        the person's requests. Raises Refused `bad_purpose` or `no_such_text`.
        """
        one = _purpose(purpose)
        made_us = self.clock.now_us() if at_us is None else min(at_us, self.clock.now_us())
        row = {
            "alias_no": alias_no, "purpose": int(one), "granted": granted, "basis": basis, "source_id": source_id,
            "how": how[:64], "at_us": made_us,
            "notice_version": self._text_shown(tx, one, notice_version, made_us),
        }  # fmt: skip
        made = tx.execute(insert(consent_receipts).values(**row)).inserted_primary_key
        assert made is not None
        if person is not None:
            self.update_blocks(tx, person)
        return Receipt(
            int(made[0]), alias_no, one, granted, basis, source_id, how[:64], made_us, row["notice_version"]  # type: ignore[arg-type]
        )  # fmt: skip

    def _text_shown(self, tx: Connection, one: Purpose, version: int | None, made_us: int) -> int | None:
        """The version that a receipt names: what was said, which must be published, else the text of that time."""
        published = [
            n for n in self.notices.versions(tx, NAME_OF[one]) if n.published_us is not None
        ]  # the newest first
        if version is None:
            return next((n.version for n in published if (n.published_us or 0) <= made_us), None)
        if version not in {n.version for n in published}:
            raise Refused(
                "no_such_text",
                Words("该版本的告知文本不存在或尚未发布。", "There is no published text of this version."),
                place="notice_version",
            )
        return version

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
        numbers = sorted(set(alias_nos))
        receipts = self.receipts(connection, numbers)
        return states(
            receipts, bases, self.notices.material(connection), self.ages.young(connection, numbers, receipts)
        )

    def separate_states(self, connection: Connection, alias_nos: Iterable[int]) -> list[PurposeState]:
        """Each separate consent of one person (sensitive data, sharing, a guardian's): only their own receipt grants it."""
        material = self.notices.material(connection)
        latest = latest_by_purpose(self.receipts(connection, alias_nos))
        found = []
        for subject in SEPARATE_NAMES.values():
            receipt = latest.get(int(subject))
            if receipt is None:
                found.append(PurposeState(subject, False, "none", NOT_ASKED_WORDS, None, None))
                continue
            old = outdated(receipt, material)
            basis, words = ("outdated", OUTDATED_WORDS) if old else (receipt.basis, RECEIPT_WORDS)
            granted = receipt.granted and not old
            found.append(PurposeState(subject, granted, basis, words, receipt.source_id, receipt.at_us))
        return found

    def allows(self, connection: Connection, alias_nos: Iterable[int], subject: Purpose) -> bool:
        """Whether a separate consent (sensitive data, sharing) stands: who wants to read such data or pass it on asks here."""
        return any(s.granted for s in self.separate_states(connection, alias_nos) if s.purpose == subject)

    def young(self, connection: Connection, alias_nos: Iterable[int]) -> Young:
        """The age band of one person; `may_be_profiled_for_referral` is the rule that referral reads."""
        numbers = sorted(set(alias_nos))
        return self.ages.young(connection, numbers, self.receipts(connection, numbers))

    def effective(
        self, connection: Connection, alias_nos: Iterable[int], bases: Iterable[SourceBasis]
    ) -> int:
        """The mask of purposes that may be served for one person now."""
        return sum(state.purpose for state in self.states(connection, alias_nos, bases) if state.granted)

    def overrides(self, connection: Connection) -> dict[int, tuple[int, int]]:
        """(granted mask, refused mask) of every identifier that has receipts of its own."""
        masks: dict[int, tuple[int, int]] = {}
        for alias_no, purpose, granted, *_ in connection.execute(_OLDEST_FIRST):
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
        granted, refused, old = self._answers(connection, person_of)
        basis = basis_masks(person_of, sources_of(connection), basis_of)
        young = self.ages.masks(connection, person_of)
        return effective_masks(basis, granted, refused | old) & ~young, refused

    def withheld_masks(self, connection: Connection, person_of: I32) -> U8:
        """The masks of purposes that hold for nobody's basis any more, indexed by person number: refused, refused for their age,
        or granted to a text that has changed since."""
        _, refused, old = self._answers(connection, person_of)
        return refused | old | self.ages.masks(connection, person_of)

    def separate_masks(self, connection: Connection, person_of: I32) -> U8:
        """The masks of separate consents (sharing, sensitive data) that stand, indexed by person number: `allows` of everybody."""
        material = self.notices.material(connection)
        rows = connection.execute(_SEPARATE_OLDEST_FIRST).all()
        granted, _, _ = held_masks(
            person_of, np.asarray([r.alias_no for r in rows], np.int32), np.asarray([r.purpose for r in rows], np.uint8),
            np.asarray([_said(r, material) for r in rows], np.int8), tuple(SEPARATE_NAMES.values()),
        )  # fmt: skip
        return granted

    def _answers(self, connection: Connection, person_of: I32) -> tuple[U8, U8, U8]:
        material = self.notices.material(connection)
        rows = connection.execute(_OLDEST_FIRST).all()
        said = [_said(row, material) for row in rows]
        return held_masks(
            person_of, np.asarray([r.alias_no for r in rows], np.int32),
            np.asarray([r.purpose for r in rows], np.uint8), np.asarray(said, np.int8),
        )  # fmt: skip

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
        young = self.ages.masks(connection, person_of)
        return Standing(people, masks[people], refused[people], self.erased_people(connection), young[people])

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
        """Remove what is kept of erased identifiers; returns how many receipts went. Their blocks stay: keyed hashes."""
        gone = 0
        for alias_no in set(alias_nos):
            gone += tx.execute(
                delete(consent_receipts).where(consent_receipts.c.alias_no == alias_no)
            ).rowcount
            for table in (consent_prompts, consent_ages, consent_links, tag_objections):
                tx.execute(delete(table).where(table.c.alias_no == alias_no))
        return gone

    def newest_receipt(self, connection: Connection) -> int:
        """The number of the newest receipt, so that a reader can tell whether anybody has said anything."""
        return int(connection.execute(select(func.max(consent_receipts.c.receipt_id))).scalar() or 0)

    def withholds(self, connection: Connection) -> bool:
        """Whether there is anybody of whom a purpose could be withheld."""
        anybody = (select(consent_receipts.c.alias_no).limit(1), select(consent_ages.c.alias_no).limit(1))
        return any(connection.execute(query).first() is not None for query in anybody)

    def said_since(self, connection: Connection, receipt_id: int) -> list[int]:
        """The identifiers with receipts after this one."""
        rows = connection.execute(
            select(consent_receipts.c.alias_no).where(consent_receipts.c.receipt_id > receipt_id).distinct()
        )
        return [int(n) for n in rows.scalars()]

    def reopen(self, tx: Connection, lookups: Sequence[str]) -> int:
        """Keep again what comes for these identifiers of somebody who was erased and has registered anew; returns how many
        were closed."""
        blinded = [self.vault.blind(lookup) for lookup in lookups]
        gone = tx.execute(
            delete(consent_blocks).where(consent_blocks.c.lookup.in_(blinded), consent_blocks.c.reason == "erased")
        ).rowcount  # fmt: skip
        if gone:
            self._changed(tx)
        return gone

    def prompt(
        self,
        tx: Connection,
        chooser: Chooser | None,
        subjects: Iterable[str],
        *,
        again_days: int,
        count: bool = True,
    ) -> list[Prompt]:
        """Whether to ask the person for each subject now. A yes is taken down (unless `count` is off), so that after a refusal
        a second shop window is told no: at most one prompt in `again_days`."""
        return prompts_for(self, tx, chooser, list(subjects), wait_us=again_days * DAY_US, count=count)

    def blocked(self, connection: Connection) -> frozenset[str]:
        """The identifiers whose requests are not kept, as `kind#` + `Vault.lookup_key(kind, value)`."""
        return frozenset(connection.execute(select(consent_blocks.c.lookup)).scalars())

    def block_reasons(self, connection: Connection) -> dict[str, str]:
        """The same with why: `refused` or `erased`."""
        rows = connection.execute(select(consent_blocks.c.lookup, consent_blocks.c.reason))
        return {row.lookup: row.reason for row in rows}

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
_ALL_OLDEST_FIRST = select(
    consent_receipts.c.alias_no, consent_receipts.c.purpose, consent_receipts.c.granted,
    consent_receipts.c.notice_version, consent_receipts.c.at_us,
).order_by(consent_receipts.c.at_us, consent_receipts.c.receipt_id)  # fmt: skip
_OLDEST_FIRST = _ALL_OLDEST_FIRST.where(consent_receipts.c.purpose <= int(ALL_PURPOSES))
_SEPARATE_OLDEST_FIRST = _ALL_OLDEST_FIRST.where(consent_receipts.c.purpose > int(ALL_PURPOSES))


def _said(row: Any, material: Mapping[int, Material]) -> int:
    """What a receipt says by now: `held_masks`' answer."""
    if not row.granted:
        return REFUSED
    changed = material.get(row.purpose)
    if changed is None:
        return GRANTED
    if row.notice_version is None:
        return OUTDATED if row.at_us < changed.published_us else GRANTED
    return OUTDATED if row.notice_version < changed.version else GRANTED


def _purpose(purpose: Purpose | str) -> Purpose:
    one = SUBJECTS.get(purpose) if isinstance(purpose, str) else purpose
    if one is None or int(one) not in {int(p) for p in SUBJECTS.values()}:
        raise Refused(
            "bad_purpose",
            Words(
                "用途只能是 " + "、".join(SUBJECTS) + "。",
                f"A purpose is one of {', '.join(SUBJECTS)}.",
            ),
            place="purpose",
        )
    return one

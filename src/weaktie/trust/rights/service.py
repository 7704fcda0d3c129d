"""The door of rights: erasing people, proving it, re-applying it, and giving people a copy of their data."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from sqlalchemy import Connection, RowMapping, and_, insert, or_, select, update

from weaktie.kit.clock import Clock
from weaktie.kit.errors import NotFound, Refused
from weaktie.kit.ids import new_id
from weaktie.kit.logs import get_logger, mask
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.runs.service import lease
from weaktie.trust.audit.service import record
from weaktie.trust.consent.service import Consent
from weaktie.trust.rights.contracts import (
    DONE,
    RUNNING,
    STEP_DONE,
    STEP_FAILED,
    STEP_WAITING,
    Bury,
    Eraser,
    Erasure,
    Exporter,
    LookupsOf,
    NoPerson,
    Person,
    PersonOf,
    Replayed,
    Step,
)
from weaktie.trust.rights.copies import Copies, RightsEraser, RightsExporter, VaultExporter
from weaktie.trust.rights.corrections import Corrections
from weaktie.trust.rights.journal import Journal
from weaktie.trust.rights.logic import JournalLine, matching, proof_of, step_digest
from weaktie.trust.rights.requests import Requests
from weaktie.trust.rights.sweep import sweep, sweep_database
from weaktie.trust.rights.tables import erasure_steps, erasures
from weaktie.trust.vault.service import Vault

__all__ = [
    "Copies",
    "Corrections",
    "Journal",
    "Requests",
    "Rights",
    "RightsExporter",
    "VaultExporter",
    "sweep",
    "sweep_database",
]

_log = get_logger("rights")


class VaultEraser:
    """Destroys the identifiers' keys and with them every sealed value, in backups too that lack the keys."""

    name = "vault"

    def __init__(self, database: Database, vault: Vault) -> None:
        self.database, self.vault = database, vault

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Remove keys and sealed values."""
        with self.database.begin() as tx:
            return {"vault_items": self.vault.forget(tx, alias_nos)}


class ConsentEraser:
    """Removes receipts; the keyed hashes that turn later requests away stay."""

    name = "consent"

    def __init__(self, database: Database, consent: Consent) -> None:
        self.database, self.consent = database, consent

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Remove the receipts."""
        with self.database.begin() as tx:
            return {"consent_receipts": self.consent.forget(tx, alias_nos)}


class Rights:
    """The registry of those who own data about people. `erasers` run in their order after the vault and consent."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        home: Path,
        vault: Vault,
        consent: Consent,
        *,
        person_of: PersonOf,
        bury: Bury,
        lookups_of: LookupsOf,
        erasers: Sequence[Eraser],
        exporters: Sequence[Exporter] = (),
        requests: Requests | None = None,
        corrections: Corrections | None = None,
        person_at: Callable[[Connection, int], Person | None] | None = None,
    ) -> None:
        self.database, self.clock = database, clock
        self.vault, self.consent = vault, consent
        self.person_of, self.bury, self.lookups_of = person_of, bury, lookups_of
        self.journal = Journal(home)
        self.erasers: tuple[Eraser, ...] = (
            VaultEraser(database, vault),
            ConsentEraser(database, consent),
            *([RightsEraser(database, corrections)] if corrections is not None else []),
            *erasers,
        )
        self.exporters = tuple(exporters)
        self.requests, self.corrections, self.copies = requests, corrections, Copies(clock)
        self.person_at = person_at
        assert len({e.name for e in self.erasers}) == len(self.erasers), "two erasers have one name"

    # --- erasing

    def begin(self, user_id: str, *, reason: str, actor: str, request_id: str | None = None) -> Erasure:
        """Hide the person at once and for good, make that durable in the journal, and note what is still to be removed.

        From here on the person is answered by nobody and nothing new of them is kept, unless they register anew. With
        `request_id` the erasure answers that request, whose person it takes. Raises NoPerson.
        """
        with self.database.begin() as tx:
            if request_id is None:
                person = self.person_of(tx, user_id)
            else:
                assert self.requests is not None
                assert self.person_at is not None
                person = self.person_at(tx, self.requests.find(tx, request_id).alias_no)
            if person is None:
                raise NoPerson
            erasure_id = self._hide(tx, person, reason=reason, actor=actor)
            if request_id is not None and self.requests is not None:
                self.requests.bind_erasure(tx, request_id, erasure_id)
                self.requests.move(
                    tx, request_id, "in_progress", action="erase", actor=actor, note=erasure_id
                )
        self._write_journal(erasure_id)
        return self.find(erasure_id)

    def finish(self, erasure_id: str) -> Erasure:
        """Run every eraser that is not done and record what it removed; safe to call again after any interruption.

        An eraser that fails or is busy leaves the erasure running, with a note; raises Busy while another process finishes it.
        """
        with lease(self.database, self.clock, f"erasure:{erasure_id}") as held:
            self._write_journal(erasure_id)
            with self.database.connect() as connection:
                row = _row(connection, erasure_id)
            alias_nos = json.loads(row["alias_nos_json"])
            by_name = {eraser.name: eraser for eraser in self.erasers}
            for position, step in enumerate(self.find(erasure_id).steps):
                if step.state != STEP_DONE and step.name in by_name:
                    held.renew()
                    self._run(erasure_id, position, by_name[step.name], alias_nos)
            return self._close(erasure_id)

    def erase(self, user_id: str, *, reason: str, actor: str) -> Erasure:
        """`begin` and `finish` in one."""
        return self.finish(self.begin(user_id, reason=reason, actor=actor).erasure_id)

    def finish_open(self) -> list[Erasure]:
        """Try again whatever is still running; the worker calls it on its schedule."""
        with self.database.connect() as connection:
            open_ids = connection.execute(
                select(erasures.c.erasure_id)
                .where(erasures.c.state == RUNNING)
                .order_by(erasures.c.asked_us)
            ).scalars().all()  # fmt: skip
        done = []
        for erasure_id in open_ids:
            try:
                done.append(self.finish(erasure_id))
            except Refused as refused:
                _log.info("erasure waits", erasure_id=erasure_id, code=refused.code)
        return done

    def replay(self, *, everything: bool = False) -> Replayed:
        """Re-apply the journal after a backup was restored: whoever it names and is there again is erased again.

        With `everything`, the erasers of known erasures run again too: the lake may be older than the database.
        """
        lines, counted = self.journal.read()
        with self.database.connect() as connection:
            known = set(connection.execute(select(erasures.c.erasure_id)).scalars())
            macs: dict[str, list[int]] = {}
            for alias_no, lookup in self.lookups_of(connection) if lines else ():
                macs.setdefault(self.vault.journal_mac(lookup), []).append(alias_no)
        risen = matching(lines, macs)
        again = []
        for line in lines:
            numbers = risen.get(line.erasure_id, [])
            if numbers:
                self._again(line, numbers, known=line.erasure_id in known)
            elif not (everything and line.erasure_id in known):
                continue
            self._reopen(line.erasure_id)
            again.append(line.erasure_id)
        for erasure_id in again:
            self.finish(erasure_id)
        return Replayed(counted.lines, counted.damaged, again)

    # --- reading

    def find(self, erasure_id: str) -> Erasure:
        """One erasure with its steps; raises NotFound `no_erasure`."""
        with self.database.connect() as connection:
            return _erasure(connection, _row(connection, erasure_id))

    def page(self, *, cursor: str | None = None, limit: int | None = None) -> Page[Erasure]:
        """Erasures, newest first."""
        size = page_size(limit)
        order = (erasures.c.asked_us.desc(), erasures.c.erasure_id.desc())
        query = select(erasures).order_by(*order).limit(size + 1)
        if cursor:
            at_us, last_id = read_cursor(cursor, 2)
            query = query.where(
                or_(
                    erasures.c.asked_us < at_us,
                    and_(erasures.c.asked_us == at_us, erasures.c.erasure_id < str(last_id)),
                )
            )
        with self.database.connect() as connection:
            rows = connection.execute(query).mappings().all()
            items = [_erasure(connection, row) for row in rows[:size]]
        more = write_cursor(items[-1].asked_us, items[-1].erasure_id) if len(rows) > size else None
        return Page(items, more)

    def verify(self, erasure_id: str) -> bool:
        """Whether the recorded outcomes are the ones over which the proof was made."""
        found = self.find(erasure_id)
        return found.proof is not None and found.proof == proof_of(erasure_id, found.steps)

    def export(self, user_id: str) -> dict[str, dict[str, list[dict[str, object]]]]:
        """A copy of everything that is kept about a person, by capability and table; raises NoPerson."""
        with self.database.connect() as connection:
            person = self.person_of(connection, user_id)
            if person is None:
                raise NoPerson
            return self.export_of(connection, person)

    def export_of(
        self, connection: Connection, person: Person
    ) -> dict[str, dict[str, list[dict[str, object]]]]:
        """The same for a person who is known already."""
        return {e.name: e.export(connection, person.alias_nos) for e in self.exporters}

    # --- parts

    def _hide(self, tx: Connection, person: Person, *, reason: str, actor: str) -> str:
        now_us = self.clock.now_us()
        erasure_id = new_id("era", now_us)
        lookups = list(self.bury(tx, person.alias_nos, now_us).values())
        self.consent.block_erased(tx, person.person_no, lookups)
        macs = sorted(self.vault.journal_mac(lookup) for lookup in lookups)
        self._note(tx, erasure_id, person, macs, reason=reason, actor=actor, now_us=now_us)
        return erasure_id

    def _note(
        self,
        tx: Connection,
        erasure_id: str,
        person: Person,
        macs: Iterable[str],
        *,
        reason: str,
        actor: str,
        now_us: int,
        journaled_us: int | None = None,
    ) -> None:
        tx.execute(
            insert(erasures).values(
                erasure_id=erasure_id, person_no=person.person_no, alias_nos_json=json.dumps(sorted(person.alias_nos)),
                identifiers_json=json.dumps(list(macs)), state=RUNNING, reason=mask(reason), actor=actor[:64],
                asked_us=now_us, journaled_us=journaled_us,
            )
        )  # fmt: skip
        steps = [
            {
                "erasure_id": erasure_id, "position": position, "name": eraser.name, "state": STEP_WAITING,
                "removed_json": "{}",
            }
            for position, eraser in enumerate(self.erasers)
        ]  # fmt: skip
        tx.execute(insert(erasure_steps), steps)
        record(
            tx, self.clock, actor=actor, action="erasure.ask", object_kind="erasure", object_id=erasure_id,
            detail={"person_no": person.person_no, "identifiers": len(person.alias_nos)},
        )  # fmt: skip

    def _write_journal(self, erasure_id: str) -> None:
        with self.database.connect() as connection:
            row = _row(connection, erasure_id)
        if row["journaled_us"] is not None:
            return
        self.journal.append(
            JournalLine(erasure_id, row["asked_us"], tuple(json.loads(row["identifiers_json"])))
        )
        with self.database.begin() as tx:
            tx.execute(
                update(erasures)
                .where(erasures.c.erasure_id == erasure_id)
                .values(journaled_us=self.clock.now_us())
            )

    def _run(self, erasure_id: str, position: int, eraser: Eraser, alias_nos: list[int]) -> None:
        state, note, removed = STEP_DONE, None, {}
        try:
            removed = {table: int(count) for table, count in eraser.erase(alias_nos).items()}
        except Refused as refused:
            state, note = STEP_WAITING, refused.code
        except Exception as error:  # noqa: BLE001  the other erasers must still run; this one is tried again
            state, note = STEP_FAILED, type(error).__name__
            _log.error("an eraser failed", eraser=eraser.name, erasure_id=erasure_id, exc_info=error)
        with self.database.begin() as tx:
            tx.execute(
                update(erasure_steps)
                .where(erasure_steps.c.erasure_id == erasure_id, erasure_steps.c.position == position)
                .values(
                    state=state, note=note, removed_json=json.dumps(removed),
                    at_us=self.clock.now_us() if state == STEP_DONE else None,
                )
            )  # fmt: skip

    def _close(self, erasure_id: str) -> Erasure:
        found = self.find(erasure_id)
        if any(step.state != STEP_DONE for step in found.steps):
            return found
        previous = ""
        with self.database.begin() as tx:
            for position, step in enumerate(found.steps):
                assert step.at_us is not None
                previous = step_digest(erasure_id, position, step.name, step.removed, step.at_us, previous)
                tx.execute(
                    update(erasure_steps)
                    .where(erasure_steps.c.erasure_id == erasure_id, erasure_steps.c.position == position)
                    .values(digest=previous)
                )
            tx.execute(
                update(erasures)
                .where(erasures.c.erasure_id == erasure_id)
                .values(state=DONE, ended_us=self.clock.now_us(), proof=previous)
            )
            if self.requests is not None:
                numbers = json.loads(_row(tx, erasure_id)["alias_nos_json"])
                self.requests.settle_erasure(tx, erasure_id, numbers, previous)
            removed = {f"{s.name}.{table}": count for s in found.steps for table, count in s.removed.items()}
            record(
                tx, self.clock, actor=found.actor, action="erasure.done", object_kind="erasure", object_id=erasure_id,
                detail={"removed": removed, "proof": previous},
            )  # fmt: skip
        return self.find(erasure_id)

    def _again(self, line: JournalLine, numbers: list[int], *, known: bool) -> None:
        """Hide who came back with a backup; an erasure that the backup does not know is noted anew under its old id."""
        now_us = self.clock.now_us()
        with self.database.begin() as tx:
            lookups = list(self.bury(tx, numbers, now_us).values())
            self.consent.block_erased(tx, numbers[0], lookups)
            if known:
                row = _row(tx, line.erasure_id)
                both = sorted({*json.loads(row["alias_nos_json"]), *numbers})
                tx.execute(
                    update(erasures)
                    .where(erasures.c.erasure_id == line.erasure_id)
                    .values(alias_nos_json=json.dumps(both))
                )
            else:
                self._note(
                    tx, line.erasure_id, Person(numbers[0], tuple(numbers)), line.identifiers, reason="journal",
                    actor="journal", now_us=line.at_us, journaled_us=line.at_us,
                )  # fmt: skip

    def _reopen(self, erasure_id: str) -> None:
        with self.database.begin() as tx:
            tx.execute(
                update(erasures)
                .where(erasures.c.erasure_id == erasure_id)
                .values(state=RUNNING, ended_us=None, proof=None)
            )
            tx.execute(
                update(erasure_steps)
                .where(erasure_steps.c.erasure_id == erasure_id)
                .values(state=STEP_WAITING, at_us=None, digest=None, removed_json="{}")
            )


def _row(connection: Connection, erasure_id: str) -> RowMapping:
    row = connection.execute(select(erasures).where(erasures.c.erasure_id == erasure_id)).mappings().first()
    if row is None:
        raise NotFound(
            "no_erasure", Words("没有这条删除记录。", "There is no such erasure."), place="erasure_id"
        )
    return row


def _erasure(connection: Connection, row: RowMapping) -> Erasure:
    rows = connection.execute(
        select(erasure_steps)
        .where(erasure_steps.c.erasure_id == row["erasure_id"])
        .order_by(erasure_steps.c.position)
    )
    steps = tuple(Step(s.name, s.state, json.loads(s.removed_json), s.note, s.at_us, s.digest) for s in rows)
    identifiers = json.loads(row["identifiers_json"])
    return Erasure(
        row["erasure_id"], (identifiers or ["unknown"])[0][:12], row["state"], row["reason"], row["actor"], row["asked_us"],
        row["ended_us"], len(identifiers), row["proof"], steps,
    )  # fmt: skip

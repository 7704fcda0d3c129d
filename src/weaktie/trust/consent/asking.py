"""When somebody may be asked, and the tags that people have deleted from themselves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, select, text

from weaktie.kit.clock import Clock
from weaktie.store.database.service import ByValues
from weaktie.trust.consent.contracts import NOT_ASKED_WORDS, SUBJECTS, Chooser, Prompt, PurposeState
from weaktie.trust.consent.logic import decide_prompt, latest_by_purpose
from weaktie.trust.consent.notices import checked_subject
from weaktie.trust.consent.tables import consent_prompts, tag_objections

if TYPE_CHECKING:
    from weaktie.trust.consent.service import Consent


def prompts_for(
    consent: "Consent",
    tx: Connection,
    chooser: Chooser | None,
    subjects: Sequence[str],
    *,
    wait_us: int,
    count: bool,
) -> list[Prompt]:
    """`Consent.prompt`: somebody unknown has refused nothing and is asked."""
    now_us = consent.clock.now_us()
    known = {int(s.purpose): s for s in _states(consent, tx, chooser)}
    latest = latest_by_purpose(consent.receipts(tx, chooser.alias_nos)) if chooser else {}
    asked = _asked(tx, chooser.alias_nos) if chooser else {}
    found = []
    for subject in subjects:
        purpose = SUBJECTS[checked_subject(subject)]
        state = known.get(int(purpose)) or PurposeState(purpose, False, "none", NOT_ASKED_WORDS, None, None)
        receipt = latest.get(int(purpose))
        prompt = decide_prompt(
            state, consent.notices.current(tx, subject), asked_us=asked.get(int(purpose)), now_us=now_us, wait_us=wait_us,
            refused_us=receipt.at_us if receipt is not None and not receipt.granted else None,
        )  # fmt: skip
        if prompt.ask and count and chooser is not None:
            _note(tx, chooser.alias_no, int(purpose), now_us)
        found.append(prompt)
    return found


def _states(consent: "Consent", tx: Connection, chooser: Chooser | None) -> list[PurposeState]:
    if chooser is None:
        return []
    return consent.states(tx, chooser.alias_nos, chooser.bases) + consent.separate_states(
        tx, chooser.alias_nos
    )


def _asked(connection: Connection, alias_nos: Sequence[int]) -> dict[int, int]:
    rows = connection.execute(
        select(consent_prompts.c.purpose, func.max(consent_prompts.c.last_us))
        .where(consent_prompts.c.alias_no.in_(alias_nos))
        .group_by(consent_prompts.c.purpose)
    )
    return {int(purpose): int(last_us) for purpose, last_us in rows}


def _note(tx: Connection, alias_no: int, purpose: int, now_us: int) -> None:
    tx.execute(
        text(
            "INSERT INTO consent_prompts (alias_no, purpose, last_us, prompts) VALUES (:alias_no, :purpose, :now_us, 1) "
            "ON CONFLICT (alias_no, purpose) DO UPDATE SET last_us = excluded.last_us, prompts = consent_prompts.prompts + 1"
        ),
        {"alias_no": alias_no, "purpose": purpose, "now_us": now_us},
    )


class Objections:
    """Tags that people deleted from themselves. A deleted tag is neither shown nor computed for them again, until they
    allow it themselves."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def add(self, tx: Connection, alias_no: int, tag: str, *, how: str) -> None:
        """The person deletes a tag."""
        tx.execute(
            text(
                "INSERT INTO tag_objections (alias_no, tag, how, at_us) VALUES (:alias_no, :tag, :how, :at_us) "
                "ON CONFLICT (alias_no, tag) DO NOTHING"
            ),
            {"alias_no": alias_no, "tag": tag[:64], "how": how[:64], "at_us": self._clock.now_us()},
        )

    def remove(self, tx: Connection, alias_nos: Sequence[int], tag: str) -> None:
        """The person allows a tag again."""
        tx.execute(
            delete(tag_objections).where(
                tag_objections.c.alias_no.in_(alias_nos), tag_objections.c.tag == tag
            )
        )

    def of(self, connection: Connection, alias_nos: Sequence[int]) -> frozenset[str]:
        """The tags that one person deleted."""
        if not alias_nos:
            return frozenset()
        return frozenset(row.tag for row in _OBJECTIONS_OF.run(connection, alias_nos))

    def everybody(self, connection: Connection) -> list[tuple[int, str]]:
        """(identifier, tag) of every deletion, in a stable order."""
        rows = connection.execute(
            select(tag_objections.c.alias_no, tag_objections.c.tag).order_by(
                tag_objections.c.alias_no, tag_objections.c.tag
            )
        )
        return [(int(row.alias_no), str(row.tag)) for row in rows]


_OBJECTIONS_OF = ByValues(
    lambda numbers: select(tag_objections.c.tag).where(tag_objections.c.alias_no.in_(numbers))
)

"""Mending and replaying dead letters: what a rule would make of them, and doing it, each letter once.

A mended event goes through its protocol's own decoder and enters the lake under the time, source and purposes with which it
came. The letter's state changes in the transaction that makes the event count: whatever is killed, nothing counts twice.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from weaktie.data.collect import letters
from weaktie.data.collect.badrows import BAD_ROWS
from weaktie.data.collect.contracts import BadRow, Blocked, Decoder, Event, RawRequest
from weaktie.data.collect.jobs import LakeWriter
from weaktie.data.collect.letters import DISCARDED, MENDED, OPEN, Kept, LetterFilter
from weaktie.data.collect.mending import Step, mend
from weaktie.data.collect.rows import Decoded
from weaktie.data.collect.tables import dead_letters
from weaktie.kit.clock import Clock
from weaktie.kit.errors import Refused
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.log.contracts import Keys
from weaktie.store.runs.contracts import Progress
from weaktie.store.runs.service import lease

PREVIEWED = 20
MEND_LEASE = "letters:mend"
LONGEST_REASON = 64
NOT_ONE = Words("修复后的内容不是单个事件。", "What was mended is not one event.")
_BATCHES: Mapping[str, tuple[str, str]] = {"segment": ("/batch", "sentAt"), "posthog": ("/batch/", "sent_at")}
"""Protocols whose requests hold a list of events: how their path ends, and what they call their sending time."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would make of one letter: the event before and after, masked, and the reason that remains, if any."""

    letter_id: int
    before: str
    after: str
    event: str | None
    code: str | None
    words: Words | None
    place: str


class Mender:
    """Dead letters as people treat them: tried, mended, discarded, taken back."""

    def __init__(
        self,
        *,
        database: Database,
        keys: Keys,
        settings: Settings,
        clock: Clock,
        decoders: Mapping[str, Decoder],
        blocked: Callable[[], Blocked],
        writer: Callable[[], LakeWriter],
    ) -> None:
        self._database, self._keys, self._settings, self._clock = database, keys, settings, clock
        self._decoders, self._blocked, self._writer = decoders, blocked, writer

    def preview(self, wanted: LetterFilter, steps: Sequence[Step]) -> tuple[int, list[Preview]]:
        """(how many letters the rule is for, what it would make of the first twenty)."""
        wanted = replace(wanted, state=OPEN)
        with self._database.connect() as connection:
            total = letters.count(connection, wanted)
            found = letters.mendable(connection, self._keys, wanted, most=PREVIEWED)
        return total, [self._try(kept, steps) for kept in found if kept.sample is not None]

    def _try(self, kept: Kept, steps: Sequence[Step]) -> Preview:
        assert kept.sample is not None
        after = mend(kept.sample, steps, self._settings.zone)
        event, bad = self._decoded(kept, after)
        return Preview(
            kept.letter_id, letters.shown(kept.sample), letters.shown(after), event.event if event else None,
            bad.code if bad else None, bad.words if bad else None, bad.place if bad else "",
        )  # fmt: skip

    def _decoded(self, kept: Kept, mended: bytes) -> tuple[Event | None, BadRow | None]:
        """The one event that a mended letter is, or the reason that still stands."""
        decoder = self._decoders.get(kept.protocol)
        if decoder is None:
            return None, BadRow("undecodable_request", NOT_ONE, "request", mended)
        events, bad = decoder(_request(kept, mended))
        if bad:
            return None, bad[0]
        if len(events) != 1:
            return None, BadRow("bad_shape", BAD_ROWS["bad_shape"], "", mended)
        return events[0], None

    def replay(
        self, wanted: LetterFilter, steps: Sequence[Step], job_id: str, told: Progress
    ) -> dict[str, object]:
        """Mend every open letter that is asked for; returns how many are stored, were there already, were refused (erased or
        withdrawn people), cannot be opened, and still are letters by code. Raises Busy while another does the same."""
        wanted = replace(wanted, state=OPEN)
        outcome: Counter[str] = Counter()
        remaining: Counter[str] = Counter()
        writer, blocked = self._writer(), self._blocked()
        with lease(self._database, self._clock, MEND_LEASE) as held:
            with self._database.connect() as connection:
                total, ended = letters.count(connection, wanted), _newest(connection)
            done, after = 0, 0
            while True:
                with self._database.connect() as connection:
                    part = letters.mendable(connection, self._keys, wanted, after=after, until=ended)
                if not part:
                    break
                after = part[-1].letter_id
                self._carry(part, steps, job_id, writer, blocked, outcome, remaining)
                done += len(part)
                held.renew()
                told(min(done / max(total, 1), 1.0), Words(f"已处理 {done} 条", f"{done} done"))
        return {"matching": total, **outcome, "remaining": dict(remaining)}

    def _carry(
        self,
        part: list[Kept],
        steps: Sequence[Step],
        job_id: str,
        writer: LakeWriter,
        blocked: Blocked,
        outcome: "Counter[str]",
        remaining: "Counter[str]",
    ) -> None:
        decoded: list[Decoded] = []
        letter_of: dict[int, int] = {}
        refused: list[int] = []
        for kept in part:
            if kept.sample is None:
                outcome["unreadable"] += 1
                continue
            mended = mend(kept.sample, steps, self._settings.zone)
            event, bad = self._decoded(kept, mended)
            if event is None:
                remaining[bad.code if bad else ""] += 1
            elif blocked.any() and any(blocked.blocks(kind, value) for kind, value in event.identifiers):
                refused.append(kept.letter_id)
            else:
                item = Decoded(kept.place, kept.index, _request(kept, b""), event)
                letter_of[id(item)] = kept.letter_id
                decoded.append(item)

        def commit(tx: Connection, stored: Sequence[Decoded]) -> None:
            now_us = self._clock.now_us()
            yes = {letter_of[id(item)] for item in stored}
            ends = [(n, "stored" if n in yes else "not_new") for n in letter_of.values()]
            ends += [(n, "refused") for n in refused]
            _close(tx, ends, MENDED, job_id, now_us)
            outcome.update(name for _, name in ends)

        if decoded or refused:
            writer.store(decoded, f"{job_id}-{part[0].letter_id}", commit)

    def discard(self, tx: Connection, wanted: LetterFilter, reason: str) -> int:
        """Put open letters aside, with a reason; they can be taken back. Returns how many. Raises Refused `bad_reason`."""
        if not 1 <= len(reason.strip()) <= LONGEST_REASON:
            raise Refused(
                "bad_reason",
                Words("请写明原因（最多 64 字）。", "Give a reason of at most 64 characters."),
                place="reason",
            )
        ids = wanted_ids(tx, replace(wanted, state=OPEN))
        _close(tx, [(n, reason.strip()) for n in ids], DISCARDED, None, self._clock.now_us())
        return len(ids)

    def take_back(self, tx: Connection, wanted: LetterFilter) -> int:
        """Open discarded letters again; returns how many."""
        ids = wanted_ids(tx, replace(wanted, state=DISCARDED))
        if ids:
            tx.execute(
                update(dead_letters)
                .where(dead_letters.c.letter_id == bindparam("n"), dead_letters.c.state == DISCARDED)
                .values(state=OPEN, state_us=None, outcome=None),
                [{"n": n} for n in ids],
            )
        return len(ids)


def _close(tx: Connection, ends: list[tuple[int, str]], state: str, job_id: str | None, now_us: int) -> None:
    """Close open letters; raises when one is not open any more, so that nothing of the transaction stays."""
    if not ends:
        return
    closed = tx.execute(
        update(dead_letters)
        .where(dead_letters.c.letter_id == bindparam("n"), dead_letters.c.state == OPEN)
        .values(state=state, state_us=now_us, outcome=bindparam("how"), job_id=job_id),
        [{"n": n, "how": how} for n, how in ends],
    ).rowcount
    assert closed == len(ends), f"{len(ends) - closed} letters were closed by somebody else"


def wanted_ids(connection: Connection, wanted: LetterFilter) -> list[int]:
    """The numbers of the letters that are asked for."""
    return list(connection.execute(wanted.of(select(dead_letters.c.letter_id))).scalars())


def _newest(connection: Connection) -> int:
    return (
        connection.execute(
            select(dead_letters.c.letter_id).order_by(dead_letters.c.letter_id.desc()).limit(1)
        ).scalar()
        or 0
    )


def _request(kept: Kept, event: bytes) -> RawRequest:
    """A request of the letter's protocol with this one event in it."""
    body = event
    shape = _BATCHES.get(kept.protocol)
    if shape is not None and kept.endpoint.endswith(shape[0]):
        sent = msgspec.json.encode(kept.sent)
        body = b'{"batch":[' + event + b'],"' + shape[1].encode() + b'":' + sent + b"}"
    elif kept.protocol == "sensors":
        body = b"[" + event + b"]"
    return RawRequest(kept.protocol, kept.endpoint, kept.source_id, kept.purposes, kept.received_us, body)

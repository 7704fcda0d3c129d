"""What a home holds and how far its consumers are: for scripts, the health check and the overview."""

import time
from typing import TYPE_CHECKING

from weaktie.data.collect import letters
from weaktie.data.collect.jobs import offset_of
from weaktie.kit.words import Words
from weaktie.store.runs.contracts import Busy
from weaktie.store.runs.service import holder, lease

if TYPE_CHECKING:
    from weaktie.app.wiring_analyse import AnalyseParts

CONSUMER_LEASE = "consumer:lake"
BUILD_LEASE = "build"
BEHIND = 50
"""Waiting records beyond which the lake writer works without breath, and all else rests."""


class Status:
    """Small answers about the state of the stores."""

    def __init__(self, wt: "AnalyseParts") -> None:
        self._wt = wt

    def lag(self, most: int = 10_000) -> int:
        """Requests that are acknowledged and not in the lake yet, counted up to about `most`."""
        wt = self._wt
        with wt.database.connect() as connection:
            return sum(_waiting(wt, p, offset_of(connection, p), most) for p in wt.log.partitions())

    def is_behind(self) -> bool:
        """Whether so much waits that other work rests. It is asked after each batch and reads no more than it must."""
        return self.lag(BEHIND + 1) > BEHIND

    def worker_alive(self) -> bool:
        """Whether a process holds the consumer's lease."""
        with self._wt.database.connect() as connection:
            return holder(connection, CONSUMER_LEASE, self._wt.clock.now_us()) is not None

    def dead_letters(self) -> int:
        """Events that could not be stored and are neither mended nor discarded."""
        with self._wt.database.connect() as connection:
            return letters.count(connection, letters.LetterFilter())

    def for_overview(self) -> tuple[int, int | None, int | None, int, list[tuple[str, Words, int]]]:
        """(lag, time and number of the published generation, dead letters, people left out by reason)."""
        generation = self._wt.profiles.current()
        if generation is None:
            return self.lag(), None, None, self.dead_letters(), []
        reasons = [(r.code, r.words, r.count) for r in self._wt.profiles.left_out().reasons]
        return self.lag(), generation.built_us, generation.number, self.dead_letters(), reasons


def _waiting(wt: "AnalyseParts", partition: int, offset: int, most: int) -> int:
    """Records from the offset on. Numbers may have gaps, so they are counted, up to `most`."""
    count = 0
    if wt.log.end(partition) <= offset:
        return 0
    for _ in wt.log.read(partition, offset):
        count += 1
        if count >= most:
            break
    return count


def catch_up(wt: "AnalyseParts", *, patient: bool = False) -> None:
    """Bring waiting requests into the lake, unless a server's worker is doing so.

    With `patient`, wait for that worker until what is durable now is in the lake, ten minutes at most.
    """
    ends = {p: wt.log.end(p) for p in wt.log.partitions()}
    for _ in range(3000 if patient else 1):
        try:
            with lease(wt.database, wt.clock, CONSUMER_LEASE) as held:
                wt.lake_writer(held).catch_up(lambda _: held.renew())
            return
        except Busy:
            with wt.database.connect() as connection:
                if all(offset_of(connection, p) >= end for p, end in ends.items()):
                    return
        if patient:
            time.sleep(0.2)


def status_of(wt: "AnalyseParts", *, enter: bool) -> dict[str, object]:
    """The answer of `weaktie status`. With `enter`, waiting requests enter the lake first where no server runs."""
    if enter:
        catch_up(wt)
    events, users, orders = wt.metrics.totals()
    generation = wt.profiles.current()
    return {
        "home": str(wt.settings.home),
        "events": events,
        "users": users,
        "orders": orders,
        "dead_letters": wt.status.dead_letters(),
        "lag": wt.status.lag(),
        "duplicates": wt.arrivals.totals().get("duplicates", 0),
        "generation": generation.number if generation is not None else None,
        "people": generation.people if generation is not None else None,
        "worker": wt.status.worker_alive(),
    }

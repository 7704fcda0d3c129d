"""The relay's consumers of the log, one a relay: each request goes out, waits, or is counted with the reason why not.

A window of requests is read, sent over a few connections, and committed as one: counts and offset together. A crash before
the commit sends the window again (their ids are the same). Nothing here is between the door and its answer.
"""

import http.client
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import update

from weaktie.data.collect.contracts import Decoder, RawRequest
from weaktie.data.relay.contracts import DELIVERED, UNREADABLE, Permits, Relay
from weaktie.data.relay.logic import Outgoing, is_retried, items_of, outgoing, wait_s, with_items
from weaktie.data.relay.service import Relays, add_counts, move_offset, offset
from weaktie.data.relay.tables import relays
from weaktie.kit.clock import SECOND_US, business_day
from weaktie.kit.logs import get_logger
from weaktie.kit.outbound import OutboundRefused, Target, failed
from weaktie.kit.words import Words
from weaktie.store.log.contracts import Damage, Record
from weaktie.store.runs.contracts import Busy
from weaktie.store.runs.service import Lease

RELAY_LEASE = "consumer:relay"
WINDOW_REQUESTS = 200
WINDOW_BYTES = 4 * 1024 * 1024
WINDOW_RECORDS = 5_000
LOOK_AGAIN_S = 60.0
"""A name is resolved and looked at again after this time, and after every failure."""
IDLE_S = 0.3
FOLLOW_S = 1.0
_LOG = get_logger("relay")
_REQUEST = msgspec.msgpack.Decoder(RawRequest)
Tally = dict[tuple[int, str], int]


@dataclass(slots=True)
class Item:
    """One request of a window: what goes out (None where nothing does), events that go with it, and those that do not."""

    request: RawRequest
    body: bytes | None
    sent: Tally = field(default_factory=dict)
    kept: dict[tuple[int, str, str], int] = field(default_factory=dict)
    outcome: str | None = None


@dataclass(slots=True)
class Window:
    """A stretch of one partition: items with the offset after each, and where it ends."""

    partition: int
    items: list[tuple[Item, int]] = field(default_factory=list)
    end: int = 0
    bytes: int = 0
    damage: list[Damage] = field(default_factory=list)


class Stopped(Exception):
    """The runner was told to end; what is not settled stays where it is in the log."""


class Runner:
    """One relay's consumer. `run` until `stop` is set; `step` does one window."""

    def __init__(
        self,
        relays_: Relays,
        relay: Relay,
        key: str,
        *,
        decoders: Mapping[str, Decoder],
        permits: Permits,
        zone: ZoneInfo,
        held: Lease | None = None,
        pause: Callable[[float], object] | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self._relays, self.relay, self._key = relays_, relay, key
        self._decoders, self._permits, self._zone, self._held = decoders, permits, zone, held
        self.stop = threading.Event()
        self._pause = pause or self.stop.wait
        self._chance = chance or random.SystemRandom()
        self._clock = relays_.clock
        self._lock = threading.Lock()
        self._tries, self._not_before = 0, float("-inf")
        self._wires = threading.local()
        self._pool = ThreadPoolExecutor(max(1, relay.connections), thread_name_prefix="relay")

    def run(self) -> None:
        """Work until told to stop; nothing that goes wrong ends it."""
        while not self.stop.is_set():
            try:
                if self.step():
                    continue
            except Stopped:
                break
            except Busy:
                break
            except Exception:  # noqa: BLE001  the window is read again
                _LOG.exception("relay_failed", relay=self.relay.relay_id)
                self.stop.wait(1.0)
            self.stop.wait(IDLE_S)
        self._pool.shutdown(wait=True)

    def step(self) -> bool:
        """One window of each partition; False where nothing waits."""
        moved = False
        for partition in self._relays.log.partitions():
            with self._relays.database.connect() as connection:
                first = offset(connection, self.relay.relay_id, partition)
            if self._relays.log.end(partition) <= first:
                continue
            window = self._read(partition, first)
            if window.end > first:
                self._settle(window, first)
                moved = True
        return moved

    def _read(self, partition: int, first: int) -> Window:
        window = Window(partition, end=first)
        for count, record in enumerate(
            self._relays.log.read(partition, first, damage=window.damage), start=1
        ):
            item = self._item(record)
            window.end = record.place.record + 1
            if item is not None:
                window.items.append((item, window.end))
                window.bytes += len(item.request.body)
            full = len(window.items) >= WINDOW_REQUESTS or window.bytes >= WINDOW_BYTES
            if full or count >= WINDOW_RECORDS:
                break
        return window

    def _item(self, record: Record) -> Item | None:
        """What a record is to this relay; None where it is another source's, or from before the beginning."""
        try:
            request = _REQUEST.decode(record.payload)
        except msgspec.MsgspecError:
            return None
        if request.source_id != self.relay.source_id or request.received_us < self.relay.since_us:
            return None
        item = Item(request, request.body)
        if not self.relay.enabled:
            item.outcome = "switched_off"
        elif request.protocol != self.relay.kind:
            item.outcome = "other_protocol"
        elif request.purposes & self.relay.purposes != self.relay.purposes:
            item.outcome = "consent"
        self._tally(item, look=item.outcome is None)
        if not item.sent and item.outcome is None:
            item.body = None
        return item

    def _tally(self, item: Item, *, look: bool) -> None:
        """Count the request's events and take out those of people who do not want it."""
        request = item.request
        decode = self._decoders.get(request.protocol)
        unread = (business_day(request.received_us, self._zone), UNREADABLE)
        if decode is None:
            item.sent[unread] = 1
            return
        events, bad = decode(request)
        if bad:
            item.sent[unread] = len(bad)
        parts = items_of(request)
        gone: set[int] = set()
        if len(parts) == len(events):
            pairs = [(number, [event]) for number, event in enumerate(events)]
        else:  # some are unreadable: each part is looked at by itself
            pairs = [
                (n, decode(msgspec.structs.replace(request, body=with_items(request, [part])))[0])
                for n, part in enumerate(parts)
            ] if len(parts) > 1 else [(0, events)]  # fmt: skip
        for number, found in pairs:
            for event in found:
                key = (business_day(event.event_us, self._zone), event.event)
                if look and self._permits.refuses(event.identifiers, self.relay.purposes):
                    gone.add(number)
                    item.kept[*key, "consent"] = item.kept.get((*key, "consent"), 0) + 1
                else:
                    item.sent[key] = item.sent.get(key, 0) + 1
        if gone and len(gone) < len(parts):
            item.body = with_items(request, [part for n, part in enumerate(parts) if n not in gone])
        elif gone:
            item.body = None

    def _settle(self, window: Window, first: int) -> None:
        open_items = [item for item, _ in window.items if item.outcome is None and item.body is not None]
        list(self._pool.map(self._deliver, open_items))
        counts: dict[tuple[int, str, str], int] = {}
        reached, whole, delivered = first, True, False
        for item, after in window.items:
            if item.body is not None and item.outcome is None:
                whole = False
                break
            for key, number in item.kept.items():
                counts[key] = counts.get(key, 0) + number
            for (day, event), number in item.sent.items():
                outcome = (day, event, item.outcome or "consent")
                counts[outcome] = counts.get(outcome, 0) + number
            delivered = delivered or item.outcome == DELIVERED
            reached = after
        if whole:
            reached = window.end
            today = business_day(self._clock.now_us(), self._zone)
            if window.damage:
                lost = (today, UNREADABLE, "log_damaged")
                counts[lost] = counts.get(lost, 0) + len(window.damage)
        self._commit(window.partition, reached, counts, delivered=delivered)
        if not whole:
            raise Stopped

    def _commit(
        self, partition: int, reached: int, counts: Mapping[tuple[int, str, str], int], *, delivered: bool
    ) -> None:
        relay_id, now_us = self.relay.relay_id, self._clock.now_us()
        with self._relays.database.begin() as tx:
            if self._held is not None:
                self._held.check(tx)
            if relay_id not in self._relays.versions(tx):
                raise Stopped
            move_offset(tx, relay_id, partition, reached, now_us)
            add_counts(tx, relay_id, counts)
            if delivered:
                tx.execute(
                    update(relays)
                    .where(relays.c.relay_id == relay_id)
                    .values(
                        last_ok_us=now_us, failing_us=None, next_try_us=None, error_zh=None, error_en=None
                    )
                )

    def _deliver(self, item: Item) -> None:
        """Send until the other side has decided, the time is over, or the runner is told to stop."""
        assert item.body is not None
        while not self.stop.is_set():
            now_us = self._clock.now_us()
            if now_us - item.request.received_us > self._relays.max_lag_us(self.relay):
                item.outcome = "too_late"
                return
            with self._lock:
                wait = self._not_before - self._clock.monotonic()
            if wait > 0:
                self._pause(min(wait, 1.0))
                continue
            relay = self.relay
            sent = outgoing(item.request, item.body, relay.kind, relay.url, self._key, now_us)
            try:
                status, asked = self._send(sent)
            except OutboundRefused as error:
                self._failed(error.words, None)
                continue
            if is_retried(status):
                said = Words(
                    f"对方应答 {status}，稍后重试。", f"The other side answered {status}; trying again."
                )
                self._failed(said, asked)
                continue
            with self._lock:
                self._tries = 0
            item.outcome = DELIVERED if 200 <= status < 300 else "vendor_refused"
            if item.outcome != DELIVERED:
                self._note(Words(f"对方拒收（{status}）。", f"The other side refuses ({status})."), None)
            return

    def _send(self, sent: Outgoing) -> tuple[int, str | None]:
        """(status, Retry-After); the connection of this thread is kept for the next."""
        wire: tuple[http.client.HTTPConnection, Target, float] | None = getattr(self._wires, "wire", None)
        fresh = wire is None or self._clock.monotonic() - wire[2] > LOOK_AGAIN_S
        if fresh:
            self._drop()
            target = self._relays.outbound.look_at(sent.url)
            wire = (self._relays.outbound.connect(target), target, self._clock.monotonic())
            self._wires.wire = wire
        assert wire is not None
        connection = wire[0]
        path = self._relays_path(sent.url)
        try:
            connection.request("POST", path, sent.body, {**sent.headers})
            answer = connection.getresponse()
            answer.read(64 * 1024)
            if not answer.isclosed() or answer.will_close:
                self._drop()
            return answer.status, answer.headers.get("Retry-After")
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._drop()
            if not fresh and isinstance(error, (http.client.RemoteDisconnected, ConnectionError)):
                return self._send(sent)  # a kept connection that the other side had closed meanwhile
            raise failed(error) from error

    @staticmethod
    def _relays_path(url: str) -> str:
        rest = url.split("://", 1)[1]
        _, slash, path = rest.partition("/")
        return slash + path if slash else "/"

    def _drop(self) -> None:
        wire = getattr(self._wires, "wire", None)
        if wire is not None:
            wire[0].close()
            self._wires.wire = None

    def _failed(self, words: Words, asked: str | None) -> None:
        """Nobody tries again before some time is over."""
        self._drop()
        with self._lock:
            wait = self._not_before - self._clock.monotonic()
            if wait > 0:
                return  # a neighbour has noted it already
            pause_s = wait_s(self._tries, asked, self._chance)
            self._tries += 1
            self._not_before = self._clock.monotonic() + pause_s
        self._note(words, pause_s)

    def _note(self, words: Words, pause_s: float | None) -> None:
        now_us = self._clock.now_us()
        mine = relays.c.relay_id == self.relay.relay_id
        with self._relays.database.begin() as tx:
            tx.execute(update(relays).where(mine).values(error_zh=words.zh, error_en=words.en))
            if pause_s is not None:
                tx.execute(update(relays).where(mine).values(next_try_us=now_us + round(pause_s * SECOND_US)))
                tx.execute(
                    update(relays).where(mine, relays.c.failing_us.is_(None)).values(failing_us=now_us)
                )


class Supervisor:
    """Keeps one runner for each relay, and begins it anew when a person changes something."""

    def __init__(
        self, relays_: Relays, decoders: Mapping[str, Decoder], permits: Permits, zone: ZoneInfo
    ) -> None:
        self._relays, self._decoders, self._permits, self._zone = relays_, decoders, permits, zone
        self._held = Lease(relays_.database, relays_.clock, RELAY_LEASE)
        self._running: dict[str, tuple[int, Runner, threading.Thread]] = {}

    def run(self, stop: threading.Event) -> None:
        """Follow the set-up until told to stop; another process's lease is waited for."""
        mine = False
        while not stop.is_set():
            try:
                if not mine:
                    mine = self._held.acquire()
                else:
                    self._held.renew()
                if mine:
                    self.follow()
            except Busy:
                mine = False
                self._end(list(self._running))
            except Exception:  # noqa: BLE001  the next round tries again
                _LOG.exception("relay_supervisor_failed")
            stop.wait(FOLLOW_S)
        self._end(list(self._running))
        for _, _, thread in self._running.values():
            thread.join(timeout=5)
        if mine:
            self._held.release()

    def follow(self) -> None:
        """Start, stop and restart runners. One begins only when its forerunner has ended."""
        with self._relays.database.connect() as connection:
            wanted = self._relays.versions(connection)
        self._end([r for r, (version, _, _) in self._running.items() if wanted.get(r) != version])
        for relay_id, (_, _, thread) in list(self._running.items()):
            if not thread.is_alive():
                del self._running[relay_id]
        for relay_id, version in wanted.items():
            if relay_id not in self._running:
                self._begin(relay_id, version)

    def _begin(self, relay_id: str, version: int) -> None:
        with self._relays.database.connect() as connection:
            relay, key = self._relays.find(connection, relay_id), self._relays.key(connection, relay_id)
        runner = Runner(
            self._relays, relay, key, decoders=self._decoders, permits=self._permits, zone=self._zone, held=self._held,
        )  # fmt: skip
        thread = threading.Thread(target=runner.run, daemon=True, name=f"relay-{relay_id}")
        thread.start()
        self._running[relay_id] = (version, runner, thread)

    def _end(self, relay_ids: Sequence[str]) -> None:
        for relay_id in relay_ids:
            self._running[relay_id][1].stop.set()

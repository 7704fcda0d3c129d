"""Sends events over HTTP the way the SDKs do: batches, keep-alive, patience with a busy server."""

import base64
import gzip
import http.client
import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import quote, urlencode

from weaktie.kit.clock import Clock, to_iso
from weaktie.kit.errors import Refused, Unavailable
from weaktie.kit.words import Words
from weaktie.simulate.contracts import DayBatch, SentReport

MOST_EVENTS = 400
MOST_BYTES = 450_000
CONNECTIONS = 2
_UNDER_WAY = 3 * CONNECTIONS
_ATTEMPTS = 9
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_TIMEOUT_S = 60.0
_OK = 200
_TOO_MANY = 429
_SERVER_FAULT = 500


@dataclass(frozen=True, slots=True)
class Address:
    """Where to send to, and the write keys of the two sources."""

    host: str
    port: int
    segment_key: str
    sensors_key: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """One request to be: `events` of one protocol, each a JSON object."""

    protocol: str
    events: tuple[bytes, ...]


def cut(protocol: str, events: Sequence[bytes]) -> Iterator[Parcel]:
    """Parcels of at most 400 events and 450,000 bytes, in order."""
    begin, size = 0, 0
    for end, event in enumerate(events):
        if end > begin and (end - begin >= MOST_EVENTS or size + len(event) + 1 > MOST_BYTES):
            yield Parcel(protocol, tuple(events[begin:end]))
            begin, size = end, 0
        size += len(event) + 1
    if len(events) > begin:
        yield Parcel(protocol, tuple(events[begin:]))


def segment_body(events: Sequence[bytes], sent_at_us: int) -> bytes:
    """The body of `POST /v1/batch`."""
    return b'{"batch":[' + b",".join(events) + b'],"sentAt":"' + to_iso(sent_at_us).encode() + b'"}'


def sensors_body(events: Sequence[bytes]) -> bytes:
    """The form of `POST /sa`: a gzipped JSON array in base64."""
    packed = gzip.compress(b"[" + b",".join(events) + b"]", compresslevel=1, mtime=0)
    return urlencode({"data_list": base64.b64encode(packed).decode(), "gzip": "1"}).encode()


class Delivery:
    """Two connections that deliver parcels and count what was acknowledged.

    Use as a context manager. `stop` ends waiting and sending early; a `patient` delivery tries until it is
    stopped, others give up after nine attempts (about half a minute).
    """

    def __init__(
        self, address: Address, *, clock: Clock, stop: threading.Event | None = None, patient: bool = False
    ) -> None:
        self._address = address
        self._clock = clock
        self._stop = stop if stop is not None else threading.Event()
        self._patient = patient
        self._pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="simulate")
        self._lines: queue.SimpleQueue[http.client.HTTPConnection] = queue.SimpleQueue()
        for _ in range(CONNECTIONS):
            self._lines.put(http.client.HTTPConnection(address.host, address.port, timeout=_TIMEOUT_S))
        self._under_way: set[Future[None]] = set()
        self._count = threading.Lock()
        self._acknowledged = {"segment": 0, "sensors": 0}
        self._batches = self._bytes = self._retries = 0

    def __enter__(self) -> "Delivery":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        while not self._lines.empty():
            self._lines.get().close()

    def send(self, batch: DayBatch) -> None:
        """Hand over a day's events; waits while enough is under way. Raises what an earlier parcel met."""
        for parcel in (*cut("segment", batch.segment), *cut("sensors", batch.sensors)):
            if self._stop.is_set():
                return
            while len(self._under_way) >= _UNDER_WAY:
                self._settle(FIRST_COMPLETED)
            self._under_way.add(self._pool.submit(self._deliver, parcel))

    def finish(self) -> None:
        """Wait until everything handed over is acknowledged. Raises what a parcel met."""
        while self._under_way:
            self._settle(FIRST_COMPLETED)

    def report(self) -> SentReport:
        """What has been acknowledged so far."""
        with self._count:
            return SentReport(
                segment_events=self._acknowledged["segment"],
                sensors_events=self._acknowledged["sensors"],
                batches=self._batches,
                body_bytes=self._bytes,
                retries=self._retries,
            )

    def _settle(self, when: str) -> None:
        done, self._under_way = wait(self._under_way, return_when=when)
        for future in done:
            future.result()

    def _deliver(self, parcel: Parcel) -> None:
        line = self._lines.get()
        try:
            self._attempt(line, parcel)
        finally:
            self._lines.put(line)

    def _attempt(self, line: http.client.HTTPConnection, parcel: Parcel) -> None:
        path, headers, sensors = self._request(parcel)
        failures = 0
        while not self._stop.is_set():
            # Segment's server corrects clocks by sentAt: a retry must say when it was sent, not when the
            # first was.
            body = sensors if sensors is not None else segment_body(parcel.events, self._clock.now_us())
            status, retry_after = _exchange(line, path, headers, body)
            if status == _OK:
                self._acknowledge(parcel, len(body))
                return
            if status is not None and status != _TOO_MANY and status < _SERVER_FAULT:
                raise Refused("simulation_refused", _refusal(status), place=parcel.protocol, status=status)
            failures += 1
            if failures >= _ATTEMPTS and not self._patient:
                raise Unavailable("simulation_undelivered", _UNDELIVERED, place=parcel.protocol)
            with self._count:
                self._retries += 1
            pause = min(_FIRST_PAUSE_S * 2 ** min(failures - 1, 8), _LONGEST_PAUSE_S)
            self._stop.wait(min(max(pause, retry_after), _LONGEST_PAUSE_S))

    def _request(self, parcel: Parcel) -> tuple[str, dict[str, str], bytes | None]:
        if parcel.protocol == "sensors":
            path = f"/sa?project=default&token={quote(self._address.sensors_key)}"
            return path, {"Content-Type": "application/x-www-form-urlencoded"}, sensors_body(parcel.events)
        basic = base64.b64encode(f"{self._address.segment_key}:".encode()).decode()
        return "/v1/batch", {"Content-Type": "application/json", "Authorization": f"Basic {basic}"}, None

    def _acknowledge(self, parcel: Parcel, size: int) -> None:
        with self._count:
            self._acknowledged[parcel.protocol] += len(parcel.events)
            self._batches += 1
            self._bytes += size


def _exchange(
    line: http.client.HTTPConnection, path: str, headers: dict[str, str], body: bytes
) -> tuple[int | None, float]:
    """The answer to one request: its status (None where the line broke), the seconds it asks to wait."""
    try:
        line.request("POST", path, body, headers)
        answer = line.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        line.close()
        return None, 0.0
    asked = answer.headers.get("Retry-After", "")
    return answer.status, float(asked) if asked.isdigit() else 0.0


def _refusal(status: int) -> Words:
    return Words(
        zh=f"服务器拒绝了模拟数据(状态码 {status}),请检查写入密钥。",
        en=f"the server refused the simulated events with status {status}; check the write keys",
    )


_UNDELIVERED = Words(
    zh="模拟数据多次发送未成功,服务器没有响应。",
    en="the simulated events could not be delivered: the server does not answer",
)

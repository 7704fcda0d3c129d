"""`file:` the log as append-only segments in a folder, one partition per writing process.

Durability: a batch of records is one write and one fdatasync, and only then its callers hear of it. On an I/O error
the file is cut back to the last durable byte, the callers are refused, and the next batch tries again.
"""

import asyncio
import fcntl
import itertools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from weaktie.kit.clock import DAY_US, Clock
from weaktie.store.log.contracts import Damage, Keys, LogUnavailable, Place, Record
from weaktie.store.log.logic import HEADER, SEGMENT, Frame, Gap, scan, seal, unseal

GATHER_S = 0.001
"""How long a batch waits for company when the last one had some. Each sync costs as much as three requests, and a lone
client never waits."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The system calls that durability rests on, so that tests can lose power or fill the disk."""

    write: Callable[[int, bytes], int] = os.write
    sync: Callable[[int], None] = os.fdatasync
    sync_folder: Callable[[int], None] = os.fsync


class FileLog:
    """Segments `p000/00000000000000000000.seg`, named by their first record number."""

    def __init__(
        self, root: Path, keys: Keys, clock: Clock, *, segment_bytes: int, disk: Disk | None = None
    ) -> None:
        self.root = root
        self.keys = keys
        self.clock = clock
        self.segment_bytes = segment_bytes
        self.disk = disk or Disk()
        self._resume: dict[tuple[Path, int], int] = {}
        self._ends: dict[Path, tuple[int, int]] = {}
        if not root.exists():
            root.mkdir(parents=True, exist_ok=True)
            _sync_folder(self.disk, root.parent)

    def writer(self) -> "FileWriter":
        """Claim the lowest partition that no living process writes."""
        for partition in range(10_000):
            folder = self.root / f"p{partition:03d}"
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                # A folder whose name is not durable takes its durable files along when the power goes.
                _sync_folder(self.disk, self.root)
            lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(lock)
                continue
            return FileWriter(self, partition, folder, lock)
        raise LogUnavailable("every partition is taken")

    def partitions(self) -> list[int]:
        """Numbers of the partition folders, ascending."""
        return sorted(int(p.name[1:]) for p in self.root.glob("p[0-9]*") if p.is_dir())

    def segments(self, partition: int) -> list[Path]:
        """The partition's segment files in order."""
        return sorted((self.root / f"p{partition:03d}").glob("*.seg"))

    def read(
        self, partition: int, first_record: int, *, damage: list[Damage] | None = None
    ) -> Iterator[Record]:
        """Durable records from `first_record` on; reading on from where the last reading ended does not scan again."""
        segments = self.segments(partition)
        for path, after in itertools.zip_longest(segments, segments[1:]):
            if after is not None and int(after.stem) <= first_record:
                continue
            start = self._resume.get((path, first_record), len(SEGMENT))
            if start == len(SEGMENT):
                self._check_beginning(partition, path, after is None, damage)
            for piece in scan(_bytes_from(path, start), 0, base=start):
                if isinstance(piece, Gap):
                    if after is not None or piece.reason != "torn":
                        _note(damage, partition, path, piece)
                elif piece.record >= first_record:
                    record = self._open(partition, path, piece, damage)
                    self._remember(path, piece, began=piece.record == first_record)
                    if record is not None:
                        yield record

    def _check_beginning(self, partition: int, path: Path, last: bool, damage: list[Damage] | None) -> None:
        """Note a segment whose first bytes are not those of a segment; its records are read all the same."""
        try:
            with path.open("rb") as file:
                beginning = file.read(len(SEGMENT))
        except FileNotFoundError:
            return
        if beginning != SEGMENT and not (last and SEGMENT.startswith(beginning)):
            _note(damage, partition, path, Gap(0, len(beginning), "beginning"))

    def end(self, partition: int) -> int:
        """One more than the largest sound record number."""
        segments = self.segments(partition)
        for path in reversed(segments):
            known, number = self._ends.get(path, (len(SEGMENT), -1))
            for piece in scan(_bytes_from(path, known), 0, base=known):
                if isinstance(piece, Frame):
                    known, number = piece.end, piece.record
            self._ends[path] = (known, number)
            if number >= 0:
                return number + 1
        return int(segments[-1].stem) if segments else 0

    def _remember(self, path: Path, frame: Frame, *, began: bool) -> None:
        """Where the record after this one begins. Where a reading began stays known too: somebody who only looks ahead takes
        nothing from who comes after."""
        if not began:
            self._resume.pop((path, frame.record), None)
        self._resume[path, frame.record + 1] = frame.end
        while len(self._resume) > 64:
            self._resume.pop(next(iter(self._resume)), None)

    def drop_before(self, partition: int, record: int, day: int) -> int:
        """Delete segments whose records are all below `record` and received before the UTC `day`; returns how many.

        A segment holds one UTC day at most, so that a day's key goes with its segments. The last one stays: its number
        is where the next writer goes on.
        """
        segments = self.segments(partition)
        dropped = 0
        for path, after in itertools.pairwise(segments):
            frames = [f for f in scan(_segment_bytes(path)) if isinstance(f, Frame)]
            if int(after.stem) > record or any(f.received_us // DAY_US >= day for f in frames):
                break
            path.unlink()
            dropped += 1
        return dropped

    def copy_out(self, partition: int, first_record: int, folder: Path, *, last_day: int) -> list[Path]:
        """Segments from the one that holds the record on, without the records before it and cut after the last sound one;
        where nothing waits, an empty segment keeps the number."""
        folder.mkdir(parents=True, exist_ok=True)
        copies = []
        segments = self.segments(partition)
        for path, after in itertools.zip_longest(segments, segments[1:]):
            if after is not None and int(after.stem) <= first_record:
                continue
            raw = _segment_bytes(path)
            frames = (f for f in scan(raw) if isinstance(f, Frame))
            wanted = [f for f in frames if f.record >= first_record and f.key_day <= last_day]
            if wanted:
                piece = raw[wanted[0].start : wanted[-1].end]
                copies.append(_write_copy(folder / path.name, SEGMENT + piece))
        return copies or [_write_copy(folder / f"{first_record:020d}.seg", SEGMENT)]

    def _open(self, partition: int, path: Path, frame: Frame, damage: list[Damage] | None) -> Record | None:
        try:
            payload = unseal(frame, self.keys.day_key(frame.key_day), partition)
        except (ValueError, LookupError) as error:
            _note(damage, partition, path, Gap(frame.start, frame.end, str(error), frame.record))
            return None
        return Record(Place(partition, frame.record), frame.received_us, payload)


class FileWriter:
    """The one writer of a partition. It begins a new segment, so that a torn tail is never appended to."""

    def __init__(self, log: FileLog, partition: int, folder: Path, lock: int) -> None:
        self.partition = partition
        self._log, self._folder, self._lock = log, folder, lock
        # A reader may have seen records that a power cut then took away: a number from the clock is above those too.
        self._next = max(_after_everything(log, partition), log.clock.now_us())
        self._file = -1
        self._size = 0
        self._day = -1
        self._waiting: list[tuple[bytes, asyncio.Future[Place]]] = []
        self._flushing = False
        self._company = False
        self._task: asyncio.Task[None] | None = None  # a task that nobody holds may vanish
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"log-{partition}")

    async def append(self, payload: bytes) -> Place:
        """Wait until the payload and its neighbours are durable."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Place] = loop.create_future()
        self._waiting.append((payload, done))
        if not self._flushing:
            self._flushing = True
            self._task = loop.create_task(self._flush(loop))
        return await done

    async def _flush(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            while self._waiting:
                if self._company:
                    await asyncio.sleep(GATHER_S)
                batch, self._waiting = self._waiting, []
                try:
                    places = await loop.run_in_executor(self._thread, self.append_now, [p for p, _ in batch])
                except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
                    refused = (
                        error if isinstance(error, LogUnavailable) else LogUnavailable(type(error).__name__)
                    )
                    refused.__cause__ = None if refused is error else error
                    for _, done in batch:
                        if not done.done():
                            done.set_exception(refused)
                    continue
                self._company = len(batch) > 1 or bool(self._waiting)
                for (_, done), place in zip(batch, places, strict=True):
                    if not done.done():
                        done.set_result(place)
        finally:
            self._flushing = False

    def append_now(self, payloads: list[bytes]) -> list[Place]:
        """Write the payloads with one sync; all are durable on return, or LogUnavailable and none is."""
        log = self._log
        received_us = log.clock.now_us()
        day = received_us // DAY_US
        key = log.keys.day_key(day)
        first = self._next
        numbered = enumerate(payloads, first)
        data = b"".join(seal(p, key, self.partition, number, received_us, day) for number, p in numbered)
        try:
            if self._file < 0 or self._size > log.segment_bytes or day != self._day:
                self._begin_segment()
                self._day = day
            _write_all(log.disk, self._file, data)
            log.disk.sync(self._file)
        except OSError as error:
            self._cut_back()
            self._next = first + len(payloads)
            raise LogUnavailable(f"{error.strerror or error}") from error
        self._size += len(data)
        self._next = first + len(payloads)
        return [Place(self.partition, number) for number in range(first, self._next)]

    def _begin_segment(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        path = self._folder / f"{self._next:020d}.seg"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _write_all(self._log.disk, descriptor, SEGMENT)
            self._log.disk.sync(descriptor)
            _sync_folder(self._log.disk, self._folder)
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        self._file, self._size = descriptor, len(SEGMENT)

    def _cut_back(self) -> None:
        """After an error nothing past the last acknowledged byte may stay; the next batch begins a new segment."""
        if self._file < 0:
            return
        try:
            os.ftruncate(self._file, self._size)
            self._log.disk.sync(self._file)
        except OSError:
            pass  # unacknowledged records may stay: their senders come again and the ids tell
        os.close(self._file)
        self._file = -1

    def close(self) -> None:
        """Finish what waits and give the partition back."""
        self._thread.shutdown(wait=True)
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        os.close(self._lock)


def _sync_folder(disk: Disk, folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        disk.sync_folder(descriptor)
    finally:
        os.close(descriptor)


def _write_all(disk: Disk, descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        written = disk.write(descriptor, bytes(view) if len(view) < len(data) else data)
        view = view[written:]


def _write_copy(path: Path, raw: bytes) -> Path:
    with path.open("wb") as out:
        out.write(raw)
        out.flush()
        os.fsync(out.fileno())
    return path


def _segment_bytes(path: Path) -> bytes:
    return _bytes_from(path, 0)


def _bytes_from(path: Path, start: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read()
    except FileNotFoundError:
        return b""


def _after_everything(log: FileLog, partition: int) -> int:
    """A number above all that was ever given out, even where the tail is damaged."""
    segments = log.segments(partition)
    if not segments:
        return 0
    path = segments[-1]
    highest = int(path.stem)
    for piece in scan(_segment_bytes(path)):
        if isinstance(piece, Frame):
            highest = max(highest, piece.record + 1)
        else:
            highest += 1 + (piece.end - piece.start) // HEADER.size
    return highest + 1


def _note(damage: list[Damage] | None, partition: int, path: Path, gap: Gap) -> None:
    if damage is not None:
        damage.append(Damage(partition, path.name, gap.start, gap.end - gap.start, gap.reason, gap.record))

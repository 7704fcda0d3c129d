"""The file log: the contract, and what power cuts, full disks and flipped bits may not do to it."""

import asyncio
import os
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.suites.doors import PlainKeys
from tests.suites.logs import LOGS, LogSuite, payloads
from weaktie.kit.clock import DAY_US, FixedClock
from weaktie.store.log.contracts import Damage, Log, LogUnavailable, Place
from weaktie.store.log.files import Disk, FileLog
from weaktie.store.log.logic import SEGMENT, Frame, scan


def file_log(
    root: Path, clock: FixedClock, *, disk: Disk | None = None, segment_bytes: int = 1 << 20
) -> FileLog:
    return FileLog(root, PlainKeys(), clock, segment_bytes=segment_bytes, disk=disk)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.mark.parametrize("side", LOGS)
class TestLogs(LogSuite):
    @pytest.fixture
    def reopen(self, side: str, tmp_path: Path, clock: FixedClock) -> Callable[[], Log]:
        return lambda: file_log(tmp_path / "log", clock, segment_bytes=4096)

    @pytest.fixture
    def log(self, reopen: Callable[[], Log]) -> Log:
        return reopen()


def test_a_copy_holds_what_was_not_consumed_and_nothing_before(tmp_path: Path, clock: FixedClock) -> None:
    log = file_log(tmp_path / "log", clock)
    writer = log.writer()
    places = writer.append_now([b"%d" % n for n in range(5)])
    today = clock.now_us() // DAY_US
    for name, first, last_day, expected in (
        ("some", places[3].record, today, [b"3", b"4"]),
        ("none", places[4].record + 1, today, []),
        ("early", 0, today - 1, []),
    ):
        log.copy_out(0, first, tmp_path / name / "p000", last_day=last_day)
        copy = file_log(tmp_path / name, clock)
        assert payloads(copy) == expected
        assert copy.end(0) >= first, "no number is given out twice"
    writer.close()


# ---- nobody hears of a record before it is durable


def test_no_answer_before_the_sync_returns(tmp_path: Path, clock: FixedClock) -> None:
    begun, release = threading.Event(), threading.Event()
    syncs = [0]

    def sync(descriptor: int) -> None:
        syncs[0] += 1
        if syncs[0] > 1:  # the first is the segment's beginning
            begun.set()
            assert release.wait(20)
        os.fdatasync(descriptor)

    async def run() -> None:
        writer = file_log(tmp_path, clock, disk=Disk(sync=sync)).writer()
        waiting = asyncio.create_task(writer.append(b"x"))
        await asyncio.to_thread(begun.wait, 20)
        done, _ = await asyncio.wait({waiting}, timeout=0.05)
        assert not done
        release.set()
        assert isinstance(await waiting, Place)
        writer.close()

    asyncio.run(run())


def test_whatever_fails_every_caller_hears_of_it(tmp_path: Path, clock: FixedClock) -> None:
    class NoKeys(PlainKeys):
        broken = True

        def day_key(self, day: int) -> bytes:
            if self.broken:
                raise RuntimeError("no database")
            return super().day_key(day)

    keys = NoKeys()
    log = FileLog(tmp_path, keys, clock, segment_bytes=4096)

    async def run() -> list[object]:
        writer = log.writer()
        refused = await asyncio.gather(*(writer.append(b"x") for _ in range(5)), return_exceptions=True)
        keys.broken = False
        await writer.append(b"kept")
        writer.close()
        return list(refused)

    answers = asyncio.run(asyncio.wait_for(run(), 20))
    assert [type(a) for a in answers] == [LogUnavailable] * 5
    assert payloads(log) == [b"kept"]


# ---- power loss: a disk that forgets what was not synced


@dataclass
class ForgetfulDisk:
    """Knows what each file would be after a power cut; the power goes at the `dies_at`-th system call."""

    root: Path
    picks: random.Random
    dies_at: int = 1 << 60
    calls: int = 0
    durable: dict[int, bytes] = field(default_factory=dict)
    named: set[Path] = field(default_factory=set)

    def disk(self) -> Disk:
        return Disk(self.write, self.sync, self.sync_folder)

    def _step(self) -> None:
        self.calls += 1
        if self.calls >= self.dies_at:
            raise OSError(5, "the power is off")

    def write(self, descriptor: int, data: bytes) -> int:
        self._step()
        return os.write(descriptor, data[: self.picks.randint(1, len(data))])

    def sync(self, descriptor: int) -> None:
        self._step()
        stat = os.fstat(descriptor)
        self.durable[stat.st_ino] = os.pread(descriptor, stat.st_size, 0)

    def sync_folder(self, descriptor: int) -> None:
        self._step()
        self.named |= set(Path(f"/proc/self/fd/{descriptor}").resolve().iterdir())

    def after_the_cut(self, target: Path) -> None:
        """Lay out what survived: synced bytes under synced names; of the rest any part, or rubbish, or nothing."""
        for path in sorted(self.root.rglob("*.seg")):
            names = [path, *(p for p in path.parents if self.root in p.parents or p == self.root)]
            if any(p not in self.named for p in names) and self.picks.random() < 0.8:
                continue
            content = path.read_bytes()
            kept = self.durable.get(path.stat().st_ino, b"")
            tail = content[len(kept) :]
            tail = tail[: self.picks.randint(0, len(tail))]
            if self.picks.random() < 0.5:
                tail = bytes(len(tail)) if self.picks.random() < 0.5 else self.picks.randbytes(len(tail))
            survivor = target / path.relative_to(self.root)
            survivor.parent.mkdir(parents=True, exist_ok=True)
            survivor.write_bytes(kept + tail)


@pytest.mark.parametrize("seed", range(100))
def test_nothing_acknowledged_is_lost_when_the_power_goes(
    tmp_path: Path, clock: FixedClock, seed: int
) -> None:
    picks = random.Random(seed)
    base = tmp_path / "base"
    base.mkdir()
    disk = ForgetfulDisk(base, picks, dies_at=picks.randint(1, 120))
    disk.named.add(base)
    acknowledged: dict[Place, bytes] = {}
    try:
        log = file_log(base / "log", clock, disk=disk.disk(), segment_bytes=2048)
        writer = log.writer()
    except OSError:
        return  # the power went before anybody could send
    for _ in range(60):
        batch = [picks.randbytes(picks.randint(0, 400)) for _ in range(picks.randint(1, 5))]
        try:
            acknowledged |= dict(zip(writer.append_now(batch), batch, strict=True))
        except LogUnavailable:
            if disk.calls >= disk.dies_at:
                break
    writer.close()
    disk.after_the_cut(tmp_path / "after")
    again = file_log(tmp_path / "after" / "log", clock)
    second = again.writer()
    (fresh,) = second.append_now([b"after"])
    found = {r.place: r.payload for r in again.read(0, 0)}
    assert found.pop(fresh) == b"after"
    assert acknowledged.items() <= found.items()
    assert all(place.record < fresh.record for place in found)
    second.close()


def test_the_forgetful_disk_would_show_a_missing_sync(tmp_path: Path, clock: FixedClock) -> None:
    lost = 0
    for seed in range(20):
        base = tmp_path / f"base{seed}"
        base.mkdir()
        forgetful = ForgetfulDisk(base, random.Random(seed))
        lazy = Disk(forgetful.write, lambda _descriptor: None, forgetful.sync_folder)
        writer = file_log(base / "log", clock, disk=lazy).writer()
        writer.append_now([b"x" * 100, b"y" * 100])
        writer.close()
        forgetful.after_the_cut(tmp_path / f"after{seed}")
        lost += len(payloads(file_log(tmp_path / f"after{seed}" / "log", clock))) < 2
    assert lost > 10


# ---- disk full and I/O errors


def test_a_full_disk_acknowledges_nothing_and_the_log_goes_on_when_it_is_freed(
    tmp_path: Path, clock: FixedClock
) -> None:
    picks = random.Random(11)
    full = [False]

    def write(descriptor: int, data: bytes) -> int:
        if full[0] and picks.random() < 0.7:
            os.write(descriptor, data[: picks.randint(0, len(data))])
            raise OSError(28, "No space left on device")
        return os.write(descriptor, data)

    log = file_log(tmp_path, clock, disk=Disk(write=write), segment_bytes=1024)
    writer = log.writer()
    kept: list[bytes] = []
    refused = 0
    for number in range(300):
        full[0] = number // 30 % 2 == 1
        try:
            writer.append_now([b"%d" % number])
            kept.append(b"%d" % number)
        except LogUnavailable:
            refused += 1
    assert refused > 50
    damage: list[Damage] = []
    assert [r.payload for r in log.read(0, 0, damage=damage)] == kept
    assert damage == []
    writer.close()


# ---- flipped bits and torn tails


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[bytes], list[Frame]]]:
    """A log with one segment of forty records, and where each stands."""
    root, clock, picks = tmp_path_factory.mktemp("sound"), FixedClock(), random.Random(3)
    log = file_log(root, clock)
    writer = log.writer()
    written = [picks.randbytes(picks.randint(0, 300)) for _ in range(40)]
    for payload in written:
        writer.append_now([payload])
    writer.close()
    (segment,) = log.segments(0)
    frames = [f for f in scan(segment.read_bytes()) if isinstance(f, Frame)]
    assert len(frames) == 40
    yield segment, written, frames


def reread(raw: bytes, name: str, folder: Path) -> tuple[dict[int, bytes], list[Damage]]:
    """What a reader finds in such a segment after a restart (a later segment follows it)."""
    home = folder / "p000"
    home.mkdir(exist_ok=True)
    (home / name).write_bytes(raw)
    (home / f"{int(name[:20]) + 10**6:020d}.seg").write_bytes(SEGMENT)
    damage: list[Damage] = []
    log = file_log(folder, FixedClock())
    return {r.place.record: r.payload for r in log.read(0, 0, damage=damage)}, damage


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_each_flipped_bit_is_noticed_and_spares_the_neighbours(
    sound: tuple[Path, list[bytes], list[Frame]], tmp_path: Path, data: st.DataObject
) -> None:
    segment, written, frames = sound
    raw = bytearray(segment.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= 1 << data.draw(st.integers(0, 7))
    found, damage = reread(bytes(raw), segment.name, tmp_path)
    expected = {f.record: p for f, p in zip(frames, written, strict=True) if not f.start <= at < f.end}
    assert found == expected
    assert len(damage) == 1
    assert damage[0].first_byte <= at < damage[0].first_byte + damage[0].bytes


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_torn_tails_and_zeroed_stretches(
    sound: tuple[Path, list[bytes], list[Frame]], tmp_path: Path, data: st.DataObject
) -> None:
    segment, written, frames = sound
    raw = segment.read_bytes()
    start = data.draw(st.integers(len(SEGMENT), len(raw) - 1))
    end = data.draw(st.integers(start + 1, min(len(raw), start + 2000)))
    torn = data.draw(st.booleans())
    rubbish = data.draw(st.binary(min_size=end - start, max_size=end - start)) if not torn else b""
    changed = raw[:start] if torn else raw[:start] + rubbish + raw[end:]
    stop = len(raw) if torn else end
    found, damage = reread(changed, segment.name, tmp_path)
    whole = {f.record: p for f, p in zip(frames, written, strict=True)}
    untouched = {f.record for f in frames if f.end <= start or f.start >= stop}
    assert found.items() <= whole.items()
    assert untouched <= found.keys()
    at_an_edge = start in {f.start for f in frames}
    assert bool(damage) == (found != whole and not (torn and at_an_edge))


def test_a_record_moved_to_another_place_does_not_open(
    sound: tuple[Path, list[bytes], list[Frame]], tmp_path: Path
) -> None:
    segment, _, _ = sound
    other = tmp_path / "p001"
    other.mkdir(parents=True)
    (other / segment.name).write_bytes(segment.read_bytes())
    damage: list[Damage] = []
    assert list(file_log(tmp_path, FixedClock()).read(1, 0, damage=damage)) == []
    assert len(damage) == 40


def test_nothing_readable_stands_on_the_disk(tmp_path: Path, clock: FixedClock) -> None:
    writer = file_log(tmp_path, clock).writer()
    writer.append_now([b"phone 13800000000 " * 20])
    writer.close()
    assert b"138000" not in b"".join(p.read_bytes() for p in tmp_path.rglob("*.seg"))

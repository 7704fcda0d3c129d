"""The bytes of a segment: how a record is written, read, and found again after damage.

A segment starts with `SEGMENT` and goes on with records:

    marker 4 | record number u64 | received_us i64 | key day u32 | body length u32 | body crc32 u32 | header crc32 u32 | body

The body is nonce 12 bytes + AES-256-GCM(zstd(payload)), bound to partition, number and time. Two checksums keep a
flipped length from taking the neighbours along: where a header fails, the reader looks for the next marker whose
header is sound.
"""

import secrets
import struct
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SEGMENT = b"weaktie log 1\n\x00\x00"
MARKER = b"\xf5wk\x1e"
HEADER = struct.Struct(">4sQqIIII")
LARGEST_BODY = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Frame:
    """A sound record as it stands in the segment, still encrypted."""

    record: int
    received_us: int
    key_day: int
    body: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes of a segment that hold no sound record."""

    start: int
    end: int
    reason: str
    record: int | None = None


def seal(payload: bytes, key: bytes, partition: int, record: int, received_us: int, key_day: int) -> bytes:
    """The payload as one record of the segment."""
    nonce = secrets.token_bytes(12)
    packed = _compressor().compress(payload)
    body = nonce + AESGCM(key).encrypt(nonce, packed, _bound(partition, record, received_us))
    head = HEADER.pack(MARKER, record, received_us, key_day, len(body), zlib.crc32(body), 0)[:-4]
    return head + struct.pack(">I", zlib.crc32(head)) + body


def unseal(frame: Frame, key: bytes, partition: int) -> bytes:
    """The payload of a frame; raises ValueError when it was not written under this key at this place."""
    try:
        packed = AESGCM(key).decrypt(
            frame.body[:12], frame.body[12:], _bound(partition, frame.record, frame.received_us)
        )
    except InvalidTag as error:
        raise ValueError("the record does not open with its key") from error
    return zstandard.decompress(packed)


def scan(raw: bytes, offset: int = len(SEGMENT), *, base: int = 0) -> Iterator[Frame | Gap]:
    """Frames and gaps of a segment's bytes from `offset` on, in order; together they cover every byte.

    `base` is where `raw` begins in its file; places are given in the file.
    """
    at = offset
    while at < len(raw):
        found = _frame_at(raw, at)
        if isinstance(found, Frame):
            yield found if not base else replace(found, start=found.start + base, end=found.end + base)
            at = found.end
            continue
        after = _next_frame(raw, at + 1 if found.record is None else found.end)
        yield Gap(at + base, after + base, found.reason, found.record)
        at = after


def _frame_at(raw: bytes, at: int) -> Frame | Gap:
    if len(raw) - at < HEADER.size:
        return Gap(at, len(raw), "torn")
    marker, record, received_us, key_day, length, body_crc, head_crc = HEADER.unpack_from(raw, at)
    if marker != MARKER or zlib.crc32(raw[at : at + HEADER.size - 4]) != head_crc or length > LARGEST_BODY:
        return Gap(at, at, "header")
    start, end = at + HEADER.size, at + HEADER.size + length
    if end > len(raw):
        return Gap(at, len(raw), "torn", record)
    body = raw[start:end]
    if zlib.crc32(body) != body_crc:
        return Gap(at, end, "body", record)
    return Frame(record, received_us, key_day, body, at, end)


def _next_frame(raw: bytes, at: int) -> int:
    """The next byte at which a sound header stands; the end where there is none."""
    while (at := raw.find(MARKER, at)) >= 0:
        head = raw[at : at + HEADER.size]
        if len(head) == HEADER.size and zlib.crc32(head[:-4]) == struct.unpack(">I", head[-4:])[0]:
            return at
        at += 1
    return len(raw)


_of_thread = threading.local()


def _compressor() -> zstandard.ZstdCompressor:
    """One a thread: making it anew costs a third of the work, and two threads may not share one."""
    found: zstandard.ZstdCompressor | None = getattr(_of_thread, "compressor", None)
    if found is None:
        found = _of_thread.compressor = zstandard.ZstdCompressor(level=1)
    return found


def _bound(partition: int, record: int, received_us: int) -> bytes:
    return struct.pack(">IQq", partition, record, received_us)

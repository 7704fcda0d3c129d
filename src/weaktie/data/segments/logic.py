"""Pure arithmetic of members: their stored form, who came and went, intervals, orders of events."""

import math
from collections.abc import Collection
from typing import cast

import numpy as np
import pyarrow as pa

from weaktie.data.behaviour.contracts import I32, I64
from weaktie.data.segments.contracts import Mask

_CODEC = pa.Codec("zstd")
_HEAD = 8
_MIX = np.uint64(0x9E3779B97F4A7C15)
Z95 = 1.959963984540054


def pack(numbers: I32) -> bytes:
    """Ascending numbers as their differences, compressed; `unpack` gives them back."""
    differences = np.diff(numbers.astype(np.int32), prepend=np.int32(0)).astype("<i4").tobytes()
    return len(differences).to_bytes(_HEAD, "little") + bytes(_CODEC.compress(differences, asbytes=True))


def unpack(packed: bytes | None) -> I32:
    """The numbers of `pack`; none where there is nothing."""
    if packed is None:
        return np.empty(0, np.int32)
    size = int.from_bytes(packed[:_HEAD], "little")
    raw = _CODEC.decompress(packed[_HEAD:], decompressed_size=size, asbytes=True)
    return np.cumsum(np.frombuffer(raw, "<i4"), dtype=np.int64).astype(np.int32)


def without(numbers: I32, gone: I32) -> I32:
    """The numbers that are not among `gone`."""
    return numbers[~np.isin(numbers, gone)]


def any_among(numbers: I32, some: Collection[int]) -> bool:
    """Whether one of a few is among these, which are ascending: looked up one by one, for who answers at once."""
    for one in some:
        at = int(np.searchsorted(numbers, np.int32(one)))
        if at < len(numbers) and int(numbers[at]) == one:
            return True
    return False


def to_people(numbers: I32, persons: I32) -> I32:
    """The persons whom alias numbers belong to now, ascending; who may not be analysed any more is not among them."""
    known = numbers[(numbers >= 0) & (numbers < len(persons))]
    found = persons[known]
    return np.unique(found[found >= 0]).astype(np.int32)


def sampled(people: I32, share: float) -> Mask:
    """Which of these people are in the sample: by a hash of their number, so that it is the same each time."""
    mixed = (people.astype(np.uint64) + np.uint64(1)) * _MIX
    mixed ^= mixed >> np.uint64(32)
    mixed *= _MIX
    return (mixed >> np.uint64(40)) < np.uint64(int(share * (1 << 24)))


def wilson(found: int, asked: int) -> tuple[float, float]:
    """The 95 % interval of a share, of which `found` of `asked` were seen (Wilson 1927)."""
    if asked == 0:
        return 0.0, 1.0
    share, z2 = found / asked, Z95 * Z95
    middle = (share + z2 / (2 * asked)) / (1 + z2 / asked)
    half = Z95 / (1 + z2 / asked) * math.sqrt(share * (1 - share) / asked + z2 / (4 * asked * asked))
    return max(0.0, middle - half), min(1.0, middle + half)


def counts(starts: I64, rows: Mask | None) -> I64:
    """How many rows of each person are true; all of them where `rows` is None."""
    if rows is None:
        return cast(I64, np.diff(starts))
    summed = np.concatenate(([0], np.cumsum(rows, dtype=np.int64)))
    return cast(I64, summed[starts[1:]] - summed[starts[:-1]])


def in_order(starts: I64, time_us: I64, steps: list[Mask], within_us: int) -> Mask:
    """Which persons have rows for all steps, one row a step, in the order of rows, the last at most `within_us` after the
    first.

    For each row the latest possible first row of a chain that ends there is carried from step to step: a chain exists
    exactly when the latest one is late enough.
    """
    rows = len(time_us)
    person = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    base = starts[:-1][person]
    began = np.where(steps[0], np.arange(rows, dtype=np.int64), np.int64(-1))
    for step in steps[1:]:
        # The latest chain that ended before this row; rows of other persons lie below the person's own first row.
        latest = np.maximum.accumulate(np.concatenate(([np.int64(-1)], began)))[:-1] if rows else began
        began = np.where(step & (latest >= base), latest, np.int64(-1))
    done = began >= 0
    done[done] = time_us[done] - time_us[began[done]] <= within_us
    result = np.zeros(len(starts) - 1, np.bool_)
    result[person[done]] = True
    return result

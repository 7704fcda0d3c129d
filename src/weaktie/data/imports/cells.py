"""Delimited text into columns, with the original line of each record.

Written here because a record must be found again: its line number, its number of cells and its exact text when it is
bad. Rules: RFC 4180, a quote opens only at the beginning of a cell, any of LF, CRLF and CR ends a line, blank lines are
skipped, and a quote that is never closed spoils its own line only.
"""

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

GOOD, OPEN_QUOTE, TOO_LONG = 0, 1, 2
LARGEST_RECORD = 1 << 18
_QUOTE, _LF, _CR = 34, 10, 13


@dataclass(frozen=True, slots=True)
class Cells:
    """Where the cells of a block of text lie. `first[i]:first[i+1]` are the cells of record i."""

    data: npt.NDArray[np.uint8]
    line: npt.NDArray[np.int64]
    state: npt.NDArray[np.int8]
    first: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    quoted: npt.NDArray[np.int8]
    consumed: int
    lines: int

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """How many cells each record has."""
        return np.diff(self.first)

    def column(self, number: int, records: npt.NDArray[np.int64]) -> pa.Array:
        """The cells in column `number` (from 0) of the given records, each of which must have it."""
        offsets = np.zeros(len(records) + 1, np.int64)
        cells = self.first[records] + number
        # An escaped cell only shrinks, so the raw length bounds what is written.
        out = np.empty(int((self.end[cells] - self.start[cells]).sum()), np.uint8)
        size = _copy(self.data, self.start, self.end, self.quoted, cells, offsets, out)
        return pa.LargeStringArray.from_buffers(
            len(records), pa.py_buffer(offsets), pa.py_buffer(out[:size]), None, 0
        )

    def texts(self, record: int) -> tuple[str, ...]:
        """The cells of one record as text."""
        cells = np.arange(self.first[record], self.first[record + 1], dtype=np.int64)
        found = []
        for cell in cells:
            out = np.empty(int(self.end[cell] - self.start[cell]), np.uint8)
            size = _copy(
                self.data, self.start, self.end, self.quoted, cells[:1] * 0 + cell, np.zeros(2, np.int64), out
            )
            found.append(out[:size].tobytes().decode("utf-8", "replace"))
        return tuple(found)


def split(text: bytes, separator: str, *, line: int, final: bool) -> Cells:
    """Find the records of `text`, whose first byte begins line number `line`.

    Unless `final`, a record that may go on after the end is left for the next call: `consumed` says where it begins.
    """
    data = np.frombuffer(text, np.uint8) if text else np.empty(0, np.uint8)
    breaks = int(np.count_nonzero(data == _LF) + np.count_nonzero(data == _CR)) + 1
    cells = int(np.count_nonzero(data == ord(separator))) + breaks
    lines, states = np.empty(breaks, np.int64), np.empty(breaks, np.int8)
    first = np.zeros(breaks + 1, np.int64)
    start, end = np.empty(cells, np.int64), np.empty(cells, np.int64)
    quoted = np.empty(cells, np.int8)
    records, consumed, next_line = _scan(
        data, final, ord(separator), LARGEST_RECORD, line, lines, states, first, start, end, quoted
    )
    return Cells(
        data, lines[:records], states[:records], first[: records + 1], start, end, quoted, consumed, next_line - line
    )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def _quoted_end(data, at, limit):  # type: ignore[no-untyped-def]
    """(position after the closing quote or -1, whether quotes were doubled, line breaks inside)."""
    doubled = 0
    breaks = 0
    stop = min(len(data), limit)
    p = at + 1
    while p < stop:
        c = data[p]
        if c == _QUOTE:
            if p + 1 < len(data) and data[p + 1] == _QUOTE:
                doubled = 1
                p += 2
                continue
            return p + 1, doubled, breaks
        if c == _LF or (c == _CR and not (p + 1 < len(data) and data[p + 1] == _LF)):
            breaks += 1
        p += 1
    return -1, doubled, breaks


@numba.njit(cache=True, nogil=True)
def _line_end(data, at):  # type: ignore[no-untyped-def]
    p = at
    while p < len(data) and data[p] != _LF and data[p] != _CR:
        p += 1
    return p


@numba.njit(cache=True, nogil=True)
def _plain_end(data, at, separator):  # type: ignore[no-untyped-def]
    p = at
    while p < len(data) and data[p] != separator and data[p] != _LF and data[p] != _CR:
        p += 1
    return p


@numba.njit(cache=True, nogil=True)
def _after_break(data, at):  # type: ignore[no-untyped-def]
    return at + (2 if data[at] == _CR and at + 1 < len(data) and data[at + 1] == _LF else 1)


@numba.njit(cache=True, nogil=True)
def _record(data, begin, final, separator, largest, cell, start, end, quoted):  # type: ignore[no-untyped-def]
    """(where the record ends or -1 where it may go on, its next free cell, state, line breaks inside)."""
    n = len(data)
    p = begin
    inside = 0
    own = cell
    while True:
        flag = 0
        at = p
        if p < n and data[p] == _QUOTE:
            after, doubled, breaks = _quoted_end(data, p, begin + largest)
            if after < 0:
                if n - begin < largest and not final:
                    return -1, cell, GOOD, 0
                start[cell] = begin
                end[cell] = _line_end(data, begin)
                quoted[cell] = 0
                return end[cell], cell + 1, OPEN_QUOTE, 0
            inside += breaks
            stop = _plain_end(data, after, separator)
            p = stop
            if stop == after and doubled == 0:
                flag = 1
                at += 1
                stop -= 1
            else:
                flag = 2
        else:
            p = _plain_end(data, p, separator)
            stop = p
        start[own] = at
        end[own] = stop
        quoted[own] = flag
        own += 1
        if p >= n:
            return (p if final else -1), own, GOOD, inside
        if data[p] != separator:
            return p, own, (GOOD if p - begin <= largest else TOO_LONG), inside
        p += 1


@numba.njit(cache=True, nogil=True)
def _scan(data, final, separator, largest, line, lines, states, first, start, end, quoted):  # type: ignore[no-untyped-def]
    n = len(data)
    records = 0
    p = 0
    while p < n:
        begin = p
        if data[p] != _LF and data[p] != _CR:
            p, cell, state, inside = _record(
                data, begin, final, separator, largest, first[records], start, end, quoted
            )
            # A line that ends with the block may be the first half of CRLF, or no end at all.
            if p < 0 or (p + 1 >= n and not final and (p >= n or data[p] == _CR)):
                return records, begin, line
            lines[records] = line
            states[records] = state
            records += 1
            first[records] = cell
            line += inside
            if p >= n:
                return records, p, line + 1
        elif data[p] == _CR and p + 1 == n and not final:
            return records, begin, line
        p = _after_break(data, p)
        line += 1
    return records, p, line


@numba.njit(cache=True, nogil=True)
def _copy(data, start, end, quoted, cells, offsets, out):  # type: ignore[no-untyped-def]
    size = 0
    for i in range(len(cells)):
        cell = cells[i]
        p = start[cell]
        stop = end[cell]
        if quoted[cell] < 2:
            while p < stop:
                out[size] = data[p]
                size += 1
                p += 1
        else:
            p += 1
            inside = True
            while p < stop:
                c = data[p]
                if inside and c == _QUOTE:
                    if p + 1 < stop and data[p + 1] == _QUOTE:
                        out[size] = c
                        size += 1
                        p += 2
                        continue
                    inside = False
                else:
                    out[size] = c
                    size += 1
                p += 1
        offsets[i + 1] = size
    return size

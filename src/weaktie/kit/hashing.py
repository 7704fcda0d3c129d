"""Murmur3 x64 128-bit over columns of text: the id of a row, stable across machines and releases.

Source: A. Appleby, MurmurHash3_x64_128 (public domain reference), checked against its published vectors.
"""

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

U64 = npt.NDArray[np.uint64]

_C1 = np.uint64(0x87C37B91114253D5)
_C2 = np.uint64(0x4CF5AD432745937F)
_FIVE = np.uint64(5)
_N1 = np.uint64(0x52DCE729)
_N2 = np.uint64(0x38495AB5)
_F1 = np.uint64(0xFF51AFD7ED558CCD)
_F2 = np.uint64(0xC4CEB9FE1A85EC53)
_S33 = np.uint64(33)


@numba.njit(cache=True, inline="always")
def _rotl(x, r):  # type: ignore[no-untyped-def]
    return (x << np.uint64(r)) | (x >> np.uint64(64 - r))


@numba.njit(cache=True, inline="always")
def _fmix(k):  # type: ignore[no-untyped-def]
    k ^= k >> _S33
    k *= _F1
    k ^= k >> _S33
    k *= _F2
    k ^= k >> _S33
    return k


@numba.njit(cache=True, nogil=True)
def _murmur(data, offsets, out, seed):  # type: ignore[no-untyped-def]
    for row in range(len(offsets) - 1):
        start = offsets[row]
        length = offsets[row + 1] - start
        h1 = np.uint64(seed)
        h2 = np.uint64(seed)
        blocks = length // 16
        for b in range(blocks):
            k1 = np.uint64(0)
            k2 = np.uint64(0)
            base = start + b * 16
            for i in range(8):
                k1 |= np.uint64(data[base + i]) << np.uint64(8 * i)
                k2 |= np.uint64(data[base + 8 + i]) << np.uint64(8 * i)
            k1 = _rotl(k1 * _C1, 31) * _C2
            h1 = (_rotl(h1 ^ k1, 27) + h2) * _FIVE + _N1
            k2 = _rotl(k2 * _C2, 33) * _C1
            h2 = (_rotl(h2 ^ k2, 31) + h1) * _FIVE + _N2
        tail = start + blocks * 16
        rest = length - blocks * 16
        k1 = np.uint64(0)
        k2 = np.uint64(0)
        for i in range(rest):
            if i < 8:
                k1 |= np.uint64(data[tail + i]) << np.uint64(8 * i)
            else:
                k2 |= np.uint64(data[tail + i]) << np.uint64(8 * (i - 8))
        h2 ^= _rotl(k2 * _C2, 33) * _C1
        h1 ^= _rotl(k1 * _C1, 31) * _C2
        h1 ^= np.uint64(length)
        h2 ^= np.uint64(length)
        h1 += h2
        h2 += h1
        h1 = _fmix(h1)
        h2 = _fmix(h2)
        h1 += h2
        h2 += h1
        out[row, 0] = h1
        out[row, 1] = h2


def hash128(texts: pa.Array | pa.ChunkedArray | list[str], seed: int = 0) -> U64:
    """Two 64-bit words for each text: shape (n, 2), uint64. A null hashes like the empty text."""
    if isinstance(texts, list):
        array = pa.array(texts, pa.large_string())
    else:
        array = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    array = array.cast(pa.large_binary())
    out = np.empty((len(array), 2), np.uint64)
    if len(array) == 0:
        return out
    _, offsets_buffer, data_buffer = array.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64, len(array) + 1, array.offset * 8)
    data = (
        np.frombuffer(data_buffer, np.uint8)
        if data_buffer is not None and data_buffer.size
        else np.zeros(1, np.uint8)
    )
    _murmur(data, offsets, out, seed)
    return out

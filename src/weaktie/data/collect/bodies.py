"""From the bytes of a request to the JSON in it: gzip, form, base64, checksum. Bounded in memory whatever arrives."""

import binascii
import zlib
from urllib.parse import unquote_to_bytes

import numpy as np

from weaktie.data.collect.refusals import refuse

GZIP = b"\x1f\x8b"
MOST_MEMBERS = 64
"""Members of one gzip stream: each costs a copy of what follows it."""


def gunzip(data: bytes, limit: int) -> bytes:
    """The plain bytes of a gzip stream, one member or several; refused as soon as they exceed `limit`."""
    parts: list[bytes] = []
    room = limit
    while data:
        if len(parts) == MOST_MEMBERS:
            raise refuse("bad_gzip")
        member = zlib.decompressobj(31)
        try:
            part = member.decompress(data, room + 1)
        except zlib.error as error:
            raise refuse("bad_gzip") from error
        if len(part) > room:
            raise refuse("body_too_large", str(limit))
        if not member.eof:
            raise refuse("bad_gzip")
        parts.append(part)
        room -= len(part)
        data = member.unused_data
    return parts[0] if len(parts) == 1 else b"".join(parts)


def form_fields(data: bytes) -> dict[str, bytes]:
    """Fields of a form or query string; of a repeated field the first counts.

    A plus sign stays as it is: it belongs to base64 that a client forgot to encode, and no other field has blanks.
    """
    fields: dict[str, bytes] = {}
    for pair in data.split(b"&", 64)[:64]:
        name, _, value = pair.partition(b"=")
        fields.setdefault(unquote_to_bytes(name).decode("latin-1"), unquote_to_bytes(value))
    return fields


def from_base64(text: bytes) -> bytes:
    """Decoded bytes; both alphabets, with or without padding and line ends."""
    plain = text.translate(_ALPHABET, b"\r\n\t =")
    try:
        return binascii.a2b_base64(plain + b"=" * (-len(plain) % 4), strict_mode=True)
    except binascii.Error as error:
        raise refuse("bad_base64") from error


_ALPHABET = bytes.maketrans(b"-_", b"+/")


def checksum(text: bytes) -> int:
    """神策's `ext=crc`: h = 31·h + c over the base64 text, as a signed 32-bit integer."""
    values = np.frombuffer(text, np.uint8).astype(np.uint32)
    powers = np.full(len(values), 31, np.uint32)
    if len(values):
        powers[0] = 1
    weights = np.cumprod(powers, dtype=np.uint32)[::-1]
    total = int((values * weights).sum(dtype=np.uint32))
    return total - (1 << 32) if total >= 1 << 31 else total


def sensors_json(fields: dict[str, bytes], limit: int) -> bytes:
    """The JSON of a 神策 request: `data_list` or `data`, base64, gzipped or not (told by its first bytes)."""
    text = fields.get("data_list") or fields.get("data")
    if not text:
        raise refuse("no_data")
    if len(text) > 4 * limit:
        raise refuse("body_too_large", str(limit))
    extra = fields.get("ext", b"")
    if extra.startswith(b"crc="):
        try:
            expected = int(extra[4:24])
        except ValueError:
            raise refuse("crc_mismatch") from None
        if expected != checksum(text):
            raise refuse("crc_mismatch")
    data = from_base64(text)
    if data.startswith(GZIP):
        return gunzip(data, limit)
    if len(data) > limit:
        raise refuse("body_too_large", str(limit))
    return data

"""Files sealed under a key: compressed, encrypted in pieces, bound to their place, so that none can be swapped or cut."""

import hashlib
import os
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HEAD = b"weaktie sealed 1\n"
PIECE_BYTES = 1024 * 1024
_LENGTH = struct.Struct(">I?")


def seal_file(source: Path, target: Path, key: bytes, bound: str) -> tuple[str, int]:
    """Write `source` sealed to `target`; durable on return. Returns (SHA-256, bytes) of what was written."""
    cipher, digest = AESGCM(key), hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as file, target.open("wb") as out:

        def put(raw: bytes) -> None:
            out.write(raw)
            digest.update(raw)

        put(HEAD)
        pieces = zstandard.ZstdCompressor(level=3).read_to_iter(file, write_size=PIECE_BYTES)
        number, held = 0, next(pieces, b"")
        for piece in pieces:
            put(_piece(cipher, held, bound, number, last=False))
            number, held = number + 1, piece
        put(_piece(cipher, held, bound, number, last=True))
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest(), target.stat().st_size


def open_file(source: Path, target: Path, key: bytes, bound: str) -> None:
    """The reverse, durable on return; raises ValueError when it was altered, cut, or sealed under another key."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as file, target.open("wb") as out:
        with zstandard.ZstdDecompressor().stream_writer(out, closefd=False) as plain:
            for piece in _pieces(file, AESGCM(key), bound):
                plain.write(piece)
        out.flush()
        os.fsync(out.fileno())


def _piece(cipher: AESGCM, raw: bytes, bound: str, number: int, *, last: bool) -> bytes:
    nonce = secrets.token_bytes(12)
    body = nonce + cipher.encrypt(nonce, raw, _bound(bound, number, last))
    return _LENGTH.pack(len(body), last) + body


def _pieces(file: BinaryIO, cipher: AESGCM, bound: str) -> Iterator[bytes]:
    if file.read(len(HEAD)) != HEAD:
        raise ValueError("not a sealed file")
    number, last = 0, False
    while not last:
        head = file.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            raise ValueError("the sealed file is cut")
        length, last = _LENGTH.unpack(head)
        body = file.read(length)
        try:
            yield cipher.decrypt(body[:12], body[12:], _bound(bound, number, last))
        except (InvalidTag, ValueError) as error:
            raise ValueError("the sealed file does not open with this key") from error
        number += 1


def _bound(bound: str, number: int, last: bool) -> bytes:
    return f"{bound}|{number}|{int(last)}".encode()

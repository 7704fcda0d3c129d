"""Bytes of a file into UTF-8 text: decompression with a cap, detection of the encoding, marks for what is no text."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from weaktie.data.imports.contracts import BadImport
from weaktie.kit.words import Words

UNDECODABLE = "\ufffe"
"""Stands for bytes that are no text; it is no character, so no honest file holds it."""

GZIP = b"\x1f\x8b"
FREE_BYTES = 256 << 20
LARGEST_RATIO = 200
_SAMPLE = 1 << 20


def _mark(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return UNDECODABLE, error.end


codecs.register_error("weaktie-mark", _mark)


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, decompressed where it is gzip."""
    with path.open("rb") as raw:
        if raw.read(2) == GZIP:
            raw.seek(0)
            with gzip.GzipFile(fileobj=raw) as stream:
                yield cast(BinaryIO, stream)
        else:
            raw.seek(0)
            yield raw


def encoding_of(path: Path) -> str:
    """`utf-8-sig`, `utf-16` or `gb18030`: by the byte order mark, else by the first part that is not plain ASCII."""
    with open_bytes(path) as stream:
        try:
            block = stream.read(_SAMPLE)
            if block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            while block.isascii():
                block = stream.read(_SAMPLE)
                if not block:
                    return "utf-8-sig"
        except (OSError, EOFError, zlib.error):
            return "utf-8-sig"
    # The sample may cut a character in two, at its end and, after plain ASCII, never at its beginning.
    for encoding in ("utf-8", "gb18030"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(block)
        except UnicodeDecodeError:
            continue
        return "utf-8-sig" if encoding == "utf-8" else encoding
    return "utf-8-sig"


def text_blocks(path: Path, encoding: str, size: int) -> Iterator[tuple[bytes, bool, float]]:
    """(UTF-8 text, whether it is the last, part of the file read) for blocks of about `size` bytes.

    Raises BadImport `too_much_compressed` where a small file unpacks into more than 200 times its size (beyond
    256 MB), and `unreadable_file` where the compressed stream is damaged.
    """
    total = max(path.stat().st_size, 1)
    decoder = codecs.getincrementaldecoder(encoding)("weaktie-mark")
    seen = 0
    with path.open("rb") as raw:
        packed = raw.read(2) == GZIP
        raw.seek(0)
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
        following = _read(stream, size)
        while True:
            block, following = following, _read(stream, size) if following else b""
            final = not following
            seen += len(block)
            if packed and seen > FREE_BYTES and seen > LARGEST_RATIO * total:
                raise BadImport(
                    "too_much_compressed",
                    Words("压缩文件解压后过大。", "The compressed file unpacks into too much."),
                    place="file",
                )
            yield (
                decoder.decode(block, final).encode("utf-8"),
                final,
                1.0 if final else min(raw.tell() / total, 0.999),
            )
            if final:
                return


def _read(stream: BinaryIO, size: int) -> bytes:
    try:
        return stream.read(size)
    except (OSError, EOFError, zlib.error) as error:
        raise BadImport(
            "unreadable_file",
            Words("压缩文件已损坏。", "The compressed file is damaged."),
            place="file",
        ) from error

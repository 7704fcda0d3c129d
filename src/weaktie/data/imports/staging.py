"""Order lines on their way to their order: in memory for an ordinary file, in buckets on disk for a very large one."""

import shutil
from pathlib import Path
from types import TracebackType

import numpy as np
import polars as pl
import pyarrow as pa

from weaktie.data.imports.streams import GZIP
from weaktie.kit.hashing import hash128

BUCKET_BYTES = 192 << 20
MOST_BUCKETS = 128
PACKED = 8
"""How much larger a gzipped or columnar file is taken to be when it is read."""


def expected_bytes(path: Path) -> int:
    """About how many bytes of text the file holds; the same for the same file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(4)
    return size * PACKED if magic.startswith((GZIP, b"PAR1", b"PK")) else size


class Buckets:
    """Frames dealt by the hash of their order number, so that each order lies whole in one bucket."""

    def __init__(self, folder: Path, expected: int) -> None:
        self.count = min(MOST_BUCKETS, 1 + expected // BUCKET_BYTES)
        self._folder = folder
        self._frames: list[pl.DataFrame] = []
        self._pieces = 0

    def __enter__(self) -> "Buckets":
        if self.count > 1:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._frames.clear()
        if self.count > 1:
            shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, frame: pl.DataFrame) -> None:
        """Deal the rows out; within a bucket they keep their order."""
        if self.count == 1:
            self._frames.append(frame)
            return
        words = hash128(frame["order_id"].to_arrow().cast(pa.large_string()))[:, 0]
        dealt = frame.with_columns(pl.Series("bucket", (words % np.uint64(self.count)).astype(np.int64)))
        for (number,), rows in dealt.partition_by("bucket", as_dict=True).items():
            path = self._folder / f"{number:03d}-{self._pieces:06d}.arrow"
            rows.drop("bucket").write_ipc(path, compression="lz4")
        self._pieces += 1

    def read(self, number: int) -> pl.DataFrame:
        """All rows of one bucket."""
        if self.count == 1:
            return pl.concat(self._frames) if self._frames else pl.DataFrame(schema={"order_id": pl.String})
        pieces = sorted(self._folder.glob(f"{number:03d}-*.arrow"))
        return pl.concat([pl.read_ipc(piece) for piece in pieces]) if pieces else self._empty()

    def _empty(self) -> pl.DataFrame:
        some = next(iter(sorted(self._folder.glob("*.arrow"))), None)
        return pl.read_ipc(some).clear() if some else pl.DataFrame()

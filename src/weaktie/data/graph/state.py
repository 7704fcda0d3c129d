"""What builds of the graph remember: their books in the database, the rows of days in the lake, pairs in a file beside.

The file only saves time: it is read where it was made of exactly the files of `tie_day` that count, and made anew otherwise.
"""

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, RowMapping, delete, func, insert, select

from weaktie.data.graph.assembling import Pairs, Rows
from weaktie.data.graph.contracts import CODE, I32, Built, Weights
from weaktie.data.graph.tables import TIE_DAY, builds
from weaktie.store.engine.contracts import Session
from weaktie.store.lake.contracts import LakeFile

KEPT_BUILDS = 60
FOLDER = "graph"


def newest(connection: Connection) -> Built | None:
    """The build that is read now; None before the first."""
    row = connection.execute(select(builds).order_by(builds.c.number.desc()).limit(1)).mappings().first()
    return None if row is None else _built(row)


def newest_number(connection: Connection) -> int:
    """The number of the build that is read now; 0 before the first. One indexed look-up."""
    return int(connection.execute(select(func.max(builds.c.number))).scalar() or 0)


def inputs_hash(connection: Connection) -> str | None:
    """Of what the newest build was made."""
    query = select(builds.c.inputs_hash).order_by(builds.c.number.desc()).limit(1)
    return connection.execute(query).scalar()


def add(tx: Connection, built: Built, inputs: str) -> None:
    """Write a build into the books and forget the oldest."""
    tx.execute(
        insert(builds).values(
            number=built.number, built_us=built.built_us, as_of_day=built.as_of_day, version=built.version,
            whole=built.whole, inputs_hash=inputs, weights_json=msgspec.json.encode(asdict(built.weights)).decode(),
            figures_json=msgspec.json.encode(built.figures).decode(),
        )
    )  # fmt: skip
    tx.execute(delete(builds).where(builds.c.number <= built.number - KEPT_BUILDS))


def _built(row: RowMapping) -> Built:
    weights: Weights = msgspec.convert(msgspec.json.decode(row["weights_json"]), Weights)
    figures: dict[str, Any] = msgspec.json.decode(row["figures_json"])
    return Built(
        row["number"], row["built_us"], row["as_of_day"], row["version"], row["whole"], weights, figures
    )


# ---- rows of days


def rows_of(table: pa.Table) -> Rows:
    """Rows of `tie_day` as arrays; kinds that are not known any more are left out."""
    encoded = table["kind"].combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = np.array([CODE.get(k, -1) for k in encoded.dictionary.to_pylist()] or [-1], np.int8)
    kind = codes[encoded.indices.to_numpy(zero_copy_only=False)] if table.num_rows else np.empty(0, np.int8)
    arrays = (table[n].to_numpy().astype(np.int32, copy=False) for n in ("src_no", "dst_no", "day", "times"))
    src, dst, day, times = arrays
    rows = Rows(src, dst, kind, day, times, np.zeros(len(src), np.int32))
    return rows if (kind >= 0).all() else rows.where(kind >= 0)


def read_rows(session: Session, files: Sequence[LakeFile]) -> Rows:
    """Every row of these files of `tie_day`."""
    frame = session.scan([f.path for f in files], TIE_DAY.schema)
    return rows_of(session.collect(frame.select("day", "src_no", "dst_no", "kind", "times")))


# ---- pairs beside


def keep_pairs(home: Path, files: Sequence[LakeFile], as_of_day: int, code: str, pairs: Pairs) -> None:
    """Keep pairs of identifiers as of a day, made of these files."""
    folder = home / "run" / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    stamp = np.frombuffer(_stamp(files, code).encode(), np.uint8)
    part = folder / "pairs.part.npz"
    np.savez(
        part, stamp=stamp, as_of_day=np.array(as_of_day), src=pairs.src, dst=pairs.dst, given=pairs.given, count=pairs.count,
        last=pairs.last, mask=pairs.mask,
    )  # fmt: skip
    part.rename(folder / "pairs.npz")


def kept_pairs(home: Path, files: Sequence[LakeFile], code: str) -> tuple[int, Pairs] | None:
    """(as of which day, pairs) that were made of exactly these files; None where there are none."""
    path = home / "run" / FOLDER / "pairs.npz"
    try:
        with np.load(path, allow_pickle=False) as kept:
            if kept["stamp"].tobytes() != _stamp(files, code).encode():
                return None
            src: I32 = kept["src"]
            size = int(max(src.max(initial=0), kept["dst"].max(initial=0))) + 1
            starts = np.concatenate([[0], np.cumsum(np.bincount(src, minlength=size))]).astype(np.int64)
            pairs = Pairs(
                starts, src, kept["dst"], kept["given"], np.zeros(len(src), np.float32), kept["count"], kept["last"], kept["mask"],
            )  # fmt: skip
            return int(kept["as_of_day"]), pairs
    except (OSError, ValueError, KeyError):
        return None


def drop_pairs(home: Path) -> None:
    """Forget the pairs beside: somebody in them was erased."""
    shutil.rmtree(home / "run" / FOLDER, ignore_errors=True)


def _stamp(files: Sequence[LakeFile], code: str) -> str:
    return f"{code}|{sorted((f.file_id, f.sha256[:8]) for f in files)}"

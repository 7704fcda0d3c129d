"""Imports by whole processes: Online Retail within 20 s, and Parquet events at 300,000 rows a second or more.

The named peer is DuckDB copying the same Parquet file to Parquet: the least that anybody does who reads every row and
writes it again, without ids, identifiers, checks or durability. BENCH_IMPORT_ROWS shortens the second part.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = int(os.environ.get("BENCH_IMPORT_ROWS", "2000000"))
PEOPLE = 20_000
RETAIL_SECONDS, ROWS_A_SECOND = 20.0, 300_000
DATA = Path(os.environ.get("WEAKTIE_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


def weaktie(*arguments: str) -> tuple[Any, float]:
    """(what the command printed as JSON, seconds of the whole process)."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "weaktie", *arguments], check=True, capture_output=True, text=True
    )
    seconds = time.perf_counter() - begun
    return (json.loads(done.stdout) if "--json" in arguments else None), seconds


def write_events(path: Path) -> None:
    """Two million events of 20,000 people with ids of their own, as a warehouse exports them."""
    random = np.random.default_rng(1)
    names = np.array(
        ["Product Viewed", "Content Viewed", "Product Added", "Order Completed", "Product Shared"]
    )
    writer: pq.ParquetWriter | None = None
    for start in range(0, ROWS, 250_000):
        n = min(250_000, ROWS - start)
        ids = np.arange(start, start + n)
        table = pa.table(
            {
                "event_id": pa.array([f"evt-{number:012x}" for number in ids.tolist()]),
                "event": names[random.integers(0, len(names), n)],
                "user_id": np.char.add("u", random.integers(0, PEOPLE, n).astype(str)),
                "time": pa.array(1_767_000_000_000_000 + ids * 1_000_003, pa.timestamp("us", tz="UTC")),
                "product_id": np.char.add("p", random.integers(0, 600, n).astype(str)),
                "channel": np.array(["douyin", "organic", "referral"])[random.integers(0, 3, n)],
                "amount": pa.array(random.integers(100, 99_999, n) / 100.0),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    assert writer is not None
    writer.close()


def peer(path: Path, out: Path) -> float:
    """Seconds of DuckDB for COPY of the same file, process start left out."""
    begun = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            f"COPY (SELECT * FROM read_parquet('{path}')) TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
        )
    return time.perf_counter() - begun


def retail(folder: Path) -> None:
    """The figure of the public data set, skipped where it is absent."""
    path = DATA / "online_retail" / "online_retail.csv.gz"
    if not path.exists():
        print(f"online_retail: skipped, {path.name} is not here")
        return
    home = str(folder / "retail")
    weaktie("init", "--home", home)
    found, seconds = weaktie(
        "import", "orders", str(path), "--mapping", "online-retail", "--home", home, "--json"
    )
    print(
        f"online_retail: {found['rows']:,} lines, {found['stored']['orders']:,} orders in {seconds:.1f} s (goal ≤ {RETAIL_SECONDS:.0f} s)"
    )
    assert (found["rows"], found["stored"]["orders"], found["bad"]) == (541_909, 25_900, 0), found
    assert seconds <= RETAIL_SECONDS, seconds


def parquet(folder: Path) -> None:
    """Rows a second of a Parquet file of events, and the ratio to the peer."""
    path, home = folder / "events.parquet", str(folder / "events")
    write_events(path)
    weaktie("init", "--home", home)
    found, seconds = weaktie("import", "events", str(path), "--home", home, "--json")
    assert found["stored"] == {"events": ROWS}, found
    copied = peer(path, folder / "copy.parquet")
    rate = ROWS / seconds
    print(
        f"parquet: {ROWS:,} events in {seconds:.1f} s, {rate:,.0f} rows a second (goal ≥ {ROWS_A_SECOND:,})"
    )
    print(f"parquet: {seconds / copied:.1f} × DuckDB's COPY of the same file ({copied:.2f} s)")
    assert rate >= ROWS_A_SECOND or ROWS < 1_000_000, rate


def main() -> None:
    """Both parts, each in a home of its own."""
    with tempfile.TemporaryDirectory(prefix="weaktie-bench-") as folder:
        retail(Path(folder))
        parquet(Path(folder))


if __name__ == "__main__":
    main()

"""Runs one query in a process of its own, which holds nothing but the given views and is locked before the query.

It is started by its path, with one JSON object on its standard input, and answers one on its standard output. It imports
nothing of ours: what it may do is what stands here.
"""

import json
import resource
import sys
import time
from datetime import date
from decimal import Decimal
from typing import Any

MARGIN_BYTES = 1 << 30
"""Beyond the engine's own limit: code, stacks, the batch that is being written."""
BATCH_ROWS = 2_048


def main() -> None:
    """One query, one answer."""
    job = json.load(sys.stdin)
    limit = int(job["memory_bytes"]) + MARGIN_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    began = time.monotonic()
    try:
        answer = run(job)
    except MemoryError:
        answer = {"error": {"exception_type": "Out of Memory", "exception_message": ""}}
    except Exception as error:  # noqa: BLE001  whatever it is, the parent is told
        answer = {"error": told(error)}
    answer["ms"] = round((time.monotonic() - began) * 1000)
    json.dump(answer, sys.stdout)


def told(error: Exception) -> dict[str, Any]:
    """The engine writes its errors as JSON; anything else is named by its kind."""
    try:
        said = json.loads(str(error).partition("{")[1] + str(error).partition("{")[2])
        return said if isinstance(said, dict) else {"exception_message": str(said)}
    except ValueError:
        return {"exception_type": type(error).__name__, "exception_message": str(error)[:2000]}


def locked(job: dict[str, Any]) -> Any:
    """A database with the views, from which nothing leads out."""
    import duckdb

    db = duckdb.connect(
        config={
            "memory_limit": f"{job['memory_bytes']}B", "threads": job["threads"], "temp_directory": job["scratch"],
            "max_temp_directory_size": f"{job['scratch_bytes']}B", "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false", "allow_community_extensions": "false",
        }
    )  # fmt: skip
    db.execute("SET TimeZone = 'UTC'")
    db.execute("SET enable_progress_bar = false")
    db.execute("SET errors_as_json = true")
    db.execute("CREATE MACRO as_date(day) AS DATE '1970-01-01' + day::INTEGER")
    db.execute("CREATE MACRO day_of(moment) AS moment::DATE - DATE '1970-01-01'")
    for name, text in job["views"].items():
        db.execute(f'CREATE VIEW "{name}" AS {text}')
    paths = ", ".join("'" + path.replace("'", "''") + "'" for path in job["files"])
    for setting in (
        "python_enable_replacements = false", f"allowed_paths = [{paths}]", "enable_external_access = false",
        "lock_configuration = true",
    ):  # fmt: skip
        db.execute(f"SET {setting}")
    return db


def run(job: dict[str, Any]) -> dict[str, Any]:
    """The result goes to the file at `out`, up to so many rows and bytes."""
    db = locked(job)
    import pyarrow as pa

    found = db.execute(job["sql"], {name: typed(value) for name, value in job["values"].items()})
    reader = found.to_arrow_reader(BATCH_ROWS)
    rows = size = 0
    cut = False
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.OSFile(job["out"], "wb") as out, pa.ipc.new_file(out, reader.schema, options=options) as writer:
        for batch in reader:
            left = job["most_rows"] - rows
            cut = batch.num_rows > left or size > job["most_bytes"]
            if cut:
                batch = batch.slice(0, left if size <= job["most_bytes"] else 0)
            if batch.num_rows:
                writer.write_batch(batch)
            rows, size = rows + batch.num_rows, size + batch.nbytes
            if cut:
                break
    columns = [{"name": f.name, "type": str(f.type)} for f in reader.schema]
    return {"rows": rows, "cut": cut, "columns": columns}


def typed(value: dict[str, Any]) -> Any:
    """A bound value from its form in JSON."""
    if value["type"] == "date":
        return date.fromisoformat(value["value"])
    if value["type"] == "number":
        text = str(value["value"])
        return int(text) if text.lstrip("-").isdigit() else Decimal(text)
    return value["value"]


if __name__ == "__main__":
    main()

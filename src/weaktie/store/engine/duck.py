"""`duckdb:` the engine in this process."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pyarrow as pa

from weaktie.kit.settings import Engine as EngineSettings
from weaktie.store.engine.contracts import MemberType


class DuckEngine:
    """One in-memory DuckDB; sessions are cursors of it, so that memory and threads are bounded together."""

    in_process = True

    def __init__(self, settings: EngineSettings, scratch: Path) -> None:
        scratch.mkdir(parents=True, exist_ok=True)
        config: dict[str, Any] = {
            "memory_limit": f"{settings.memory_gb}GB",
            "temp_directory": str(scratch),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "false",
        }
        if settings.threads:
            config["threads"] = settings.threads
        self._connection = duckdb.connect(config=config)
        self._connection.execute("SET TimeZone = 'UTC'")

    def session(self) -> "DuckSession":
        """A cursor for one thread."""
        return DuckSession(self._connection.cursor())

    def close(self) -> None:
        """Close the database; sessions of it end."""
        self._connection.close()


class DuckSession:
    """One cursor."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def __enter__(self) -> "DuckSession":
        return self

    def __exit__(self, *args: object) -> None:
        self._cursor.close()

    def seal(self, files: list[Path]) -> None:
        """See `contracts.Session.seal`."""
        names = ", ".join("'" + str(f).replace("'", "''") + "'" for f in files)
        for setting in (
            f"allowed_paths = [{names}]", "python_enable_replacements = false", "enable_external_access = false",
            "lock_configuration = true",
        ):  # fmt: skip
            self._cursor.execute(f"SET {setting}")

    def interrupt(self) -> None:
        """See `contracts.Session.interrupt`."""
        self._cursor.interrupt()

    def scan(
        self, paths: list[Path], schema: pa.Schema, *, may_lack: Collection[str] = ()
    ) -> nw.LazyFrame[Any]:
        """Parquet files as one frame. Only where files may lack a column is every footer read before the query."""
        if not paths:
            return self.table(schema.empty_table())
        read = self._cursor.read_parquet(
            [str(p) for p in paths], hive_partitioning=False, union_by_name=bool(may_lack)
        )
        there = set(read.columns)
        wanted = [f for f in schema if f.name in there or f.name in may_lack]
        return nw.from_native(
            read.select(*(duckdb.ColumnExpression(f.name) if f.name in there else _nulls(f) for f in wanted))
        )

    def table(self, data: pa.Table) -> nw.LazyFrame[Any]:
        """An Arrow table as a frame, without copying it."""
        return nw.from_native(self._cursor.from_arrow(data))

    def members(
        self, frame: nw.LazyFrame[Any], column: str, wanted: Mapping[str, tuple[str, MemberType]]
    ) -> nw.LazyFrame[Any]:
        """Each member by a JSON pointer that is a literal; a row that is no JSON has none."""
        if not wanted:
            return frame
        made = [_member(column, key, kind).alias(name) for name, (key, kind) in wanted.items()]
        rows: duckdb.DuckDBPyRelation = frame.to_native()
        return nw.from_native(rows.select(duckdb.StarExpression(), *made))

    def collect(self, frame: nw.LazyFrame[Any]) -> pa.Table:
        """Run the frame into Arrow."""
        return frame.to_native().to_arrow_table()

    def text(self, frame: nw.LazyFrame[Any]) -> str:
        """The relation as DuckDB writes it."""
        return str(frame.to_native().sql_query())

    def sql(
        self,
        query: str,
        tables: Mapping[str, nw.LazyFrame[Any] | pa.Table],
        values: Mapping[str, object] | None = None,
    ) -> pa.Table:
        """DuckDB's SQL; each name of `tables` can be selected from."""
        for name, table in tables.items():
            if isinstance(table, pa.Table):
                self._cursor.register(name, table)
            else:
                table.to_native().create_view(name, replace=True)
        return self._cursor.sql(query, params=dict(values or {})).to_arrow_table()


def _member(column: str, key: str, kind: MemberType) -> duckdb.Expression:
    pointer = "/" + key.replace("~", "~0").replace("/", "~1")
    name, quoted = column.replace('"', '""'), pointer.replace("'", "''")
    text = f"TRY(json_extract_string(\"{name}\", '{quoted}'))"
    if kind == "text":
        return duckdb.SQLExpression(text)
    number = f"TRY_CAST({text} AS DOUBLE)"
    return duckdb.SQLExpression(f"CASE WHEN isfinite({number}) THEN {number} END")


_TYPES = {
    pa.string(): "VARCHAR", pa.float64(): "DOUBLE", pa.int64(): "BIGINT", pa.int32(): "INTEGER", pa.int16(): "SMALLINT",
    pa.bool_(): "BOOLEAN", pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip


def _nulls(field: pa.Field) -> duckdb.Expression:
    """A column that no file has."""
    return duckdb.ConstantExpression(None).cast(_TYPES[field.type]).alias(field.name)

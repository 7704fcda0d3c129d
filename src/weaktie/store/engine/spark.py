"""`spark://host:port`: the engine on a standalone Spark cluster.

The driver is a Java process beside this one; the cluster's workers read the lake's files themselves, so that a `file:`
lake has to lie under the same path on every worker. What else an installation wants of Spark (the driver's host name,
memory of executors …) stands in `spark-defaults.conf` of its `SPARK_CONF_DIR`, which Spark reads itself.
"""

import os
import re
import secrets
import shutil
import socket
import sys
import threading
import warnings
from collections.abc import Collection, Mapping
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from typing import Any

import narwhals as nw
import pyarrow as pa

from weaktie.kit.settings import Engine as EngineSettings
from weaktie.kit.words import Words
from weaktie.store.engine.contracts import EPOCH, EngineMissing, EngineUnreachable, MemberType

CONNECT_SECONDS = 5.0
MOST_SHUFFLE_PARTITIONS = 200
_GLOB = re.compile(r"([*?\[\]{}\\])")
_VALUE = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|\$(\w+)", re.DOTALL)
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
"""A text that is nothing but a finite number; Java would also take `1d` and `0x1p3`."""
_lock = threading.Lock()
_open: dict[str, tuple[Any, int]] = {}
"""The application of each address in this process, and how many engines use it: Spark allows one."""


def missing() -> EngineMissing | None:
    """What this machine lacks to drive a cluster: the extra, or Java; None where all is there."""
    if find_spec("pyspark") is None:
        return EngineMissing(
            Words(
                "spark:// 需要 PySpark：pip install 'weaktie[spark]'。",
                "spark:// needs PySpark: pip install 'weaktie[spark]'.",
            )
        )
    if not java():
        return EngineMissing(
            Words(
                "spark:// 需要 Java 17 或更新版本（Debian：apt-get install openjdk-17-jre-headless），或设置 JAVA_HOME。",
                "spark:// needs Java 17 or later (Debian: apt-get install openjdk-17-jre-headless), or JAVA_HOME.",
            )
        )
    return None


def java() -> str | None:
    """The `java` that Spark would start."""
    home = os.environ.get("JAVA_HOME")
    own = shutil.which("java", path=str(Path(home) / "bin")) if home else None
    return own or shutil.which("java")


class SparkEngine:
    """One Spark application of this process; sessions have their own views and share its executors."""

    in_process = False

    def __init__(self, address: str, settings: EngineSettings, scratch: Path) -> None:
        lacking = missing()
        if lacking is not None:
            raise lacking
        if address not in _open:
            _reach(address)
        scratch.mkdir(parents=True, exist_ok=True)
        self._address, self._settings, self._scratch = address, settings, scratch
        self._closed = False
        with _lock:
            if any(other != address for other in _open):
                raise EngineUnreachable(address, "another cluster is open in this process")
            spark, users = _open[address] if address in _open else (_start(address, settings, scratch), 0)
            _open[address] = (spark, users + 1)

    def session(self) -> "SparkSession":
        """A session for one thread. An application that the cluster has ended since is begun anew."""
        assert not self._closed
        with _lock:
            spark, users = _open[self._address]
            if _has_ended(spark):
                spark.stop()
                _reach(self._address)
                spark = _start(self._address, self._settings, self._scratch)
                _open[self._address] = (spark, users)
        return SparkSession(spark.newSession())

    def close(self) -> None:
        """Let go; the application ends with its last engine."""
        with _lock:
            if self._closed:
                return
            self._closed = True
            spark, users = _open.pop(self._address)
            if users > 1:
                _open[self._address] = (spark, users - 1)
            else:
                spark.stop()


class SparkSession:
    """One session of the application."""

    def __init__(self, spark: Any) -> None:
        self._spark = spark
        self._views: set[str] = set()
        self._tag = f"weaktie-{secrets.token_hex(8)}"

    def __enter__(self) -> "SparkSession":
        return self

    def __exit__(self, *args: object) -> None:
        for name in self._views:
            self._spark.catalog.dropTempView(name)

    def scan(
        self,
        paths: list[Path],
        schema: pa.Schema,
        *,
        may_lack: Collection[str] = (),  # noqa: ARG002
    ) -> nw.LazyFrame[Any]:
        """Parquet files as one frame; a column that a file has not is null there, whether or not it `may_lack` it."""
        if not paths:
            return self.table(schema.empty_table())
        names = ["file://" + _GLOB.sub(r"\\\1", str(p.resolve())) for p in paths]
        return _lazy(self._spark.read.schema(_spark_schema(schema)).parquet(*names))

    def table(self, data: pa.Table) -> nw.LazyFrame[Any]:
        """An Arrow table as a frame: what is small goes along with the query, the rest is spread over the workers."""
        return _lazy(self._spark.createDataFrame(data, _spark_schema(data.schema)))

    def members(
        self, frame: nw.LazyFrame[Any], column: str, wanted: Mapping[str, tuple[str, MemberType]]
    ) -> nw.LazyFrame[Any]:
        """Each member from the object read as a map of texts: a key is a value there, never part of a path."""
        if not wanted:
            return frame
        from pyspark.sql import functions as f

        members = f.from_json(f.col(column), "map<string,string>")
        made = {}
        for name, (key, kind) in wanted.items():
            text = f.element_at(members, f.lit(key))
            number = f.when(text.rlike(_NUMBER), text.try_cast("double"))
            made[name] = text if kind == "text" else f.when(f.abs(number) < f.lit(float("inf")), number)
        return _lazy(frame.to_native().withColumns(made))

    def collect(self, frame: nw.LazyFrame[Any]) -> pa.Table:
        """Run the frame into Arrow."""
        return self._run(frame.to_native())

    def interrupt(self) -> None:
        """Stop what the session runs, from another thread; the call that ran it raises."""
        self._spark.sparkContext.cancelJobsWithTag(self._tag)

    def seal(self, files: list[Path]) -> None:  # noqa: ARG002
        """Spark cannot be locked to some files: what people wrote runs on DuckDB over the same files. Raises EngineMissing."""
        raise _not_here()

    def text(self, frame: nw.LazyFrame[Any]) -> str:  # noqa: ARG002
        """Spark does not write a frame as a text of its SQL. Raises EngineMissing."""
        raise _not_here()

    def sql(
        self,
        query: str,
        tables: Mapping[str, nw.LazyFrame[Any] | pa.Table],
        values: Mapping[str, object] | None = None,
    ) -> pa.Table:
        """Spark's SQL; each name of `tables` can be selected from, `$name` is bound as Spark's `:name`."""
        for name, table in tables.items():
            frame = self.table(table) if isinstance(table, pa.Table) else table
            frame.to_native().createOrReplaceTempView(name)
            self._views.add(name)
        named = _VALUE.sub(lambda m: f":{m[1]}" if m[1] else m[0], query)
        return self._run(self._spark.sql(named, dict(values or {})))

    def _run(self, native: Any) -> pa.Table:
        context = self._spark.sparkContext
        context.addJobTag(self._tag)
        try:
            found: pa.Table = native.toArrow()
        finally:
            context.removeJobTag(self._tag)
        return found


def _not_here() -> EngineMissing:
    return EngineMissing(
        Words("手写 SQL 暂不能在 spark:// 上运行。", "SQL that people wrote does not run on spark://.")
    )


def _start(address: str, settings: EngineSettings, scratch: Path) -> Any:
    """The application on the cluster. With `threads` it keeps that many cores; otherwise it takes what is free and gives it
    back when idle, so that a server and a command can share a cluster."""
    from pyspark.sql import SparkSession as Native

    _fill_gaps()
    memory_mb = int(settings.memory_gb * 1024)
    chosen = {
        "spark.driver.memory": f"{memory_mb}m",
        "spark.driver.maxResultSize": "0",
        "spark.local.dir": str(scratch),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.ui.enabled": "false",
        # What a query held may stand in Spark's messages; what went wrong comes here as an exception.
        "spark.log.level": "FATAL",
        "spark.ui.showConsoleProgress": "false",
        "spark.python.worker.reuse": "true",
    }
    if settings.threads:
        chosen |= {
            "spark.cores.max": str(settings.threads),
            "spark.sql.shuffle.partitions": str(min(settings.threads, MOST_SHUFFLE_PARTITIONS)),
        }
    else:
        chosen |= {
            "spark.dynamicAllocation.enabled": "true",
            "spark.dynamicAllocation.shuffleTracking.enabled": "true",
            "spark.dynamicAllocation.executorIdleTimeout": "60s",
        }
    # Both ends of a Python worker have to be the same Python, and no file of the user's is to be read as the driver's.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Spark warns of pandas 3; nothing of ours goes through pandas.
    with warnings.catch_warnings(category=FutureWarning, action="ignore"):
        return Native.builder.master(address).appName("weaktie").config(map=chosen).getOrCreate()


def _has_ended(spark: Any) -> bool:
    context = spark.sparkContext._jsc  # noqa: SLF001  Spark tells it to no other name
    return context is None or bool(context.sc().isStopped())


def _reach(address: str) -> None:
    """Knock at each master: Spark itself would try for minutes. Raises EngineUnreachable."""
    why = "no host and port"
    for place in address.removeprefix("spark://").split(","):
        host, _, port = place.rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS):
                return
        except (OSError, ValueError) as error:
            why = type(error).__name__
    raise EngineUnreachable(address, why)


def _lazy(native: Any) -> nw.LazyFrame[Any]:
    frame: nw.LazyFrame[Any] = nw.from_native(native)
    return frame


def _spark_schema(schema: pa.Schema) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(schema)


def _fill_gaps() -> None:
    """What our queries use and narwhals lacks on Spark: `dt.total_microseconds()` of a difference of two times, and unsigned
    integers, which are the next larger signed ones there."""
    from narwhals._spark_like import utils
    from narwhals._spark_like.expr_dt import SparkLikeExprDateTimeNamespace as Times

    def total_microseconds(self: Any) -> Any:
        functions = self.compliant._F  # noqa: SLF001  as narwhals' own methods of this class do
        return self.compliant._with_elementwise(  # noqa: SLF001
            lambda span: functions.unix_micros(functions.lit(EPOCH) + span)
        )

    times: Any = Times
    times.total_microseconds = total_microseconds
    wider: Any = dict.fromkeys((nw.UInt8, nw.UInt16, nw.UInt32), attrgetter("LongType"))
    types: Any = utils.NW_TO_SPARK_DTYPES
    types.update(wider)

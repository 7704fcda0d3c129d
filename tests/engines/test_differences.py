"""The table of differences is true and whole: what it says is missing is missing, and no query is forgotten."""

import threading
from collections.abc import Callable
from pathlib import Path

import narwhals as nw
import pyarrow as pa
import pytest
from narwhals._utils import not_implemented

from tests.engines.differences import DIFFERENCES, TRIED, rendered
from tests.suites.engines import SPARK
from weaktie.store.engine.contracts import Engine, EngineMissing
from weaktie.store.engine.spark import SparkSession

ROOT = Path(__file__).resolve().parents[2]
FLOORS = [ROOT / "src" / "weaktie" / floor for floor in ("data", "ai", "business")]


def on_spark(test: Callable[..., None]) -> Callable[..., None]:
    """Marks a test as one of the cluster's."""
    for mark in SPARK:
        test = mark(test)
    return test


def test_the_page_shows_the_table() -> None:
    assert rendered() in (ROOT / "docs" / "engines.md").read_text("utf-8")
    assert len({d.what for d in DIFFERENCES}) == len(DIFFERENCES)


def test_every_module_of_queries_is_tried_or_marked() -> None:
    modules = {
        path.relative_to(floor).as_posix()
        for floor in FLOORS
        for pattern in ("*/queries*.py", "*/windows.py")
        for path in floor.glob(pattern)
    }
    assert set(TRIED) == modules, "run each new query in asked.py, then name its module in differences.py"


def test_narwhals_still_lacks_what_is_added_to_it() -> None:
    from narwhals._spark_like.expr_dt import SparkLikeExprDateTimeNamespace as Times

    assert isinstance(vars(Times)["total_seconds"], not_implemented), (
        "then `_fill_gaps` may have become needless"
    )


@on_spark
def test_first_in_an_order_is_still_refused(spark_engine: Engine) -> None:
    with spark_engine.session() as session:
        frame = session.table(pa.table({"k": [1, 1], "v": [2, 1]}))
        with pytest.raises(Exception, match="not supported"):
            frame.group_by("k").agg(nw.col("v").first(order_by="v"))


@on_spark
def test_sums_beyond_64_bits_are_refused(embedded_engine: Engine, spark_engine: Engine) -> None:
    table = pa.table({"n": pa.array([2**62] * 4, pa.int64())})
    with embedded_engine.session() as session:
        assert int(session.collect(session.table(table).select(nw.col("n").sum()))["n"][0].as_py()) == 2**64
    with spark_engine.session() as session, pytest.raises(Exception, match=r"(?i)overflow"):
        session.collect(session.table(table).select(nw.col("n").sum()))


@on_spark
def test_what_is_unsigned_comes_back_signed(spark_engine: Engine) -> None:
    with spark_engine.session() as session:
        frame = session.table(pa.table({"n": pa.array([2**32 - 1], pa.int64())}))
        found = session.collect(frame.select(nw.col("n").cast(nw.UInt32)))
    assert found["n"].to_pylist() == [2**32 - 1]
    assert found.schema.field("n").type == pa.int64()


@on_spark
def test_an_application_that_the_cluster_ended_is_begun_anew(spark_engine: Engine) -> None:
    with spark_engine.session() as session:
        session._spark.sparkContext._jsc.sc().stop()  # type: ignore[attr-defined]
    with spark_engine.session() as session:
        assert session.collect(session.table(pa.table({"n": [1, 2]})).select(nw.col("n").sum()))[
            "n"
        ].to_pylist() == [3]


@on_spark
def test_what_runs_can_be_stopped(spark_engine: Engine) -> None:
    slow = nw.all_horizontal(nw.col("n") >= 0, ignore_nulls=False)
    with spark_engine.session() as session:
        assert isinstance(session, SparkSession)
        frame = session.table(pa.table({"n": range(3_000)}))
        # 27 thousand million rows: hours, if nobody stops it.
        cubed = frame.join(frame, how="cross").join(frame, how="cross", suffix="_3").filter(slow)
        timer = threading.Timer(3.0, session.interrupt)
        timer.start()
        with pytest.raises(Exception, match=r"(?i)cancel"):
            session.collect(cubed.select(nw.len()))
        timer.join()
        assert session.collect(frame.select(nw.len()))[0].to_pylist() == [3_000]


@on_spark
def test_sql_of_people_is_refused_by_name(spark_engine: Engine) -> None:
    with spark_engine.session() as session:
        assert isinstance(session, SparkSession)
        with pytest.raises(EngineMissing):
            session.seal([])
        with pytest.raises(EngineMissing):
            session.text(session.table(pa.table({"n": [1]})))

"""Where the two engines are not alike, each with its mark and its reason: the one place. docs/engines.md shows this table.

`notimpl`: we could, and have not. `notyet`: somebody else has to come first. `never`: it lies in what the engines are.
"""

from dataclasses import dataclass
from typing import Literal

Mark = Literal["notimpl", "notyet", "never"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same on `spark://`, and what is done about it."""

    what: str
    mark: Mark
    reason: str
    instead: str


DIFFERENCES = (
    Difference(
        "a lake at `s3://`", "notyet", "PySpark's wheel has no S3 connector: hadoop-aws is the administrator's to add",
        "a `file:` lake that every worker sees under one path; `weaktie doctor` says so",
    ),
    Difference("Spark Connect (`sc://`)", "notimpl", "only standalone clusters have been tried", "`spark://HOST:PORT`"),
    Difference(
        "sequences of people: funnels with exclusions, paths, attribution", "never",
        "they are compiled loops over arrays of one machine",
        "the cluster selects the rows, the server's loops count them; funnels and retention also as windows that run wholly on "
        "the cluster (`data/behaviour/windows.py`), equal by test",
    ),
    Difference(
        "SQL that people write (`wt.sql`, tags and pages in SQL)", "never",
        "each engine reads its own dialect, and only DuckDB's is checked before it runs", "DuckDB",
    ),
    Difference(
        "microseconds between two times", "notyet", "narwhals 2.29 has no `dt.total_microseconds()` on Spark",
        "`store/engine/spark.py` adds it",
    ),
    Difference(
        "unsigned integers", "never", "Spark has none", "the next larger signed one; results are cast where they arrive",
    ),
    Difference(
        "`first` and `last` in an order", "notyet", "narwhals refuses them on Spark", "`last_by` of `data/profiles/queries.py`",
    ),
    Difference(
        "a column that a file lacks and that nobody said it `may_lack`", "notimpl", "Spark reads the schema that it is told",
        "null on Spark, an error of the query on DuckDB",
    ),
    Difference(
        "sums beyond 64 bits", "never", "Spark refuses where DuckDB widens", "amounts are far below; the refusal is loud",
    ),
    Difference(
        "quick answers", "never", "each query of a cluster is planned, compiled and sent: a second where DuckDB takes milliseconds",
        "points are read from the published generation, which asks no engine",
    ),
)  # fmt: skip

TRIED: dict[str, str] = {
    "influence/queries.py": "test_queries",
    "loyalty/queries.py": "test_queries",
    "referral/queries.py": "test_queries",
    "risk/queries.py": "test_queries",
    "acquisition/queries.py": "test_queries",
    "behaviour/queries.py": "test_queries, test_product",
    "behaviour/windows.py": "test_queries",
    "collect/queries.py": "test_queries",
    "graph/queries.py": "test_queries",
    "identity/queries.py": "test_queries, test_product",
    "metrics/queries.py": "test_queries, test_product",
    "profiles/queries.py": "test_product (a whole build), test_queries",
    "profiles/queries_people.py": "test_product (a whole build)",
    "quality/queries.py": "test_queries, test_product",
    "reconcile/queries.py": "test_queries, test_product",
    "relay/queries.py": "test_queries",
    "serving/queries.py": "test_queries",
}
"""Every module of queries, and which tests of this folder run it on the cluster; or a mark and its reason."""


def rendered() -> str:
    """The table of docs/engines.md."""
    rows = [f"| {d.what} | *{d.mark}* | {d.reason} | {d.instead} |" for d in DIFFERENCES]
    return "\n".join(["| what | mark | why | instead |", "|---|---|---|---|", *rows])

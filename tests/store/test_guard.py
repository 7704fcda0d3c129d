"""What SQL of people may not do: refused by its tree, and stopped by the locked process where the tree is left out."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from weaktie.store.engine.contracts import BadSql, Limits, Outcome
from weaktie.store.engine.service import Alone, AloneJob, checked

TABLES = {"events", "orders"}
LAKE = "/lake/events/part-1/a.parquet"
HOSTILE = (
    # files
    "SELECT * FROM read_parquet('{file}')",
    "SELECT * FROM parquet_scan('{file}')",
    "SELECT * FROM '{file}'",
    'SELECT * FROM "{file}"',
    "FROM '{file}' SELECT 1",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_csv_auto('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_json('/etc/passwd')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM parquet_metadata('{file}')",
    "SELECT * FROM parquet_schema('{file}')",
    "SELECT (SELECT count(*) FROM read_text('/etc/passwd'))",
    "SELECT * FROM events WHERE exists (SELECT 1 FROM read_text('/etc/passwd'))",
    "WITH t AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM t",
    "WITH t AS MATERIALIZED (WITH u AS (FROM glob('*')) FROM u) SELECT * FROM t",
    "WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT 1 FROM read_text('/etc/passwd')) SELECT * FROM t",
    "SELECT * FROM events UNION ALL SELECT * FROM read_parquet('{file}')",
    "SELECT * FROM events e, LATERAL (SELECT * FROM read_text('/etc/passwd'))",
    "SELECT * FROM (VALUES ((SELECT content FROM read_text('/etc/passwd'))))",
    "SELECT * FROM range((SELECT count(*) FROM read_text('/etc/passwd')))",
    "SELECT * FROM (PIVOT (FROM read_text('/etc/passwd')) ON filename IN ('a') USING count(*))",
    "SELECT list_transform([1], x -> (SELECT count(*) FROM read_text('/etc/passwd')))",
    "SELECT * FROM events ORDER BY (SELECT count(*) FROM read_text('/etc/passwd'))",
    "SELECT * FROM events LIMIT (SELECT count(*) FROM read_text('/etc/passwd'))",
    "SELECT sum(1) FILTER (WHERE exists (FROM glob('*'))) FROM events",
    # out of scope: WITH gives a name that is read where it does not hold
    "SELECT * FROM (WITH duckdb_settings AS (SELECT 1) SELECT 1) a, duckdb_settings",
    'SELECT * FROM (WITH "x.parquet" AS (SELECT 1) SELECT 1) a, "x.parquet"',
    "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
    "WITH secrets AS (SELECT * FROM secrets) SELECT * FROM secrets",
    # through texts that are run
    "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
    "SELECT * FROM query_table('duckdb_settings')",
    "SELECT * FROM json_execute_serialized_sql('{{}}')",
    "SELECT json_execute_serialized_sql('{{}}')",
    # catalogue and settings
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_views()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM main.events",
    "SELECT * FROM system.main.events",
    "SELECT * FROM pg_catalog.pg_tables",
    "SELECT * FROM sqlite_master",
    "SELECT current_setting('temp_directory')",
    "SELECT getenv('HOME')",
    "SELECT getvariable('x')",
    "SELECT pg_get_viewdef(1)",
    "SELECT system.main.current_setting('temp_directory')",
    "SELECT error(properties) FROM events",
    "SELECT * FROM (DESCRIBE events)",
    "SELECT * FROM (SHOW TABLES)",
    "SELECT * FROM (SUMMARIZE events)",
    # other statements
    "DROP TABLE events",
    "CREATE TABLE x AS SELECT 1",
    "CREATE MACRO f(x) AS x",
    "INSERT INTO events VALUES (1)",
    "UPDATE events SET day = 1",
    "DELETE FROM events",
    "WITH t AS (DELETE FROM events RETURNING *) SELECT * FROM t",
    "COPY events TO '/tmp/x.csv'",
    "COPY (SELECT 1) TO '/tmp/x.csv'",
    "EXPORT DATABASE '/tmp/x'",
    "ATTACH '/tmp/x.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET memory_limit = '90GB'",
    "PRAGMA enable_profiling",
    "CALL pragma_version()",
    "EXPLAIN ANALYZE SELECT 1",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "BEGIN",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE events",
    "SELECT 1 /* ; */ ; /* */ SET threads = 1",
    "SELECT 1;;SELECT 2",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_that_could_do_more_than_read_the_tables_is_refused(text: str) -> None:
    with pytest.raises(BadSql):
        checked(text.replace("{file}", LAKE).replace("{{", "{").replace("}}", "}"), TABLES)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT channel, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC",
        "WITH t AS (SELECT * FROM events), u AS (SELECT * FROM t) SELECT * FROM u JOIN t USING (event_id)",
        "WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM t WHERE a < 9) SELECT sum(a) FROM t",
        "SELECT * FROM Events e JOIN orders o ON o.alias_no = e.alias_no, range(3) r, unnest([1, 2]) u",
        "FROM events SELECT DISTINCT platform",
        "SELECT * FROM (PIVOT events ON platform IN ('web', 'ios') USING count(*))",
        "SELECT row_number() OVER (PARTITION BY day ORDER BY event_time) FROM events QUALIFY 1 = 1",
        "SELECT json_extract_string(properties, '$.a'), regexp_extract(event, '(.)') FROM events;",
        "SELECT 'read_text(''/etc/passwd'')' AS text -- ; DROP TABLE events",
        "SELECT count(*) FROM events WHERE event_time >= {{from}} AND event_time < {{ to }}",
        "VALUES (1), (2)",
    ],
)
def test_a_query_is_let_through(text: str) -> None:
    assert checked(text, TABLES).tables <= TABLES


def test_a_refusal_says_where() -> None:
    with pytest.raises(BadSql) as refused:
        checked("SELECT '中文',\n  * FROM evnts", TABLES)
    assert (refused.value.line, refused.value.column) == (2, 10)
    with pytest.raises(BadSql) as refused:
        checked("SELECT 1\nFRO events", TABLES)
    assert refused.value.line == 2


def test_parameters_are_named_and_stand_outside_of_quotes() -> None:
    found = checked("SELECT {{from}} AS a, $to AS b", TABLES)
    assert found.parameters == ("from", "to")
    assert len(found.sql) == len("SELECT {{from}} AS a, $to AS b")
    with pytest.raises(BadSql, match="quotes"):
        checked("SELECT '{{from}}'", TABLES)


def test_deep_and_long_texts_are_refused_and_end_nothing() -> None:
    for text in ("SELECT " + "(" * 9_000 + "1" + ")" * 9_000, "SELECT '" + "x" * 30_000 + "'"):
        with pytest.raises(BadSql):
            checked(text, TABLES)
    deep = "SELECT * FROM " + "(SELECT * FROM " * 1_000 + "events" + ")" * 1_000
    with pytest.raises(BadSql):
        checked(deep, TABLES)


# ---- the process, without the guard before it


def alone(folder: Path, sql: str, *, seconds: float = 30, memory: int = 400 << 20) -> Outcome:
    """The outcome of a text that nobody checked, over one view of a file beside which another one lies."""
    pq.write_table(pa.table({"n": [1, 2, 3], "s": ["1", "2", "x"]}), folder / "served.parquet")
    pq.write_table(pa.table({"n": [9]}), folder / "other.parquet")
    job = AloneJob(
        sql, {}, {"events": f"SELECT * FROM read_parquet('{folder / 'served.parquet'}')"}, (str(folder / "served.parquet"),),
        folder / "out.arrow", folder / "scratch",
    )  # fmt: skip
    return Alone(job, Limits(seconds, memory, 1 << 30, 1, 1_000, 1 << 20)).run()


def test_the_process_reads_its_views_and_keeps_so_many_rows(tmp_path: Path) -> None:
    found = alone(tmp_path, "SELECT sum(n) AS total FROM events")
    assert (found.state, found.rows, found.columns[0][0]) == ("done", 1, "total")
    found = alone(tmp_path, "SELECT * FROM range(5000)")
    assert (found.rows, found.cut) == (1_000, True)
    with pa.memory_map(str(tmp_path / "out.arrow")) as file:
        assert pa.ipc.open_file(file).read_all().num_rows == 1_000


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_parquet('{folder}/other.parquet')",
        "SELECT * FROM '{folder}/other.parquet'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('{folder}/*')",
        "COPY (SELECT 1) TO '{folder}/x.csv'",
        "COPY (SELECT 1) TO '{folder}/served.parquet'",
        "ATTACH '{folder}/x.db'",
        "SET memory_limit = '90GB'",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET allowed_paths = ['/']",
        "INSTALL httpfs",
        "LOAD httpfs",
        "EXPORT DATABASE '{folder}/x'",
        "SELECT * FROM job",
    ],
)
def test_the_locked_process_reaches_nothing_else(tmp_path: Path, text: str) -> None:
    before = None
    found = alone(tmp_path, text.replace("{folder}", str(tmp_path)))
    assert found.state == "failed", found
    assert found.error is not None
    assert str(tmp_path) not in found.error.zh + found.error.en
    assert pq.read_table(tmp_path / "served.parquet").num_rows == 3, before
    assert not {"x.csv", "x.db", "x"} & {p.name for p in tmp_path.iterdir()}


def test_time_and_memory_are_bounded(tmp_path: Path) -> None:
    assert alone(tmp_path, "SELECT pg_sleep(30)", seconds=1.5).error_code == "query_too_long"
    for text in (
        "SELECT string_agg(repeat('x', 1000000), '') FROM range(100000)",
        "SELECT length(repeat('x', 4000000000))",
        "SELECT len(list(i)) FROM range(1000000000) t(i)",
    ):
        assert alone(tmp_path, text).error_code == "query_too_large", text


def test_an_error_says_where_and_repeats_no_value(tmp_path: Path) -> None:
    found = alone(tmp_path, "SELECT missing FROM events")
    assert found.position == 7
    found = alone(tmp_path, "SELECT s::INTEGER AS s FROM events WHERE n = 3")
    assert found.error is not None
    assert "'x'" not in found.error.en
    assert found.error_code == "query_failed"
    assert json.dumps(found.error.en)

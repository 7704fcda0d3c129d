"""Tags of SQL: what is computed, and what is refused."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.tags.conftest import person, wish
from weaktie.app.wiring import App
from weaktie.data.tags import running
from weaktie.data.tags.checking import check
from weaktie.data.tags.contracts import BadTagSql, ForbiddenTag, SlowTagSql, TagTaken
from weaktie.data.tags.frames import OFFERED
from weaktie.data.tags.jobs import fill
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words
from weaktie.store.engine.service import open_apart

COUNT = "SELECT person_no, count(*) AS value FROM events GROUP BY person_no"


def quiet(share: float, step: Words) -> None:
    """Progress that nobody watches."""
    assert 0.0 <= share <= 1.0, step


def test_a_query_becomes_a_tag_of_everybody(wt: App) -> None:
    found = wt.custom_tags.preview(COUNT)
    assert (found.dtype, found.people, found.crowd) == ("number", 3, 3)
    assert {s["user_id"] for s in found.sample} == {"u1", "u2", "u3"}
    tag = wt.custom_tags.make(wish("x_views", COUNT), "ann")
    assert tag.live_version is None
    assert wt.custom_tags.figures(tag, wt.behaviour.crowd())["people"] == 0, "not before it is filled"
    assert fill(wt.custom_tags, "x_views", quiet)["people"] == 3
    wt.behaviour.look_again()
    column = wt.behaviour.tags(["active_days_30d", "x_views"])
    assert dict(zip(column.people.tolist(), column.columns["x_views"].to_pylist(), strict=True)) == {
        person(wt, "u1"): 5.0, person(wt, "u2"): 2.0, person(wt, "u3"): 1.0,
    }  # fmt: skip


def test_a_new_version_replaces_the_values_when_it_is_filled(wt: App) -> None:
    tags = wt.custom_tags
    tags.make(wish("x_views", COUNT), "ann")
    fill(tags, "x_views", quiet)
    tags.save(wish("x_views", COUNT + " HAVING count(*) > 1"), "bob")
    wt.behaviour.look_again()
    assert tags.figures(tags.one("x_views"), wt.behaviour.crowd())["people"] == 3, "the former values stand"
    fill(tags, "x_views", quiet)
    wt.behaviour.look_again()
    assert tags.figures(tags.one("x_views"), wt.behaviour.crowd())["people"] == 2
    assert [(v.version, v.made_by) for v in tags.history("x_views")] == [(2, "bob"), (1, "ann")]
    assert tags.restore("x_views", 1, "cleo").sql == COUNT
    with pytest.raises(TagTaken):
        tags.make(wish("x_views", COUNT), "dan")


def test_who_withdraws_or_deletes_the_tag_has_it_no_more(wt: App) -> None:
    tags = wt.custom_tags
    tags.make(wish("x_views", COUNT), "ann")
    fill(tags, "x_views", quiet)
    with wt.database.begin() as tx:
        wt.permits.record(tx, [person(wt, "u1")], "analytics", granted=False, how="test")
        wt.consent.objections.add(tx, person(wt, "u2"), "x_views", how="test")
    wt.clock.move(6)  # type: ignore[attr-defined]
    assert tags.figures(tags.one("x_views"), wt.behaviour.crowd())["people"] == 1
    assert tags.of_person([person(wt, "u2")]) == []
    found = wt.behaviour.tags(["x_views"])
    assert found.columns["x_views"].to_pylist() == [None, 1.0]
    assert wt.custom_tags.table(wt.behaviour.crowd()).num_rows == 1
    assert wt.custom_tags.preview(COUNT).people == 2


HOSTILE = [
    "", ";", "SELECT 1; SELECT 2", "DROP TABLE events", "DELETE FROM events", "INSERT INTO events VALUES (1)",
    "UPDATE user_tags SET gender = 'x'", "CREATE TABLE t AS SELECT 1", "COPY (SELECT 1) TO '/tmp/x.csv'", "ATTACH '/tmp/x.db'",
    "INSTALL httpfs", "LOAD httpfs", "PRAGMA database_list", "SET memory_limit = '1TB'", "CALL pragma_version()",
    "EXPLAIN SELECT 1", "DESCRIBE events", "SHOW TABLES", "SUMMARIZE events", "EXPORT DATABASE '/tmp/x'", "USE main",
    "SELECT * FROM read_parquet('/etc/passwd')", "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM glob('/**')", "SELECT * FROM '/etc/passwd'", "SELECT * FROM 'x.parquet'", 'SELECT * FROM "http://a/b.csv"',
    "SELECT * FROM duckdb_settings()", "SELECT * FROM information_schema.tables", "SELECT * FROM pg_catalog.pg_tables",
    "SELECT * FROM sqlite_master", "SELECT * FROM query('SELECT 1')", "SELECT * FROM query_table('events')",
    "SELECT * FROM range(10)", "SELECT getenv('HOME')", "SELECT current_setting('home_directory')", "SELECT getvariable('x')",
    "SELECT * FROM memory.main.events", "WITH t AS (SELECT * FROM read_blob('/etc/passwd')) SELECT * FROM t",
    "SELECT (SELECT content FROM read_text('/etc/passwd'))", "SELECT person_no, sleep_ms(100000) AS value FROM events",
    "SELECT person_no, write_log('x') AS value FROM events", "SELECT person_no, nextval('s') AS value FROM events",
    "SELECT person_no, pg_sleep(9) AS value FROM events", "SELECT json_execute_serialized_sql('{}')",
    'WITH "/etc/passwd" AS (SELECT 1) SELECT * FROM "/etc/passwd"', "FROM wt", "SELECT * FROM crowd",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t) SELECT n FROM t", "PREPARE p AS SELECT 1", "EXECUTE p",
    "SELECT $1 AS person_no", "SELECT ? AS value", "VACUUM", "CHECKPOINT", "BEGIN", "SELECT * FROM events AT (VERSION => 1)",
    "SELECT 1) UNION SELECT * FROM read_text('/etc/passwd') --", "/* x */ DROP VIEW events", "SELECT 1 -- ; \n; DROP TABLE x",
]  # fmt: skip


@pytest.mark.parametrize("sql", HOSTILE)
def test_what_is_no_plain_select_is_refused(tmp_path: Path, sql: str) -> None:
    engine = open_apart(tmp_path, memory_gb=0.5, threads=1)
    try:
        with engine.session() as session, pytest.raises(BadTagSql):
            check(session, sql, OFFERED)
    finally:
        engine.close()


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="SELECTFROM()';\"-/*$ ,.=abc1\n\x00{}[]", max_size=60))
def test_no_text_does_anything_but_be_taken_or_refused(text: str) -> None:
    engine = open_apart(Path("/tmp"), memory_gb=0.5, threads=1)
    try:
        with engine.session() as session:
            try:
                check(session, text, OFFERED)
            except BadTagSql:
                return
    finally:
        engine.close()


def test_a_sealed_engine_reads_no_file_even_where_the_check_fails(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    engine = open_apart(tmp_path, memory_gb=0.5, threads=1)
    try:
        with engine.session() as session:
            assert session.sql(f"SELECT * FROM '{secret}'", {}).num_rows == 1
            session.seal([])
            for sql in (
                f"SELECT * FROM '{secret}'",
                "SELECT * FROM glob('/*')",
                f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
                "SET enable_external_access = true",
            ):
                with pytest.raises(Exception, match=r"(?i)permission|configuration"):
                    session.sql(sql, {})
    finally:
        engine.close()
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT person_no FROM events", "person_no and value"),
        ("SELECT person_no, 1 AS value, 2 AS more FROM events", "person_no and value"),
        ("SELECT person_no, event_time AS value FROM events", "no type of a value"),
        ("SELECT person_no, event AS value FROM events", "comes twice"),
        ("SELECT person_no, nothing AS value FROM events", "does not run"),
        ("SELECT 'a' AS person_no, 1 AS value", "whole number"),
        ("SELECT person_no, repeat('x', 200) AS value FROM user_tags", "at most"),
        ("SELECT alias_no AS person_no, 1 AS value FROM events", "does not run"),
    ],
)
def test_an_answer_of_another_shape_is_refused(wt: App, sql: str, says: str) -> None:
    with pytest.raises(BadTagSql) as refused:
        wt.custom_tags.preview(sql)
    assert says in refused.value.words.en


def test_a_query_that_takes_too_long_is_stopped(wt: App) -> None:
    cross = ", ".join(f"events e{i}" for i in range(12))
    texts = ", ".join(f"e{i}.product_id" for i in range(12))
    began = time.monotonic()
    with pytest.raises(SlowTagSql):
        wt.custom_tags.preview(
            f"SELECT 1 AS person_no, sum(length(md5(concat({texts})))) AS value FROM {cross}",
            seconds=0.5,
        )
    assert time.monotonic() - began < 5


def test_people_who_may_not_be_analysed_are_in_no_table(wt: App) -> None:
    gone = person(wt, "u1")
    with wt.database.begin() as tx:
        wt.permits.record(tx, [gone], "analytics", granted=False, how="test")
    wt.clock.move(6)  # type: ignore[attr-defined]
    crowd = wt.behaviour.crowd()
    for name in OFFERED:
        if name != "products":
            rows = wt.custom_tags.runner.run(f"SELECT person_no FROM {name}", crowd, 10)
            assert gone not in rows["person_no"].to_pylist(), name


def test_a_tag_whose_values_are_forbidden_is_refused(wt: App) -> None:
    with pytest.raises(ForbiddenTag) as refused:
        wt.custom_tags.preview("SELECT person_no, concat('佛', '教') AS value FROM user_tags")
    assert refused.value.place == "value"
    with pytest.raises(ForbiddenTag):
        wt.custom_tags.make(wish("x_gay", COUNT), "ann")


def test_a_failed_fill_is_shown_and_keeps_the_former_values(wt: App, monkeypatch: pytest.MonkeyPatch) -> None:
    tags = wt.custom_tags
    tags.make(wish("x_views", COUNT), "ann")
    fill(tags, "x_views", quiet)
    monkeypatch.setattr(running, "check", lambda *_: (_ for _ in ()).throw(BadTagSql(wish().words)))
    with pytest.raises(Refused):
        fill(tags, "x_views", quiet)
    assert "bad_tag_sql" in str(tags.one("x_views").error)
    wt.behaviour.look_again()
    assert tags.figures(tags.one("x_views"), wt.behaviour.crowd())["people"] == 3

"""What every engine must do: the same lazy frames give the same tables."""

from pathlib import Path

import narwhals as nw
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from weaktie.store.engine.contracts import Engine, MemberType

SPARK = [pytest.mark.spark, pytest.mark.xdist_group("spark"), pytest.mark.timeout(600)]
"""Marks of tests on the cluster: one process has it, and the first of them waits for it to start."""
ENGINES = ["duckdb", pytest.param("spark", marks=SPARK)]
SCHEMA = pa.schema([("alias_no", pa.int32()), ("event", pa.string()), ("at", pa.timestamp("us", tz="UTC"))])


def write(folder: Path, name: str, aliases: list[int]) -> Path:
    """A small Parquet file."""
    data = {
        "alias_no": aliases,
        "event": ["see" if a % 2 else "buy" for a in aliases],
        "at": [a * 1_000_000 for a in aliases],
    }
    path = folder / f"{name}.parquet"
    pq.write_table(pa.table({f.name: pa.array(data[f.name], f.type) for f in SCHEMA}, schema=SCHEMA), path)
    return path


class EngineSuite:
    """Inherited by the test of each side; `engine` comes from its fixture."""

    def test_several_files_are_one_frame(self, engine: Engine, tmp_path: Path) -> None:
        paths = [write(tmp_path, "one", [1, 2, 3]), write(tmp_path, "two", [3, 4])]
        with engine.session() as session:
            frame = session.scan(paths, SCHEMA)
            counts = session.collect(frame.group_by("event").agg(nw.len().alias("n")).sort("event"))
        assert counts.to_pylist() == [{"event": "buy", "n": 2}, {"event": "see", "n": 3}]

    def test_no_file_is_an_empty_frame_of_the_schema(self, engine: Engine) -> None:
        with engine.session() as session:
            empty = session.collect(session.scan([], SCHEMA))
        assert empty.num_rows == 0
        assert empty.schema.names == SCHEMA.names

    def test_columns_that_files_may_lack_are_null_there(self, engine: Engine, tmp_path: Path) -> None:
        more = pa.schema([*SCHEMA, ("p_size", pa.int64()), ("p_at", pa.timestamp("us", tz="UTC"))])
        old = write(tmp_path, "old", [1, 2])
        rows = pq.read_table(write(tmp_path, "base", [3]), partitioning=None)
        other = tmp_path / "other.parquet"
        pq.write_table(rows.append_column("p_size", pa.array([7], pa.int64())), other)
        lacking = {"p_size", "p_at"}
        for paths in ([old, other], [other, old]):
            with engine.session() as session:
                plain = session.collect(session.scan(paths, SCHEMA))
                whole = session.collect(session.scan(paths, more, may_lack=lacking).sort("alias_no"))
            assert plain.schema.names == SCHEMA.names, "what was not asked for is not seen"
            assert sorted(plain["alias_no"].to_pylist()) == [1, 2, 3]
            assert whole["p_size"].to_pylist() == [None, None, 7]
            assert whole["p_at"].to_pylist() == [None] * 3
            assert [str(t).replace("Etc/", "") for t in whole.schema.types] == [str(t) for t in more.types]
        with engine.session() as session:
            assert session.collect(session.scan([], more, may_lack=lacking)).schema.names == more.names

    def test_times_come_back_in_utc(self, engine: Engine, tmp_path: Path) -> None:
        with engine.session() as session:
            found = session.collect(session.scan([write(tmp_path, "one", [86_400])], SCHEMA).select("at"))
        assert found["at"].to_pylist()[0].isoformat() == "1970-01-02T00:00:00+00:00"

    def test_frames_join_arrow_tables(self, engine: Engine, tmp_path: Path) -> None:
        persons = pa.table(
            {"alias_no": pa.array([1, 2, 3], pa.int32()), "person_no": pa.array([1, 1, 3], pa.int32())}
        )
        with engine.session() as session:
            frame = session.scan([write(tmp_path, "one", [1, 2, 3, 3])], SCHEMA)
            joined = (
                frame.join(session.table(persons), on="alias_no")
                .group_by("person_no")
                .agg(nw.len().alias("n"))
            )
            found = session.collect(joined.sort("person_no"))
        assert found.to_pylist() == [{"person_no": 1, "n": 2}, {"person_no": 3, "n": 2}]

    def test_values_are_bound_never_pasted(self, engine: Engine, tmp_path: Path) -> None:
        hostile = "buy'; drop table t; --"
        with engine.session() as session:
            frame = session.scan([write(tmp_path, "one", [1, 2])], SCHEMA)
            found = session.sql(
                "select count(*) as n from t where event = $event", {"t": frame}, {"event": hostile}
            )
            again = session.sql(
                "select count(*) as n from t where event = $event", {"t": frame}, {"event": "buy"}
            )
            filtered = session.collect(frame.filter(nw.col("event") == hostile))
        assert found["n"].to_pylist() == [0]
        assert again["n"].to_pylist() == [1]
        assert filtered.num_rows == 0

    def test_sessions_do_not_see_each_other(self, engine: Engine, tmp_path: Path) -> None:
        with engine.session() as one, engine.session() as two:
            first = one.scan([write(tmp_path, "one", [1])], SCHEMA)
            second = two.scan([write(tmp_path, "two", [2, 4])], SCHEMA)
            assert one.collect(first).num_rows == 1
            assert two.collect(second).num_rows == 2
            assert one.collect(first).num_rows == 1

    def test_members_of_json_are_columns(self, engine: Engine) -> None:
        rows = [
            '{"size": "L", "n": 3, "a b": "x\'y", "$.n": "path", "q\\"": 1.5}', '{"size": null, "n": "12.5", "deep": {"k": [1]}}',
            '{"n": "1e400", "size": true}', '{"n": "12d"}', "no json", "[1]", None, '{"n": " -7 ", "size": "文字"}',
        ]  # fmt: skip
        wanted: dict[str, tuple[str, MemberType]] = {
            "size": ("size", "text"), "n": ("n", "number"), "n_text": ("n", "text"), "spaced": ("a b", "text"),
            "dollar": ("$.n", "text"), "quoted": ('q"', "number"), "deep": ("deep", "text"),
        }  # fmt: skip
        table = pa.table({"row": pa.array(range(len(rows)), pa.int32()), "body": pa.array(rows, pa.string())})
        with engine.session() as session:
            frame = session.members(session.table(table), "body", wanted)
            found = session.collect(frame.sort("row")).to_pydict()
            assert session.collect(session.members(session.table(table), "body", {})).num_columns == 2
        assert found["size"] == ["L", None, "true", None, None, None, None, "文字"]
        assert found["n"] == [3.0, 12.5, None, None, None, None, None, -7.0]
        assert found["n_text"] == ["3", "12.5", "1e400", "12d", None, None, None, " -7 "]
        assert [found[name][0] for name in ("spaced", "dollar", "quoted")] == ["x'y", "path", 1.5]
        assert found["deep"][1] == '{"k":[1]}'
        assert found["body"] == rows

    def test_members_of_a_json_column(self, engine: Engine) -> None:
        texts = [
            '{"a/b": "x", "n": 10, "o": {"k": 1}}',
            '{"n": " 7 ", "a/b": null}',
            "no json",
            None,
            '{"n": "ten"}',
        ]
        wanted: dict[str, tuple[str, MemberType]] = {
            "text": ("a/b", "text"), "number": ("n", "number"), "nested": ("o", "text"), "none": ("'; --", "text"),
        }  # fmt: skip
        with engine.session() as session:
            frame = session.table(pa.table({"row": range(5), "properties": texts}))
            rows = session.collect(session.members(frame, "properties", wanted).sort("row"))
        assert rows["text"].to_pylist() == ["x", None, None, None, None]
        assert rows["number"].to_pylist() == [10.0, 7.0, None, None, None]
        assert rows["nested"].to_pylist() == ['{"k":1}', *[None] * 4]
        assert rows["none"].to_pylist() == [None] * 5

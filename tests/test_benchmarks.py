"""The runner of the benchmarks finds and picks them."""

from pathlib import Path

from benchmarks.__main__ import names


def test_picks_by_part_of_the_name(tmp_path: Path) -> None:
    for name in ("bench_door.py", "bench_import.py", "bench_profiles.py", "other.py"):
        (tmp_path / name).touch()
    assert names([], tmp_path) == ["door", "import", "profiles"]
    assert names(["oo", "prof"], tmp_path) == ["door", "profiles"]
    assert names(["nothing"], tmp_path) == []

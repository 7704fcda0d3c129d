"""The windows that run on a cluster give what the compiled loops of the server give, on random streams of events."""

import importlib
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from weaktie.data.behaviour.contracts import Matcher, Sequences
from weaktie.data.behaviour.windows import cohort_returns, cohort_sizes, funnel_levels
from weaktie.kit.settings import Engine as EngineSettings
from weaktie.store.engine.contracts import Session
from weaktie.store.engine.duck import DuckEngine

PEOPLE, ROWS, STEPS, DAYS = 400, 5_000, 4, 20
DAY_US = 86_400_000_000


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """DuckDB: that a cluster gives the same as DuckDB is what `test_queries` says."""
    engine = DuckEngine(EngineSettings(memory_gb=0.5, threads=1), tmp_path_factory.mktemp("kernels"))
    with engine.session() as opened:
        yield opened
    engine.close()


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    """Events of people in order, many of them at one instant; times are few, so that windows cut."""
    chance = np.random.default_rng(20_301)
    person = np.sort(chance.integers(1, PEOPLE + 1, ROWS)).astype(np.int32)
    time_us = chance.integers(0, DAYS * 24, ROWS) * (DAY_US // 24)
    order = np.lexsort((time_us, person))
    day = (time_us[order] // DAY_US).astype(np.int32)
    matched = chance.integers(1, 2**STEPS, ROWS).astype(np.int64)
    return pa.table({"person_no": person[order], "time_us": time_us[order], "day": day, "matched": matched})


@pytest.mark.parametrize("hours", [0, 1, 6, 72])
def test_a_funnel_in_windows_is_the_kernels(session: Session, rows: pa.Table, hours: int) -> None:
    pytest.importorskip("weaktie.data.funnels.logic", reason="funnels are not here")
    contracts = importlib.import_module("weaktie.data.funnels.contracts")
    logic = importlib.import_module("weaktie.data.funnels.logic")
    people, first = np.unique(rows["person_no"].to_numpy(), return_index=True)
    found = Sequences(
        people.astype(np.int32), np.append(first, rows.num_rows).astype(np.int64), rows["time_us"].to_numpy(),
        rows["day"].to_numpy(), rows["matched"].to_numpy().astype(np.uint32),
    )  # fmt: skip
    steps = tuple(Matcher(f"step {i}") for i in range(STEPS))
    level = logic.reached(found, contracts.Funnel(steps, hours * (DAY_US // 24), 0, DAYS)).level
    answer = session.collect(funnel_levels(session.table(rows), STEPS, hours * (DAY_US // 24)))
    wanted = {int(p): int(n) for p, n in zip(people, level, strict=True) if n}
    assert dict(zip(answer["person_no"].to_pylist(), answer["level"].to_pylist(), strict=True)) == wanted
    assert len(set(wanted.values())) > 1


@pytest.mark.parametrize("mode", ["each", "first"])
def test_cohorts_in_windows_are_the_kernels(session: Session, rows: pa.Table, mode: str) -> None:
    pytest.importorskip("weaktie.data.retention.logic", reason="retention is not here")
    logic = importlib.import_module("weaktie.data.retention.logic")
    cells = np.zeros((PEOPLE + 1, DAYS), np.uint8)
    np.bitwise_or.at(
        cells,
        (rows["person_no"].to_numpy(), rows["day"].to_numpy()),
        rows["matched"].to_numpy().astype(np.uint8) & 3,
    )
    everybody = np.ones(len(cells), np.bool_)
    size, back = logic.triangle(cells, np.zeros(0, np.int32), mode, "on", DAYS, DAYS - 1, everybody)
    table = session.table(rows)
    sizes = session.collect(cohort_sizes(table, 0, DAYS - 1, every=mode == "each")).to_pylist()
    assert {r["day"]: r["people"] for r in sizes} == {d: int(n) for d, n in enumerate(size) if n}
    came = session.collect(cohort_returns(table, 0, DAYS - 1, every=mode == "each")).to_pylist()
    wanted = {(d, n): int(c) for d, row in enumerate(back) for n, c in enumerate(row) if c}
    assert {(r["day"], r["n"]): r["people"] for r in came} == wanted

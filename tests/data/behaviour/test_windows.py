"""Funnels and retention in window form, against a plain reading of their definition."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import narwhals as nw
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weaktie.data.behaviour.windows import cohort_returns, cohort_sizes, funnel_levels
from weaktie.kit.settings import Engine as EngineSettings
from weaktie.store.engine.contracts import Session
from weaktie.store.engine.duck import DuckEngine

STEPS = 4
ROWS = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 12), st.integers(1, 2**STEPS - 1)), min_size=1, max_size=24
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder: Path = tmp_path_factory.mktemp("windows")
    engine = DuckEngine(EngineSettings(memory_gb=0.5, threads=1), folder)
    with engine.session() as opened:
        yield opened
    engine.close()


def frame(session: Session, rows: list[tuple[int, int, int]]) -> nw.LazyFrame[Any]:
    person, time, matched = zip(*rows, strict=True)
    columns = {"person_no": person, "time_us": time, "day": time, "matched": matched}
    return session.table(pa.table({name: pa.array(values, pa.int64()) for name, values in columns.items()}))


def level(events: list[tuple[int, int]], window: int) -> int:
    """ClickHouse's loop over (time, step) in order, as its source has it: the latest start that reached each step."""
    starts: list[int | None] = [None] * STEPS
    for time, step in sorted(events):
        if step == 0:
            starts[0] = time
        else:
            start = starts[step - 1]
            if start is not None and time <= start + window:
                starts[step] = start
    return max((step + 1 for step, start in enumerate(starts) if start is not None), default=0)


def steps_of(rows: list[tuple[int, int, int]], person: int) -> list[tuple[int, int]]:
    return [(t, i) for p, t, bits in rows if p == person for i in range(STEPS) if bits >> i & 1]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, window=st.integers(0, 12))
def test_a_funnel_is_clickhouses_loop(
    session: Session, rows: list[tuple[int, int, int]], window: int
) -> None:
    found = session.collect(funnel_levels(frame(session, rows), STEPS, window))
    wanted = {p: level(steps_of(rows, p), window) for p in {p for p, _, _ in rows}}
    assert dict(zip(found["person_no"].to_pylist(), found["level"].to_pylist(), strict=True)) == {
        p: n for p, n in wanted.items() if n
    }


@pytest.mark.parametrize(
    ("rows", "window", "reached"),
    [
        ([(1, 0, 1), (1, 5, 2)], 5, 2),  # the end of the window counts
        ([(1, 0, 1), (1, 6, 2)], 5, 1),
        ([(1, 0, 1), (1, 4, 1), (1, 6, 2)], 5, 2),  # the later start saves it
        ([(1, 3, 2), (1, 3, 1)], 5, 2),  # at one instant the earlier step comes first
        ([(1, 2, 2), (1, 3, 1)], 5, 1),
    ],
)
def test_funnel_by_hand(
    session: Session, rows: list[tuple[int, int, int]], window: int, reached: int
) -> None:
    assert session.collect(funnel_levels(frame(session, rows), 2, window))["level"].to_pylist() == [reached]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, every=st.booleans())
def test_cohorts_are_counted_as_defined(
    session: Session, rows: list[tuple[int, int, int]], every: bool
) -> None:
    days = {bit: {(p, d) for p, d, bits in rows if bits >> bit & 1} for bit in (0, 1)}
    cohorts = {(p, d) for p, d in days[0] if 2 <= d <= 9}
    if not every:
        cohorts = {(p, min(d for q, d in cohorts if q == p)) for p, _ in cohorts}
    sizes: dict[int, int] = {}
    returns: dict[tuple[int, int], int] = {}
    for p, d in cohorts:
        sizes[d] = sizes.get(d, 0) + 1
        for q, back in days[1]:
            if q == p and back >= d:
                returns[d, back - d] = returns.get((d, back - d), 0) + 1
    table = frame(session, rows)
    found = session.collect(cohort_returns(table, 2, 9, every=every)).to_pylist()
    assert {(r["day"], r["n"]): r["people"] for r in found} == returns
    found = session.collect(cohort_sizes(table, 2, 9, every=every)).to_pylist()
    assert {r["day"]: r["people"] for r in found} == sizes

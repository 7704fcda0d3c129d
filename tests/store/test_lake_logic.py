"""Whether rows stand in order is told as a sort would."""

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.store.lake.logic import in_order

TIME = pa.timestamp("us", tz="UTC")


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=12))
def test_rows_in_order_need_no_sorting(rows: list[tuple[int, int]]) -> None:
    table = pa.table(
        {"a": pa.array([a for a, _ in rows], pa.int32()), "t": pa.array([t for _, t in rows], TIME)}
    )
    order = pc.sort_indices(table, [("a", "ascending"), ("t", "ascending")]).to_pylist()
    assert in_order(table, ("a", "t")) == (order == list(range(len(rows))))


def test_what_is_dear_to_tell_is_sorted() -> None:
    assert not in_order(pa.table({"a": pa.array([1, None])}), ("a",))
    assert not in_order(pa.table({"a": ["x", "y"]}), ("a",))

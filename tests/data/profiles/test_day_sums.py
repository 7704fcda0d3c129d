"""Sums over arrays are the tags' aggregates as the query gives them."""

from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.profiles.market import DAY, Market
from tests.suites.homes import file_of
from weaktie.data.profiles import queries_people as qp
from weaktie.data.profiles.catalogue import NEEDS
from weaktie.data.profiles.day_sums import DaySums
from weaktie.data.profiles.tables import USER_DAY
from weaktie.data.profiles.tags import facts
from weaktie.store.lake.contracts import LakeFile

PERSON_OF = np.array([-1, 1, 1, 3, -1, 5, 6], np.int32)
ROW = st.tuples(st.integers(1, 9), st.integers(DAY - 100, DAY + 2), st.integers(0, 1 << 30))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.lists(ROW, max_size=25), max_size=3))
def test_both_forms_agree(market: Market, files: list[list[tuple[int, int, int]]]) -> None:
    tables = [_table(rows) for rows in files if rows]
    people = np.array([1, 3, 5, 6], np.int32)
    with market.engine.session() as session:
        alive = np.flatnonzero(PERSON_OF >= 0).astype(np.int32)
        persons = session.table(pa.table({"alias_no": alive, "person_no": PERSON_OF[alive]}))
        everything = pa.concat_tables(tables) if tables else USER_DAY.schema.empty_table()
        rows = qp.person_days(session.table(everything), persons, DAY)
        needs = {"user_day": NEEDS["user_day"], "interests": NEEDS["interests"]}
        asked: dict[Any, Any] = {"user_day": rows, "interests": qp.person_interests(rows, DAY)}
        frame = session.table(pa.table({"person_no": people}))
        expected = session.collect(facts(frame, asked, needs, DAY)).sort_by("person_no")  # type: ignore[arg-type]
        sums = DaySums(_files(market, tables), PERSON_OF, people, DAY, 2)
        counted, interests = sums.tables(NEEDS["user_day"])
        assert interests is not None
        named = pa.table(
            {"person_no": interests["person_no"]} | {a.name: interests[a.column] for a in NEEDS["interests"]}
        )
        ready: dict[Any, Any] = {"user_day": session.table(counted), "interests": session.table(named)}
        found = session.collect(facts(frame, {}, needs, DAY, ready)).sort_by("person_no")  # type: ignore[arg-type]
    assert found.select(expected.schema.names).to_pylist() == expected.to_pylist()


def _table(rows: list[tuple[int, int, int]]) -> pa.Table:
    keys = sorted({(owner, day): seed for owner, day, seed in rows}.items())
    chance = np.random.default_rng([seed for _, seed in keys])
    columns: dict[str, Any] = {
        f.name: chance.integers(0, 4, len(keys)).astype(f.type.to_pandas_dtype())
        for f in USER_DAY.schema
        if f.type != pa.string()
    }
    columns |= {
        "alias_no": [owner for (owner, _), _ in keys], "owner_no": [owner for (owner, _), _ in keys],
        "day": [day for (_, day), _ in keys],
        "top_category": [[None, "茶", "包", "鞋"][seed % 4] for _, seed in keys], "currency": [None] * len(keys),
        "top_category_events": [seed % 3 + 1 for _, seed in keys],
    }  # fmt: skip
    return pa.table({f.name: pa.array(columns[f.name], f.type) for f in USER_DAY.schema})


def _files(market: Market, tables: list[pa.Table]) -> list[LakeFile]:
    staged = [
        market.lake.stage("user_day", table, part_day=DAY, origin=f"sums-{n}")
        for n, table in enumerate(tables)
    ]
    return [file_of(market.lake, n, one) for n, one in enumerate(staged)]

"""Each query by itself: the same rows from DuckDB and from a real Spark cluster."""

import pytest

from tests.data.profiles.market import Market
from tests.engines.asked import ASKED, Asker
from tests.engines.shops import rows_of
from tests.suites.engines import SPARK
from weaktie.store.engine.contracts import Engine

pytestmark = SPARK


def answer(name: str, market: Market, engine: Engine) -> list[tuple[object, ...]]:
    with market.database.connect() as connection:
        snapshot = market.lake.snapshot(connection)
    with engine.session() as session:
        return rows_of(session.collect(ASKED[name](Asker(session, snapshot))))


@pytest.mark.parametrize("name", ASKED)
def test_both_engines_give_the_same_rows(name: str, embedded: Market, spark_engine: Engine) -> None:
    ours = answer(name, embedded, embedded.engine)
    assert answer(name, embedded, spark_engine) == ours
    assert len(ours) > (0 if name == "quality.impossible" else 3)

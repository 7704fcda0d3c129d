"""Two shops that are alike: one asks DuckDB, the other a real Spark cluster."""

from collections.abc import Iterator

import pytest

from tests.data.profiles.market import Market
from tests.engines.shops import shop
from weaktie.store.engine.contracts import Engine


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """The shop on `duckdb:`."""
    market = shop(tmp_path_factory.mktemp("embedded"))
    yield market
    market.close()


@pytest.fixture(scope="session")
def grown_up(tmp_path_factory: pytest.TempPathFactory, spark_engine: Engine) -> Iterator[Market]:
    """The same shop on `spark://`."""
    market = shop(tmp_path_factory.mktemp("grown up"), spark_engine)
    yield market
    market.database.close()


@pytest.fixture(scope="session")
def embedded_engine(embedded: Market) -> Engine:
    """DuckDB."""
    return embedded.engine

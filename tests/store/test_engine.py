"""The engine's contract suite on each side."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.suites.engines import ENGINES, EngineSuite
from weaktie.kit.settings import Engine as EngineSettings
from weaktie.store.engine.contracts import Engine
from weaktie.store.engine.service import open_engine


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "spark":
        yield request.getfixturevalue("spark_engine")
        return
    engine = open_engine("duckdb:", tmp_path, EngineSettings())
    yield engine
    engine.close()


class TestEngine(EngineSuite):
    """`duckdb:` and `spark://`."""

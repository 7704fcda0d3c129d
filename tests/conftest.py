"""What every test may use."""

import os
from pathlib import Path

import pytest

from tests.suites.clusters import spark_address, spark_engine  # noqa: F401  fixtures of tests of engines
from tests.suites.databases import (  # noqa: F401  fixtures of every test
    database,
    empty_postgresql_address,
    postgresql_address,
    postgresql_server,
    postgresql_template,
    sqlite_database,
)

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of public data sets (`WEAKTIE_TEST_DATA`, else shared/data beside the repository); skips without."""
    folder = Path(os.environ.get("WEAKTIE_TEST_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("the public data sets are not here; set WEAKTIE_TEST_DATA to their folder")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A side of a contract suite that is not built is skipped with its reason, and so stays in the report."""
    for item in items:
        mark = item.get_closest_marker("notyet")
        if mark:
            reason = str(mark.kwargs.get("reason") or "".join(mark.args) or item.name)
            item.add_marker(pytest.mark.skip(reason=f"notyet: {reason}"))

"""What every test may use."""

import os
from pathlib import Path
from typing import Any

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


TOGETHER = {
    "tests/engines/": "spark",
    "[spark": "spark",
    "tests/test_dist.py": "dist",
    "tests/end_to_end/test_story.py": "story",
    "tests/app/test_access.py": "access",
    "tests/data/funnels/test_api.py": "funnels",
    "tests/business/loyalty/test_api.py": "loyalty",
}
"""Tests that share what is dear to make (a cluster, a wheel, a filled home), by a part of their ids: one process runs them."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand tests out one by one but for those that stand together. xdist's own groups are not seen by this pytest."""
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    class Grouped(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            if nodeid.startswith(
                "tests/browser/"
            ):  # each process has a shop of its own, and a file's stories one shop
                return nodeid.partition("::")[0]
            return next((name for part, name in TOGETHER.items() if part in nodeid), nodeid)

    return Grouped(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A side of a contract suite that is not built is skipped with its reason, and so stays in the report."""
    for item in items:
        mark = item.get_closest_marker("notyet")
        if mark:
            reason = str(mark.kwargs.get("reason") or "".join(mark.args) or item.name)
            item.add_marker(pytest.mark.skip(reason=f"notyet: {reason}"))

"""The small home of tests of profiles."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.data.profiles.market import Market


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Market]:
    """An empty home with its parts."""
    made = Market(tmp_path)
    yield made
    made.close()

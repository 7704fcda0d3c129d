"""The contract of published generations, on each form that is built, beside each database."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.data.profiles.market import DAY, Market, at
from tests.suites.databases import (  # noqa: F401 (fixtures)
    database,
    postgresql_server,
    postgresql_template,
    sqlite_database,
)
from tests.suites.published import FORMS, PublishedSuite
from weaktie.data.profiles.published import Published
from weaktie.store.database.service import Database


@pytest.mark.parametrize("form", FORMS)
class TestPublished(PublishedSuite):
    """Each form beside SQLite and PostgreSQL."""

    @pytest.fixture
    def shop(self, database: Database, tmp_path: Path, form: str) -> Iterator[Market]:  # noqa: F811
        market = Market(tmp_path, database=database)
        for number in (1, 2, 3):
            market.user(number, f"u{number}")
        market.user(9, "cookie", kind="anonymous", person=1)
        market.put("orders", {"order_id": "o", "alias_no": 1, "us": at(DAY), "amount_minor": 5})
        yield market
        market.engine.close()

    @pytest.fixture
    def reader(self, shop: Market) -> Callable[[], Published]:
        return lambda: Published(shop.settings.home, shop.database, shop.clock)

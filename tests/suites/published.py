"""What a published generation must do, whichever form it has."""

from collections.abc import Callable

import pytest

from tests.data.profiles.market import DAY, Market, at, no_progress
from weaktie.data.profiles.contracts import UserFilter
from weaktie.data.profiles.jobs import build
from weaktie.data.profiles.published import Published

FORMS = [
    "file",
    pytest.param(
        "copy",
        marks=pytest.mark.notyet(
            reason="COPY into PostgreSQL and a pointer; until then a generation is a file beside either database"
        ),
    ),
]


class PublishedSuite:
    """Inherited by the test of each form; `shop` and `reader` come from its fixtures."""

    def test_nothing_before_the_first_build(self, reader: Callable[[], Published]) -> None:
        assert reader().newest() is None

    def test_a_person_is_found_by_each_identifier(
        self, shop: Market, reader: Callable[[], Published]
    ) -> None:
        build(shop, no_progress)
        found = reader().body_of(1)
        assert found is not None
        assert found == reader().body_of(9)
        assert (found[0], found[1].user_id, found[1].orders) == (1, "u1", 1)
        assert reader().body_of(77) is None

    def test_an_open_reader_goes_on_while_the_next_is_published(
        self, shop: Market, reader: Callable[[], Published]
    ) -> None:
        build(shop, no_progress)
        published = reader()
        assert published.need().number == 1
        shop.put("orders", {"order_id": "late", "alias_no": 1, "us": at(DAY), "amount_minor": 5})
        build(shop, no_progress)
        before = published.body_of(1)
        assert before is not None
        assert before[1].orders == 1, "a generation never changes"
        shop.clock.move(1)
        after = published.body_of(1)
        assert after is not None
        assert (published.need().number, after[1].orders) == (2, 2)

    def test_a_retired_generation_does_not_stop_a_late_reader(
        self, shop: Market, reader: Callable[[], Published]
    ) -> None:
        build(shop, no_progress)
        published = reader()
        assert published.body_of(1) is not None
        for number in range(4):
            shop.put("orders", {"order_id": f"n{number}", "alias_no": 1, "us": at(DAY), "amount_minor": 5})
            build(shop, no_progress)
        assert published.body_of(1) is not None

    def test_the_list_holds_everybody_once(self, shop: Market, reader: Callable[[], Published]) -> None:
        build(shop, no_progress)
        page = reader().users(UserFilter(), None, 10, None)
        assert sorted(u.user_id for u in page.items) == ["u1", "u2", "u3"]
        assert page.total == 3

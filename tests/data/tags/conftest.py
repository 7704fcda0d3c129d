"""A small shop with a build, for tests of the shop's own tags."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.app.cli_data import build_once
from weaktie.app.wiring import App
from weaktie.data.tags.contracts import Wish
from weaktie.kit.words import Words

MINUTE = 60_000_000


def wish(key: str = "x_viewer", sql: str = "", **more: object) -> Wish:
    """A tag as somebody wants it; of SQL where there is a query."""
    made: dict[str, object] = {
        "kind": "sql" if sql else "manual", "words": Words(f"名{key}", f"Name {key}"),
        "definition": Words("口径", "Definition"), "dimension": "behaviour", "dtype": "text",
    } | more  # fmt: skip
    return Wish(key, sql=sql, **made)  # type: ignore[arg-type]


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    """Three people: u1 viewed five times, u2 twice, u3 once."""
    with fresh_app(tmp_path) as app:
        calls = [
            track(f"{u}-{n}", u, at_us=START_US - n * MINUTE)
            for u, times in (("u1", 5), ("u2", 2), ("u3", 1))
            for n in range(1, times + 1)
        ]
        put(app, *calls)
        bring_in(app)
        build_once(app, lambda *_: None)
        app.clock.move(6)  # type: ignore[attr-defined]
        yield app


def person(app: App, user_id: str) -> int:
    """The person's number."""
    with app.database.connect() as connection:
        number = app.identity.find(connection, user_id)
        assert number is not None
        return min(app.identity.component(connection, number))

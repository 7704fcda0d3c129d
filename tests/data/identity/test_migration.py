"""Identifiers that said their kind in their value get it as a kind, and marks become decisions."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from weaktie.store.database.jobs import MIGRATIONS, head, revision, upgrade
from weaktie.store.database.service import Database, open_database

BEFORE, MINE = "0007", "0006"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    address = "sqlite:" if request.param == "sqlite" else request.getfixturevalue("empty_postgresql_address")
    opened = open_database(address, tmp_path)
    yield opened
    opened.close()


def move(database: Database, target: str, *, down: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.begin() as tx:
        config.attributes["connection"] = tx
        (command.downgrade if down else command.upgrade)(config, target)


def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


ALIASES = "SELECT alias_no, kind, lookup, value FROM aliases ORDER BY alias_no"


def test_former_identifiers_keep_their_numbers_and_get_their_kind(empty: Database) -> None:
    move(empty, BEFORE)
    values = [
        (1, "anonymous", "anonymous:$identity_mp_openid+oX", "$identity_mp_openid+oX", None),
        (2, "anonymous", "anonymous:$identity_mp_unionid+uX", "$identity_mp_unionid+uX", None),
        (3, "anonymous", "anonymous:wecom_external_userid+wmX", "wecom_external_userid+wmX", None),
        (4, "anonymous", "anonymous:cookie", "cookie", None),
        (5, "anonymous", "erased#abc@5", None, 7),
        (6, "user", "user:u", "u", None),
    ]
    with empty.begin() as tx:
        for number, kind, lookup, value, erased in values:
            tx.execute(
                text("INSERT INTO aliases VALUES (:n, :k, :l, :v, 1, :e)"),
                {"n": number, "k": kind, "l": lookup, "v": value, "e": erased},
            )
        tx.execute(
            text(
                "INSERT INTO links (a_alias, b_alias, kind, event_us, last_us, source_id, undone_us) VALUES "
                "(1, 6, 'login', 1, 1, 's', 9), (1, 6, 'alias', 1, 1, 's', 8), (2, 6, 'login', 1, 1, 's', NULL)"
            )
        )
    before = rows(empty, ALIASES)
    move(empty, MINE)
    assert revision(empty) == MINE
    assert rows(empty, ALIASES) == [
        (1, "openid", "openid:oX", "oX"),
        (2, "unionid", "unionid:uX", "uX"),
        (3, "wecom", "wecom:wmX", "wmX"),
        (4, "anonymous", "anonymous:cookie", "cookie"),
        (5, "anonymous", "erased#abc@5", None),
        (6, "user", "user:u", "u"),
    ]
    assert rows(empty, "SELECT a_alias, b_alias, verdict, at_us, actor FROM identity_decisions") == [
        (1, 6, "undone", 9, "system")
    ]
    move(empty, BEFORE, down=True)
    assert rows(empty, ALIASES) == before
    assert upgrade(empty) == head()

"""Bringing a database to the schema of this release. Alembic is loaded only where something has to be brought."""

import re
from functools import cache
from pathlib import Path

from sqlalchemy import inspect, text

from weaktie.store.database.service import Database

MIGRATIONS = Path(__file__).parent.parent / "migrations"
_LINE = re.compile(r"""^(revision|down_revision) *= *["']?(\w+)["']?$""", re.MULTILINE)


def upgrade(database: Database) -> str:
    """Run every migration that is missing, in one transaction; returns the revision reached."""
    if revision(database) == head():
        return head()
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.begin() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, "head")
    return head()


def revision(database: Database) -> str | None:
    """The revision the database stands at; None when it is empty."""
    with database.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


@cache
def head() -> str:
    """The newest revision this release knows: the one that no other follows."""
    lines: list[dict[str, str]] = [
        dict(_LINE.findall(path.read_text("utf-8"))) for path in (MIGRATIONS / "versions").glob("*.py")
    ]
    (newest,) = {line["revision"] for line in lines} - {line["down_revision"] for line in lines}
    return newest

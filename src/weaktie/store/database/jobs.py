"""Bringing a database to the schema of this release."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from weaktie.store.database.service import Database

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def upgrade(database: Database) -> str:
    """Run every migration that is missing, in one transaction; returns the revision reached."""
    config = _config()
    with database.begin() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, "head")
    return head()


def revision(database: Database) -> str | None:
    """The revision the database stands at; None when it is empty."""
    with database.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The newest revision this release knows."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None, "the package holds at least one migration"
    return found


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config

"""Write the migration that brings a database from the last revision to the tables as they are declared.

python -m tools.migration "what changes"
"""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

import weaktie.app.wiring  # noqa: F401  every capability declares its tables
from weaktie.store.database.jobs import MIGRATIONS, upgrade
from weaktie.store.database.service import open_database


def main() -> None:
    """Compare a fresh database at the newest revision with the declarations and write the difference."""
    existing = sorted((MIGRATIONS / "versions").glob("*.py"))
    with tempfile.TemporaryDirectory() as folder:
        database = open_database("sqlite:", Path(folder))
        if existing:
            upgrade(database)
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with database.begin() as tx:
            config.attributes["connection"] = tx
            number = f"{len(existing) + 1:04d}"
            command.revision(config, sys.argv[1], autogenerate=True, rev_id=number)
        database.close()


if __name__ == "__main__":
    main()

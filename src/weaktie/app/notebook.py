"""The tables of a home for analysts: lazy frames over one snapshot, without people who may not be in them."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from weaktie.app.wiring import open_app
from weaktie.data.identity.contracts import ERASED
from weaktie.data.tags.tables import CUSTOM_TAGS
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words
from weaktie.store.engine.contracts import Session, has_bit
from weaktie.store.lake.service import columns_of, frame_of
from weaktie.store.lake.tables import TABLES
from weaktie.trust.consent.contracts import PURPOSE_NAMES

CONSENT_LOOK_S = 30.0


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
            raise Refused(
                "bad_purpose",
                Words(
                    f"目的只能是 {'、'.join(PURPOSE_NAMES)}。",
                    f"A purpose is one of {', '.join(PURPOSE_NAMES)}.",
                ),
                place="purpose",
            )
        self._bit = int(PURPOSE_NAMES[purpose])
        self._stack = ExitStack()
        self.app = self._stack.enter_context(open_app(home))
        self._session = self._stack.enter_context(self.app.engine.session())
        with self.app.database.connect() as connection:
            self._snapshot = self.app.lake.snapshot(connection)
        self._look()

    def _look(self) -> None:
        """Who may be served, and which tags people have deleted from themselves."""
        with self.app.database.connect() as connection:
            persons = self.app.identity.person_map(connection, self._session, self._snapshot)
            granted, _ = self.app.permits.masks(connection, persons.person_of)
            deleted = self.app.permits.all_deleted_tags(connection)
        person_of = persons.person_of
        numbers = np.flatnonzero(person_of != ERASED).astype(np.int32)
        allowed = numbers[(granted[person_of[numbers]] & self._bit) != 0]
        self._people = pa.table({"alias_no": pa.array(allowed), "person_no": pa.array(person_of[allowed])})
        self._deleted: dict[str, list[int]] = {}
        for alias_no, tag in deleted:
            if alias_no < len(person_of):
                self._deleted.setdefault(tag, []).append(int(person_of[alias_no]))
        self._looked = self.app.clock.monotonic()

    def _fresh(self) -> None:
        """Look again when the last look is older than half a minute: a withdrawal reaches an open notebook too."""
        if self.app.clock.monotonic() - self._looked > CONSENT_LOOK_S:
            self._look()

    @property
    def tables(self) -> list[str]:
        """Names of the tables."""
        return sorted(TABLES)

    @property
    def people(self) -> LakeFrame:
        """The identifiers that may be served for the purpose, and the person each belongs to."""

        def make() -> nw.LazyFrame[Any]:
            self._fresh()
            return self._session.table(self._people)

        return LakeFrame(self._session, make)

    def table(self, name: str) -> LakeFrame:
        """One table; raises Refused `no_such_table`.

        Properties that were promoted to columns stand behind the declared ones.
        Rows about somebody who may not be served are not in it; where a table has `alias_no`, `person_no` stands beside it.
        """
        if name not in TABLES:
            names = ", ".join(self.tables)
            raise Refused(
                "no_such_table",
                Words(f"没有表 {name}；可用：{names}", f"There is no table {name}; there are {names}"),
                place=name,
            )
        return LakeFrame(self._session, lambda: self._frame(name))

    def _frame(self, name: str) -> nw.LazyFrame[Any]:
        self._fresh()
        declared = TABLES[name]
        if name == CUSTOM_TAGS.name:  # with what was set by hand, and without what has lapsed
            own = self.app.custom_tags.table(self.app.behaviour.crowd())
            people = self._session.table(self._people)
            may = people.group_by("person_no").agg(nw.len().alias("identifiers")).select("person_no")
            return self._session.table(own).join(may, on="person_no", how="semi")
        with self.app.database.connect() as connection:  # one that was taken back is gone at once
            promoted = columns_of(connection, name) if declared.open_column else ()
        frame = frame_of(self._session, self._snapshot.of(name), name, promoted)
        columns = declared.schema.names
        if "purposes" in columns:
            frame = frame.filter(has_bit("purposes", self._bit))
        people = self._session.table(self._people)
        if "alias_no" in columns:
            known = frame.filter(~nw.col("alias_no").is_null()).join(people, on="alias_no", how="inner")
            nobody = frame.filter(nw.col("alias_no").is_null()).with_columns(
                person_no=nw.lit(None).cast(nw.Int32)
            )
            frame = nw.concat([known, nobody.select(known.collect_schema().names())])
        elif "person_no" in columns:
            persons = people.group_by("person_no").agg(nw.len().alias("identifiers")).select("person_no")
            frame = frame.join(persons, on="person_no", how="semi")
            gone = {tag: numbers for tag, numbers in self._deleted.items() if tag in columns}
            if gone:
                frame = frame.with_columns(
                    **{
                        tag: nw.when(~nw.col("person_no").is_in(n)).then(nw.col(tag))
                        for tag, n in gone.items()
                    }
                )
        return frame

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

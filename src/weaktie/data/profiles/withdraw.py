"""Taking people out of the published generation between two builds, when they withdraw: counts, facets, RFM and all."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec
import pyarrow as pa
from sqlalchemy import update

from weaktie.data.profiles import figures, publish
from weaktie.data.profiles.catalogue import USER_TAGS
from weaktie.data.profiles.contracts import ANALYTICS, PROFILES_LEASE, BuildParts, Generation
from weaktie.data.profiles.publish import BODY_DECODER, Body
from weaktie.data.profiles.published import Published
from weaktie.data.profiles.tables import RFM, generations
from weaktie.store.runs.contracts import Busy
from weaktie.store.runs.service import lease
from weaktie.trust.consent.contracts import REASONS

CHUNK = 20_000
_RFM_COLUMNS = ("r_days", "f_orders", "m_minor", "r", "f", "m", "rfm_class", "tier")


class Withdrawals:
    """Watches receipts that came after a generation was built. One per worker."""

    def __init__(self, parts: BuildParts, published: Published) -> None:
        self._parts, self._published = parts, published
        self._seen: tuple[int, int] = (0, 0)

    def drop(self) -> int:
        """Take out whoever said no since the last look; returns how many people left. While a build runs nothing is done:
        it reads the receipts itself, and the next look comes after it."""
        self._published.refresh()
        generation = self._published.newest()
        if generation is None:
            return 0
        parts = self._parts
        known = (
            self._seen[1]
            if self._seen[0] == generation.number
            else int(str(generation.details.get("receipt", 0)))
        )
        with parts.database.connect() as connection:
            newest = parts.permits.newest_receipt(connection)
            if newest == known:
                return 0
            gone = self._withdrawn(connection, parts.permits.said_since(connection, known))
        if gone:
            try:
                with lease(parts.database, parts.clock, PROFILES_LEASE):
                    self._rewrite(generation, sorted(gone))
            except Busy:
                return 0
        self._seen = (generation.number, newest)
        return len(gone)

    def _withdrawn(self, connection: Any, alias_nos: list[int]) -> set[int]:
        parts = self._parts
        shown = {}
        for alias_no in alias_nos:
            for member in parts.people.component(connection, alias_no):
                found = self._published.body_of(member)
                if found is not None:
                    shown[found[0]] = [a.alias_no for a in found[1].aliases]
        numbers = list(shown)
        masks = parts.permits.granted_many(connection, [shown[n] for n in numbers])
        return {n for n, mask in zip(numbers, masks, strict=True) if not mask & ANALYTICS}

    def _rewrite(self, generation: Generation, person_nos: list[int]) -> None:
        parts = self._parts
        path = parts.settings.home / generation.path
        before = json.loads(json.dumps(generation.details))
        publish.without(path, person_nos, [], remake=_remade)
        reasons = {r["code"]: r for r in before["left_out"]["reasons"]}
        refused = reasons.setdefault(
            "refused", {"code": "refused", "words": REASONS["refused"].as_dict(), "count": 0}
        )
        refused["count"] += len(person_nos)
        before["left_out"] = {
            "total": before["left_out"]["total"] + len(person_nos),
            "reasons": list(reasons.values()),
        }
        with parts.database.begin() as tx:
            tx.execute(
                update(generations)
                .where(generations.c.number == generation.number)
                .values(
                    details_json=msgspec.json.encode(before).decode(),
                    people=generation.people - len(person_nos),
                )
            )
        self._published.refresh()


def _remade(connection: sqlite3.Connection) -> dict[str, object]:
    """Every figure of the generation's pages, from the people who are still in it."""
    meta = {
        key: msgspec.json.decode(value) for key, value in connection.execute("SELECT key, value FROM meta")
    }
    visitors = {row[0] for row in connection.execute("SELECT person_no FROM users WHERE visitor = 1")}
    tables = list(_tables(connection, meta["tag_keys"]))
    schema = pa.schema([*USER_TAGS.schema, *(RFM.schema.field(c) for c in ("currency", *_RFM_COLUMNS))])
    whole = pa.concat_tables(tables) if tables else schema.empty_table()
    named = pa.array([n not in visitors for n in whole["person_no"].to_pylist()], pa.bool_())
    rfm = figures.rfm_figures(whole, {}) | {"cutoffs": meta["rfm"]["cutoffs"]}
    visible = whole.filter(named)
    return {"tags": figures.tag_figures(visible), "facets": figures.facets(visible), "rfm": rfm}


def _tables(connection: sqlite3.Connection, keys: list[str]) -> Iterator[pa.Table]:
    cursor = connection.execute("SELECT person_no, body FROM profiles ORDER BY person_no")
    while rows := cursor.fetchmany(CHUNK):
        bodies: list[Body] = [BODY_DECODER.decode(body) for _, body in rows]
        columns: dict[str, list[Any]] = {"person_no": [number for number, _ in rows]}
        values = list(zip(*(b.tags for b in bodies), strict=True))
        columns |= {key: list(column) for key, column in zip(keys, values, strict=True)}
        columns["currency"] = [b.currency for b in bodies]
        for name in _RFM_COLUMNS:
            columns[name] = [None if b.rfm is None else getattr(b.rfm, name) for b in bodies]
        fields = [*USER_TAGS.schema, *(RFM.schema.field(c) for c in ("currency", *_RFM_COLUMNS))]
        arrays = [pa.array(columns.get(f.name) or [None] * len(rows), f.type) for f in fields]
        yield pa.Table.from_arrays(arrays, schema=pa.schema(fields))

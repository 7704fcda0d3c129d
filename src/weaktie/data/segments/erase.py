"""People in segments: taking them out of every stored membership, and a copy for them."""

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, select, update

from weaktie.data.segments.logic import pack, unpack, without
from weaktie.data.segments.tables import segment_lists, segment_runs, segments
from weaktie.store.database.service import Database

_STORED = (
    (segments, segments.c.segment_id, ("members",)),
    (segment_runs, segment_runs.c.row_id, ("entered", "left")),
    (segment_lists, segment_lists.c.list_id, ("members",)),
)


class SegmentsEraser:
    """Rewrites the members of segments, their history and uploaded lists without somebody. Sizes of past runs stay."""

    name = "segments"

    def __init__(self, database: Database) -> None:
        self._database = database

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Take these identifiers out; returns how many rows of each table held one. Doing it twice changes nothing more."""
        gone = np.array(sorted(alias_nos), np.int32)
        changed: dict[str, int] = {}
        for table, key, names in _STORED:
            with self._database.connect() as connection:
                keys = connection.execute(select(key)).scalars().all()
            changed[table.name] = 0
            for one in keys:  # a transaction each: a blob may be large, and others write meanwhile
                with self._database.begin() as tx:
                    row = (
                        tx.execute(select(*(table.c[n] for n in names)).where(key == one)).mappings().first()
                    )
                    if row is None:
                        continue
                    kept = {n: without(unpack(row[n]), gone) for n in names if row[n] is not None}
                    new = {n: pack(v) for n, v in kept.items() if len(v) != len(unpack(row[n]))}
                    if new:
                        tx.execute(update(table).where(key == one).values(**new))
                        changed[table.name] += 1
        return changed


class SegmentsExporter:
    """The segments that somebody is or was in, and the lists that named them."""

    name = "segments"

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """Rows without the members: which segment, when they entered or left."""
        mine = np.array(sorted(alias_nos), np.int32)
        found: dict[str, list[dict[str, object]]] = {"segments": [], "segment_runs": [], "segment_lists": []}
        for row in connection.execute(
            select(segments.c.segment_id, segments.c.name, segments.c.computed_us, segments.c.members)
        ).mappings():
            if np.isin(mine, unpack(row["members"])).any():
                found["segments"].append({k: row[k] for k in ("segment_id", "name", "computed_us")})
        for row in connection.execute(select(segment_runs)).mappings():
            for way in ("entered", "left"):
                if np.isin(mine, unpack(row[way])).any():
                    found["segment_runs"].append(
                        {"segment_id": row["segment_id"], "at_us": row["at_us"], "what": way}
                    )
        for row in connection.execute(select(segment_lists)).mappings():
            if np.isin(mine, unpack(row["members"])).any():
                found["segment_lists"].append({k: row[k] for k in ("list_id", "made_us")})
        return found

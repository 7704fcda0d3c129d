"""The door of flags: declare, stop, assign, and remember who was exposed with which probability."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Protocol

import msgspec
from sqlalchemy import Connection, RowMapping, func, insert, select, update

from weaktie.data.flags.contracts import (
    BUCKETS,
    HOLDOUT,
    Assignment,
    Exposed,
    Flag,
    FlagTaken,
    NoFlag,
    UnitKind,
    Variant,
)
from weaktie.data.flags.logic import assign, checked
from weaktie.data.flags.tables import flag_experiments, flag_exposures
from weaktie.kit.clock import Clock
from weaktie.kit.ids import new_id
from weaktie.store.database.service import Database, write_many


class Keys(Protocol):
    """What flags need of the vault."""

    def lookup_key(self, kind: str, value: str) -> str: ...


class Flags:
    """Assignment of units to variants. Callers own the transaction; assigning itself reads one row and draws nothing."""

    def __init__(self, database: Database, clock: Clock, keys: Keys) -> None:
        self.database, self.clock, self._keys = database, clock, keys

    def declare(
        self, tx: Connection, key: str, variants: Sequence[Variant], *, unit: UnitKind = "person", holdout: int = 0,
        salt: str | None = None, actor: str,
    ) -> Flag:  # fmt: skip
        """Begin to assign under a key, as a new version with a salt of its own unless one is given (the one of an earlier
        version gives the same people again). Raises BadFlag, or FlagTaken while it assigns."""
        last = tx.execute(
            select(func.max(flag_experiments.c.version)).where(flag_experiments.c.key == key)
        ).scalar()
        if self._row(tx, key) is not None:
            raise FlagTaken(key)
        now_us = self.clock.now_us()
        flag = checked(
            Flag(
                key,
                int(last or 0) + 1,
                salt or new_id("salt", now_us),
                unit,
                tuple(variants),
                holdout,
                actor,
                now_us,
            )
        )
        said = {
            "salt": flag.salt,
            "unit": unit,
            "variants": [asdict(v) for v in flag.variants],
            "holdout": holdout,
        }
        tx.execute(
            insert(flag_experiments).values(
                key=key, version=flag.version, definition_json=msgspec.json.encode(said).decode(), made_by=actor[:64],
                made_us=now_us,
            )
        )  # fmt: skip
        return flag

    def stop(self, tx: Connection, key: str) -> Flag:
        """Assign no more under a key; exposures stay. Raises NoFlag."""
        flag = self.find(tx, key)
        now_us = self.clock.now_us()
        tx.execute(
            update(flag_experiments)
            .where(flag_experiments.c.key == key, flag_experiments.c.version == flag.version)
            .values(stopped_us=now_us)
        )
        return Flag(
            key,
            flag.version,
            flag.salt,
            flag.unit,
            flag.variants,
            flag.holdout,
            flag.made_by,
            flag.made_us,
            now_us,
        )

    def find(self, connection: Connection, key: str) -> Flag:
        """The flag that assigns under a key; raises NoFlag."""
        row = self._row(connection, key)
        if row is None:
            raise NoFlag(key)
        return _flag(row)

    def listed(self, connection: Connection) -> list[Flag]:
        """Every flag and version, the newest first."""
        rows = connection.execute(
            select(flag_experiments).order_by(flag_experiments.c.made_us.desc(), flag_experiments.c.key)
        )
        return [_flag(row) for row in rows.mappings()]

    def assignment(self, connection: Connection, key: str, unit: str) -> Assignment:
        """Where a unit belongs: a person's lasting id, or a cluster's. Raises NoFlag."""
        return assign(self.find(connection, key), unit)

    def expose(self, tx: Connection, key: str, unit: str, *, alias_no: int | None = None) -> Assignment:
        """The same, and remember that the unit was exposed now; the first time stays. Raises NoFlag."""
        return self.expose_many(tx, key, [(unit, alias_no)])[0]

    def expose_many(
        self, tx: Connection, key: str, units: Sequence[tuple[str, int | None]]
    ) -> list[Assignment]:
        """Many units at once, as (unit, identifier of the person or None). Raises NoFlag."""
        flag, now_us = self.find(tx, key), self.clock.now_us()
        found = [assign(flag, unit) for unit, _ in units]
        rows = {
            self._hash(unit): (
                key,
                flag.version,
                self._hash(unit),
                alias_no,
                a.variant,
                a.probability,
                a.bucket,
                now_us,
            )
            for (unit, alias_no), a in zip(units, found, strict=True)
        }
        write_many(
            tx, "flag_exposures (key, version, unit, alias_no, variant, probability, bucket, first_us)",
            ("text", "integer", "text", "bigint", "text", "float8", "integer", "bigint"), list(rows.values()),
            "(key, version, unit) DO NOTHING",
        )  # fmt: skip
        return found

    def exposed(self, connection: Connection, flag: Flag) -> list[Exposed]:
        """Units exposed by variant beside how many their shares would give."""
        rows = connection.execute(
            select(flag_exposures.c.variant, func.count())
            .where(flag_exposures.c.key == flag.key, flag_exposures.c.version == flag.version)
            .group_by(flag_exposures.c.variant)
        )
        counts = {str(name): int(many) for name, many in rows}
        total, held = sum(counts.values()), flag.holdout / BUCKETS
        shares = {v.name: (1 - held) * v.share / BUCKETS for v in flag.variants}
        if flag.holdout:
            shares[HOLDOUT] = held
        return [Exposed(name, counts.get(name, 0), total * share) for name, share in shares.items()]

    def _hash(self, unit: str) -> str:
        return self._keys.lookup_key("flag.unit", unit)[:32]

    def _row(self, connection: Connection, key: str) -> RowMapping | None:
        query = select(flag_experiments).where(
            flag_experiments.c.key == key, flag_experiments.c.stopped_us.is_(None)
        )
        return (
            connection.execute(query.order_by(flag_experiments.c.version.desc()).limit(1)).mappings().first()
        )


def _flag(row: RowMapping) -> Flag:
    said = msgspec.json.decode(row["definition_json"])
    return Flag(
        row["key"], row["version"], said["salt"], said["unit"], tuple(Variant(**v) for v in said["variants"]), said["holdout"],
        row["made_by"], row["made_us"], row["stopped_us"],
    )  # fmt: skip

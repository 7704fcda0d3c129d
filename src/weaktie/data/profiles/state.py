"""What builds remember in the database. Services take a transaction; the build owns it."""

from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from weaktie.data.profiles.contracts import Generation, LeftOut, LeftOutReason
from weaktie.data.profiles.tables import build_state, generations
from weaktie.data.quality.service import Flagged, Rates
from weaktie.kit.words import Words

RATES, FLAGGED = "rates", "flagged"


def remember(tx: Connection, name: str, value: object, now_us: int) -> None:
    """Keep a value under a name, replacing the former one."""
    tx.execute(delete(build_state).where(build_state.c.name == name))
    text = msgspec.json.encode(value).decode()
    tx.execute(insert(build_state).values(name=name, value=text, updated_us=now_us))


def recall(connection: Connection, name: str) -> Any:
    """The value kept under a name; None when there is none."""
    text = connection.execute(select(build_state.c.value).where(build_state.c.name == name)).scalar()
    return None if text is None else msgspec.json.decode(text)


def kept_rates(connection: Connection) -> Rates | None:
    """Whose days counted nowhere as of the last build; None before the first."""
    kept = recall(connection, RATES)
    return None if kept is None else msgspec.convert(kept, Rates, strict=False)


def kept_flagged(connection: Connection) -> Flagged:
    """The orders that events mark as of the last build."""
    kept = recall(connection, FLAGGED)
    return Flagged() if kept is None else msgspec.convert(kept, Flagged)


def forget(tx: Connection, prefix: str) -> None:
    """Drop every value whose name starts with the prefix."""
    tx.execute(delete(build_state).where(func.substr(build_state.c.name, 1, len(prefix)) == prefix))


def newest(connection: Connection) -> Generation | None:
    """The generation that is read now; None before the first build."""
    row = (
        connection.execute(
            select(generations)
            .where(generations.c.retired_us.is_(None))
            .order_by(generations.c.number.desc())
            .limit(1)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        return None
    return Generation(
        row["number"], row["path"], row["built_us"], row["snapshot_version"], row["people"], row["as_of_day"],
        row["code_version"], msgspec.json.decode(row["details_json"]),
    )  # fmt: skip


def newest_number(connection: Connection) -> int:
    """The number of the generation that is read now; 0 before the first build. One indexed look-up."""
    query = select(func.max(generations.c.number)).where(generations.c.retired_us.is_(None))
    return int(connection.execute(query).scalar() or 0)


def inputs_hash(connection: Connection) -> str | None:
    """Of what the newest generation was made."""
    query = select(generations.c.inputs_hash).where(generations.c.number == newest_number(connection))
    return connection.execute(query).scalar()


def next_number(connection: Connection) -> int:
    """The number of the next generation; numbers of retired ones are not used again."""
    return int(connection.execute(select(func.max(generations.c.number))).scalar() or 0) + 1


def retire(tx: Connection, keep: int, now_us: int) -> list[str]:
    """Mark all but the newest `keep` generations as retired; returns their paths below the home."""
    live = tx.execute(
        select(generations.c.number, generations.c.path)
        .where(generations.c.retired_us.is_(None))
        .order_by(generations.c.number.desc())
    ).all()
    old = live[keep:]
    if old:
        numbers = [row.number for row in old]
        tx.execute(update(generations).where(generations.c.number.in_(numbers)).values(retired_us=now_us))
    return [row.path for row in old]


def left_out(generation: Generation) -> LeftOut:
    """The people whom a generation leaves out."""
    kept: Any = generation.details["left_out"]
    reasons = (LeftOutReason(r["code"], Words(**r["words"]), r["count"]) for r in kept["reasons"])
    return LeftOut(kept["total"], tuple(reasons))

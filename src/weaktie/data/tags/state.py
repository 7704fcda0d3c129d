"""Tags of the shop's own as the database keeps them. A transaction is given; the caller owns it."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from weaktie.data.tags.contracts import CustomTag, NoSuchTag, PythonError, Version, Wish
from weaktie.data.tags.tables import failures, marks, tags, versions
from weaktie.data.tags.tables import words as forbidden_words
from weaktie.kit.words import Words


def every(connection: Connection) -> list[CustomTag]:
    """All that are not dropped, by key."""
    rows = connection.execute(select(tags).where(tags.c.dropped_us.is_(None)).order_by(tags.c.key))
    return [_tag(row) for row in rows.mappings()]


def one(connection: Connection, key: str) -> CustomTag:
    """One tag; raises NoSuchTag."""
    query = select(tags).where(tags.c.key == key, tags.c.dropped_us.is_(None))
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NoSuchTag(key)
    return _tag(row)


def history(connection: Connection, key: str) -> list[Version]:
    """Every version, the newest first."""
    query = select(versions).where(versions.c.key == key).order_by(versions.c.version.desc())
    return [_version(row) for row in connection.execute(query).mappings()]


def save(tx: Connection, wish: Wish, actor: str, now_us: int) -> int:
    """Make the tag or give it a new version; returns the version. One that was dropped begins anew after its last version."""
    last = tx.execute(select(func.max(versions.c.version)).where(versions.c.key == wish.key)).scalar() or 0
    version = int(last) + 1
    values = {
        "kind": wish.kind, "name_zh": wish.words.zh, "name_en": wish.words.en, "definition_zh": wish.definition.zh,
        "definition_en": wish.definition.en, "unit_zh": wish.unit.zh if wish.unit else None,
        "unit_en": wish.unit.en if wish.unit else None, "dimension": wish.dimension, "dtype": wish.dtype, "sql": wish.sql,
        "version": version, "expires_us": wish.expires_us, "dropped_us": None,
    }  # fmt: skip
    there = tx.execute(select(tags.c.dropped_us).where(tags.c.key == wish.key)).one_or_none()
    if there is None or there.dropped_us is not None:
        values |= {"owner": actor, "made_us": now_us, "live_version": None, "filled_us": None, "error": None}
    if there is None:
        tx.execute(insert(tags).values(key=wish.key, **values))
    else:
        tx.execute(update(tags).where(tags.c.key == wish.key).values(**values))
    said = msgspec.json.encode(
        {
            "words": wish.words.as_dict(), "definition": wish.definition.as_dict(), "dtype": wish.dtype, "sql": wish.sql,
        }
    ).decode()  # fmt: skip
    tx.execute(
        insert(versions).values(
            key=wish.key, version=version, definition_json=said, made_by=actor, made_us=now_us
        )
    )
    return version


def amend(tx: Connection, key: str, **values: object) -> None:
    """Change what a tag's row says beside its definition."""
    tx.execute(update(tags).where(tags.c.key == key).values(**values))


def drop(tx: Connection, key: str, now_us: int) -> int:
    """Take a tag back with its marks; returns how many marks went."""
    amend(tx, key, dropped_us=now_us)
    return int(tx.execute(delete(marks).where(marks.c.key == key)).rowcount)


def mark(
    tx: Connection, key: str, alias_nos: Sequence[int], alias_no: int, value: str, how: str, actor: str, now_us: int, expires_us: int
) -> None:  # fmt: skip
    """Set a value on a person (who has `alias_nos`), in the place of what was set before."""
    tx.execute(delete(marks).where(marks.c.key == key, marks.c.alias_no.in_(alias_nos)))
    tx.execute(
        insert(marks).values(
            key=key,
            alias_no=alias_no,
            value=value,
            how=how,
            set_by=actor,
            set_us=now_us,
            expires_us=expires_us,
        )
    )


def unmark(tx: Connection, key: str, alias_nos: Sequence[int]) -> int:
    """Take a value from a person; returns how many marks went."""
    gone = tx.execute(delete(marks).where(marks.c.key == key, marks.c.alias_no.in_(alias_nos)))
    return int(gone.rowcount)


def counts(connection: Connection, now_us: int) -> dict[str, tuple[int, int]]:
    """(marks that hold, marks that have lapsed) of each tag that has any."""
    over = func.sum((marks.c.expires_us <= now_us).cast(marks.c.alias_no.type))
    rows = connection.execute(select(marks.c.key, func.count(), over).group_by(marks.c.key))
    return {key: (int(n) - int(lapsed or 0), int(lapsed or 0)) for key, n, lapsed in rows}


def added_words(connection: Connection) -> list[tuple[str, str, int]]:
    """(word, who added it, when) of every word that the workspace forbids itself."""
    query = select(forbidden_words).order_by(forbidden_words.c.word)
    return [(row.word, row.added_by, row.added_us) for row in connection.execute(query)]


def add_word(tx: Connection, word: str, actor: str, now_us: int) -> None:
    """Forbid a word; one that is there already stays."""
    tx.execute(delete(forbidden_words).where(forbidden_words.c.word == word))
    tx.execute(insert(forbidden_words).values(word=word, added_by=actor, added_us=now_us))


def remove_word(tx: Connection, word: str) -> bool:
    """Allow a word again that the workspace had forbidden; whether it had."""
    return tx.execute(delete(forbidden_words).where(forbidden_words.c.word == word)).rowcount > 0


def keep_errors(tx: Connection, errors: Sequence[PythonError], now_us: int) -> None:
    """What failed in Python files at the last build, in the place of what failed before."""
    tx.execute(delete(failures))
    for number, error in enumerate(errors):
        tx.execute(
            insert(failures).values(
                number=number, file=error.file[:255], line=error.line, message=error.message, at_us=now_us
            )
        )


def errors(connection: Connection) -> list[tuple[PythonError, int]]:
    """What failed in Python files at the last build, and when."""
    rows = connection.execute(select(failures).order_by(failures.c.number))
    return [(PythonError(r.file, r.line, r.message), r.at_us) for r in rows]


def _tag(row: RowMapping) -> CustomTag:
    unit = Words(row["unit_zh"], row["unit_en"] or row["unit_zh"]) if row["unit_zh"] else None
    return CustomTag(
        row["key"], row["kind"], Words(row["name_zh"], row["name_en"]), Words(row["definition_zh"], row["definition_en"]),
        row["dimension"], row["dtype"], unit, row["sql"], row["owner"], row["version"], row["live_version"], row["expires_us"],
        row["made_us"], row["filled_us"], row["as_of_day"], row["error"], row["job_id"],
    )  # fmt: skip


def _version(row: RowMapping) -> Version:
    said = msgspec.json.decode(row["definition_json"])
    return Version(
        row["version"], Words(**said["words"]), Words(**said["definition"]), said["dtype"], said["sql"], row["made_by"],
        row["made_us"],
    )  # fmt: skip

"""The door of the shop's own tags: making, previewing, setting and reading them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from weaktie.data.behaviour.contracts import Crowd
from weaktie.data.profiles.service import BUILT_IN_NAMES, USER_TAGS
from weaktie.data.tags import forbidden, logic, reading, state
from weaktie.data.tags.contracts import (
    DEFAULT_DAYS,
    I32,
    LONGEST_DAYS,
    BadTagDefinition,
    CustomTag,
    DType,
    ForbiddenTag,
    Mark,
    Preview,
    TagTaken,
    Use,
    UsedBy,
    Values,
    Wish,
)
from weaktie.data.tags.declaring import declare
from weaktie.data.tags.marking import ByHand, TagParts, note
from weaktie.data.tags.running import PREVIEW_SECONDS, Runner
from weaktie.data.tags.tables import CUSTOM_TAGS, marks
from weaktie.kit.clock import DAY_US, business_day, to_iso
from weaktie.kit.errors import NotFound
from weaktie.kit.words import Words
from weaktie.trust.consent.contracts import ShownTag

__all__ = ["CustomTags", "declare", "rows_of"]
SAMPLE = 8
JOB = "tag"


class CustomTags:
    """Tags of the shop's own. Safe from any thread."""

    def __init__(self, parts: TagParts) -> None:
        self.parts = parts
        self.runner = Runner(parts.settings, parts.quality.limit)
        self.by_hand = ByHand(parts, self.refuse_forbidden)
        self._users: list[UsedBy] = []
        self._figures: dict[str, tuple[object, dict[str, Any]]] = {}

    def register(self, user: UsedBy) -> None:
        """From now on this is asked what it makes with a tag."""
        self._users.append(user)

    def uses(self, key: str) -> list[Use]:
        """What is made with a tag."""
        return [use for user in self._users for use in user.uses(key)]

    # --- what a tag is --------------------------------------------------------------------------------------------

    def every(self) -> list[CustomTag]:
        """All tags of the shop's own."""
        with self.parts.database.connect() as connection:
            return state.every(connection)

    def check(self, connection: Connection, wish: Wish) -> None:
        """Raises BadTagDefinition, TagTaken or ForbiddenTag."""
        logic.is_key(wish.key)
        for place, text in (
            ("name.zh", wish.words.zh), ("name.en", wish.words.en), ("definition.zh", wish.definition.zh),
            ("definition.en", wish.definition.en),
        ):  # fmt: skip
            if not text.strip():
                raise BadTagDefinition(
                    place,
                    Words("中英文名称与口径均需填写。", "Name and definition are needed in both languages."),
                )
        names = {w: key for key, w in BUILT_IN_NAMES.items()}
        for other in state.every(connection):
            if other.key != wish.key:
                names |= {other.words.zh: other.key, other.words.en: other.key}
            elif other.kind != wish.kind:
                raise TagTaken("key", wish.key)
        for place, name in (("name.zh", wish.words.zh), ("name.en", wish.words.en)):
            if name in names:
                raise TagTaken(place, name)
        self.refuse_forbidden(
            connection,
            {
                "key": wish.key, "name": f"{wish.words.zh} {wish.words.en}",
                "definition": f"{wish.definition.zh} {wish.definition.en}", "sql": _texts_in(wish.sql),
            },
        )  # fmt: skip

    def refuse_forbidden(self, connection: Connection, texts: Mapping[str, str]) -> None:
        """Raises ForbiddenTag where one of these texts, by place, holds a forbidden word."""
        found = forbidden.first_in(texts, [w for w, _, _ in state.added_words(connection)])
        if found is not None:
            raise ForbiddenTag(*found)

    def refuse_values(self, connection: Connection, column: pa.ChunkedArray) -> None:
        """The same for the different values of a tag."""
        self.refuse_forbidden(connection, {"value": " ; ".join(logic.texts(column))})

    def preview(self, sql: str, unit: Words | None = None, seconds: float = PREVIEW_SECONDS) -> Preview:
        """What a query would make of everybody; raises BadTagSql, SlowTagSql or ForbiddenTag."""
        crowd = self.parts.behaviour.crowd()
        everybody = crowd.people()
        dtype, found = logic.values_of(self.runner.run(sql, crowd, seconds), everybody)
        with self.parts.database.connect() as connection:
            self.refuse_forbidden(connection, {"sql": _texts_in(sql)})
            self.refuse_values(connection, found.column)
            sample = self._sample(connection, dtype, found, unit)
        return Preview(
            dtype,
            len(found.people),
            len(everybody),
            list(logic.distribution(found.column)),
            sample,
            self._today(),
        )

    def _sample(
        self, connection: Connection, dtype: DType, found: Values, unit: Words | None
    ) -> list[Mapping[str, object]]:
        """A few people spread over the values, the same ones at each look."""
        step = max(1, len(found.people) // SAMPLE)
        at = np.arange(0, len(found.people), step)[:SAMPLE]
        numbers = [int(n) for n in found.people[at]]
        known = {a.alias_no: a.value for a in self.parts.identity.described(connection, numbers)}
        values = found.column.take(pa.array(at)).to_pylist()
        return [
            {
                "person_no": n,
                "user_id": known.get(n) or f"@{n}",
                "display": logic.shown(dtype, v, unit).as_dict(),
            }
            for n, v in zip(numbers, values, strict=True)
        ]

    def make(self, wish: Wish, actor: str) -> CustomTag:
        """Make a new tag; raises TagTaken where its key is in use, and what `save` raises."""
        if any(t.key == wish.key for t in self.every()):
            raise TagTaken("key", wish.key)
        return self.save(wish, actor)

    def built_in(self) -> list[str]:
        """Keys of the built-in tags."""
        return list(USER_TAGS.schema.names[2:])

    def save(self, wish: Wish, actor: str) -> CustomTag:
        """Make a tag or give it a new version; one of SQL is filled by a job. Raises what `check` and `preview` raise."""
        parts, now_us = self.parts, self.parts.clock.now_us()
        if wish.kind == "sql":
            found = self.preview(wish.sql)
            wish = replace(wish, dtype=found.dtype)
        if wish.kind == "manual":
            wish = _until(wish, now_us)
        with parts.database.begin() as tx:
            self.check(tx, wish)
            version = state.save(tx, wish, actor, now_us)
            if wish.kind == "manual":
                state.amend(tx, wish.key, live_version=version)
            self._note(tx, actor, "tag_saved", wish.key, {"version": version, "kind": wish.kind})
        if wish.kind == "sql":
            self.refill(wish.key, actor)
        return self.one(wish.key)

    def refill(self, key: str, actor: str) -> str:
        """Ask for the back-fill of a tag; returns the job's id."""
        job = self.parts.jobs.start(JOB, {"key": key}, actor=actor)
        with self.parts.database.begin() as tx:
            state.amend(tx, key, job_id=job.job_id)
        return job.job_id

    def restore(self, key: str, version: int, actor: str) -> CustomTag:
        """Make an earlier version the newest again, as a version of its own; raises NoSuchTag or NotFound."""
        with self.parts.database.connect() as connection:
            tag = state.one(connection, key)
            old = next((v for v in state.history(connection, key) if v.version == version), None)
        if old is None:
            raise NotFound(
                "no_such_version", Words("没有这个版本。", "There is no such version."), place="version"
            )
        wish = Wish(
            key,
            tag.kind,
            old.words,
            old.definition,
            tag.dimension,
            old.dtype,
            old.sql,
            tag.unit,
            tag.expires_us,
        )
        return self.save(wish, actor)

    def drop(self, key: str, actor: str) -> None:
        """Take a tag back; nobody has it from now on. Raises NoSuchTag, or BadTagDefinition while something is made with it."""
        used = self.uses(key)
        if used:
            names = ", ".join(u.name for u in used[:5])
            raise BadTagDefinition("key", Words(f"正被使用：{names}", f"It is used by: {names}"))
        parts = self.parts
        with parts.database.begin() as tx:
            state.one(tx, key)
            gone = state.drop(tx, key, parts.clock.now_us())
            files = reading.files_of(parts.lake.snapshot(tx, tables=[CUSTOM_TAGS.name]), key)
            if files:
                parts.lake.commit(tx, [], remove=[f.file_id for f in files], reason=f"tag dropped: {key}")
            self._note(tx, actor, "tag_dropped", key, {"marks": gone})

    def one(self, key: str) -> CustomTag:
        """One tag; raises NoSuchTag."""
        with self.parts.database.connect() as connection:
            return state.one(connection, key)

    def history(self, key: str) -> list[Any]:
        """Its versions, the newest first; raises NoSuchTag."""
        with self.parts.database.connect() as connection:
            state.one(connection, key)
            return state.history(connection, key)

    # --- reading --------------------------------------------------------------------------------------------------

    def columns(self, keys: Sequence[str], crowd: Crowd, people: I32) -> Mapping[str, pa.ChunkedArray]:
        """Columns of these tags along `people`; unknown keys are missing. What `behaviour.tags` asks."""
        with self.parts.database.connect() as connection:
            return reading.columns(
                connection, self.parts.engine, crowd, keys, people, self.parts.clock.now_us()
            )

    def figures(self, tag: CustomTag, crowd: Crowd) -> dict[str, Any]:
        """How many have the tag and how its values lie, of the crowd as it is now; who deleted it has none."""
        now_us = self.parts.clock.now_us()
        with self.parts.database.connect() as connection:
            found = self._allowed(connection, tag, crowd, now_us)
        known = (crowd.key, tag.version, tag.live_version, tag.filled_us, tag.is_over(now_us))
        kept = self._figures.get(tag.key)
        if tag.kind != "manual" and kept is not None and kept[0] == (known, len(found.people)):
            return kept[1]
        everybody = len(crowd.people())
        made = {
            "people": len(found.people), "coverage": len(found.people) / max(1, everybody),
            "distribution": logic.distribution(found.column),
        }  # fmt: skip
        self._figures[tag.key] = ((known, len(found.people)), made)
        return made

    def _allowed(self, connection: Connection, tag: CustomTag, crowd: Crowd, now_us: int) -> Values:
        found = reading.values(connection, self.parts.engine, crowd.snapshot, tag, crowd.persons, now_us)
        gone = [
            int(crowd.persons[n])
            for n, key in self.parts.permits.all_deleted_tags(connection)
            if key == tag.key and n < len(crowd.persons)
        ]
        stays = np.isin(found.people, crowd.people()) & ~np.isin(found.people, gone)
        return Values(found.people[stays], found.column.filter(pa.array(stays)))

    def table(self, crowd: Crowd) -> pa.Table:
        """Every value that holds now, in the columns of the lake table `custom_tags`: for notebooks."""
        now_us = self.parts.clock.now_us()
        parts: list[pa.Table] = [CUSTOM_TAGS.schema.empty_table()]
        with self.parts.database.connect() as connection:
            for tag in state.every(connection):
                found = self._allowed(connection, tag, crowd, now_us)
                parts.append(rows_of(tag, found, tag.as_of_day or self._today()))
        return pa.concat_tables(parts)

    def of_person(self, alias_nos: Sequence[int]) -> list[tuple[CustomTag, str | float | bool, Mark | None]]:
        """The tags of one person, by key, without what they deleted; computed ones as the last back-fill left them."""
        now_us, parts = self.parts.clock.now_us(), self.parts
        persons = np.full(max(alias_nos) + 1, -1, np.int32)
        persons[list(alias_nos)] = min(alias_nos)
        with parts.database.connect() as connection:
            snapshot = parts.lake.snapshot(connection, tables=[CUSTOM_TAGS.name])
            deleted = parts.permits.deleted_tags(connection, alias_nos)
            by_hand = self._marks(connection, alias_nos)
            found = []
            for tag in state.every(connection):
                if tag.key not in deleted:
                    own = reading.values(connection, parts.engine, snapshot, tag, persons, now_us)
                    if len(own.people):
                        found.append((tag, own.column[0].as_py(), by_hand.get(tag.key)))
        return found

    def _marks(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, Mark]:
        query = marks.select().where(marks.c.alias_no.in_(alias_nos)).order_by(marks.c.set_us)
        return {
            r.key: Mark(r.key, r.alias_no, r.value, r.how, r.set_by, r.set_us, r.expires_us)
            for r in connection.execute(query)
        }

    def own_tags(self, alias_nos: Sequence[int]) -> list[ShownTag]:
        """The tags of one person as the person is shown them."""
        if not alias_nos:
            return []
        return [
            ShownTag(tag.key, tag.words, logic.shown(tag.dtype, value, tag.unit), tag.definition)
            for tag, value, _ in self.of_person(alias_nos)
        ]

    # --- words ----------------------------------------------------------------------------------------------------

    def words(self) -> list[dict[str, object]]:
        """Words that the workspace forbids itself."""
        with self.parts.database.connect() as connection:
            return [
                {"word": w, "added_by": by, "added_time": to_iso(us)}
                for w, by, us in state.added_words(connection)
            ]

    def add_word(self, word: str, actor: str) -> None:
        """Forbid a word in tags from now on."""
        with self.parts.database.begin() as tx:
            state.add_word(tx, word.strip().lower(), actor, self.parts.clock.now_us())
            self._note(tx, actor, "tag_word_added", word.strip().lower(), {})

    def remove_word(self, word: str, actor: str) -> None:
        """Allow a word again that the workspace forbade; words of the house stay forbidden."""
        with self.parts.database.begin() as tx:
            if state.remove_word(tx, word.strip().lower()):
                self._note(tx, actor, "tag_word_removed", word.strip().lower(), {})

    def python_errors(self) -> list[dict[str, object]]:
        """What failed in the home's Python files at the last build."""
        with self.parts.database.connect() as connection:
            return [
                {"file": e.file, "line": e.line, "message": e.message, "at_time": to_iso(us)}
                for e, us in state.errors(connection)
            ]

    def _today(self) -> int:
        return business_day(self.parts.clock.now_us(), self.parts.settings.zone)

    def _note(self, tx: Connection, actor: str, action: str, key: str, detail: dict[str, object]) -> None:
        note(tx, self.parts.clock, actor, action, key, detail)


def rows_of(tag: CustomTag, found: Values, as_of_day: int, version: int | None = None) -> pa.Table:
    """Values as rows of the lake table."""
    n = len(found.people)
    is_text = tag.dtype == "text"
    numbers = pa.chunked_array([pa.nulls(n, pa.float64())]) if is_text else found.column.cast(pa.float64())
    texts = found.column if is_text else pa.chunked_array([pa.nulls(n, pa.string())])
    columns = [
        pa.chunked_array([pa.array(found.people, pa.int32())]), pa.chunked_array([pa.array([tag.key] * n, pa.string())]),
        pa.chunked_array([pa.array([version or tag.live_version or tag.version] * n, pa.int32())]),
        pa.chunked_array([pa.array([as_of_day] * n, pa.int32())]), texts, numbers,
    ]  # fmt: skip
    return pa.table(columns, schema=CUSTOM_TAGS.schema)


def _until(wish: Wish, now_us: int) -> Wish:
    """A tag set by hand always has a day on which it lapses."""
    until = wish.expires_us or now_us + DEFAULT_DAYS * DAY_US
    if not now_us < until <= now_us + LONGEST_DAYS * DAY_US:
        raise BadTagDefinition(
            "expires_time",
            Words(
                f"有效期须在今天之后、{LONGEST_DAYS} 天以内。",
                f"It has to lapse after today and within {LONGEST_DAYS} days.",
            ),
        )
    return replace(wish, sql="", expires_us=until)


def _texts_in(sql: str) -> str:
    """The texts that a query writes: what a CASE calls people would be a value of the tag."""
    return " ; ".join(re.findall(r"'((?:[^']|'')*)'", sql))

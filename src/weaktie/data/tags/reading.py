"""Values of the shop's own tags as they hold now: computed ones from the lake, marks from the database."""

from collections.abc import Mapping, Sequence

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select

from weaktie.data.behaviour.contracts import Crowd
from weaktie.data.tags import state
from weaktie.data.tags.contracts import I32, CustomTag, DType, Values
from weaktie.data.tags.logic import ARROW, column_of
from weaktie.data.tags.tables import CUSTOM_TAGS, marks
from weaktie.store.engine.contracts import Engine
from weaktie.store.lake.contracts import LakeFile, Snapshot

EMPTY = Values(np.empty(0, np.int32), pa.chunked_array([], pa.string()))


def file_prefix(key: str) -> str:
    """With what the origin of a tag's files in the lake begins."""
    return f"tag-{key}-v"


def files_of(snapshot: Snapshot, key: str) -> list[LakeFile]:
    """The lake files with a tag's values."""
    return [f for f in snapshot.of("custom_tags") if f.origin.startswith(file_prefix(key))]


def nobody(dtype: DType) -> Values:
    """No values of a type."""
    return Values(np.empty(0, np.int32), pa.chunked_array([pa.array([], ARROW[dtype])]))


def computed(engine: Engine, snapshot: Snapshot, tag: CustomTag, persons: I32) -> Values:
    """What a back-fill computed, of people who are in `persons` (identifier → person, -1 nobody).

    Whoever was joined with somebody since then is the person they are now; of two values the smaller number's stands.
    """
    files = files_of(snapshot, tag.key)
    if not files or tag.live_version is None:
        return nobody(tag.dtype)
    with engine.session() as session:
        frame = session.scan([f.path for f in files], CUSTOM_TAGS.schema)
        mine = frame.filter(nw.col("tag") == tag.key, nw.col("version") == tag.live_version)
        rows = session.collect(mine.select("person_no", "text", "number")).sort_by("person_no")
    numbers = rows["person_no"].to_numpy()
    inside = numbers < len(persons)
    people = np.where(inside, persons[np.where(inside, numbers, 0)], -1)
    _, first = np.unique(people, return_index=True)
    first = first[people[first] >= 0]
    column = rows["text"] if tag.dtype == "text" else rows["number"]
    if tag.dtype == "bool":
        column = pc.equal(column, 1.0)
    return Values(people[first].astype(np.int32), column.take(pa.array(first)))


def marked(connection: Connection, tag: CustomTag, persons: I32, now_us: int) -> Values:
    """What was set by hand or from files and has not lapsed; of several marks of one person the newest stands."""
    query = (
        select(marks.c.alias_no, marks.c.value)
        .where(marks.c.key == tag.key, marks.c.expires_us > now_us)
        .order_by(marks.c.set_us, marks.c.mark_id)
    )
    kept = {
        int(persons[row.alias_no]): row.value
        for row in connection.execute(query)
        if row.alias_no < len(persons) and persons[row.alias_no] >= 0
    }
    return column_of(tag.dtype, kept)


def values(
    connection: Connection, engine: Engine, snapshot: Snapshot, tag: CustomTag, persons: I32, now_us: int
) -> Values:
    """Who has which value of the tag now; nobody once it has lapsed."""
    if tag.is_over(now_us):
        return nobody(tag.dtype)
    if tag.kind == "manual":
        return marked(connection, tag, persons, now_us)
    return computed(engine, snapshot, tag, persons)


def columns(
    connection: Connection, engine: Engine, crowd: Crowd, keys: Sequence[str], people: I32, now_us: int
) -> Mapping[str, pa.ChunkedArray]:
    """A column for each key along `people` (ascending), null where somebody has no value. Unknown keys are missing."""
    found: dict[str, pa.ChunkedArray] = {}
    known = {t.key: t for t in state.every(connection)}
    for key in keys:
        if key in known:
            own = values(connection, engine, crowd.snapshot, known[key], crowd.persons, now_us)
            at = np.searchsorted(own.people, people)
            hit = (
                (at < len(own.people)) & (own.people[np.minimum(at, max(len(own.people) - 1, 0))] == people)
                if len(own.people)
                else np.zeros(len(people), bool)
            )
            index = pa.array(np.where(hit, at, 0), pa.int64(), mask=~hit)
            found[key] = (
                own.column.take(index)
                if len(own.people)
                else pa.chunked_array([pa.nulls(len(people), ARROW[known[key].dtype])])
            )
    return found

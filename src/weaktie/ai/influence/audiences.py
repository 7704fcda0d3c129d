"""Friends of friends of a creator: ranked, without those who saw it or must be left alone, cut, and kept for the cap."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from weaktie.ai.influence import kernels
from weaktie.ai.influence.contracts import (
    CAP_DAYS,
    I32,
    AudienceDraft,
    Edges,
    NoAudience,
    NobodyLeft,
    Reached,
)
from weaktie.ai.influence.reading import Social
from weaktie.ai.influence.tables import audience_people, audiences, turns
from weaktie.kit.clock import DAY_US
from weaktie.kit.ids import new_id

ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class NewAudience:
    """What an audience is made from."""

    name: str
    content_id: str
    size: int
    cap: int


def friends_of_friends(edges: Edges, creator: int, size: int) -> tuple[Reached, int]:
    """Everybody two ties away from a creator and not nearer, the likeliest first (of equals the smaller number), and how many
    friends the creator has."""
    order = np.argsort(edges.src, kind="stable")
    start = np.searchsorted(edges.src[order], np.arange(size + 1)).astype(np.int64)
    other, strength = edges.dst[order], edges.strength[order]
    low, high = start[creator], start[creator + 1]
    friends, by = other[low:high], strength[low:high]
    missed, best, _, second, _, ways = kernels.two_hops(start, other, strength, friends, by, size)
    ways[creator] = 0
    ways[friends] = 0
    # Somebody whose word reaches the creator is a friend as well.
    ways[edges.src[edges.dst == creator]] = 0
    there = np.flatnonzero(ways)
    score = (1.0 - missed[there]).astype(np.float32)
    ranked = there[np.lexsort((there, -score))]
    return (
        Reached(
            ranked.astype(np.int32), (1.0 - missed[ranked]).astype(np.float32), best[ranked], second[ranked], ways[ranked]
        ),
        len(friends),
    )  # fmt: skip


def draft(
    reached: Reached,
    friends: int,
    social: Social,
    creator: int,
    content_id: str,
    seen: I32,
    capped: I32,
    size: int,
) -> AudienceDraft:
    """The first `size` who grant marketing, have not seen the content and are not in enough audiences; who is left out counts
    once, for the first of these reasons."""
    left: dict[str, int] = {}
    pool = len(reached)
    unwilling = np.flatnonzero(~social.marketing)
    for reason, excluded in (("no_marketing", unwilling), ("seen", seen), ("capped", capped)):
        out = np.isin(reached.people, excluded)
        left[reason] = int(out.sum())
        reached = reached.where(~out)
    left["cut"] = max(len(reached) - size, 0)
    return AudienceDraft(creator, content_id, friends, pool, reached.where(slice(size)), left)


def capped_people(connection: Connection, social: Social, cap: int, now_us: int) -> I32:
    """Who is in at least `cap` audiences of the last seven days, ascending."""
    rows = connection.execute(
        select(audience_people.c.alias_no, func.count().label("n"))
        .where(audience_people.c.made_us > now_us - CAP_DAYS * DAY_US)
        .group_by(audience_people.c.alias_no)
    ).all()
    alias = np.array([r.alias_no for r in rows], np.int64)
    known = alias < social.size
    person = social.crowd.persons[alias[known]] if len(alias) else np.zeros(0, np.int32)
    times = np.array([r.n for r in rows], np.int64)[known]
    times, person = times[person >= 0], person[person >= 0]
    found: I32 = np.flatnonzero(np.bincount(person, times) >= cap).astype(np.int32)
    return found


def take_turn(tx: Connection, now_us: int) -> None:
    """Let no other audience be made until this transaction ends, so that nobody is taken twice over the cap."""
    if not tx.execute(update(turns).where(turns.c.turn_id == 1).values(taken_us=now_us)).rowcount:
        tx.execute(insert(turns).values(turn_id=1, taken_us=now_us))


def keep(tx: Connection, made: NewAudience, found: AudienceDraft, actor: str, now_us: int) -> str:
    """Keep an audience with its people; its id. Raises NobodyLeft."""
    reached = found.reached
    if not len(reached):
        raise NobodyLeft
    audience_id = new_id("aud", now_us)
    tx.execute(
        insert(audiences).values(
            audience_id=audience_id, name=made.name, creator_alias_no=found.creator, content_id=made.content_id,
            size=len(reached), asked=made.size, cap=made.cap, left_out_json=msgspec.json.encode(dict(found.left_out)).decode(),
            made_us=now_us, made_by=actor,
        )
    )  # fmt: skip
    columns = zip(
        reached.people.tolist(), reached.score.tolist(), reached.through.tolist(), reached.ways.tolist(), strict=True
    )  # fmt: skip
    rows = [
        {
            "audience_id": audience_id, "alias_no": person, "place": place, "score": score,
            "through_alias_no": through if through >= 0 else None, "ways": ways, "made_us": now_us,
        }
        for place, (person, score, through, ways) in enumerate(columns, 1)
    ]  # fmt: skip
    for at in range(0, len(rows), ROWS_AT_ONCE):
        tx.execute(insert(audience_people), rows[at : at + ROWS_AT_ONCE])
    return audience_id


def every(connection: Connection, creator_aliases: Sequence[int] | None = None) -> list[RowMapping]:
    """Audiences, the newest first; of one creator where their identifiers are given."""
    query = select(audiences).order_by(audiences.c.made_us.desc(), audiences.c.audience_id)
    if creator_aliases is not None:
        query = query.where(audiences.c.creator_alias_no.in_(list(creator_aliases)))
    return list(connection.execute(query.limit(200)).mappings())


def one(connection: Connection, audience_id: str) -> RowMapping:
    """An audience; raises NoAudience."""
    query = select(audiences).where(audiences.c.audience_id == audience_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NoAudience
    return row


def members(connection: Connection, audience_id: str) -> list[RowMapping]:
    """Its people in their order, as they were chosen; raises NoAudience."""
    one(connection, audience_id)
    query = select(audience_people).where(audience_people.c.audience_id == audience_id)
    return list(connection.execute(query.order_by(audience_people.c.place)).mappings())


def take_back(tx: Connection, audience_id: str) -> None:
    """Undo an audience that is not used: its people count for no cap any more. Raises NoAudience."""
    one(tx, audience_id)
    tx.execute(delete(audience_people).where(audience_people.c.audience_id == audience_id))
    tx.execute(delete(audiences).where(audiences.c.audience_id == audience_id))

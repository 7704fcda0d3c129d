"""The queue of questions that the rules leave to people: who contends for what, found by a whole grouping or near one link."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, delete, func, insert, select, update

from weaktie.data.identity.contracts import ACCOUNT, DEVICE, TIER, NoSuchReview
from weaktie.data.identity.explaining import living, strongest
from weaktie.data.identity.logic import owners, withheld
from weaktie.data.identity.reading import Graph, grouped, read_near
from weaktie.data.identity.tables import aliases, identity_reviews
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.kit.words import Words
from weaktie.store.database.service import write_many

REASONS: dict[str, Words] = {
    "shared_phone": Words("一个手机号，多个用户", "One phone, several people"),
    "shared_email": Words("一个邮箱，多个用户", "One e-mail address, several people"),
    "shared_unionid": Words("一个微信账号，多个登录账号", "One WeChat account, several logins"),
    "shared_wecom": Words("一个企业微信客户，多个用户", "One WeCom contact, several people"),
    "shared_openid": Words("一个小程序用户，多个用户", "One mini-program user, several people"),
    "shared_device": Words("一台设备，多个用户", "One device, several people"),
    "chain": Words("经弱标识相连的两个用户", "Two people connected by weak identifiers"),
    "told_apart": Words("人工分开后又被上报为同一人", "Told apart by hand, and reported as one again"),
}
"""Why a question stands in the queue."""
DEVICE_REASONS = ("shared_device",)
STATES = ("open", "later", "different")
MOST_PEOPLE = 200
CHUNK = 500
Question = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Review:
    """A question of the queue."""

    review_id: int
    about_alias: int
    other_alias: int
    reason: str
    people: int
    found_us: int
    state: str
    decided_people: int
    decided_us: int | None


@dataclass(frozen=True, slots=True)
class Contender:
    """One of the people whom a question is about: identifiers, the one that speaks for them, the one that is linked."""

    person_no: int
    anchor: int
    via: int
    members: tuple[int, ...]


def contenders(connection: Connection, review: Review, most: int = MOST_PEOPLE) -> list[Contender]:
    """The people of a question, in the order of their numbers; at most `most` of their identifiers are followed."""
    about, other = review.about_alias, review.other_alias
    if other:
        ends = [about, other]
    else:
        near = read_near(connection, about)
        tier = TIER.get(near.kinds.get(about, ""), DEVICE)
        ends = sorted(n for n in near.linked(about) if TIER.get(near.kinds[n], DEVICE) < tier)[:most]
    found: dict[int, Contender] = {}
    for end in ends:
        if any(end in known.members for known in found.values()):
            continue
        near = read_near(connection, end)
        result = grouped(near)
        members = living(connection, result.members(end))
        if end not in members or (end in result.contended and not other):
            continue
        anchor = strongest(near.kinds, members)
        if other or TIER[near.kinds[anchor]] <= ACCOUNT:
            found[min(members)] = Contender(min(members), anchor, end, tuple(members))
    return [found[number] for number in sorted(found)]


def questions(graph: Graph) -> dict[Question, tuple[str, int]]:
    """Every question of a grouping: (identifier, other end of a link or 0) → reason, how many people."""
    person_of, contended = graph.grouped()
    gone = np.zeros(len(person_of), np.bool_)
    gone[graph.erased] = True
    xs, people = owners(graph.tier, graph.a, graph.b, person_of, contended)
    alive = ~gone[xs] & ~gone[people]
    numbers, counts = np.unique(xs[alive], return_counts=True)
    found = {(int(x), 0): ("shared", int(n)) for x, n in zip(numbers, counts, strict=True) if n > 1}
    held = withheld(graph.a, graph.b, person_of, contended) & ~gone[graph.a] & ~gone[graph.b]
    for a, b in zip(graph.a[held].tolist(), graph.b[held].tolist(), strict=True):
        logins = graph.tier[a] == 0 and graph.tier[b] == 0
        found[min(a, b), max(a, b)] = ("told_apart" if logins else "chain", 2)
    return found


def bring_up_to_date(tx: Connection, found: dict[Question, tuple[str, int]], now_us: int) -> int:
    """Make the queue what a grouping found; words of people stay, unless more people contend than they spoke of. Returns
    how many rows changed."""
    known = {(r.about_alias, r.other_alias): r for r in map(_review, tx.execute(select(identity_reviews)))}
    gone = [review.review_id for question, review in known.items() if question not in found]
    for start in range(0, len(gone), CHUNK):
        tx.execute(
            delete(identity_reviews).where(identity_reviews.c.review_id.in_(gone[start : start + CHUNK]))
        )
    changed = 0
    for question, review in known.items():
        people = found.get(question, ("", review.people))[1]
        if question in found and people != review.people:
            tx.execute(
                update(identity_reviews)
                .where(identity_reviews.c.review_id == review.review_id)
                .values(people=people, state=_state(review, people))
            )
            changed += 1
    new = [question for question in sorted(found) if question not in known]
    kinds = kinds_of(tx, [about for about, _ in new])
    rows = [
        (about, other, _reason(found[about, other][0], kinds.get(about, "")), found[about, other][1], now_us, "open", 0)
        for about, other in new
    ]  # fmt: skip
    write_many(
        tx, "identity_reviews (about_alias, other_alias, reason, people, found_us, state, decided_people)",
        ("integer", "integer", "text", "integer", "bigint", "text", "integer"), rows, "DO NOTHING",
    )  # fmt: skip
    return len(gone) + changed + len(rows)


def recheck(tx: Connection, around: Iterable[Question], now_us: int) -> None:
    """Look at these questions again after a decision, without a whole grouping."""
    for about, other in sorted(set(around)):
        row = _of(tx, about, other)
        kinds = kinds_of(tx, [about, other])
        review = row or Review(0, about, other, "", 0, now_us, "open", 0, None)
        people = _still(tx, review)
        if people < 2:
            if row is not None:
                tx.execute(delete(identity_reviews).where(identity_reviews.c.review_id == row.review_id))
        elif row is None:
            reason = _reason("chain" if other else "shared", kinds.get(about, ""))
            if other and kinds.get(about) == kinds.get(other) == "user":
                reason = "told_apart"
            tx.execute(
                insert(identity_reviews).values(
                    about_alias=about, other_alias=other, reason=reason, people=people, found_us=now_us, state="open",
                    decided_people=0,
                )
            )  # fmt: skip
        elif people != row.people:
            tx.execute(
                update(identity_reviews)
                .where(identity_reviews.c.review_id == row.review_id)
                .values(people=people, state=_state(row, people))
            )


def _still(connection: Connection, review: Review) -> int:
    """How many people the question is about now; fewer than two when it is settled."""
    about, other = review.about_alias, review.other_alias
    near = read_near(connection, about)
    result = grouped(near)
    if not other:
        return len(contenders(connection, review)) if about in result.contended else 0
    if other not in near.linked(about) or {about, other} & result.contended:
        return 0
    return 2 if result.person_of.get(about) != result.person_of.get(other) else 0


def mark(tx: Connection, review: Review, state: str, people: int, now_us: int) -> None:
    """Remember what was said of a question that stays: `later` or `different`."""
    tx.execute(
        update(identity_reviews)
        .where(identity_reviews.c.review_id == review.review_id)
        .values(state=state, decided_people=people, people=people, decided_us=now_us)
    )


def find(connection: Connection, review_id: int) -> Review:
    """One question; raises NoSuchReview."""
    row = connection.execute(
        select(identity_reviews).where(identity_reviews.c.review_id == review_id)
    ).first()
    if row is None:
        raise NoSuchReview
    return _review(row)


def page(
    connection: Connection, *, state: str, reason: str | None, cursor: str | None, limit: int | None
) -> Page[Review]:
    """Questions in this state, the newest first; without a reason all but shared devices, whose events time tells apart."""
    size = min(page_size(limit, 20), 100)
    table = identity_reviews.c
    query = select(identity_reviews).where(table.state == state)
    query = query.where(table.reason == reason if reason else table.reason.not_in(DEVICE_REASONS))
    if cursor:
        (last,) = read_cursor(cursor, 1)
        query = query.where(table.review_id < (last if isinstance(last, int) else 0))
    rows = connection.execute(query.order_by(table.review_id.desc()).limit(size + 1)).all()
    items = [_review(row) for row in rows[:size]]
    return Page(items, write_cursor(items[-1].review_id) if len(rows) > size else None)


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """How many questions stand in the queue, by state and reason."""
    table = identity_reviews.c
    query = select(table.state, table.reason, func.count()).group_by(table.state, table.reason)
    return {(state, reason): int(number) for state, reason, number in connection.execute(query)}


def kinds_of(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """The kind of each identifier."""
    found: dict[int, str] = {}
    for start in range(0, len(numbers), CHUNK):
        part = numbers[start : start + CHUNK]
        query = select(aliases.c.alias_no, aliases.c.kind).where(aliases.c.alias_no.in_(part))
        found |= {row.alias_no: row.kind for row in connection.execute(query)}
    return found


def _of(connection: Connection, about_alias: int, other_alias: int) -> Review | None:
    table = identity_reviews.c
    query = select(identity_reviews).where(table.about_alias == about_alias, table.other_alias == other_alias)
    row = connection.execute(query).first()
    return None if row is None else _review(row)


def _review(row: object) -> Review:
    return Review(*row)  # type: ignore[misc]


def _state(review: Review, people: int) -> str:
    return "open" if people > review.decided_people else review.state


def _reason(found: str, kind: str) -> str:
    if found != "shared":
        return found
    reason = f"shared_{kind}"
    return reason if reason in REASONS else "shared_device"

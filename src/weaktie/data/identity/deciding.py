"""What people say of identifiers: undo and redo a link, one person or two. Words are appended, audited, and hold at once."""

from collections.abc import Iterable, Sequence
from itertools import combinations

from sqlalchemy import Connection, insert

from weaktie.data.identity import reviews
from weaktie.data.identity.contracts import (
    ACCOUNT,
    DEVICE,
    TIER,
    AlreadyOne,
    Decision,
    LinkStands,
    NoSuchIdentifier,
    NoSuchLink,
    NotAboutThese,
    SharedByOthers,
    StillJoined,
    Verdict,
)
from weaktie.data.identity.explaining import living, strongest
from weaktie.data.identity.reading import Near, grouped, pair_of, read_near
from weaktie.data.identity.reviews import Question, Review
from weaktie.data.identity.tables import identity_decisions
from weaktie.kit.clock import Clock
from weaktie.trust.audit.service import record

MOST_PAIRS_OF = 12
"""People of a question up to whom each pair is told apart; beyond, the question alone is marked."""
MOST_RECHECKED = 20


class Decisions:
    """Takes decisions in the caller's transaction; each leaves one line in the audit log."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def undo(self, tx: Connection, a: int, b: int, *, actor: str, reason: str) -> Decision:
        """What links the two counts no more, whatever comes again; raises NoSuchIdentifier, NoSuchLink, LinkStands."""
        near, pair = read_near(tx, a), pair_of(a, b)
        self._check(tx, a, b)
        if pair not in near.facts and pair not in near.said:
            raise NoSuchLink
        if not near.holds(pair):
            raise LinkStands(holds=False)
        before = _asked(near)
        made = self._say(tx, a, b, "undone", actor, reason, "identity_link_undone")
        # What lies around both ends afterwards lay around them before: nothing has to be read again.
        near.said[pair] = made
        self._look_again(tx, (a, b), before, [near])
        return made

    def redo(self, tx: Connection, a: int, b: int, *, actor: str, reason: str) -> Decision:
        """Take back an undoing, or a word that the two are two people: facts between them count again, and where there is
        none the two are joined by hand as they were."""
        near, pair = read_near(tx, a), pair_of(a, b)
        self._check(tx, a, b)
        word = near.said.get(pair)
        if word is None and pair not in near.facts:
            raise NoSuchLink
        if near.holds(pair):
            raise LinkStands(holds=True)
        facts = pair in near.facts or word is None or word.verdict == "different"
        verdict: Verdict = "redone" if facts else "same"
        before = _asked(near, read_near(tx, b))
        made = self._say(tx, a, b, verdict, actor, reason, "identity_link_redone")
        self._look_again(tx, (a, b), before)
        return made

    def same(self, tx: Connection, a: int, b: int, *, actor: str, reason: str) -> Decision:
        """The people who have these identifiers are one; raises NoSuchIdentifier, AlreadyOne, SharedByOthers."""
        self._check(tx, a, b)
        mine, other = self._spokesman(tx, a), self._spokesman(tx, b)
        if mine == other:
            raise AlreadyOne
        before = _asked(read_near(tx, mine), read_near(tx, other))
        made = self._say(tx, mine, other, "same", actor, reason, "identity_merged")
        after = grouped(read_near(tx, mine))
        if after.person_of.get(mine) != after.person_of.get(other):
            raise SharedByOthers
        self._look_again(tx, (mine, other), before)
        return made

    def different(self, tx: Connection, a: int, b: int, *, actor: str, reason: str) -> Decision:
        """The two are two people; raises StillJoined where other links would go on joining them: undo one of these."""
        self._check(tx, a, b)
        mine, other = self._spokesman(tx, a), self._spokesman(tx, b)
        if mine == other:
            mine, other = a, b
        before = _asked(read_near(tx, mine), read_near(tx, other))
        made = self._say(tx, mine, other, "different", actor, reason, "identity_told_apart")
        near = grouped(read_near(tx, mine))
        if near.person_of.get(other) == near.person_of.get(mine):
            raise StillJoined
        self._look_again(tx, (mine, other), before)
        return made

    def judge(
        self,
        tx: Connection,
        review_id: int,
        verdict: Verdict,
        people: Sequence[int],
        *,
        actor: str,
        reason: str,
    ) -> list[Decision]:
        """Answer a question of the queue; `people` are the person numbers that are one (all of them where empty).

        Raises NoSuchReview, NotAboutThese.
        """
        review = reviews.find(tx, review_id)
        found = reviews.contenders(tx, review)
        chosen = [c for c in found if not people or c.person_no in people]
        if len(chosen) < max(2, len(people)):
            raise NotAboutThese
        about, now_us = review.about_alias, self._clock.now_us()
        anchors = tuple(c.anchor for c in chosen[:MOST_PAIRS_OF])
        before = _asked(*(read_near(tx, n) for n in anchors)) if verdict != "later" else set()
        made: list[Decision] = []
        if verdict == "same":
            first, *rest = [c.anchor for c in chosen]
            made = [self._append(tx, first, n, "same", actor, reason, about) for n in rest]
        elif verdict == "different":
            made = self._apart(tx, review, [c.anchor for c in found], actor, reason)
        else:
            made = [self._append(tx, about, about, "later", actor, reason, about)]
        if verdict != "same":
            reviews.mark(tx, review, verdict, max(len(found), review.people), now_us)
        record(
            tx, self._clock, actor=actor, action=f"identity_review_{verdict}", object_kind="identity_review",
            object_id=str(review_id),
            detail={
                "about": about, "people": [c.person_no for c in chosen], "decisions": [d.decision_id for d in made],
                "reason": reason,
            },
        )  # fmt: skip
        if verdict != "later":
            self._look_again(tx, anchors, before | {(about, review.other_alias)})
        return made

    def _apart(
        self, tx: Connection, review: Review, anchors: list[int], actor: str, reason: str
    ) -> list[Decision]:
        about = review.about_alias
        if review.other_alias:
            return [self._append(tx, about, review.other_alias, "different", actor, reason, about)]
        if len(anchors) > MOST_PAIRS_OF:
            return [self._append(tx, about, about, "different", actor, reason, about)]
        return [
            self._append(tx, a, b, "different", actor, reason, about) for a, b in combinations(anchors, 2)
        ]

    def _say(
        self, tx: Connection, a: int, b: int, verdict: Verdict, actor: str, reason: str, action: str
    ) -> Decision:
        made = self._append(tx, a, b, verdict, actor, reason, None)
        record(
            tx, self._clock, actor=actor, action=action, object_kind="identity_link",
            object_id=f"{made.a_alias}-{made.b_alias}",
            detail={"decision_id": made.decision_id, "verdict": verdict, "reason": reason},
        )  # fmt: skip
        return made

    def _append(
        self, tx: Connection, a: int, b: int, verdict: Verdict, actor: str, reason: str, about: int | None
    ) -> Decision:
        first, second = pair_of(a, b)
        at_us = self._clock.now_us()
        values = {
            "a_alias": first, "b_alias": second, "verdict": verdict, "about_alias": about, "at_us": at_us,
            "actor": actor, "reason": reason,
        }  # fmt: skip
        key = tx.execute(
            insert(identity_decisions).values(**values).returning(identity_decisions.c.decision_id)
        ).scalar_one()
        return Decision(int(key), first, second, verdict, about, at_us, actor, reason)

    def _check(self, tx: Connection, a: int, b: int) -> None:
        if a == b or len(living(tx, [a, b])) != 2:
            raise NoSuchIdentifier("b")

    def _spokesman(self, tx: Connection, alias_no: int) -> int:
        """The identifier that speaks for a person: what is said of it holds for all of them."""
        near = read_near(tx, alias_no)
        members = grouped(near).members(alias_no)
        return strongest(near.kinds, living(tx, members) or [alias_no])

    def _look_again(
        self, tx: Connection, ends: Sequence[int], before: set[Question], around: Sequence[Near] = ()
    ) -> None:
        """Questions that a decision raised, settled or changed: those that come or go around its ends, those about the ends,
        and all around them where it is about accounts, for then other people contend."""
        nears = around or [read_near(tx, end) for end in ends]
        after = _asked(*nears)
        of_accounts = all(
            TIER.get(near.kinds.get(end, ""), DEVICE) <= ACCOUNT
            for near in nears
            for end in ends
            if end in near.kinds
        )
        changed = before | after if of_accounts else before ^ after
        changed |= {q for q in before | after if set(q) & set(ends)}
        reviews.recheck(tx, sorted(changed)[:MOST_RECHECKED], self._clock.now_us())


def undo_links(tx: Connection, alias_nos: Iterable[int], other: int, now_us: int) -> int:
    """For a right that was exercised (a corrected phone): what ties these identifiers to another one counts no more,
    whatever comes again. The caller leaves the line in the audit log. Returns how many pairs were undone."""
    near = read_near(tx, other)
    mine = sorted(n for n in set(alias_nos) if n != other and near.holds(pair_of(n, other)))
    rows = [
        {
            "a_alias": min(n, other), "b_alias": max(n, other), "verdict": "undone", "at_us": now_us, "actor": "rights",
            "reason": "corrected by the person",
        }
        for n in mine
    ]  # fmt: skip
    if rows:
        tx.execute(insert(identity_decisions), rows)
    return len(rows)


def _asked(*nears: Near) -> set[Question]:
    """The questions around identifiers: what is contended, and the links that are held back."""
    found: set[Question] = set()
    for near in nears:
        result = grouped(near)
        found |= {(n, 0) for n in result.contended}
        found |= {
            pair
            for pair in near.facts
            if near.holds(pair)
            and not set(pair) & result.contended
            and result.person_of.get(pair[0]) != result.person_of.get(pair[1])
        }
    return found

"""Links and words of people in a real database: whatever their order, the whole map and the look near by agree."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from tests.suites.homes import fresh_app
from weaktie.app.wiring import App
from weaktie.data.identity import reviews
from weaktie.data.identity.contracts import (
    AlreadyOne,
    LinkFact,
    LinkStands,
    NoSuchIdentifier,
    NoSuchLink,
    NoSuchReview,
    NotAboutThese,
    SharedByOthers,
    StillJoined,
)
from weaktie.data.identity.deciding import Decisions
from weaktie.data.identity.erase import IdentityEraser
from weaktie.data.identity.explaining import explain
from weaktie.data.identity.service import (
    add_links,
    component,
    decided_after,
    last_decision,
    person_map,
    undo_links,
)
from weaktie.data.identity.tables import aliases, identity_decisions, identity_reviews, links
from weaktie.trust.audit.tables import audit_log

KINDS = (
    ["user"] * 4
    + ["unionid"] * 2
    + ["phone", "phone", "email", "openid", "openid"]
    + ["anonymous"] * 3
    + ["device"]
)
A, B, C, UNION, PHONE, PHONE_2, EMAIL, OPENID, COOKIE, COOKIE_2 = 1, 2, 3, 5, 7, 8, 9, 10, 12, 13
anybody = st.integers(1, len(KINDS))
pair = st.tuples(anybody, anybody).filter(lambda p: p[0] < p[1])
Fact = tuple[int, int, int]
facts = st.lists(st.tuples(pair, st.integers(1, 60)), max_size=24)
verdicts = st.lists(st.tuples(pair, st.sampled_from(["undone", "redone", "same", "different"])), max_size=6)


def stocked(app: App) -> App:
    with app.database.begin() as tx:
        tx.execute(
            insert(aliases),
            [
                {"alias_no": n, "kind": kind, "lookup": f"{kind}:{n}", "value": f"{kind}-{n}", "first_seen_us": n}
                for n, kind in enumerate(KINDS, 1)
            ],
        )  # fmt: skip
    return app


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def wt(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    address = "sqlite:" if request.param == "sqlite" else request.getfixturevalue("empty_postgresql_address")
    with fresh_app(tmp_path, database=address) as app:
        yield stocked(app)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield stocked(app)


def link(wt: App, *pairs: tuple[int, int], at_us: int = 1, source: str = "default") -> None:
    with wt.database.begin() as tx:
        add_links(tx, [LinkFact(min(p), max(p), "login", at_us, source) for p in pairs])


def people(wt: App) -> dict[int, int]:
    with wt.database.connect() as connection:
        found = person_map(connection).person_of
    return {n: int(found[n]) for n in range(1, len(KINDS) + 1)}


def one(wt: App, alias_no: int) -> list[int]:
    with wt.database.connect() as connection:
        return component(connection, alias_no)


@given(facts, verdicts, st.randoms(use_true_random=False))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_order_of_arrival_changes_persons_and_the_look_near_by_agrees(
    embedded: App, found: list[tuple[tuple[int, int], int]], said: list[tuple[tuple[int, int], str]], shuffle: random.Random
) -> None:  # fmt: skip
    wt, outcomes = embedded, []
    words = [
        {"a_alias": p[0], "b_alias": p[1], "verdict": verdict, "at_us": n, "actor": "me", "reason": "r"}
        for n, (p, verdict) in enumerate(said, 1)
    ]
    for _ in range(2):
        arriving = [LinkFact(*p, "login", at, f"s{at}") for p, at in found] * 2
        shuffle.shuffle(arriving)
        shuffle.shuffle(words)
        with wt.database.begin() as tx:
            tx.execute(delete(links))
            tx.execute(delete(identity_decisions))
        cut = shuffle.randrange(len(arriving) + 1)
        for part in (arriving[:cut], arriving[cut:]):
            with wt.database.begin() as tx:
                add_links(tx, part)
        with wt.database.begin() as tx:
            if words:
                tx.execute(insert(identity_decisions), words)
            kept = tx.execute(
                select(links.c.a_alias, links.c.b_alias, links.c.event_us, links.c.source_id)
            ).all()
        outcomes.append((people(wt), sorted(map(tuple, kept))))
    assert outcomes[0] == outcomes[1]
    persons = outcomes[0][0]
    for n in persons:
        assert one(wt, n) == sorted(m for m in persons if persons[m] == persons[n])
    with wt.database.connect() as connection:
        for n in persons:
            why = explain(connection, n)
            assert set(why.chains) == set(why.members), "every identifier hangs on the strongest"


def test_undo_parts_at_once_stays_whatever_comes_again_and_is_undone_itself(wt: App) -> None:
    link(wt, (A, COOKIE), (A, PHONE), (PHONE, COOKIE_2))
    assert one(wt, COOKIE) == [A, PHONE, COOKIE, COOKIE_2]
    decisions = Decisions(wt.clock)
    with wt.database.begin() as tx:
        made = decisions.undo(tx, PHONE, A, actor="ann", reason="not hers")
    assert (one(wt, A), one(wt, PHONE)) == ([A, COOKIE], [PHONE, COOKIE_2])
    assert people(wt)[COOKIE_2] == PHONE
    link(wt, (A, PHONE), at_us=99)
    assert one(wt, A) == [A, COOKIE], "the same fact, seen again, joins nobody"
    with wt.database.begin() as tx:
        with pytest.raises(LinkStands, match="link_undone"):
            decisions.undo(tx, A, PHONE, actor="ann", reason="again")
        decisions.redo(tx, A, PHONE, actor="bob", reason="hers after all")
        with pytest.raises(LinkStands, match="link_holds"):
            decisions.redo(tx, A, PHONE, actor="bob", reason="again")
    assert one(wt, COOKIE_2) == [A, PHONE, COOKIE, COOKIE_2]
    with wt.database.connect() as connection:
        rows = connection.execute(select(identity_decisions.c.verdict, identity_decisions.c.actor)).all()
        audited = connection.execute(select(audit_log.c.action, audit_log.c.actor)).all()
        assert decided_after(connection, [COOKIE, PHONE], 0)
        assert not decided_after(connection, [B], 0)
        assert last_decision(connection) == made.decision_id + 1
    assert [tuple(r) for r in rows] == [("undone", "ann"), ("redone", "bob")]
    assert [tuple(r) for r in audited][-2:] == [
        ("identity_link_undone", "ann"),
        ("identity_link_redone", "bob"),
    ]


def test_a_corrected_contact_is_undone_for_all_of_a_persons_identifiers(wt: App) -> None:
    link(wt, (A, PHONE), (A, COOKIE), (COOKIE, PHONE))
    with wt.database.begin() as tx:
        assert undo_links(tx, [A, COOKIE, EMAIL], PHONE, wt.clock.now_us()) == 2
        assert undo_links(tx, [A, COOKIE], PHONE, wt.clock.now_us()) == 0
    link(wt, (A, PHONE), at_us=99)
    assert (one(wt, A), one(wt, PHONE)) == ([A, COOKIE], [PHONE])


def test_a_merge_by_hand_joins_and_its_undo_and_redo_bring_back_what_was(wt: App) -> None:
    link(wt, (A, COOKIE), (B, COOKIE_2))
    decisions = Decisions(wt.clock)
    with wt.database.begin() as tx:
        decisions.same(tx, COOKIE, COOKIE_2, actor="ann", reason="same voice")
        with pytest.raises(AlreadyOne):
            decisions.same(tx, A, B, actor="ann", reason="again")
    assert one(wt, A) == [A, B, COOKIE, COOKIE_2]
    with wt.database.begin() as tx:
        decisions.undo(tx, A, B, actor="ann", reason="wrong")
    assert one(wt, A) == [A, COOKIE]
    with wt.database.begin() as tx:
        decisions.redo(tx, A, B, actor="ann", reason="right")
    assert one(wt, COOKIE_2) == [A, B, COOKIE, COOKIE_2]


def test_people_told_apart_stay_apart_and_what_goes_on_joining_them_is_said(wt: App) -> None:
    decisions = Decisions(wt.clock)
    link(wt, (A, B), (UNION, PHONE))
    with wt.database.begin() as tx:
        with pytest.raises(NoSuchLink):
            decisions.undo(tx, A, C, actor="ann", reason="none")
        with pytest.raises(NoSuchIdentifier):
            decisions.undo(tx, A, 999, actor="ann", reason="none")
        decisions.different(tx, A, C, actor="ann", reason="brothers")
    link(wt, (B, C))
    assert (one(wt, A), one(wt, C)) == ([A, B], [C])
    with wt.database.begin() as tx:
        assert [(x.a_alias, x.b_alias, x.state) for x in explain(tx, A).links] == [
            (A, B, "holds"),
            (A, C, "undone"),
            (B, C, "withheld"),
        ]
    wt.review_queue.refresh()
    assert [q[2] for q in queue(wt)] == ["told_apart"]
    with wt.database.begin() as tx:
        decisions.redo(tx, A, C, actor="ann", reason="one after all")
    assert (one(wt, A), queue(wt)) == ([A, B, C], [])
    link(wt, (UNION, EMAIL), (EMAIL, PHONE))
    with pytest.raises(StillJoined), wt.database.begin() as tx:
        decisions.different(tx, PHONE, UNION, actor="ann", reason="no")


def queue(wt: App) -> list[tuple[int, int, str, int, str]]:
    with wt.database.connect() as connection:
        table = identity_reviews.c
        rows = connection.execute(
            select(table.about_alias, table.other_alias, table.reason, table.people, table.state)
        )
        return sorted(tuple(r) for r in rows)


def review_id(wt: App, about: int) -> int:
    with wt.database.connect() as connection:
        found = select(identity_reviews.c.review_id).where(identity_reviews.c.about_alias == about)
        return int(connection.execute(found).scalar_one())


def test_one_phone_with_two_logins_is_asked_about_and_each_answer_does_what_it_says(wt: App) -> None:
    decisions = Decisions(wt.clock)
    link(wt, (A, PHONE), (B, PHONE), (A, COOKIE), (B, COOKIE), (C, PHONE_2), (4, PHONE_2))
    assert wt.review_queue.refresh() == 3
    assert wt.review_queue.refresh() is None
    assert queue(wt) == [
        (PHONE, 0, "shared_phone", 2, "open"),
        (PHONE_2, 0, "shared_phone", 2, "open"),
        (COOKIE, 0, "shared_device", 2, "open"),
    ]
    with wt.database.connect() as connection:
        page = reviews.page(connection, state="open", reason=None, cursor=None, limit=1)
        assert [r.about_alias for r in page.items] == [PHONE_2]
        assert page.next_cursor is not None
        rest = reviews.page(connection, state="open", reason=None, cursor=page.next_cursor, limit=9)
        assert [r.about_alias for r in rest.items] == [PHONE], "a device is asked about only where wanted"
    with pytest.raises(SharedByOthers), wt.database.begin() as tx:
        decisions.same(tx, A, PHONE, actor="ann", reason="hers")
    with wt.database.begin() as tx:
        with pytest.raises(NotAboutThese):
            decisions.judge(tx, review_id(wt, PHONE), "same", [A, C], actor="ann", reason="no")
        decisions.judge(tx, review_id(wt, PHONE_2), "later", [], actor="ann", reason="ask her")
        made = decisions.judge(tx, review_id(wt, PHONE), "same", [], actor="ann", reason="asked her")
    assert [(d.a_alias, d.b_alias, d.verdict, d.about_alias) for d in made] == [(A, B, "same", PHONE)]
    assert one(wt, PHONE) == [A, B, PHONE, COOKIE]
    assert queue(wt) == [(PHONE_2, 0, "shared_phone", 2, "later")], (
        "the shared device is settled with the phone"
    )
    with wt.database.begin() as tx:
        decisions.judge(tx, review_id(wt, PHONE_2), "different", [], actor="ann", reason="a couple")
    assert wt.review_queue.refresh() == 0
    assert queue(wt) == [(PHONE_2, 0, "shared_phone", 2, "different")]
    link(wt, (A, PHONE_2))
    wt.review_queue.refresh()
    assert queue(wt) == [(PHONE_2, 0, "shared_phone", 3, "open")], "somebody more: asked again"
    with wt.database.begin() as tx:
        decisions.undo(tx, A, B, actor="ann", reason="no")
    assert [(q[0], q[4]) for q in queue(wt)] == [(PHONE, "open"), (PHONE_2, "open"), (COOKIE, "open")]


def test_a_chain_of_weak_ones_is_asked_about_and_telling_apart_settles_it(wt: App) -> None:
    link(wt, (A, COOKIE), (COOKIE, COOKIE_2), (B, COOKIE_2))
    wt.review_queue.refresh()
    assert queue(wt) == [(COOKIE, COOKIE_2, "chain", 2, "open")]
    with wt.database.begin() as tx:
        Decisions(wt.clock).judge(tx, review_id(wt, COOKIE), "same", [], actor="ann", reason="one")
    assert one(wt, A) == [A, B, COOKIE, COOKIE_2]
    assert queue(wt) == []
    with wt.database.begin() as tx:
        Decisions(wt.clock).undo(tx, A, B, actor="ann", reason="two")
    assert queue(wt) == [(COOKIE, COOKIE_2, "chain", 2, "open")]
    with wt.database.begin() as tx:
        Decisions(wt.clock).judge(tx, review_id(wt, COOKIE), "different", [], actor="ann", reason="two")
    assert queue(wt) == []
    assert wt.review_queue.refresh() == 0


def test_erased_people_leave_no_words_and_no_questions_and_stay_erased(wt: App) -> None:
    link(wt, (A, PHONE), (B, PHONE), (A, COOKIE))
    wt.review_queue.refresh()
    decisions = Decisions(wt.clock)
    with wt.database.begin() as tx:
        decisions.undo(tx, A, COOKIE, actor="ann", reason="no")
    eraser = IdentityEraser(wt.database, wt.vault)
    with wt.database.begin() as tx:
        eraser.bury(tx, [A, PHONE], wt.clock.now_us())
    with wt.database.begin() as tx:
        with pytest.raises(NoSuchIdentifier):
            decisions.redo(tx, A, COOKIE, actor="ann", reason="back")
        with pytest.raises(NoSuchIdentifier):
            explain(tx, A)
        with pytest.raises(NotAboutThese):
            decisions.judge(tx, review_id(wt, PHONE), "same", [], actor="ann", reason="back")
    assert eraser.erase([A, PHONE]) == {
        "links": 3, "identity_decisions": 1, "identity_reviews": 1, "alias_sources": 0,
    }  # fmt: skip
    assert people(wt)[A] == people(wt)[PHONE] == -1
    assert one(wt, B) == [B]
    with wt.database.begin() as tx, pytest.raises(NoSuchReview):
        reviews.find(tx, 1)


def test_evidence_names_the_first_sighting_and_its_source_and_links_of_others_stand_beside(wt: App) -> None:
    link(wt, (A, PHONE), at_us=50, source="app")
    link(wt, (A, PHONE), at_us=20, source="shop")
    link(wt, (A, PHONE), at_us=70, source="late")
    link(wt, (A, COOKIE), (B, COOKIE))
    with wt.database.connect() as connection:
        why = explain(connection, PHONE)
    (fact,) = next(x for x in why.links if x.b_alias == PHONE).evidence
    assert (fact.first_us, fact.last_us, fact.source_id) == (20, 70, "shop")
    assert [(x.b_alias, x.state) for x in why.links] == [(PHONE, "holds"), (COOKIE, "contended")]
    assert (why.members, why.beside, why.chains) == ((A, PHONE), (COOKIE,), {A: [A], PHONE: [A, PHONE]})

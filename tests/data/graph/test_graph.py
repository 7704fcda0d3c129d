"""The graph from events to answers: what makes a tie, who is left out, what an erasure leaves, and days on top of days."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.app.cli_data import build_once
from weaktie.app.wiring import App
from weaktie.data.behaviour.contracts import BadPeople
from weaktie.data.graph.contracts import BadAudience, NoGraph
from weaktie.data.graph.jobs import build_graph
from weaktie.data.graph.tables import TIE_DAY
from weaktie.data.sources.service import OWN_SERVICE_BASIS, patch
from weaktie.kit.clock import DAY_US, FixedClock, to_datetime
from weaktie.store.lake.tables import CONTENTS

CNY = {"currency": "CNY", "products": [{"product_id": "p1", "price": 9}]}


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        allow(app)
        yield app


def allow(wt: App) -> None:
    """Let the source have asked its people for social analysis."""
    with wt.database.begin() as tx:
        basis = dict.fromkeys(OWN_SERVICE_BASIS, "consented_upstream")
        patch(tx, wt.clock, "default", actor="test", basis=basis)


def said(number: int, who: str, event: str, ago: float = 1.0, **properties: Any) -> dict[str, Any]:
    at_us = START_US - int(ago * DAY_US)
    return track(number, who, event=event, properties=properties, at_us=at_us)


STORY = [
    said(1, "ann", "Message Sent", to_user_id="bob"), said(2, "bob", "Message Sent", 0.5, to_user_id="ann"),
    said(3, "bob", "Product Viewed", 0.4, product_id="p1", sharer_id="ann"),
    said(4, "cat", "Product Viewed", 20.0, product_id="p1", sharer_id="ann"),
    said(5, "bob", "Message Sent", 3.0, to_user_id="dan"), said(6, "dan", "Friend Added", 9.0, friend_id="bob"),
    said(7, "eve", "Order Completed", 2.0, order_id="o1", total=9, sharer_id="dan", **CNY),
    said(8, "fay", "Gift Sent", 2.0, to_user_id="fay"),
]  # fmt: skip


def built(wt: App, *calls: dict[str, Any]) -> None:
    put(wt, *calls)
    bring_in(wt)
    build_once(wt, lambda *_: None)


def person(wt: App, user_id: str) -> int:
    return wt.graph_people.person(user_id)


def names(wt: App, numbers: Any) -> list[str]:
    with wt.database.connect() as connection:
        known = {
            a.alias_no: str(a.value) for a in wt.identity.described(connection, [int(n) for n in numbers])
        }
    return [known[int(n)] for n in numbers]


def forget(wt: App) -> None:
    """Let five seconds pass, after which the crowd is looked at again, and half a minute for purposes."""
    assert isinstance(wt.clock, FixedClock)
    wt.clock.move(31)


def said_no(wt: App, user_id: str, purpose: str) -> None:
    with wt.database.begin() as tx:
        alias_no = wt.identity.find(tx, user_id)
        assert alias_no is not None
        wt.permits.record(tx, [alias_no], purpose, granted=False, how="test")


def test_without_a_build_there_is_no_graph(wt: App) -> None:
    with pytest.raises(NoGraph):
        wt.graph.ties()


def test_what_names_two_people_makes_a_tie_with_reasons(wt: App) -> None:
    built(wt, *STORY)
    days = {(r["kind"], r["times"]) for r in stored_days(wt)}
    assert days == {("chat", 1), ("open", 1), ("friend", 1), ("order", 1)}
    ties = wt.graph.ties()
    assert names(wt, ties.people) == ["ann", "bob", "cat", "dan", "eve"], "nobody has a tie with themselves"
    assert len(ties.dst) == 2 * 4
    close, far = (
        wt.graph.tie(person(wt, "ann"), person(wt, "bob")),
        wt.graph.tie(person(wt, "ann"), person(wt, "cat")),
    )
    assert close is not None and far is not None
    assert close.kinds == ("chat", "open")
    assert close.interactions == 3
    assert close.strength > far.strength
    assert {r.part: r.value for r in far.reasons}["frequency_out"] == 0, "ann did nothing towards cat"
    assert {r.part: r.value for r in far.reasons}["frequency_in"] > 0
    weights = wt.graph.built().weights
    z = weights.bias + sum(r.adds for r in close.reasons)
    assert close.strength == pytest.approx(1 / (1 + np.exp(-z)), abs=1e-4)
    back = wt.graph.tie(person(wt, "cat"), person(wt, "ann"))
    assert back is not None
    assert back.strength < far.strength, "cat answers ann; ann does not answer cat"
    assert not weights.learned
    assert build_graph(wt.build_parts, lambda *_: None) is None, "nothing is new"


def stored_days(wt: App) -> list[dict[str, Any]]:
    with wt.database.connect() as connection:
        files = wt.lake.snapshot(connection).of(TIE_DAY.name)
    with wt.engine.session() as session:
        rows: list[dict[str, Any]] = session.collect(
            session.scan([f.path for f in files], TIE_DAY.schema)
        ).to_pylist()
    return rows


def test_only_rows_and_people_granted_for_social_analysis(wt: App) -> None:
    put(wt, said(90, "gus", "Message Sent", to_user_id="hal"), purposes=7)
    built(wt, *STORY)
    assert "gus" not in names(wt, wt.graph.ties().people), "the row may not serve social analysis"
    said_no(wt, "bob", "social")
    forget(wt)
    assert names(wt, wt.graph.ties().people) == ["ann", "cat", "dan", "eve"]
    assert person(wt, "bob") >= 0, "he is still analysed"
    assert len(wt.graph.ego(person(wt, "bob")).people) == 0
    assert "bob" not in names(wt, wt.graph.audience("fof", [person(wt, "ann")]).people)
    build_once(wt, lambda *_: None)
    assert "bob" not in names(wt, wt.graph.ties().people)
    figures: Any = wt.graph.built().figures["who"]
    assert figures["refused"] == 1


def test_audiences_and_queries_of_people(wt: App) -> None:
    built(wt, *STORY)
    query = {"kind": "ties", "audience": "fof", "of": {"user_id": "ann"}, "size": 5}
    found = wt.graph_people.audience(query)
    assert names(wt, found.people) == ["dan"]
    assert names(wt, found.through) == ["bob"]
    assert names(wt, wt.behaviour.people(query)) == ["dan"]
    assert "ann" in wt.behaviour.describe(query).en
    near = {"kind": "ties", "audience": "strong", "of": query, "size": 5}
    weak = near | {"audience": "weak"}
    assert sorted(names(wt, np.concatenate([wt.behaviour.people(near), wt.behaviour.people(weak)]))) == [
        "bob",
        "eve",
    ]
    assert wt.behaviour.people({"kind": "community", "number": 0}).tolist()
    wt.behaviour.people({"kind": "bridges", "size": 3})
    for wrong in (
        {"kind": "ties", "audience": "best", "of": {"user_id": "ann"}}, {"kind": "ties", "audience": "weak", "of": {"user_id": "nobody"}},
        {"kind": "ties", "audience": "weak", "of": {"user_id": "ann"}, "size": 0}, {"kind": "ties", "audience": "weak"},
        {"kind": "community", "number": True},
    ):  # fmt: skip
        with pytest.raises(BadPeople):
            wt.behaviour.people(wrong)
    with pytest.raises(BadAudience):
        wt.graph.audience("strong", [1], 0)


def test_who_is_erased_is_in_no_table_of_the_graph(wt: App) -> None:
    built(wt, *STORY)
    bob = person(wt, "bob")
    copy = wt.rights.export("ann")["graph"]
    assert {len(copy["ties"]), len(copy["tie_people"])} == {4, 1}
    ends = {row[end] for row in copy["ties"] for end in ("src", "dst")}
    assert ends == {person(wt, "ann"), "‹another person›"}, "who the others are is theirs"
    wt.rights.erase("bob", reason="asked", actor="test")
    forget(wt)
    assert person(wt, "bob") < 0
    for row in stored_days(wt):
        assert bob not in (row["src_no"], row["dst_no"])
    assert names(wt, wt.graph.ties().people) == ["ann", "cat", "dan", "eve"]
    assert not (wt.settings.home / "run" / "graph").exists()
    build_once(wt, lambda *_: None)
    assert names(wt, wt.graph.ties().people) == ["ann", "cat", "dan", "eve"]


def test_two_who_bought_the_same_are_no_tie_by_that_alone(wt: App) -> None:
    orders = [
        said(20 + n, who, "Order Completed", 1.0, order_id=f"x{n}", total=9, **CNY)
        for n, who in enumerate(["ann", "bob", "cat"])
    ]
    built(wt, said(1, "ann", "Message Sent", to_user_id="bob"), *orders)
    assert names(wt, wt.graph.ties().people) == ["ann", "bob"]
    tie = wt.graph.tie(person(wt, "ann"), person(wt, "bob"))
    assert tie is not None
    assert tie.kinds == ("chat", "co_order")


def test_likes_go_to_who_made_the_content(wt: App) -> None:
    put(
        wt,
        said(1, "ann", "Content Liked", content_id="v1"),
        said(2, "bob", "Product Viewed", product_id="p1"),
    )
    bring_in(wt)
    with wt.database.begin() as tx:
        row: dict[str, Any] = dict.fromkeys(CONTENTS.schema.names)
        row |= {
            "event_id": "c1",
            "content_id": "v1",
            "creator_alias_no": wt.identity.find(tx, "bob"),
            "source": "default",
        }
        row["version_time"] = to_datetime(START_US)
        staged = wt.lake.stage(
            "contents", pa.Table.from_pylist([row], CONTENTS.schema), part_day=1, origin="test"
        )
        wt.lake.commit(tx, [staged], reason="test")
    build_once(wt, lambda *_: None)
    tie = wt.graph.tie(person(wt, "bob"), person(wt, "ann"))
    assert tie is not None
    assert tie.kinds == ("like",)


def test_days_on_top_are_the_same_as_a_build_of_everything(tmp_path: Path) -> None:
    """Three builds over three days against one build at the end."""
    rng = np.random.default_rng(7)
    calls = [
        said(n, f"u{a}", "Message Sent", 6.0 - 6.0 * n / 300, to_user_id=f"u{b}")
        for n, (a, b) in enumerate(rng.integers(0, 30, (300, 2)).tolist())
    ]
    found = []
    for folder, cuts in (("parts", (100, 250, 300)), ("whole", (300,))):
        (tmp_path / folder).mkdir()
        with fresh_app(tmp_path / folder) as wt:
            allow(wt)
            begun = 0
            for cut in cuts:
                built(wt, *calls[begun:cut])
                begun = cut
            assert wt.graph.built().whole == (folder == "whole")
            wt.clock.move(60)  # type: ignore[attr-defined]  # what was read before is old by then
            ties = wt.graph.ties()
            people = names(wt, ties.people)
            src = np.repeat(np.arange(len(people)), np.diff(ties.indptr))
            rows = {
                (people[a], people[b]): (float(s), int(c), int(n), int(d))
                for a, b, s, c, n, d in zip(
                    src, ties.dst, ties.strength, ties.common, ties.interactions, ties.last_day, strict=True
                )
            }
            found.append(rows)
    parts, whole = found
    assert set(parts) == set(whole)
    for pair, (strength, *rest) in whole.items():
        assert parts[pair][0] == pytest.approx(strength, abs=1e-3)
        assert list(parts[pair][1:]) == rest

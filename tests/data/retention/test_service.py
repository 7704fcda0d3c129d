"""Retention and lifecycle over real homes: public data with known counts, withdrawal, groups, HTTP."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN
from tests.suites.homes import START_US, bring_in, fresh_app, pretend, put, track
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.data.behaviour.contracts import BadPeople
from weaktie.data.imports.contracts import ImportSpec
from weaktie.data.profiles.jobs import build
from weaktie.data.retention.contracts import BadRetention
from weaktie.kit.clock import DAY_US, business_day, day_to_date
from weaktie.kit.words import Words

TIANCHI = "tianchi_ecomm/ecomm_edge_train.txt.gz"


def asker(wt: App):
    """Asks over HTTP with a read key; returns status and JSON."""
    key = wt.create_key("read", "test", source_id=None, actor="test")
    client = TestClient(make_api(wt), base_url=ORIGIN)

    def ask(path: str, body: dict):
        answer = client.post(path, json=body, headers={"Authorization": f"Bearer {key}"})
        return answer.status_code, answer.json()

    return ask


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield app


def day(wt: App, before: int) -> str:
    return day_to_date(business_day(START_US, wt.settings.zone) - before).isoformat()


def visits(wt: App, **who: list[int]) -> None:
    """One view of each person on each of these days before today."""
    put(
        wt,
        *(
            track(f"{user}-{d}", user, at_us=START_US - d * DAY_US, properties={})
            for user, days in who.items()
            for d in days
        ),
    )
    bring_in(wt)


def test_tianchi_returns_to_the_last_person(wt: App, data_dir: Path) -> None:
    path = data_dir / TIANCHI
    if not path.exists():
        pytest.skip(f"{TIANCHI} is not among the data sets")
    wt.importer.import_file(
        ImportSpec(path, "events", "tianchi"), actor="test", progress=lambda share, step: None
    )
    wt.clock.move(61)  # type: ignore[attr-defined]
    ask = asker(wt)
    asked = {"first_day": "2019-06-10", "last_day": "2019-06-12", "periods": 10, "mode": "each"}
    status, found = ask("/api/retention/query", asked)
    assert status == 200
    first, second, _ = found["groups"][0]["cohorts"]
    assert (first["day"], first["size"]) == ("2019-06-10", 382)
    assert first["returned"] == [382, 206, 183, 193, 186, 215, 249, 209, 231, 153, None]
    assert (first["why"], second["returned"][9]) == ("no_data", None)
    assert found["through_day"] == "2019-06-19"
    behind = {"kind": "retention", "query": asked, "cohort": "2019-06-10", "n": 1}
    came = wt.behaviour.people(behind)
    stayed = wt.behaviour.people(behind | {"returned": False})
    assert (len(came), len(stayed), len(np.intersect1d(came, stayed))) == (206, 382 - 206, 0)
    with pytest.raises(BadRetention):
        wt.behaviour.people(behind | {"n": 10})
    # among those who were first seen that day the same people return, whatever the mode
    status, new = ask("/api/retention/query", asked | {"mode": "new"})
    assert new["groups"][0]["cohorts"][0]["returned"][:2] == [382, 206]
    status, weeks = ask("/api/retention/query", asked | {"unit": "week", "periods": 2})
    assert [c["returned"][1:] for c in weeks["groups"][0]["cohorts"]] == [[None, None]]


def test_today_has_no_figure_and_is_not_zero(wt: App) -> None:
    visits(wt, a=[3, 2, 1, 0], b=[3, 1], c=[2], d=[0])
    ask = asker(wt)
    _, found = ask(
        "/api/retention/query",
        {"first_day": day(wt, 3), "last_day": day(wt, 0), "periods": 4, "mode": "each"},
    )
    cohorts = {c["day"]: c for c in found["groups"][0]["cohorts"]}
    assert cohorts[day(wt, 3)]["returned"] == [2, 1, 2, None, None]
    assert cohorts[day(wt, 2)]["returned"] == [2, 1, None, None, None]
    today = cohorts[day(wt, 0)]
    assert (today["size"], today["returned"], today["why"]) == (2, [None] * 5, "not_passed")
    average = found["groups"][0]["average"]
    assert (average[1]["returned"], average[1]["people"], average[1]["share"]) == (2, 4, 0.5)
    assert (average[3]["share"], average[3]["why"]) == (None, "not_passed")
    assert [m["n"] for m in found["groups"][0]["marks"]] == [1, 7, 30, 60]
    assert found["groups"][0]["marks"][2]["share"] is None
    _, later = ask(
        "/api/retention/query",
        {"first_day": day(wt, 3), "last_day": day(wt, 3), "periods": 3, "mode": "each", "count": "after"},
    )
    assert later["groups"][0]["cohorts"][0]["returned"] == [2, 2, 2, None]


def test_first_each_and_new_are_different_cohorts(wt: App) -> None:
    visits(wt, a=[9, 4, 3, 1], b=[4, 3], c=[3, 2])
    ask = asker(wt)

    def sizes(mode: str) -> list[int]:
        _, found = ask(
            "/api/retention/query",
            {"first_day": day(wt, 4), "last_day": day(wt, 3), "periods": 1, "mode": mode},
        )
        return [c["size"] for c in found["groups"][0]["cohorts"]]

    assert sizes("each") == [2, 3]
    assert sizes("first") == [2, 1]
    assert sizes("new") == [1, 1]  # a was seen nine days ago


def test_lifecycle_tells_new_retained_resurrected_and_dormant(wt: App) -> None:
    visits(wt, a=[5, 4, 3, 1, 0], b=[4], c=[3, 2, 1], d=[5, 3])
    ask = asker(wt)
    asked = {"first_day": day(wt, 4), "last_day": day(wt, 0)}
    _, found = ask("/api/lifecycle/query", asked)
    names = ("new", "retained", "resurrected", "dormant", "active", "quick_ratio")
    rows = [[stage[name] for name in names] for stage in found["groups"][0]["stages"]]
    assert rows == [
        [1, 1, 0, 1, 2, 1.0],
        [1, 1, 1, 1, 3, 2.0],
        [0, 1, 0, 2, 1, 0.0],
        [0, 1, 1, 0, 2, None],
        [None] * 6,
    ]
    assert found["groups"][0]["stages"][4]["why"] == "not_passed"
    for stage, row in zip(found["groups"][0]["stages"][:4], rows, strict=False):
        for name, count in zip(names[:4], row, strict=False):
            query = {"kind": "lifecycle", "query": asked, "day": stage["day"], "state": name}
            assert len(wt.behaviour.people(query)) == count, (stage["day"], name)
            assert wt.behaviour.describe(query).en


def test_who_withdraws_is_in_no_cohort(wt: App) -> None:
    visits(wt, a=[3, 2], b=[3])
    ask = asker(wt)
    asked = {"first_day": day(wt, 3), "last_day": day(wt, 3), "periods": 1}

    def row() -> list[int]:
        _, found = ask("/api/retention/query", asked)
        return [found["groups"][0]["cohorts"][0]["size"], *found["groups"][0]["cohorts"][0]["returned"]]

    assert row() == [2, 2, 1]
    with wt.database.begin() as tx:
        number = wt.identity.find(tx, "a")
        assert number is not None
        wt.permits.record(tx, [number], "analytics", granted=False, how="test")
    wt.clock.move(6)  # type: ignore[attr-defined]
    assert row() == [1, 1, 0]


class FakeSegments:
    def __init__(self, **known) -> None:
        self.known = known

    def people(self, query):
        return self.known[query["segment_id"]]

    def describe(self, query):
        return Words("分群", query["segment_id"])


def test_segments_are_compared_and_tags_break_down(wt: App) -> None:
    visits(wt, a=[3, 2], b=[3], c=[3])
    everybody = wt.behaviour.crowd().people()
    wt.behaviour._sources.pop("segment", None)
    pretend(wt, "segment", FakeSegments(one=everybody[:1], two=everybody[1:]))
    ask = asker(wt)
    asked = {"first_day": day(wt, 3), "last_day": day(wt, 3), "periods": 1, "segments": ["one", "two"]}
    _, found = ask("/api/retention/query", asked)
    assert [(g["key"], g["cohorts"][0]["size"]) for g in found["groups"]] == [("one", 1), ("two", 2)]
    query = {"kind": "retention", "query": asked, "cohort": day(wt, 3), "group": "two"}
    assert wt.behaviour.people(query).tolist() == everybody[1:].tolist()
    with pytest.raises(BadPeople):
        wt.behaviour.people(query | {"group": None})
    build(wt.build_parts, lambda *_: None)
    wt.clock.move(6)  # type: ignore[attr-defined]
    tagged = {k: v for k, v in asked.items() if k != "segments"} | {"tag": "active_days_30d"}
    status, found = ask("/api/retention/query", tagged)
    assert status == 200, found
    assert [(g["key"], g["words"]["en"], g["cohorts"][0]["size"]) for g in found["groups"]] == [
        ("=1", "1", 2), ("=2", "2", 1),
    ]  # fmt: skip
    status, found = ask("/api/retention/query", tagged | {"tag": "no_such"})
    assert (status, found["error"]["code"]) == (400, "bad_tag")


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        ({"first_day": "2026-01-02", "last_day": "2026-01-01"}, "bad_retention", 400),
        ({"first_day": "0001-01-01", "last_day": "0001-01-02", "unit": "week"}, "bad_retention", 400),
        ({"first_day": "9999-12-30", "last_day": "9999-12-31", "unit": "month"}, "bad_retention", 400),
        ({"unit": "month", "periods": 60}, "bad_retention", 400),
        ({"segments": ["a"], "tag": "b"}, "bad_retention", 400),
        (
            {"start": {"event": "x", "where": [{"property": "channel", "op": "eq", "values": []}]}},
            "bad_condition",
            400,
        ),
        ({"nonsense": 1}, "bad_request", 422),
    ],
)
def test_bad_questions_are_refused_by_name(wt: App, body: dict, code: str, status: int) -> None:
    got, found = asker(wt)("/api/retention/query", body)
    assert (got, found["error"]["code"]) == (status, code)


def test_an_empty_shop_has_no_data_and_no_zeros(wt: App) -> None:
    ask = asker(wt)
    _, found = ask("/api/retention/query", {})
    assert found["through_day"] is None
    assert all(c["why"] == "no_data" and c["returned"][0] is None for c in found["groups"][0]["cohorts"])
    _, found = ask("/api/lifecycle/query", {})
    assert all(s["new"] is None and s["why"] == "no_data" for s in found["groups"][0]["stages"])


def test_a_query_of_people_says_which_field_is_wrong(wt: App) -> None:
    with pytest.raises(BadPeople) as refused:
        wt.behaviour.people({"kind": "retention", "query": {"unit": "year"}, "cohort": "2026-01-01"})
    assert refused.value.place == "people.query.unit"

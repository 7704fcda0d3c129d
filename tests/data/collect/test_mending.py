"""Dead letters are mended by rules and replayed once, whatever is killed or done twice (R20)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tests.suites.homes import START_US, bring_in, fresh_app, stored
from weaktie.app.wiring import App
from weaktie.data.collect import letters
from weaktie.data.collect.contracts import RawRequest
from weaktie.data.collect.letters import LetterFilter
from weaktie.data.collect.mending import BadRule, Step, checked, mend
from weaktie.data.collect.tables import dead_letters
from weaktie.kit.clock import DAY_US
from weaktie.kit.words import Words
from weaktie.store.runs.contracts import Busy
from weaktie.store.runs.service import lease

ZONE = ZoneInfo("Asia/Shanghai")
ALL = LetterFilter()
POISON = {
    "not_a_number": b'{"type":"track","messageId":"m1","event":"Paid","userId":"u1","properties":{"n":NaN,"ok":1}}',
    "number_out_of_range": b'{"type":"track","messageId":"m2","event":"Paid","userId":"u1","properties":{"n":9223372036854775808}}',
    "nul_character": b'{"type":"track","messageId":"m3","event":"Paid","userId":"u1","properties":{"t":"a\\u0000b"}}',
    "lone_surrogate": b'{"type":"track","messageId":"m4","event":"Paid","userId":"u1","properties":{"t":"a\\ud800b"}}',
}
CLEAN = (Step("null_numbers"), Step("clean_text"))


def quiet(share: float, step: Words) -> None:
    """Progress that nobody watches."""


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield app


def put(wt: App, *events: bytes, purposes: int = 15, received_us: int | None = None) -> None:
    """One batch of events, byte by byte as they are given."""
    now_us = received_us or wt.clock.now_us()
    body = b'{"batch":[' + b",".join(events) + b'],"sentAt":"2026-09-21T14:13:20Z"}'
    writer = wt.log.writer()
    writer.append_now(
        [msgspec.msgpack.encode(RawRequest("segment", "/v1/batch", "default", purposes, now_us, body))]
    )
    writer.close()


def track(number: int, **more: Any) -> bytes:
    call = {"type": "track", "messageId": f"m{number}", "event": "Product Viewed", "userId": "u1"} | more
    return json.dumps(call, ensure_ascii=False).encode()


def states(wt: App) -> list[tuple[str, str | None]]:
    with wt.database.connect() as connection:
        rows = connection.execute(select(dead_letters.c.state, dead_letters.c.outcome).order_by("letter_id"))
        return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        (Step("set", "event", value="Paid"), {"event": ""}, {"event": "Paid"}),
        (Step("set", "properties.a.b", value=1), {"properties": {}}, {"properties": {}}),
        (Step("rename", "uid", to="userId"), {"uid": "u1"}, {"userId": "u1"}),
        (Step("rename", "properties.uid", to="userId"), {"properties": {"uid": 7}}, {"properties": {}, "userId": 7}),
        (Step("remove", "a"), {"a": 1, "b": 2}, {"b": 2}),
        (Step("to_number", "p.*.price"), {"p": [{"price": "¥1,299.50"}, {"price": "3"}]}, {"p": [{"price": 1299.5}, {"price": 3}]}),
        (Step("to_number", "a"), {"a": "abc"}, {"a": "abc"}),
        (Step("to_text", "userId"), {"userId": {"x": 1}}, {"userId": '{"x": 1}'}),
        (
            Step("parse_time", "timestamp", format="%d/%m/%Y %H:%M"),
            {"timestamp": "21/09/2026 22:13"}, {"timestamp": "2026-09-21T14:13:00.000Z"},
        ),
        (Step("cut", "event", length=3), {"event": "商品浏览"}, {"event": "商品浏"}),
        (Step("null_numbers"), {"a": [1e400, 1 << 70, True, 2]}, {"a": [None, None, True, 2]}),
        (Step("clean_text"), {"a\x00": "b\ud800c"}, {"a": "bc"}),
        (Step("remove", "not.there"), {"a": 1}, {"a": 1}),
    ],
)  # fmt: skip
def test_a_step_does_what_it_says(step: Step, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert json.loads(mend(json.dumps(before).encode(), checked([step]), ZONE)) == after


@pytest.mark.parametrize(
    "step",
    [
        Step("drop_table", "a"), Step("set"), Step("remove", ""), Step("remove", "a..b"), Step("rename", "a", to=""),
        Step("rename", "a.*", to="b"), Step("cut", "a"), Step("parse_time", "a"), Step("remove", "a" * 201),
        Step("set", "a", value="x" * 5000), Step("remove", ".".join("abcdefghijklmn")),
    ],
)  # fmt: skip
def test_a_step_that_cannot_be_is_refused_with_its_place(step: Step) -> None:
    with pytest.raises(BadRule) as refused:
        checked([Step("null_numbers"), step])
    assert refused.value.place == "steps[1]"


@given(
    st.binary(max_size=200),
    st.sampled_from([CLEAN, (Step("set", "a.b", value=1),), (Step("to_number", "*x"),)]),
)
def test_whatever_came_a_rule_never_fails(raw: bytes, steps: tuple[Step, ...]) -> None:
    assert isinstance(mend(raw, steps, ZONE), bytes)


def test_every_poison_is_mended_and_stored_under_its_own_time(wt: App) -> None:
    came_us = START_US - 2 * DAY_US
    put(wt, track(9), *POISON.values(), purposes=5, received_us=came_us)
    done = bring_in(wt)
    assert (done.stored, done.letters) == (1, 4)
    with wt.database.connect() as connection:
        assert {c.code for c in letters.summary(connection)} == set(POISON)
    matching, tried = wt.mender.preview(ALL, CLEAN)
    assert (matching, [t.code for t in tried]) == (4, [None] * 4)
    assert [t.code for t in wt.mender.preview(ALL, ())[1]] == [c.code for c in _as_put(POISON)]
    result = wt.mender.replay(ALL, CLEAN, "job-1", quiet)
    assert result == {"matching": 4, "stored": 4, "remaining": {}}
    rows = {r["event_id"]: r for r in stored(wt)}
    assert sorted(rows) == ["m1", "m2", "m3", "m4", "m9"]
    assert {(r["received_time"], r["purposes"], r["source"]) for r in rows.values()} == {
        (rows["m9"]["received_time"], 5, "default")
    }
    assert json.loads(rows["m1"]["properties"]) == {"n": None, "ok": 1}
    assert states(wt) == [("mended", "stored")] * 4
    totals = wt.arrivals.totals()
    assert (totals["events"], totals["letters"]) == (5, 4)


def _as_put(poison: dict[str, bytes]) -> list[Any]:
    return [type("Row", (), {"code": code}) for code in poison]


def test_nothing_is_dropped_in_silence(wt: App) -> None:
    """Every event that came is stored, a duplicate, refused, or a letter."""
    put(wt, track(1), track(1), track(2, event=""), *POISON.values(), b"[]", track(3, userId=None))
    put(wt, track(1), b"nonsense", track(4))
    bring_in(wt)
    totals = wt.arrivals.totals()
    assert totals["events"] + totals["duplicates"] + totals.get("refused_erased", 0) + totals["letters"] == 12


def test_a_letter_is_replayed_once(wt: App) -> None:
    put(wt, *POISON.values())
    bring_in(wt)
    wt.mender.replay(ALL, CLEAN, "job-1", quiet)
    again = wt.mender.replay(ALL, CLEAN, "job-2", quiet)
    assert again == {"matching": 0, "remaining": {}}
    put(wt, track(1), *POISON.values())
    bring_in(wt)
    # The client sends the same bad events again: they are letters again, and the ids are known.
    third = wt.mender.replay(ALL, CLEAN, "job-3", quiet)
    assert third == {"matching": 4, "not_new": 4, "remaining": {}}
    assert len(stored(wt)) == 4 + 1


def test_a_killed_replay_counts_nothing_and_the_next_does_all(
    wt: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(wt, *POISON.values())
    bring_in(wt)
    real = wt.lake.commit

    def dies(*args: Any, **more: Any) -> int:
        real(*args, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(type(wt.lake), "commit", lambda _self, *a, **m: dies(*a, **m))
    with pytest.raises(KeyboardInterrupt):
        wt.mender.replay(ALL, CLEAN, "job-1", quiet)
    monkeypatch.undo()
    assert (stored(wt), states(wt)) == ([], [("open", None)] * 4)
    assert wt.mender.replay(ALL, CLEAN, "job-1", quiet)["stored"] == 4
    assert len(stored(wt)) == 4


def test_two_at_once_wait_for_each_other(wt: App) -> None:
    with lease(wt.database, wt.clock, "letters:mend"), pytest.raises(Busy):
        wt.mender.replay(ALL, CLEAN, "job-1", quiet)


def test_a_rule_touches_only_what_it_is_for_and_what_stays_bad_stays_open(wt: App) -> None:
    put(wt, track(1, event=""), track(2, event=None), track(3, type="nonsense"))
    bring_in(wt)
    steps = (Step("set", "event", value="Paid"),)
    result = wt.mender.replay(LetterFilter(code="no_event_name"), steps, "job-1", quiet)
    assert result == {"matching": 2, "stored": 2, "remaining": {}}
    rest = wt.mender.replay(ALL, steps, "job-2", quiet)
    assert rest == {"matching": 1, "remaining": {"unknown_type": 1}}
    assert {r["event"] for r in stored(wt)} == {"Paid"}
    assert [s for s, _ in states(wt)] == ["mended", "mended", "open"]


def test_letters_are_put_aside_and_taken_back(wt: App) -> None:
    put(wt, *POISON.values())
    bring_in(wt)
    with wt.database.begin() as tx:
        assert wt.mender.discard(tx, LetterFilter(code="nul_character"), "测试数据") == 1
    assert states(wt)[2] == ("discarded", "测试数据")
    assert wt.status.dead_letters() == 3
    assert wt.mender.replay(ALL, CLEAN, "job-1", quiet)["stored"] == 3
    with wt.database.begin() as tx:
        assert wt.mender.take_back(tx, LetterFilter()) == 1
    assert wt.status.dead_letters() == 1


def test_letters_of_erased_and_withdrawn_people_do_not_come_back(wt: App) -> None:
    put(wt, track(1), track(2, event=""), track(3, event="", userId="u2"))
    bring_in(wt)
    wt.rights.erase("u1", actor="test", reason="asked")
    wt.blocked.refresh()
    steps = (Step("set", "event", value="Paid"),)
    result = wt.mender.replay(ALL, steps, "job-1", quiet)
    assert (result["refused"], result["stored"]) == (1, 1)
    assert [r["event_id"] for r in stored(wt)] == ["m3"]


def test_a_sample_whose_key_is_gone_cannot_be_mended(wt: App) -> None:
    put(wt, *POISON.values(), received_us=START_US - 20 * DAY_US)
    bring_in(wt)
    wt.day_keys.destroy_before(START_US // DAY_US - 10)
    assert wt.mender.replay(ALL, CLEAN, "job-1", quiet) == {"matching": 4, "unreadable": 4, "remaining": {}}
    with wt.database.connect() as connection:
        page = letters.page(connection, wt.day_keys, ALL, None, None)
    assert {(item.sample, item.mendable) for item in page.items} == {(None, False)}

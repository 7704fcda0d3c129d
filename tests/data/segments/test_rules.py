"""Rules: their shape and limits, their sentence, and the arithmetic of members."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weaktie.app.tag_book import CatalogueTags
from weaktie.data.segments import rules
from weaktie.data.segments.contracts import BadList, BadRule, RuleTooLarge
from weaktie.data.segments.lists import match, read
from weaktie.data.segments.logic import counts, in_order, pack, sampled, to_people, unpack, wilson, without
from weaktie.data.segments.sentence import Names, sentence
from weaktie.kit.words import Words

BOOK = CatalogueTags()
NAMES = Names(
    BOOK,
    "CNY",
    {"seg_1": "老客"}.get,
    lambda query: Words("某图的人", "people of a chart"),
    lambda i: Words("名单", "a list"),
)
GENDER = {"is": "tag", "tag": "gender", "op": "eq", "values": ["female"]}


def checked(raw: Any) -> None:
    rules.check(rules.read(raw), BOOK)


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ({"is": "nothing"}, "rule.is"),
        ({"is": "all", "of": [GENDER, {"is": "tag", "tag": "gender", "op": "over", "values": []}]}, "rule.of[1].op"),
        ({"is": "not", "of": {"is": "tag", "tag": "no_such", "op": "set"}}, "rule.of.tag"),
        ({"is": "tag", "tag": "orders_total", "op": "ge", "values": ["many"]}, "rule.values[0]"),
        ({"is": "tag", "tag": "orders_total", "op": "between", "values": [1]}, "rule.values"),
        ({"is": "tag", "tag": "gender", "op": "gt", "values": ["a"]}, "rule.op"),
        ({"is": "event", "event": "x"}, "rule.least"),
        ({"is": "event", "event": "x", "least": 3, "most": 1}, "rule.most"),
        ({"is": "event", "event": "x", "least": 1, "days": 0}, "rule.days"),
        ({"is": "event", "event": "x", "least": 1, "days": 3, "since": "2026-01-01"}, "rule.days"),
        ({"is": "event", "event": "x", "least": 1, "since": "2026-13-01"}, "rule.since"),
        ({"is": "event", "event": "x", "least": 1, "where": [{"property": "", "op": "set"}]}, "rule.where[0].property"),
        ({"is": "order", "steps": [{"event": "x"}], "within_minutes": 5}, "rule.steps"),
        ({"is": "tie", "way": "friend_of"}, "rule"),
        ({"is": "rfm"}, "rule"),
        ({"is": "tag", "tag": "gender", "op": "set", "extra": 1}, "rule"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_computed_is_refused_at_its_place(raw: Any, place: str) -> None:
    with pytest.raises(BadRule) as refused:
        checked(raw)
    assert refused.value.place == place


def test_depth_and_size_are_limited() -> None:
    deep: Any = GENDER
    for _ in range(7):
        deep = {"is": "not", "of": deep}
    checked(deep)
    with pytest.raises(RuleTooLarge):
        checked({"is": "not", "of": deep})
    checked({"is": "all", "of": [GENDER] * 50})
    with pytest.raises(RuleTooLarge):
        checked({"is": "all", "of": [GENDER] * 51})
    endless: Any = GENDER
    for _ in range(3_000):
        endless = {"is": "not", "of": endless}
    with pytest.raises((BadRule, RuleTooLarge)):
        checked(endless)


@pytest.mark.parametrize(
    ("raw", "zh", "en"),
    [
        (GENDER, "性别是 女", "Gender is Female"),
        (
            {"is": "all", "of": [GENDER, {"is": "any", "of": [
                {"is": "event", "event": "Order Completed", "least": 3, "days": 14},
                {"is": "not", "of": {"is": "segment", "segment": "seg_1"}}]}]},
            "性别是 女，且（近 14 天做过“Order Completed”至少 3 次，或不满足：属于分群“老客”）",
            "Gender is Female and (did “Order Completed” at least 3 times in the last 14 days or not in the segment “老客”)",
        ),
        ({"is": "tag", "tag": "spend_total", "op": "ge", "values": [123450]},
         "累计消费金额不小于 1,234.50", "Spend in all is at least 1,234.50"),
        ({"is": "event", "event": "", "most": 0, "days": 30}, "近 30 天未做过任意事件", "did not do any event in the last 30 days"),
        ({"is": "event", "event": "Share", "most": 0}, "从未做过“Share”", "never did “Share”"),
        (
            {"is": "order", "steps": [{"event": "A"}, {"event": "B", "where": [{"property": "channel", "op": "eq", "values": ["x"]}]}],
             "within_minutes": 120},
            "历史上在 2 小时内依次做过“A”，然后“B”（channel 是 x）",
            "did “A”, then “B” (channel is x) within 2 hours ever",
        ),
        ({"is": "tie", "way": "invited_by", "segment": "seg_1"}, "由分群“老客”的成员邀请", "invited by members of “老客”"),
        ({"is": "rfm", "r": ["high"], "tiers": ["at_risk"]}, "R 高，用户分层是流失风险", "R high, tier is At risk"),
    ],
)  # fmt: skip
def test_a_rule_is_said_in_both_languages(raw: Any, zh: str, en: str) -> None:
    said = sentence(rules.read(raw), NAMES)
    assert (said.zh, said.en) == (zh, en)


def test_segments_in_a_rule_are_found_wherever_they_stand() -> None:
    raw = {"is": "all", "of": [
        {"is": "not", "of": {"is": "segment", "segment": "a"}}, {"is": "tie", "way": "follows", "segment": "b"},
        {"is": "people", "query": {"kind": "funnel", "narrowed": {"segments": ["c"]}, "by": [{"segment_id": "d"}]}},
    ]}  # fmt: skip
    assert sorted(s for _, s in rules.referred(rules.read(raw))) == ["a", "b", "c", "d"]


numbers = st.lists(st.integers(0, 2**31 - 1), unique=True, max_size=40).map(
    lambda n: np.array(sorted(n), np.int32)
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(numbers, numbers)
def test_stored_members_come_back_and_lose_only_who_is_erased(some: Any, gone: Any) -> None:
    assert unpack(pack(some)).tolist() == some.tolist()
    assert set(without(some, gone).tolist()) == set(some.tolist()) - set(gone.tolist())


def test_members_are_who_they_are_now() -> None:
    persons = np.array([-1, 1, 1, 3, -1], np.int32)
    assert to_people(np.array([1, 2, 3, 4, 9], np.int32), persons).tolist() == [1, 3]


def test_a_sample_is_a_share_and_always_the_same() -> None:
    people = np.arange(100_000, dtype=np.int32)
    chosen = sampled(people, 0.02)
    assert abs(chosen.mean() - 0.02) < 0.002
    assert (sampled(people[::3], 0.02) == chosen[::3]).all()
    low, high = wilson(200, 1000)
    assert (round(low, 4), round(high, 4)) == (
        0.1764,
        0.2259,
    )  # statsmodels' proportion_confint(200, 1000, method="wilson")
    assert wilson(0, 0) == (0.0, 1.0)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 6), st.sampled_from("abc")), max_size=7), max_size=4),
    st.text("abc", min_size=2, max_size=4),
    st.integers(0, 6),
)
def test_orders_of_events_against_every_choice_of_rows(people: Any, steps: str, within: int) -> None:
    people = [sorted(rows, key=lambda r: r[0]) for rows in people]
    starts = np.concatenate(([0], np.cumsum([len(rows) for rows in people]))).astype(np.int64)
    times = np.array([t for rows in people for t, _ in rows], np.int64)
    names = np.array([n for rows in people for _, n in rows], "U1")

    def chain(rows: Any, at: int, first: int | None, left: str) -> bool:
        if not left:
            return True
        return any(
            rows[i][1] == left[0]
            and (first is None or rows[i][0] - first <= within)
            and chain(rows, i + 1, rows[i][0] if first is None else first, left[1:])
            for i in range(at, len(rows))
        )

    found = in_order(starts, times, [names == s for s in steps], within)
    assert found.tolist() == [chain(rows, 0, None, steps) for rows in people]
    assert counts(starts, names == "a").tolist() == [sum(n == "a" for _, n in rows) for rows in people]


def test_a_list_is_read_with_or_without_a_header_and_its_lines_are_counted() -> None:
    known = {"u1": 1, "u2": 2, "13800000001": 1}

    def find(ids: Any) -> dict[str, int]:
        return {i: known[i] for i in ids if i in known}

    plain = "u1\nu2\n\nu1\nnobody\n13800000001\n"
    assert match(read(plain.encode()), find) == ({1, 2}, 5, 4, 1)
    table = "姓名,手机号,城市\n甲,13800000001,成都\n乙,u9,成都\n"
    assert match(read(table.encode("gb18030")), find) == ({1}, 2, 1, 0)
    assert list(read(b"a\tuser_id\n1\tx\n2\n")) == ["x"]
    with pytest.raises(BadList):
        list(read(b"PAR1\x00\x00"))
    with pytest.raises(BadList):
        list(read(b"x\n" * 200_001))

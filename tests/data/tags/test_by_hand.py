"""Tags that people set on people, and words that no tag may be made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.tags.conftest import person, wish
from weaktie.app.wiring import App
from weaktie.data.tags import forbidden, logic, state
from weaktie.data.tags.contracts import BadTagDefinition, ForbiddenTag, NoSuchTag
from weaktie.kit.clock import DAY_US
from weaktie.kit.errors import NotFound


def test_a_value_set_by_hand_is_read_at_once_and_lapses_with_its_day(wt: App) -> None:
    tags, now_us = wt.custom_tags, wt.clock.now_us()
    tag = tags.make(wish("x_vip", expires_us=now_us + 10 * DAY_US), "ann")
    assert (tag.owner, tag.live_version) == ("ann", 1)
    tags.by_hand.set("x_vip", "u1", "gold", now_us + DAY_US, "bob")
    tags.by_hand.set("x_vip", "u2", "silver", None, "bob")
    column = wt.behaviour.tags(["x_vip"]).columns["x_vip"]
    assert sorted(v for v in column.to_pylist() if v) == ["gold", "silver"]
    ((_, value, mark),) = tags.of_person([person(wt, "u1")])
    assert (value, mark.set_by if mark else None) == ("gold", "bob")
    wt.clock.move(2 * 86_400)  # type: ignore[attr-defined]
    assert tags.of_person([person(wt, "u1")]) == []
    with wt.database.connect() as connection:
        assert state.counts(connection, wt.clock.now_us())["x_vip"] == (1, 1), "what has lapsed is counted"
    wt.clock.move(9 * 86_400)  # type: ignore[attr-defined]
    assert tags.of_person([person(wt, "u2")]) == [], "the whole tag has lapsed"
    with pytest.raises(BadTagDefinition):
        tags.by_hand.set("x_vip", "u1", "gold", None, "bob")


def test_an_upload_says_its_match_rate(wt: App) -> None:
    tags = wt.custom_tags
    tags.make(wish("x_score", dtype="number"), "ann")
    with wt.database.begin() as tx:
        wt.consent.objections.add(tx, person(wt, "u3"), "x_score", how="test")
    rows = [("u1", "1.5"), ("u2", "many"), ("nobody", "2"), ("u3", "4"), ("u1", "3")]
    found = tags.by_hand.upload("x_score", rows, None, "ann")
    assert (found.rows, found.matched, found.unknown, found.bad) == (5, 2, 2, 1)
    assert found.samples == ("nobody",)
    column = wt.behaviour.tags(["x_score"]).columns["x_score"]
    assert sorted(column.to_pylist(), key=str) == [3.0, None, None]


def test_nothing_of_a_file_with_a_forbidden_value_is_kept(wt: App) -> None:
    wt.custom_tags.make(wish("x_note"), "ann")
    with pytest.raises(ForbiddenTag):
        wt.custom_tags.by_hand.upload("x_note", [("u1", "好客户"), ("u2", "穷人")], None, "ann")
    with wt.database.connect() as connection:
        assert state.counts(connection, 0) == {}


def test_somebody_who_refuses_analysis_or_deleted_the_tag_gets_none(wt: App) -> None:
    tags = wt.custom_tags
    tags.make(wish("x_vip"), "ann")
    with wt.database.begin() as tx:
        wt.permits.record(tx, [person(wt, "u1")], "analytics", granted=False, how="test")
        wt.consent.objections.add(tx, person(wt, "u2"), "x_vip", how="test")
    with pytest.raises(NotFound):
        tags.by_hand.set("x_vip", "u1", "gold", None, "bob")
    with pytest.raises(BadTagDefinition):
        tags.by_hand.set("x_vip", "u2", "gold", None, "bob")
    with pytest.raises(NoSuchTag):
        tags.by_hand.set("x_other", "u3", "gold", None, "bob")


def test_every_change_stands_in_the_audit_log(wt: App) -> None:
    tags = wt.custom_tags
    tags.make(wish("x_vip"), "ann")
    tags.by_hand.set("x_vip", "u1", "gold", None, "ann")
    tags.by_hand.take("x_vip", "u1", "ann")
    tags.drop("x_vip", "ann")
    with wt.database.connect() as connection:
        text = "SELECT action FROM audit_log WHERE object_kind = 'tag' ORDER BY id"
        acts = [row[0] for row in connection.exec_driver_sql(text)]
    assert acts == ["tag_saved", "tag_set", "tag_taken", "tag_dropped"]


def test_an_erasure_takes_marks_and_computed_values(wt: App) -> None:
    from tests.data.tags.test_sql import COUNT, quiet
    from weaktie.data.tags.erase import TagsEraser, TagsExporter
    from weaktie.data.tags.jobs import fill

    tags = wt.custom_tags
    tags.make(wish("x_vip"), "ann")
    tags.make(wish("x_views", COUNT), "ann")
    fill(tags, "x_views", quiet)
    tags.by_hand.set("x_vip", "u1", "gold", None, "ann")
    number = person(wt, "u1")
    exporter = TagsExporter(wt.lake, wt.engine)
    with wt.database.connect() as connection:
        copy = exporter.export(connection, [number])
    assert (len(copy["tag_marks"]), copy["custom_tags"][0]["number"]) == (1, 5.0)
    eraser = TagsEraser(wt.database, wt.lake, wt.engine, wt.clock)
    assert eraser.erase([number]) == {"tag_marks": 1, "custom_tags": 1}
    assert eraser.erase([number]) == {"tag_marks": 0, "custom_tags": 0}
    assert tags.of_person([number]) == []
    assert len(tags.of_person([person(wt, "u2")])) == 1, "the others keep theirs"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("虔诚佛教徒", "教徒"), ("x_gay_user", "gay"), ("engaged shoppers", None), ("糖 尿 病", "糖尿病"), ("Muslims", "muslim"),
        ("高价值 VIP", None), ("poor people", "poor_people"), ("赌*博", "赌博"), ("汉服爱好者", None), ("healthy snacks", None),
        ("party_member", "party_member"), ("birthday party", None), ("同性恋", "同性恋"), ("外地人", "外地人"), ("marathon runner", None),
    ],
)  # fmt: skip
def test_forbidden_words(text: str, found: str | None) -> None:
    word = forbidden.found_in(text)
    assert (word[0] if word else None) == found


def test_a_workspace_adds_words_of_its_own(wt: App) -> None:
    tags = wt.custom_tags
    tags.add_word("Blacklist", "ann")
    with pytest.raises(ForbiddenTag) as refused:
        tags.make(wish("x_blacklist"), "ann")
    assert refused.value.place == "key"
    tags.remove_word("blacklist", "ann")
    assert tags.make(wish("x_blacklist"), "ann").key == "x_blacklist"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_being_kept(value: float) -> None:
    assert logic.parsed("number", logic.written(value)) == value


@given(st.text(max_size=120))
def test_any_text_is_read_as_a_value_or_refused(text: str) -> None:
    for dtype in ("text", "number", "bool"):
        value = logic.parsed(dtype, text)
        assert value is None or logic.parsed(dtype, logic.written(value)) == value

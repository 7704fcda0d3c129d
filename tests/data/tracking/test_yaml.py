"""The plan as YAML: what is written reads back the same, and what could do harm is refused by name."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weaktie.data.tracking import yamls
from weaktie.data.tracking.contracts import BadPlan, BadYaml, Plan, PlannedEvent, Property, Text
from weaktie.data.tracking.logic import checked, difference
from weaktie.data.tracking.proposal import proposal

TRAPS = [
    "yes", "null", "~", "1.10", "007", "2026-01-01", "true", "- a", "a: b", "#x", "NO", "&a", "*a", "!t", "|",
]  # fmt: skip
TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=12
) | st.sampled_from(TRAPS)
NAMES = TEXTS.map(str.strip).filter(bool)
LABELS = st.builds(Text, TEXTS, TEXTS)
KINDS = st.sampled_from(["text", "integer", "number", "money", "boolean", "time", "list"])
PLAIN = st.builds(Property, NAMES, KINDS, LABELS, LABELS, st.booleans())
ENUMS = st.builds(
    Property, NAMES, st.just("enum"), LABELS, LABELS, st.booleans(),
    st.lists(TEXTS, min_size=1, max_size=4, unique=True).map(tuple),
)  # fmt: skip


def unique(things: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(things, max_size=3, unique_by=lambda t: t.name).map(tuple)


def some(*names: str) -> st.SearchStrategy:
    return st.lists(st.sampled_from(names), max_size=3, unique=True).map(tuple)


EVENTS = st.builds(
    PlannedEvent, NAMES, LABELS, LABELS, st.sampled_from(["planned", "active", "deprecated"]), TEXTS,
    some("web", "iOS", "Android", "server"), some("analytics", "marketing", "social"), unique(PLAIN | ENUMS),
)  # fmt: skip
PLANS = st.builds(Plan, unique(PLAIN), unique(PLAIN), unique(EVENTS))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PLANS)
def test_what_is_written_reads_back_the_same(plan: Plan) -> None:
    assert yamls.load(yamls.dump(checked(plan))) == plan


def test_the_shipped_plan_is_sound_and_round() -> None:
    plan = proposal()
    assert len(plan.events) >= 20
    assert all(e.label.zh and e.label.en for e in plan.events)
    assert yamls.load(yamls.dump(plan)) == plan
    assert difference(plan, plan) == []


def test_scalars_stay_what_was_typed() -> None:
    plan = yamls.load(
        "events:\n- name: 42\n  owner: 007\n  properties:\n  - {name: v, type: enum, required: true, values: [1.10, NO, 2026-01-01, on]}\n"
    )
    assert plan.events[0].name == "42"
    assert plan.events[0].owner == "007"
    assert plan.events[0].properties[0].values == ("1.10", "NO", "2026-01-01", "on")
    assert plan.events[0].properties[0].required is True


LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nevents: *c\n"


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (LAUGHS, "yaml_alias", "line 1"),
        ("events: *nowhere", "yaml_alias", "line 1"),
        ("events: " + "[" * 40 + "]" * 40, "yaml_too_deep", "line 1"),
        ("events: " + "[" * 30_000, "yaml_too_deep", "line 1"),
        ("x: '" + "y" * 1_000_001 + "'", "yaml_too_large", ""),
        ("events: [" + "a," * 250_000 + "]", "yaml_too_many", ""),
        ("events: !!python/object/apply:os.system [x]", "yaml_tag", "line 1"),
        ("events: []\nevents: []", "yaml_duplicate_key", "line 2"),
        ("events: []\n---\nevents: []", "yaml_documents", "line 2"),
        ("events: [", "yaml_unreadable", "line 2"),
        ("- a", "yaml_not_a_plan", ""),
        ("? [a]\n: b", "yaml_bad_key", ""),
        ("version: 2", "yaml_version", "version"),
        ("events: [{name: a, platforms: [Symbian]}]", "yaml_bad_shape", "events[0].platforms"),
        ("events: [{name: a, colour: red}]", "yaml_bad_shape", "events[0]"),
        ("events: [{name: a}, {name: a}]", "named_twice", "events.a"),
        ("events: [{name: a, properties: [{name: p, type: enum}]}]", "bad_values", "events.a.p.values"),
        ("events: [{name: ' a '}]", "bad_plan_name", "events"),
        ('events: [{name: "a\\u0001"}]', "bad_plan_text", "events"),
    ],
)  # fmt: skip
def test_what_could_do_harm_is_refused_by_name(text: str, code: str, place: str) -> None:
    with pytest.raises((BadYaml, BadPlan)) as refused:
        yamls.load(text)
    assert refused.value.code == code
    assert refused.value.place.startswith(place)


def test_what_is_not_utf8_is_refused() -> None:
    with pytest.raises(BadYaml) as refused:
        yamls.load(b"events: \xff\xfe")
    assert refused.value.code == "yaml_not_utf8"


def test_a_difference_names_every_change() -> None:
    before = Plan(
        events=(PlannedEvent("A", properties=(Property("x"), Property("gone"))), PlannedEvent("Out"))
    )
    after = Plan(
        common=(Property("c"),),
        events=(
            PlannedEvent("A", status="deprecated", properties=(Property("x", "integer"), Property("y"))),
            PlannedEvent("In"),
        ),
    )
    found = {
        (c.kind, c.part, c.event, c.property, c.field, c.before, c.after) for c in difference(before, after)
    }
    assert found == {
        ("added", "common", "", "c", "", "", "text"), ("changed", "event", "A", "", "status", "active", "deprecated"),
        ("changed", "event", "A", "x", "type", "text", "integer"), ("added", "event", "A", "y", "", "", "text"),
        ("removed", "event", "A", "gone", "", "text", ""), ("added", "event", "In", "", "", "", "0"),
        ("removed", "event", "Out", "", "", "0", ""),
    }  # fmt: skip

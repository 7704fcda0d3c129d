"""Models of attribution against a naive oracle, and a small shop."""

import itertools
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.app.wiring import App
from weaktie.data.attribution.contracts import MODELS, Ask, BadAsk
from weaktie.data.attribution.logic import first, last, linear, markov, position, shared_out
from weaktie.data.behaviour.contracts import BadPeople, Days
from weaktie.kit.clock import DAY_US, day_to_date

WAYS = st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=6).map(tuple), min_size=1, max_size=25)


def walked(ways: list[tuple[tuple[int, ...], bool]], removed: int | None) -> float:
    """The chance of converting on the graph of these ways, by letting all chances flow until nothing moves."""
    out: dict[object, Counter[object]] = defaultdict(Counter)
    for way, won in ways:
        states: list[object] = ["start", *way, "won" if won else "lost"]
        for a, b in itertools.pairwise(states):
            out[a][b] += 1
    at: dict[object, float] = {"start": 1.0}
    reached = 0.0
    for _ in range(4000):
        after: dict[object, float] = defaultdict(float)
        for state, chance in at.items():
            for to, n in out[state].items():
                share = chance * n / sum(out[state].values())
                if to == "won":
                    reached += share
                elif to not in ("lost", removed):
                    after[to] += share
        at = after
        if sum(at.values()) < 1e-13:
            break
    return reached


@settings(max_examples=60, deadline=None)
@given(WAYS, st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=6).map(tuple), max_size=25))
def test_markov_is_the_removal_effect_of_the_walk(
    won: list[tuple[int, ...]], lost: list[tuple[int, ...]]
) -> None:
    ways = [(w, True) for w in won] + [(w, False) for w in lost]
    whole = walked(ways, None)
    channels = {c for w, _ in ways for c in w}
    effects = {c: 1 - walked(ways, c) / whole for c in channels}
    summed = sum(effects.values())
    found = markov(won, lost)
    assert sum(found.values()) == pytest.approx(1)
    for channel in channels:
        assert found[channel] == pytest.approx(effects[channel] / summed, abs=1e-6)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=9).map(tuple))
def test_each_model_gives_one_conversion_away(way: tuple[int, ...]) -> None:
    for model in (first, last, linear, position):
        given_away = model(way)
        assert sum(given_away.values()) == pytest.approx(1)
        assert set(given_away) <= set(way)
    assert first(way) == {way[0]: 1.0} and last(way) == {way[-1]: 1.0}
    counted = Counter(way)
    assert linear(way) == pytest.approx({c: n / len(way) for c, n in counted.items()})


def test_position_gives_the_ends_most() -> None:
    assert position((1, 2, 3, 4)) == pytest.approx({1: 0.4, 2: 0.1, 3: 0.1, 4: 0.4})
    assert position((1, 2)) == {1: 0.5, 2: 0.5}
    assert position((1, 2, 1)) == pytest.approx({1: 0.8, 2: 0.2})
    assert position((7,)) == {7: 1.0}


@given(st.integers(0, 10**9), st.lists(st.floats(0, 1e6), min_size=1, max_size=9))
def test_parts_add_up_to_the_last_cent(total: int, weights: list[float]) -> None:
    parts = shared_out(total, weights)
    if sum(weights) > 0:
        assert sum(parts) == total
        exact = [total * w / sum(weights) for w in weights]
        assert all(abs(p - e) <= 1 + 1e-6 * total for p, e in zip(parts, exact, strict=True))
    else:
        assert parts == [0] * len(weights)


def others(wt: App, today: int) -> None:
    """The people behind a channel, channels that do not count, another conversion, and what is refused."""
    query = {
        "kind": "attribution",
        "from": str(day_to_date(today - 20)),
        "to": str(day_to_date(today)),
        "channel": "douyin",
    }
    assert len(wt.behaviour.people(query)) == 2
    assert len(wt.behaviour.people(query | {"channel": "weibo"})) == 1
    assert "抖音" in wt.behaviour.describe(query).zh
    paid = wt.attributions.query(Ask(Days(today - 20, today), skip=("bilibili", "douyin")))
    assert paid.without_touch == 1, "b has no other touch"
    assert sum(c.credit["markov"].hundredths for c in paid.channels) == 200
    by_event = wt.attributions.query(Ask(Days(today - 20, today), conversion="Product Viewed"))
    assert by_event.conversions == 6 and by_event.money == {}
    with pytest.raises(BadAsk):
        wt.attributions.query(Ask(Days(today, today), lookback_days=0))
    with pytest.raises(BadPeople):
        wt.behaviour.people({"kind": "attribution", "from": "x"})


def test_a_small_shop(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        number = iter(range(1000))

        def seen(who: str, source: str, ago: int) -> None:
            context = {"campaign": {"source": source}}
            put(wt, track(f"n{next(number)}", who, at_us=START_US - ago * DAY_US, context=context))

        def bought(who: str, source: str, ago: int, total: float) -> None:
            n = next(number)
            order = {"order_id": f"o{n}", "total": total, "currency": "CNY", "products": []}
            at_us, context = START_US - ago * DAY_US + 1_000_000, {"campaign": {"source": source}}
            put(
                wt,
                track(f"n{n}", who, event="Order Completed", at_us=at_us, properties=order, context=context),
            )

        for ago, source in ((60, "zhihu"), (9, "douyin"), (6, "weibo"), (5, "xiaohongshu")):
            seen("a", source, ago)
        bought("a", "bilibili", 3, 100.01)
        seen("b", "douyin", 4)
        bought("b", "douyin", 4, 33.34)
        seen("c", "weibo", 5)
        seen("d", "zhihu", 6)
        bring_in(wt)
        today = wt.metrics.today
        found = wt.attributions.query(Ask(Days(today - 20, today), lookback_days=30))
        assert found.conversions == 2 and found.money == {"CNY": 13_335} and found.without_touch == 0
        credit = {c.channel: c.credit for c in found.channels}
        assert set(credit) == {"douyin", "weibo", "xiaohongshu", "bilibili"}, (
            "a touch of two months ago is too old"
        )
        assert {c: x["first"].hundredths for c, x in credit.items() if x["first"].hundredths} == {
            "douyin": 200
        }
        assert {c: x["last"].money.get("CNY") for c, x in credit.items() if x["last"].money.get("CNY")} == {
            "bilibili": 10_001, "douyin": 3_334,
        }  # fmt: skip
        assert credit["douyin"]["linear"].hundredths == 125
        assert credit["douyin"]["position"].hundredths == 140
        for model in MODELS:
            assert sum(x[model].hundredths for x in credit.values()) == 200, model
            assert sum(x[model].money["CNY"] for x in credit.values()) == 13_335, model
        others(wt, today)


def test_a_shop_without_orders_has_nothing_to_attribute(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        today = wt.metrics.today
        found = wt.attributions.query(Ask(Days(today - 20, today)))
        assert found.conversions == 0 and found.channels == [] and found.mean_touches is None

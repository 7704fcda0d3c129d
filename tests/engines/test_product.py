"""What the product computes is the same on a real Spark cluster: whole jobs and services, not queries by themselves."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.profiles.market import Market, no_progress
from tests.engines.shops import lake_rows
from tests.suites.engines import SPARK
from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.app.wiring import App
from weaktie.data.behaviour.contracts import Condition, Days, Matcher
from weaktie.data.identity.unidentified import Unidentified
from weaktie.data.profiles import timeline
from weaktie.data.profiles.jobs import build
from weaktie.data.reconcile.service import Reconciler
from weaktie.kit.clock import business_day
from weaktie.store.lake.contracts import Snapshot

pytestmark = SPARK


@pytest.fixture(scope="module")
def built(embedded: Market, grown_up: Market) -> tuple[Market, Market]:
    """Both shops after a build."""
    one, other = build(embedded, no_progress), build(grown_up, no_progress)
    assert replace(other, seconds=0.0, steps={}) == replace(one, seconds=0.0, steps={})
    assert one.people > 30
    return embedded, grown_up


@pytest.mark.parametrize("table", ["user_day", "user_tags", "rfm"])
def test_a_build_makes_the_same_tables(built: tuple[Market, Market], table: str) -> None:
    one, other = (lake_rows(market, table) for market in built)
    assert other == one
    assert len(one) > 10


def test_quality_finds_the_same(embedded: Market, grown_up: Market) -> None:
    found = grown_up.quality.counts()
    assert found == embedded.quality.counts()
    assert sum(d.crawlers for d in found.days) > 10


def _snapshot(market: Market) -> Snapshot:
    with market.database.connect() as connection:
        return market.lake.snapshot(connection)


def _facts(market: Market) -> object:
    reconciler = Reconciler(
        market.database, market.clock, market.lake, market.engine, None, market.quality, "Asia/Shanghai", Path()  # type: ignore[arg-type]
    )  # fmt: skip
    found = reconciler.facts("CNY")
    columns = [getattr(found, name) for name in type(found).__slots__]
    return sorted(np.column_stack(columns).tolist())


def _unidentified(market: Market) -> object:
    every, tallies, page = Unidentified(market.database, market.lake, market.engine, market.quality).read(
        None, None, 20
    )
    return every, tallies, page.items


def _timeline(market: Market) -> object:
    snapshot = _snapshot(market)
    events = timeline.events(market.engine, snapshot, [2, 3], None, None, 30)
    orders = timeline.orders(market.engine, snapshot, [2, 3], None, 30)
    return events, orders, timeline.relations(market.engine, snapshot, [2, 3])


@pytest.mark.parametrize("read", [_facts, _unidentified, _timeline])
def test_pages_read_the_same(read: Callable[[Market], object], embedded: Market, grown_up: Market) -> None:
    ours = read(embedded)
    assert read(grown_up) == ours
    assert len(str(ours)) > 500


def _whole_way(wt: App) -> dict[str, Any]:
    """From the log to sequences of people by their conditions; as plain values."""
    calls = [
        track(n, f"u{n % 5}", at_us=START_US - n * 60_000_000, properties={"size": n % 3}) for n in range(30)
    ]
    put(wt, *calls, *(track(100 + n, f"u{n}", event="Product Added", at_us=START_US - n) for n in range(3)))
    bring_in(wt)
    today = business_day(START_US, wt.settings.zone)
    viewed = Matcher("Product Viewed", (Condition("size", "gt", (0,)),))
    found = wt.behaviour.sequences([viewed, Matcher("Product Added")], Days(today - 1, today), ["size"])
    size = found.columns["size"]
    overview = asdict(wt.metrics.overview())
    return {
        "overview": {k: overview[k] for k in ("users", "orders", "gmv", "active_by_day", "top_events")},
        "people": found.people.tolist(), "starts": found.starts.tolist(), "times": found.time_us.tolist(),
        "matched": found.matched.tolist(), "sizes": [size.values[c] if c >= 0 else None for c in size.codes],
    }  # fmt: skip


def test_a_home_whose_address_is_spark_works_the_whole_way(
    tmp_path: Path, spark_address: str, spark_engine: object
) -> None:
    answers = []
    for name, engine in (("embedded", "duckdb:"), ("grown up", spark_address)):
        (tmp_path / name).mkdir()
        with fresh_app(tmp_path / name, engine=engine) as wt:
            answers.append(_whole_way(wt))
    assert answers[1] == answers[0]
    assert len(answers[0]["people"]) == 5

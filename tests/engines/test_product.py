"""What the product computes is the same on a real Spark cluster: whole jobs and services, not queries by themselves."""

from dataclasses import replace

import pytest

from tests.data.profiles.market import Market, no_progress
from tests.engines.shops import lake_rows
from weaktie.data.metrics.service import Metrics
from weaktie.data.profiles.jobs import build
from weaktie.data.reconcile.service import Reconciler

pytestmark = [pytest.mark.spark, pytest.mark.xdist_group("spark"), pytest.mark.timeout(180)]


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

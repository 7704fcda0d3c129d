"""A small market, generated once for all tests of the simulation."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.simulate.capture import Capture
from weaktie.simulate.contracts import DayBatch, MarketSpec, Truth
from weaktie.simulate.service import generate, truths

END_US = 1_795_500_000_000_000
SPEC = MarketSpec(end_us=END_US, users=600, seed=7, days=40)


@dataclass(frozen=True)
class Market:
    """The market of SPEC with its events decoded."""

    spec: MarketSpec
    days: list[DayBatch]
    segment: list[dict[str, Any]]
    sensors: list[dict[str, Any]]
    truth: list[Truth]


@pytest.fixture(scope="session")
def market() -> Market:
    days = list(generate(SPEC))
    return Market(
        spec=SPEC,
        days=days,
        segment=[json.loads(event) for day in days for event in day.segment],
        sensors=[json.loads(event) for day in days for event in day.sensors],
        truth=list(truths(SPEC)),
    )


@pytest.fixture
def capture() -> Iterator[Capture]:
    with Capture() as server:
        yield server

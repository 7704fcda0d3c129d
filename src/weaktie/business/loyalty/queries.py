"""Lazy tables: events that points rules ask for."""

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from weaktie.data.collect.contracts import CRAWLER, TEST
from weaktie.kit.clock import to_datetime
from weaktie.store.engine.contracts import has_bit

Frame = nw.LazyFrame[Any]


def rewarded(events: Frame, names: Sequence[str], since_us: int) -> Frame:
    """Events of these names by somebody, received since an instant, that no crawler and no test made."""
    return events.filter(
        nw.col("event").is_in(list(names)), ~nw.col("alias_no").is_null(),
        nw.col("received_time") >= nw.lit(to_datetime(since_us)), ~has_bit("flags", CRAWLER), ~has_bit("flags", TEST),
    ).select("event_id", "event", "alias_no", "order_id", "amount_minor", "currency", "day", "received_time")  # fmt: skip

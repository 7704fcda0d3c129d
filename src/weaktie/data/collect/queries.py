"""Lazy tables over the lake for the live pages."""

from typing import Any

import narwhals as nw


def latest_events(
    events: nw.LazyFrame[Any], *, event: str | None, source: str | None, limit: int
) -> nw.LazyFrame[Any]:
    """The events that came last, newest first."""
    if event:
        events = events.filter(nw.col("event") == event)
    if source:
        events = events.filter(nw.col("source") == source)
    return events.sort("received_time", "event_time", "event_id", descending=[True, True, False]).head(limit)

"""Lazy tables for the parity page."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

import narwhals as nw

from weaktie.kit.clock import to_datetime

Frame = nw.LazyFrame[Any]


def ours_by_day(
    events: Frame, source_id: str, since_us: int, offsets: Mapping[int, int], days: tuple[int, int]
) -> Frame:
    """Events of the source by day and name, of the requests that came since and that the relay has dealt with:
    record numbers below `offsets` of their partitions."""
    dealt_with = [
        (nw.col("log_partition") == partition) & (nw.col("log_record") < end)
        for partition, end in offsets.items()
    ]
    wanted = events.filter(
        nw.col("source") == source_id, nw.col("received_time") >= nw.lit(to_datetime(since_us)),
        nw.col("day") >= days[0], nw.col("day") <= days[1], reduce(or_, dealt_with, nw.lit(False)),
    )  # fmt: skip
    return wanted.group_by("day", "event").agg(nw.len().alias("events"))

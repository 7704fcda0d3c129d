"""Lazy tables over the lake that identity needs."""

from typing import Any

import narwhals as nw


def login_instants(events: nw.LazyFrame[Any], shared: list[int]) -> nw.LazyFrame[Any]:
    """When each shared anonymous id was used by a login: columns anon_alias_no, alias_no, event_time."""
    return (
        events.filter(nw.col("anon_alias_no").is_in(shared))
        .select("anon_alias_no", "alias_no", "event_time")
        .filter(~nw.col("alias_no").is_null())
    )

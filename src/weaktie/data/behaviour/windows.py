"""Funnels and retention as lazy tables: the same figures as the kernels give, computed wholly by the engine.

On one machine the kernels are faster; on a cluster the events need not leave it. Rows are of people who may be analysed:
`time_us`, `day` and `matched` (bit i where the row passes matcher i) beside `person_no`.
"""

from typing import Any

import narwhals as nw

Frame = nw.LazyFrame[Any]


def _has(bit: int) -> nw.Expr:
    return nw.col("matched") // (1 << bit) % 2 == 1


def funnel_levels(rows: Frame, steps: int, window_us: int) -> Frame:
    """How far everybody came: person_no, level (1 … steps). Bit i of `matched` is step i; who never did step 0 is not there.

    As ClickHouse's `windowFunnel`: steps in their order, others may lie between, all within the window (its end included)
    from the first; of events at one instant an earlier step comes first. The latest start that reaches a step leaves most
    time for the next, so one running maximum for each step is enough.
    """
    parts = [
        rows.filter(_has(i)).select("person_no", "time_us", step=nw.lit(i, nw.Int32)) for i in range(steps)
    ]
    chain = nw.concat(parts).with_columns(start=nw.when(nw.col("step") == 0).then(nw.col("time_us")))
    chain = _latest(chain, "start").with_columns(level=nw.lit(1, nw.Int32))
    for step in range(1, steps):
        reached = (nw.col("step") == step) & (nw.col("time_us") - nw.col("start") <= window_us)
        chain = _latest(chain.with_columns(next=nw.when(reached).then(nw.col("start"))), "next")
        level = nw.when(nw.col("next").is_null()).then(nw.col("level")).otherwise(nw.lit(step + 1))
        chain = chain.with_columns(level=level.cast(nw.Int32), start=nw.col("next"))
    first = rows.filter(_has(0)).group_by("person_no").agg(nw.len().alias("times")).select("person_no")
    furthest = chain.group_by("person_no").agg(nw.col("level").max())
    return first.join(furthest, on="person_no", how="inner")


def _latest(chain: Frame, column: str) -> Frame:
    """The column as the largest value so far of the person."""
    largest = nw.col(column).cum_max().over("person_no", order_by=["time_us", "step"])
    filled = chain.with_columns(largest=largest)
    # A running maximum is null where the row itself is null; the rows until the next value carry the last one on.
    return filled.with_columns(
        nw.col("largest")
        .fill_null(strategy="forward")
        .over("person_no", order_by=["time_us", "step"])
        .alias(column)
    ).drop("largest")


def cohort_returns(rows: Frame, first_day: int, last_day: int, *, every: bool) -> Frame:
    """How many of each cohort came back when: day (of the cohort), n (days later, 0 its own day), people.

    Bit 0 of `matched` is the start event, bit 1 the return event. A cohort is who did the start event that day (`every`),
    or did it that day for the first time from `first_day` on. Days without anybody are not there.
    """
    started = rows.filter(_has(0), nw.col("day") >= first_day, nw.col("day") <= last_day)
    cohorts = started.group_by("person_no", "day").agg(nw.len().alias("times")).select("person_no", "day")
    if not every:
        cohorts = cohorts.group_by("person_no").agg(nw.col("day").min())
    came = rows.filter(_has(1)).group_by("person_no", "day").agg(nw.len().alias("times"))
    came = came.select("person_no", back_day=nw.col("day"))
    met = cohorts.join(came, on="person_no", how="inner").with_columns(n=nw.col("back_day") - nw.col("day"))
    return met.filter(nw.col("n") >= 0).group_by("day", "n").agg(nw.len().alias("people"))


def cohort_sizes(rows: Frame, first_day: int, last_day: int, *, every: bool) -> Frame:
    """How many people each cohort of `cohort_returns` has: day, people."""
    started = rows.filter(_has(0), nw.col("day") >= first_day, nw.col("day") <= last_day)
    cohorts = started.group_by("person_no", "day").agg(nw.len().alias("times")).select("person_no", "day")
    if not every:
        cohorts = cohorts.group_by("person_no").agg(nw.col("day").min())
    return cohorts.group_by("day").agg(nw.len().alias("people"))

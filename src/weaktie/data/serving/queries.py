"""Lazy tables: a table of the lake without people who may not be in it."""

from typing import Any

import narwhals as nw

from weaktie.data.serving.contracts import Look
from weaktie.store.engine.contracts import has_bit
from weaktie.store.lake.tables import LakeTable

Frame = nw.LazyFrame[Any]


def served(frame: Frame, declared: LakeTable, people: Frame, look: Look) -> Frame:
    """Rows that may serve the look's purpose, `person_no` beside `alias_no`; `people` are the look's identifiers.

    Rows about somebody who may not be served are not in it. A further identifier of a row (who shared, who referred) is
    null where its person may not be served; of a relation both sides have to be.
    """
    columns = declared.schema.names
    if "purposes" in columns:
        frame = frame.filter(has_bit("purposes", look.purpose))
    if "alias_no" in columns:
        known = frame.filter(~nw.col("alias_no").is_null()).join(people, on="alias_no", how="inner")
        nobody = frame.filter(nw.col("alias_no").is_null()).with_columns(
            person_no=nw.lit(None).cast(nw.Int32)
        )
        frame = nw.concat([known, nobody.select(known.collect_schema().names())])
        return _others(frame, [c for c in declared.alias_columns if c != "alias_no"], people)
    if "person_no" in columns:
        persons = people.group_by("person_no").agg(nw.len().alias("identifiers")).select("person_no")
        frame = frame.join(persons, on="person_no", how="semi")
        gone = {tag: list(who) for tag, who in look.deleted.items() if tag in columns}
        if gone:
            frame = frame.with_columns(
                **{tag: nw.when(~nw.col("person_no").is_in(n)).then(nw.col(tag)) for tag, n in gone.items()}
            )
        return frame
    if len(declared.alias_columns) > 1:
        for column in declared.alias_columns:
            frame = frame.join(people.select(nw.col("alias_no").alias(column)), on=column, how="semi")
        return frame
    return _others(frame, list(declared.alias_columns), people)


def _others(frame: Frame, columns: list[str], people: Frame) -> Frame:
    """Null in these columns whoever may not be served."""
    names = frame.collect_schema().names()
    for column in columns:
        known = people.select(nw.col("alias_no").alias(column), nw.col("alias_no").alias("_served"))
        frame = frame.join(known, on=column, how="left").with_columns(nw.col("_served").alias(column))
        frame = frame.select(names)
    return frame

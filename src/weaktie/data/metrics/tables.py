"""Metrics that people defined."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text

from weaktie.store.database.tables import metadata

custom_metrics = Table(
    "custom_metrics",
    metadata,
    Column("key", String(48), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name_zh", String(80), nullable=False),
    Column("name_en", String(80), nullable=False),
    Column("definition_zh", String(400), nullable=False),
    Column("definition_en", String(400), nullable=False),
    Column("up_is_good", Boolean, nullable=False),
    Column("spec_json", Text, nullable=False, comment="what is measured, or the two metrics of a formula"),
    Column("state", String(16), nullable=False, comment="living or archived; the same in all versions"),
    Column("saved_us", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    comment="Every version of the metrics that people defined; the highest counts",
)

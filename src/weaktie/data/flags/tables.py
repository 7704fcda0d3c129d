"""Flags by version, and who was exposed."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text

from weaktie.store.database.tables import metadata

flag_experiments = Table(
    "flag_experiments",
    metadata,
    Column("key", String(80), primary_key=True, comment="how code and SDKs call it"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("definition_json", Text, nullable=False, comment="salt, unit, variants with weights, holdout"),
    Column("made_by", String(64), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("stopped_us", BigInteger, comment="null while it assigns"),
    comment="What units are assigned to, by version; a version never changes",
)

flag_exposures = Table(
    "flag_exposures",
    metadata,
    Column("key", String(80), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("unit", String(32), primary_key=True, comment="keyed hash of the unit"),
    Column("alias_no", BigInteger, comment="identifier of the person, where the unit is a person"),
    Column("variant", String(40), nullable=False),
    Column("probability", Float, nullable=False, comment="with which the unit came to this variant"),
    Column("bucket", Integer, nullable=False, comment="0 to 9,999"),
    Column("first_us", BigInteger, nullable=False),
    Index("ix_flag_exposures_alias_no", "alias_no"),
    comment="Who was exposed to which variant, with the probability",
)

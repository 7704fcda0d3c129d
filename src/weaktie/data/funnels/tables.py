"""Funnels that were kept."""

from sqlalchemy import BigInteger, Column, String, Table, Text

from weaktie.store.database.tables import metadata

saved_funnels = Table(
    "saved_funnels",
    metadata,
    Column("funnel_id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("definition_json", Text, nullable=False, comment="as POST /api/funnels/query takes it"),
    Column("made_us", BigInteger, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("deleted_us", BigInteger, comment="null while it is listed; a deletion can be undone"),
    comment="Funnels that people keep under a name",
)

"""Tables of sources."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text

from weaktie.store.database.tables import metadata

sources = Table(
    "sources",
    metadata,
    Column("source_id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("basis_json", Text, nullable=False, comment="purpose -> contract, consented_upstream or ask_us"),
    Column("basis_version", Integer, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("archived_us", BigInteger, comment="an archived source takes nothing in"),
    comment="Where data comes from",
)

source_bases = Table(
    "source_bases",
    metadata,
    Column("source_id", String(40), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("basis_json", Text, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    comment="Every basis a source has declared, kept as evidence",
)

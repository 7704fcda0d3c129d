"""Tables of the audit log."""

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from weaktie.store.database.tables import metadata

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, comment="without gaps, from 1"),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("object_kind", String(32), nullable=False),
    Column("object_id", String(128), nullable=False),
    Column("detail_json", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column(
        "hash",
        String(64),
        nullable=False,
        comment="SHA-256 of the row's canonical JSON and the previous hash",
    ),
    comment="Who did what and when; a hash chain, append-only",
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("head", Integer, primary_key=True, autoincrement=False, comment="always 1"),
    Column("last_id", BigInteger, nullable=False),
    Column("last_hash", String(64), nullable=False),
    comment="The end of the chain: shows a removed end, and serialises writers",
)

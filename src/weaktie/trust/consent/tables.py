"""Tables of consent."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table

from weaktie.store.database.tables import BigId, metadata

consent_receipts = Table(
    "consent_receipts",
    metadata,
    Column("receipt_id", BigId, primary_key=True, autoincrement=True),
    Column("alias_no", BigInteger, nullable=False),
    Column("purpose", Integer, nullable=False, comment="one bit: 1, 2, 4 or 8"),
    Column("granted", Boolean, nullable=False),
    Column("basis", String(32), nullable=False, comment="own_choice, or the basis that was claimed"),
    Column("source_id", String(40)),
    Column("how", String(64), nullable=False, comment="console, api, event or import"),
    Column("at_us", BigInteger, nullable=False),
    Index("ix_consent_receipts_alias_purpose", "alias_no", "purpose"),
    comment="Every choice of a person; append-only, the latest of a purpose holds",
)

consent_blocks = Table(
    "consent_blocks",
    metadata,
    Column("lookup", String(96), primary_key=True, comment="kind#hmac: never a plain identifier"),
    Column("alias_no", BigInteger, nullable=False, index=True),
    Column("reason", String(16), nullable=False, comment="refused or erased"),
    Column("since_us", BigInteger, nullable=False),
    comment="Identifiers whose requests the door does not keep",
)

consent_changes = Table(
    "consent_changes",
    metadata,
    Column("name", String(16), primary_key=True, comment="always blocks"),
    Column("version", BigInteger, nullable=False),
    comment="Counts the changes of consent_blocks, so that the door can poll one number",
)

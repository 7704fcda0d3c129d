"""Tables of rights. They hold numbers and keyed hashes, never an identifier."""

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from weaktie.store.database.tables import metadata

erasures = Table(
    "erasures",
    metadata,
    Column("erasure_id", String(40), primary_key=True),
    Column("person_no", BigInteger, nullable=False),
    Column("alias_nos_json", Text, nullable=False),
    Column("identifiers_json", Text, nullable=False, comment="keyed hashes, as in the journal"),
    Column("state", String(16), nullable=False, index=True, comment="running or done"),
    Column("reason", Text, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("asked_us", BigInteger, nullable=False, index=True),
    Column("journaled_us", BigInteger, comment="when the line in the journal was durable"),
    Column("ended_us", BigInteger),
    Column("proof", String(64), comment="SHA-256 over the outcomes of all steps"),
    comment="Requests for erasure and how far they are",
)

erasure_steps = Table(
    "erasure_steps",
    metadata,
    Column("erasure_id", String(40), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("name", String(40), nullable=False),
    Column("state", String(16), nullable=False, comment="waiting, done or failed"),
    Column("removed_json", Text, nullable=False, comment="rows that went, by table"),
    Column("note", Text, comment="why it has to be tried again"),
    Column("at_us", BigInteger),
    Column("digest", String(64), comment="SHA-256 over this outcome and the step before it"),
    comment="What each eraser did: the proof of the erasure",
)

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

rights_requests = Table(
    "rights_requests",
    metadata,
    Column("request_id", String(40), primary_key=True),
    Column("kind", String(16), nullable=False, comment="see, copy, correct, erase, close or explain"),
    Column(
        "state",
        String(16),
        nullable=False,
        index=True,
        comment="received, verified, in_progress, done or refused",
    ),
    Column("channel", String(16), nullable=False, comment="console, page or api"),
    Column(
        "alias_no",
        BigInteger,
        nullable=False,
        index=True,
        comment="what was asked lies in the vault under it",
    ),
    Column("actor", String(64), nullable=False),
    Column("asked_us", BigInteger, nullable=False, index=True),
    Column("due_us", BigInteger, nullable=False),
    Column("closed_us", BigInteger),
    Column("erasure_id", String(40), index=True),
    Column("proof", String(64), comment="SHA-256 over the request and its steps once it is closed"),
    comment="What people asked for by right, and how far that is",
)

rights_steps = Table(
    "rights_steps",
    metadata,
    Column("request_id", String(40), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("action", String(32), nullable=False),
    Column("state", String(16), nullable=False, comment="the request's state after it"),
    Column("actor", String(64), nullable=False),
    Column("note", Text, nullable=False, comment="masked"),
    Column("at_us", BigInteger, nullable=False),
    comment="Everything that was done about a request",
)

rights_copies = Table(
    "rights_copies",
    metadata,
    Column("ticket_hash", String(64), primary_key=True),
    Column("request_id", String(40), nullable=False, index=True),
    Column("alias_no", BigInteger, nullable=False, index=True),
    Column("made_by", String(64), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("used_us", BigInteger),
    comment="One-time tickets for a copy of a person's data; the copy itself is made when it is fetched and kept nowhere",
)

rights_corrections = Table(
    "rights_corrections",
    metadata,
    Column("alias_no", BigInteger, primary_key=True, autoincrement=False),
    Column("field", String(24), primary_key=True),
    Column("correction_id", String(40), nullable=False, comment="before and after lie in the vault under it"),
    Column("request_id", String(40), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    comment="Values that people had corrected: no import and no event overrides them, only a newer correction does",
)

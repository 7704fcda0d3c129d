"""Identifiers, the facts that link them, and what people decided about them. All of it is appended, never rewritten."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from weaktie.store.database.tables import BigId, metadata

aliases = Table(
    "aliases",
    metadata,
    Column("alias_no", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column(
        "lookup",
        String(255),
        nullable=False,
        unique=True,
        comment="kind:value, or kind#keyed hash where personal",
    ),
    Column(
        "value",
        Text,
        comment="the identifier in the clear; null where it is personal (it is in the vault then)",
    ),
    Column("first_seen_us", BigInteger, nullable=False),
    Column("erased_us", BigInteger, comment="tombstone: the person asked to be erased at this instant"),
    comment="One row for each identifier; its number never changes",
)

alias_counter = Table(
    "alias_counter",
    metadata,
    Column("counter_id", Integer, primary_key=True, autoincrement=False),
    Column("next_alias", Integer, nullable=False),
    comment="The next free alias number, taken in blocks",
)

links = Table(
    "links",
    metadata,
    Column("link_id", BigId, primary_key=True, autoincrement=True),
    Column("a_alias", Integer, nullable=False),
    Column("b_alias", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("event_us", BigInteger, nullable=False, comment="earliest event that says so"),
    Column("last_us", BigInteger, nullable=False, comment="latest event that says so"),
    Column("source_id", String(64), nullable=False),
    Index("uq_links_pair", "a_alias", "b_alias", "kind", unique=True),
    Index("ix_links_b_alias", "b_alias"),
    comment="Facts that two identifiers belong together",
)

identity_decisions = Table(
    "identity_decisions",
    metadata,
    Column("decision_id", BigId, primary_key=True, autoincrement=True),
    Column("a_alias", Integer, nullable=False, comment="the smaller number of the pair"),
    Column("b_alias", Integer, nullable=False),
    Column("verdict", String(16), nullable=False, comment="undone, redone, same, different or later"),
    Column("about_alias", Integer, comment="what raised the question, for decisions of the review queue"),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_identity_decisions_pair", "a_alias", "b_alias"),
    Index("ix_identity_decisions_b_alias", "b_alias"),
    sqlite_autoincrement=True,
    comment="What people decided about two identifiers; the latest decision of a pair holds, whatever facts come again",
)

alias_sources = Table(
    "alias_sources",
    metadata,
    Column("alias_no", Integer, primary_key=True, autoincrement=False),
    Column("source_id", String(64), primary_key=True),
    Column("first_us", BigInteger, nullable=False),
    comment="Which sources have sent an identifier: the ground of its receipts",
)

identity_reviews = Table(
    "identity_reviews",
    metadata,
    Column("review_id", BigId, primary_key=True, autoincrement=True),
    Column("about_alias", Integer, nullable=False, comment="the identifier that several people use"),
    Column(
        "other_alias", Integer, nullable=False, comment="the other end of a link that was held back; else 0"
    ),
    Column("reason", String(24), nullable=False),
    Column("people", Integer, nullable=False, comment="how many people contend"),
    Column("found_us", BigInteger, nullable=False),
    Column("state", String(16), nullable=False, comment="open, later or different"),
    Column(
        "decided_people", Integer, nullable=False, comment="how many they were when it was decided; else 0"
    ),
    Column("decided_us", BigInteger),
    Index("uq_identity_reviews_about", "about_alias", "other_alias", unique=True),
    Index("ix_identity_reviews_state", "state", "reason", "review_id"),
    comment="Questions that the rules leave to people: what the last grouping found contended, and what was said of it",
)

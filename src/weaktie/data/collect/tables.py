"""What the consumers keep in the database beside the lake."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from weaktie.store.database.tables import BigId, metadata

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("letter_id", BigId, primary_key=True, autoincrement=True),
    Column("received_us", BigInteger, nullable=False),
    Column("source_id", String(64), nullable=False),
    Column("protocol", String(16), nullable=False),
    Column("code", String(64), nullable=False, index=True),
    Column("message_zh", Text, nullable=False),
    Column("message_en", Text, nullable=False),
    Column("place", String(255), nullable=False),
    Column("key_day", Integer, nullable=False, comment="UTC day whose key opens the sample"),
    Column(
        "sample", LargeBinary, nullable=False, comment="the event as it came, encrypted under the day's key"
    ),
    Column("log_partition", Integer, nullable=False),
    Column("log_record", BigInteger, nullable=False),
    Column("log_index", Integer, nullable=False),
    Column("endpoint", String(64), nullable=False, server_default="", comment="the path it came to"),
    Column(
        "purposes",
        Integer,
        nullable=False,
        server_default="0",
        comment="what its source allowed when it came",
    ),
    Column("sent", String(64), comment="when its request says it was sent, as the client wrote it"),
    Column("event", String(255), comment="the event's name where it can be made out"),
    Column(
        "whole",
        Boolean,
        nullable=False,
        server_default="1",
        comment="whether the sample is the whole event: only then can it be mended",
    ),
    Column("state", String(16), nullable=False, server_default="open", comment="open, mended or discarded"),
    Column("state_us", BigInteger, comment="since when it is no longer open"),
    Column(
        "outcome", String(64), comment="what became of it: stored, not_new, refused, or why it was discarded"
    ),
    Column("job_id", String(40), comment="the job that mended it"),
    Index("ix_dead_letters_state", "state", "code"),
    Index("uq_dead_letters_place", "log_partition", "log_record", "log_index", unique=True),
    comment="Events that could not be stored, each with its reason",
)

live_minutes = Table(
    "live_minutes",
    metadata,
    Column(
        "minute", BigInteger, primary_key=True, comment="minutes since 1970 UTC at which the server took them"
    ),
    Column("source_id", String(64), primary_key=True),
    Column("event", String(255), primary_key=True),
    Column("events", BigInteger, nullable=False),
    comment="Events a minute, counted as they enter the lake",
)

seen = Table(
    "seen",
    metadata,
    Column("alias_no", Integer, primary_key=True, autoincrement=False),
    Column(
        "lake_version",
        BigInteger,
        primary_key=True,
        index=True,
        comment="the commit in which the events came",
    ),
    Column("last_us", BigInteger, nullable=False, comment="time of the latest event of that commit"),
    Column("events", BigInteger, nullable=False, comment="events of that commit"),
    Column("last_event", String(255), nullable=False),
    comment="Who was seen in which commit since the last build: the live overlay of profiles",
)

counters = Table(
    "collect_counters",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", BigInteger, nullable=False),
    comment="Running totals: events stored, duplicates, events of erased people that were refused",
)

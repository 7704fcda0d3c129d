"""Segments, their versions, their members over time, and uploaded lists."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from weaktie.store.database.tables import BigId, metadata

segments = Table(
    "segments",
    metadata,
    Column("segment_id", String(40), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("note", String(500), nullable=False),
    Column("owner", String(64), nullable=False),
    Column("frozen", Boolean, nullable=False, comment="true: the members of the moment it was saved"),
    Column("version", Integer, nullable=False),
    Column("rule_json", Text, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("archived_us", BigInteger, comment="null while it is in use"),
    Column(
        "run_no",
        Integer,
        nullable=False,
        comment="the newest run that changed the members; 0 before the first",
    ),
    Column("size", Integer, nullable=False),
    Column("computed_us", BigInteger, comment="null before the first run"),
    Column("generation", Integer, nullable=False, comment="generation of profiles that it was computed over"),
    Column("members", LargeBinary, comment="alias numbers of the members: differences, zstd"),
    comment="People named by a rule, a list or a figure",
)

segment_versions = Table(
    "segment_versions",
    metadata,
    Column("row_id", BigId, primary_key=True, autoincrement=True),
    Column("segment_id", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", String(100), nullable=False),
    Column("note", String(500), nullable=False),
    Column("frozen", Boolean, nullable=False),
    Column("rule_json", Text, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("changed_by", String(64), nullable=False),
    Column("restored_from", Integer, comment="the version that it repeats; null for an edit"),
    Index("ix_segment_versions_segment", "segment_id", "version", unique=True),
    comment="What each segment was, version by version",
)

segment_runs = Table(
    "segment_runs",
    metadata,
    Column("row_id", BigId, primary_key=True, autoincrement=True),
    Column("segment_id", String(40), nullable=False),
    Column("run_no", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("size", Integer, nullable=False),
    Column("entered_count", Integer, nullable=False),
    Column("left_count", Integer, nullable=False),
    Column("entered", LargeBinary, nullable=False, comment="alias numbers of who came in: differences, zstd"),
    Column("left", LargeBinary, nullable=False, comment="alias numbers of who went: differences, zstd"),
    Index("ix_segment_runs_segment", "segment_id", "run_no", unique=True),
    comment="Who entered and left each segment, run by run",
)

segment_lists = Table(
    "segment_lists",
    metadata,
    Column("list_id", String(40), primary_key=True),
    Column("made_us", BigInteger, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("lines", Integer, nullable=False),
    Column("matched", Integer, nullable=False, comment="lines that named somebody"),
    Column("unmatched", Integer, nullable=False),
    Column("repeated", Integer, nullable=False, comment="lines that stood there before"),
    Column(
        "members",
        LargeBinary,
        nullable=False,
        comment="alias numbers: differences, zstd; the lines are not kept",
    ),
    comment="Uploaded lists of people",
)

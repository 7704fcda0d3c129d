"""Leases and jobs."""

from sqlalchemy import BigInteger, Column, Float, Index, String, Table, Text

from weaktie.store.database.tables import metadata

leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until_us", BigInteger, nullable=False),
    comment="Who alone may run a consumer or a build now, and until when",
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", String(40), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("params", Text, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("progress", Float, nullable=False),
    Column("step_zh", Text, nullable=False),
    Column("step_en", Text, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("started_us", BigInteger),
    Column("ended_us", BigInteger),
    Column("beat_us", BigInteger, comment="last sign of life of the process that runs it"),
    Column("result", Text),
    Column("error", Text),
    Index("ix_jobs_made", "made_us"),
    comment="Long work that somebody or the schedule asked for",
)

"""Pulls, their runs, and what each has brought already."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from weaktie.store.database.tables import metadata

pulls = Table(
    "pulls",
    metadata,
    Column("pull_id", String(40), primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
    Column("way", String(16), nullable=False, comment="folder, http or database"),
    Column("address", Text, nullable=False, comment="folder, URL, or database URL without its password"),
    Column("options_json", Text, nullable=False, comment="pattern, query, mark column and the like, by way"),
    Column(
        "secret", LargeBinary, comment="password or header value, sealed under the master key; never shown"
    ),
    Column("kind", String(16), nullable=False),
    Column("mapping", String(64), comment="name of a mapping; null follows the header"),
    Column("source_id", String(64), comment="null where a basis is declared"),
    Column("basis_json", Text, comment="declared basis per purpose"),
    Column("every_minutes", Integer, comment="null where it runs daily"),
    Column(
        "daily_at", String(5), comment="hh:mm in the workspace's zone; null where it runs every N minutes"
    ),
    Column("paused", Integer, nullable=False),
    Column("next_us", BigInteger, nullable=False, index=True, comment="when it is due"),
    Column("mark_json", Text, comment="how far an incremental pull is: high-water value, ETag"),
    Column("actor", String(128), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    comment="Files and rows that are fetched on a schedule",
)

pull_runs = Table(
    "pull_runs",
    metadata,
    Column("run_id", String(40), primary_key=True),
    Column("pull_id", String(40), nullable=False),
    Column("job_id", String(64)),
    Column("state", String(16), nullable=False, comment="running, done or failed"),
    Column("started_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Column("files", Integer, nullable=False, comment="files or answers imported in this run"),
    Column("rows", BigInteger, nullable=False),
    Column("bad", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    Column("import_ids_json", Text, nullable=False),
    Column("error_json", Text, comment="why it failed"),
    Index("ix_pull_runs_pull_started", "pull_id", "started_us"),
    comment="What each run of a pull brought",
)

pull_files = Table(
    "pull_files",
    metadata,
    Column("pull_id", String(40), primary_key=True),
    Column(
        "fingerprint",
        String(80),
        primary_key=True,
        comment="SHA-256 of the content, or of name, size and time",
    ),
    Column("import_id", String(40), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    comment="What a pull imported already, so that nothing is imported twice",
)

"""The shared metadata on which every capability declares its tables, and the helpers of the columns they share."""

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BigId = BigInteger().with_variant(Integer, "sqlite")
"""An integer primary key that counts by itself on both databases."""

consumer_offsets = Table(
    "consumer_offsets",
    metadata,
    Column("consumer", String(64), primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("next_record", BigInteger, nullable=False, comment="first record that was not consumed yet"),
    Column("updated_us", BigInteger, nullable=False),
    comment="How far each consumer has read each partition of the log",
)

lake_files = Table(
    "lake_files",
    metadata,
    Column("file_id", BigId, primary_key=True, autoincrement=True),
    Column("table_name", String(32), nullable=False, index=True),
    Column("path", String(255), nullable=False, unique=True, comment="below the lake's root"),
    Column("part_day", Integer, nullable=False, comment="received day, or the day a derived file is about"),
    Column("min_day", Integer, nullable=False, comment="earliest business day in the file"),
    Column("max_day", Integer, nullable=False, comment="latest business day in the file"),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("origin", String(128), nullable=False, comment="log bounds, import or build that made it"),
    Column("ids_path", String(255), comment="sorted 128-bit ids of its rows, for deduplication"),
    Column("added_version", BigInteger, nullable=False, index=True),
    Column("removed_version", BigInteger, index=True, comment="null while the file is in the lake"),
    Column("removed_us", BigInteger),
    Column(
        "promoted", Text, comment="JSON: for each promoted column in the file, its values and its misfits"
    ),
    comment="The manifest: the only truth of what the lake holds",
)

lake_versions = Table(
    "lake_versions",
    metadata,
    Column("version", BigId, primary_key=True, autoincrement=True),
    Column("made_us", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    comment="One row for each change of the manifest",
)

lake_columns = Table(
    "lake_columns",
    metadata,
    Column("column_id", BigId, primary_key=True, autoincrement=True),
    Column("table_name", String(32), nullable=False),
    Column("name", String(63), nullable=False, comment="as readers know it"),
    Column(
        "stored_as", String(80), nullable=False, unique=True, comment="as the files have it, never used again"
    ),
    Column("type", String(16), nullable=False, comment="text, number, integer, boolean or time"),
    Column("property", String(255), nullable=False),
    Column("event", String(255), nullable=False, comment="empty where it is of every event"),
    Column("made_us", BigInteger, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("dropped_us", BigInteger, comment="null while it is there"),
    Column("dropped_by", String(64)),
    comment="Properties that were promoted to typed columns of the lake",
)

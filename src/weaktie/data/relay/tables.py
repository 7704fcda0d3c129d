"""Tables of relays. The log's offsets of a relay stand in `consumer_offsets` under `relay:<id>`."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, LargeBinary, String, Table, Text

from weaktie.store.database.tables import metadata

relays = Table(
    "relays",
    metadata,
    Column("relay_id", String(40), primary_key=True),
    Column("source_id", String(40), nullable=False, unique=True),
    Column("kind", String(16), nullable=False, comment="segment, sensors or posthog"),
    Column("url", Text, nullable=False),
    Column("sealed_key", LargeBinary, comment="the other system's key, encrypted under the master key"),
    Column("purposes", Integer, nullable=False, comment="bits that an event must be allowed to serve"),
    Column("max_lag_s", Integer, nullable=False),
    Column(
        "threshold", Float, nullable=False, comment="difference that the parity page lets pass, as a share"
    ),
    Column("connections", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("version", Integer, nullable=False, comment="grows with each change by a person"),
    Column("since_us", BigInteger, nullable=False, comment="requests before it are not relayed"),
    Column("last_ok_us", BigInteger),
    Column("failing_us", BigInteger, comment="since when nothing gets through"),
    Column("next_try_us", BigInteger),
    Column("error_zh", Text),
    Column("error_en", Text),
    comment="Where a source's requests are relayed besides",
)

relay_counts = Table(
    "relay_counts",
    metadata,
    Column("relay_id", String(40), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False, comment="business day of the events"),
    Column("event", String(255), primary_key=True, comment="empty for events that could not be read"),
    Column("outcome", String(16), primary_key=True),
    Column("events", BigInteger, nullable=False),
    comment="What became of each accepted event of a relayed source",
)

relay_vendor_counts = Table(
    "relay_vendor_counts",
    metadata,
    Column("relay_id", String(40), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("event", String(255), primary_key=True),
    Column("events", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("noted_us", BigInteger, nullable=False),
    comment="What the other system counts, as people typed it in or uploaded it",
)

"""Tables of the tracking plan. What was counted is kept by lake file, so that files that go take their counts along."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from weaktie.store.database.tables import BigId, metadata

plans = Table(
    "tracking_plans",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("plan_json", Text, nullable=False),
    Column("saved_us", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("note", String(200), nullable=False),
    comment="Every saved version of the tracking plan; the highest counts",
)

checked_files = Table(
    "tracking_files",
    metadata,
    Column("file_id", BigInteger, primary_key=True, autoincrement=False),
    Column("plan_version", Integer, nullable=False, comment="the plan it was checked against"),
    Column("max_day", Integer, nullable=False),
    Column("checked_us", BigInteger, nullable=False),
    comment="Lake files of events that were checked against the plan",
)

seen = Table(
    "tracking_seen",
    metadata,
    Column("row_id", BigId, primary_key=True, autoincrement=True),
    Column("file_id", BigInteger, nullable=False, index=True),
    Column("day", Integer, nullable=False),
    Column("event", String(255), nullable=False),
    Column("platform", String(32), nullable=False, comment="empty where the event does not say"),
    Column("app_version", String(64), nullable=False, comment="empty where the event does not say"),
    Column("source", String(64), nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False, comment="events with at least one violation"),
    Index("ix_tracking_seen_day_event", "day", "event"),
    comment="Events by file, day, platform, app version and source",
)

observed = Table(
    "tracking_observed",
    metadata,
    Column("row_id", BigId, primary_key=True, autoincrement=True),
    Column("file_id", BigInteger, nullable=False, index=True),
    Column("day", Integer, nullable=False),
    Column("event", String(255), nullable=False),
    Column("property", String(255), nullable=False),
    Column("type", String(16), nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("sample", String(80), nullable=False, comment="masked id of one such event"),
    Index("ix_tracking_observed_event_day", "event", "day"),
    comment="Properties that events carried, and of which type their values were",
)

violations = Table(
    "tracking_violations",
    metadata,
    Column("row_id", BigId, primary_key=True, autoincrement=True),
    Column("file_id", BigInteger, nullable=False, index=True),
    Column("day", Integer, nullable=False),
    Column("event", String(255), nullable=False),
    Column("platform", String(32), nullable=False),
    Column("app_version", String(64), nullable=False),
    Column("source", String(64), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("property", String(255), nullable=False, comment="empty where the whole event is meant"),
    Column("events", BigInteger, nullable=False),
    Column("sample", String(80), nullable=False, comment="masked id of one such event"),
    Index("ix_tracking_violations_day_event", "day", "event"),
    comment="Where events differ from the plan, by file, day, platform, app version, source and kind",
)

trait_updates = Table(
    "tracking_trait_updates",
    metadata,
    Column("row_id", BigId, primary_key=True, autoincrement=True),
    Column("file_id", BigInteger, nullable=False, index=True),
    Column("day", Integer, nullable=False),
    Column("source", String(64), nullable=False),
    Column("updates", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False, comment="updates with at least one violation"),
    Index("ix_tracking_trait_updates_day", "day"),
    comment="Updates of people's properties by file, day and source",
)

trait_violations = Table(
    "tracking_trait_violations",
    metadata,
    Column("row_id", BigId, primary_key=True, autoincrement=True),
    Column("file_id", BigInteger, nullable=False, index=True),
    Column("day", Integer, nullable=False),
    Column("source", String(64), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("property", String(255), nullable=False),
    Column("updates", BigInteger, nullable=False),
    Column("sample", String(80), nullable=False, comment="masked id of one such update"),
    Index("ix_tracking_trait_violations_day", "day"),
    comment="Where people's properties differ from the plan, by file, day, source and kind",
)

known_events = Table(
    "tracking_known",
    metadata,
    Column("event", String(255), primary_key=True),
    Column("first_us", BigInteger, nullable=False, comment="when the check first met it"),
    comment="Names of events that were met at least once",
)

alerts = Table(
    "tracking_alerts",
    metadata,
    Column("alert_id", BigId, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False, comment="new_event, vanished or type_changed"),
    Column("event", String(255), nullable=False),
    Column("property", String(255), nullable=False),
    Column("state", String(16), nullable=False, index=True, comment="open, acknowledged, muted or resolved"),
    Column("detail_json", Text, nullable=False, comment="the numbers that raised it"),
    Column("raised_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False, comment="who changed its state last"),
    comment="Alerts about events: new, vanished, changed",
)

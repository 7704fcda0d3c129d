"""Tables of reconciliations. Orders stand in them by number and amount, without their buyers."""

from sqlalchemy import BigInteger, Column, Float, Integer, String, Table, Text

from weaktie.store.database.tables import metadata

reconciliations = Table(
    "reconciliations",
    metadata,
    Column("rec_id", String(40), primary_key=True),
    Column("kind", String(16), nullable=False, comment="export, source or number"),
    Column("name", String(255), nullable=False, comment="of the file, the source or the system"),
    Column("zone", String(64), nullable=False, comment="of the business days"),
    Column("from_day", Integer),
    Column("to_day", Integer),
    Column("accuracy", Float, comment="share of orders that agree; null for a number"),
    Column("differing", BigInteger, nullable=False, comment="orders that differ, or what stays unexplained"),
    Column("result_json", Text, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("created_us", BigInteger, nullable=False, index=True),
    comment="Comparisons with another system, as they came out",
)

reconciliation_orders = Table(
    "reconciliation_orders",
    metadata,
    Column("rec_id", String(40), primary_key=True),
    Column("order_id", String(255), primary_key=True),
    Column("reason", String(32), nullable=False),
    Column(
        "day",
        Integer,
        nullable=False,
        index=True,
        comment="our business day, or theirs where it is missing here",
    ),
    Column("their_day", Integer),
    Column("currency", String(3)),
    Column("our_minor", BigInteger),
    Column("their_minor", BigInteger),
    Column("our_refunded_minor", BigInteger),
    Column("their_refunded_minor", BigInteger),
    Column("our_status", String(16)),
    Column("their_status", String(16)),
    comment="Orders that a reconciliation found to differ, with the reason",
)

"""What people declared to be the shop's own doing."""

from sqlalchemy import BigInteger, Column, Index, String, Table

from weaktie.store.database.tables import metadata

marks = Table(
    "quality_marks",
    metadata,
    Column("mark_id", String(40), primary_key=True),
    Column("kind", String(16), nullable=False, comment="person, order_prefix, product or coupon"),
    Column("alias_no", BigInteger, comment="the identifier by which a person was named"),
    Column("value", String(200), comment="prefix, product or coupon; null for a person"),
    Column("note", String(200), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("ended_us", BigInteger, comment="null while it holds"),
    Column("ended_by", String(64)),
    Index("ix_quality_marks_alias_no", "alias_no"),
    comment="The shop's own people and test orders: left out of figures while a mark holds",
)

"""Tables of boards."""

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from weaktie.store.database.tables import metadata

boards = Table(
    "boards",
    metadata,
    Column("board_id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("owner", String(64), nullable=False, index=True),
    Column("access", String(16), nullable=False, comment="own, view or edit: what everybody else may"),
    Column("version", Integer, nullable=False, comment="the one that counts"),
    Column("created_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("archived_us", BigInteger, comment="null while it is in use"),
    comment="Boards that people made",
)

board_versions = Table(
    "board_versions",
    metadata,
    Column("board_id", String(40), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("tiles_json", Text, nullable=False, comment="its tiles in their order, with their sizes"),
    Column("made_us", BigInteger, nullable=False),
    Column("made_by", String(64), nullable=False),
    comment="Every version of a board",
)

"""Tables of the vault. Every `wrapped` or `sealed` value is version 1 + key id 4 + nonce 12 + AES-256-GCM."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table

from weaktie.store.database.tables import metadata

vault_master = Table(
    "vault_master",
    metadata,
    Column("master_id", Integer, primary_key=True, autoincrement=False, comment="always 1"),
    Column("fingerprint", String(64), nullable=False, comment="tells the right master key from a wrong one"),
    comment="Which master key this database belongs to; never the key",
)

vault_keys = Table(
    "vault_keys",
    metadata,
    Column("alias_no", BigInteger, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=False, comment="the identifier's data key under the master key"),
    comment="One key for each identifier that has sealed values; destroying it is the erasure",
)

vault_items = Table(
    "vault_items",
    metadata,
    Column("alias_no", BigInteger, primary_key=True, autoincrement=False),
    Column("field", String(32), primary_key=True, comment="nickname, phone, email, address …"),
    Column("sealed", LargeBinary, nullable=False),
    comment="Personal values, each sealed under its identifier's key",
)

vault_day_keys = Table(
    "vault_day_keys",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False, comment="UTC day since 1970"),
    Column("wrapped", LargeBinary, nullable=False),
    comment="Keys of the log's days; destroyed together with the day's segments",
)

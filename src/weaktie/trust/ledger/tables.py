"""Tables of the ledger."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, text

from weaktie.store.database.tables import BigId, metadata

ledger_accounts = Table(
    "ledger_accounts",
    metadata,
    Column("account_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(200), nullable=False, unique=True, comment="kind, owner and unit in one text"),
    Column("kind", String(16), nullable=False),
    Column("owner", String(80), nullable=False, comment="the only place that names a person: p and a number"),
    Column("unit", String(80), nullable=False),
    Column("seal", String(64), nullable=False, comment="SHA-256 of the name and the salt; part of the chain"),
    Column("salt", String(32), comment="destroyed with the owner when the person is erased"),
    Column("opened_us", BigInteger, nullable=False),
    Column("erased_us", BigInteger),
    Index("ix_ledger_accounts_owner", "owner"),
    Index("ix_ledger_accounts_kind_unit", "kind", "unit"),
    comment="Accounts of the ledger",
)

ledger_balances = Table(
    "ledger_balances",
    metadata,
    Column("account_id", BigInteger, primary_key=True, autoincrement=False),
    Column("posted", BigInteger, nullable=False),
    Column("pending_in", BigInteger, nullable=False),
    Column("pending_out", BigInteger, nullable=False),
    comment="What each account has: the sum of its entries, kept beside them and checked against them",
)

ledger_rows = Table(
    "ledger_rows",
    metadata,
    Column("row_no", BigInteger, primary_key=True, autoincrement=False, comment="without gaps, from 1"),
    Column("step", String(8), nullable=False, comment="post, hold, settle, void or reverse"),
    Column("kind", String(40), nullable=False, comment="what it was for"),
    Column("key_digest", String(64), nullable=False, unique=True, comment="SHA-256 of the idempotency key"),
    Column("content", String(64), nullable=False, comment="SHA-256 of what was asked under the key"),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False, comment="who did it; a person as @ and the number of an account"),
    Column("refers", BigInteger, comment="the row that is settled, voided or reversed"),
    Column("until_us", BigInteger, comment="when a hold ends by itself"),
    Column("reason", String(200), nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False, comment="SHA-256 of the row, its entries and memos, and the hash before"),
    Index(
        "ix_ledger_rows_refers", "refers",
        sqlite_where=text("refers IS NOT NULL"), postgresql_where=text("refers IS NOT NULL"),
    ),
    Index(
        "ix_ledger_rows_until_us", "until_us",
        sqlite_where=text("until_us IS NOT NULL"), postgresql_where=text("until_us IS NOT NULL"),
    ),
    comment="Transfers: append-only, a hash chain",
)  # fmt: skip

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("row_no", BigInteger, primary_key=True, autoincrement=False),
    Column(
        "place", Integer, primary_key=True, autoincrement=False, comment="two for each move: out, then in"
    ),
    Column("account_id", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False, comment="below zero leaves the account"),
    Index("ix_ledger_entries_account_id", "account_id", "row_no"),
    comment="Double entry: the amounts of each row sum to zero",
)

ledger_memos = Table(
    "ledger_memos",
    metadata,
    Column("row_no", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(32), primary_key=True),
    Column(
        "value", String(120), nullable=False, comment="an id; a person's as @ and the number of an account"
    ),
    Index("ix_ledger_memos_value", "value", "name", "row_no"),
    comment="What a transfer is about: orders, campaigns, templates",
)

ledger_head = Table(
    "ledger_head",
    metadata,
    Column("head", Integer, primary_key=True, autoincrement=False, comment="always 1"),
    Column("last_row", BigInteger, nullable=False),
    Column("last_hash", String(64), nullable=False),
    Column("last_account", BigInteger, nullable=False),
    comment="The end of the chain: shows a removed end, and serialises writers",
)

ledger_checks = Table(
    "ledger_checks",
    metadata,
    Column("check_id", BigId, primary_key=True, autoincrement=True),
    Column("at_us", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("ms", Integer, nullable=False),
    Column("problems_json", Text, nullable=False),
    comment="What checks of the whole ledger found",
)

ledger_budgets = Table(
    "ledger_budgets",
    metadata,
    Column("budget_id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("created_by", String(64), nullable=False),
    comment="Budgets by name; what they hold is on their accounts",
)

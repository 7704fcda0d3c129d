"""Tables of accounts. No table holds a password, a session token or a key in the clear."""

from sqlalchemy import BigInteger, Column, Index, String, Table

from weaktie.store.database.tables import BigId, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("email", String(254), nullable=False, unique=True, comment="lower case; what one signs in with"),
    Column("role", String(16), nullable=False),
    Column("password_hash", String(255), comment="argon2id; null until the invitation was used"),
    Column("created_us", BigInteger, nullable=False),
    Column("last_sign_in_us", BigInteger),
    Column("disabled_us", BigInteger),
    comment="People of the console",
)

account_links = Table(
    "account_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("kind", String(16), nullable=False, comment="setup or invitation"),
    Column("account_id", String(40), comment="whom the invitation is for"),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("used_us", BigInteger),
    comment="One-time links by which the first owner and invited people set a password",
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", String(40), nullable=False, index=True),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False, index=True),
    comment="Sign-ins that are valid now; a revoked one is deleted",
)

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("try_id", BigId, primary_key=True, autoincrement=True),
    Column("bucket", String(72), nullable=False, comment="account or ip, and a hash"),
    Column("at_us", BigInteger, nullable=False),
    Index("ix_sign_in_tries_bucket_at", "bucket", "at_us"),
    comment="Failed sign-ins of the last minutes, so that limits survive a restart",
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("kind", String(8), nullable=False, comment="write or read"),
    Column("name", String(120), nullable=False),
    Column(
        "hash",
        String(64),
        nullable=False,
        unique=True,
        comment="SHA-256 of the key, which has 192 random bits",
    ),
    Column("hint", String(12), nullable=False, comment="the first letters of the key"),
    Column("source_id", String(40), index=True, comment="the source a write key belongs to"),
    Column("created_us", BigInteger, nullable=False),
    Column("last_used_us", BigInteger, comment="to within ten minutes"),
    Column("revoked_us", BigInteger),
    comment="Keys of programs",
)

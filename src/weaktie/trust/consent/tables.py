"""Tables of consent."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from weaktie.store.database.tables import BigId, metadata

consent_receipts = Table(
    "consent_receipts",
    metadata,
    Column("receipt_id", BigId, primary_key=True, autoincrement=True),
    Column("alias_no", BigInteger, nullable=False),
    Column(
        "purpose",
        Integer,
        nullable=False,
        comment="one bit: 1, 2, 4, 8; 16 sensitive, 32 sharing, 64 guardian",
    ),
    Column("granted", Boolean, nullable=False),
    Column("basis", String(32), nullable=False, comment="own_choice, or the basis that was claimed"),
    Column("source_id", String(40)),
    Column("how", String(64), nullable=False, comment="console, api, event or import"),
    Column("at_us", BigInteger, nullable=False),
    Column(
        "notice_version", Integer, comment="the version of the text that was shown; null where there was none"
    ),
    Index("ix_consent_receipts_alias_purpose", "alias_no", "purpose"),
    comment="Every choice of a person; append-only, the latest of a purpose holds",
)

consent_blocks = Table(
    "consent_blocks",
    metadata,
    Column("lookup", String(96), primary_key=True, comment="kind#hmac: never a plain identifier"),
    Column("alias_no", BigInteger, nullable=False, index=True),
    Column("reason", String(16), nullable=False, comment="refused or erased"),
    Column("since_us", BigInteger, nullable=False),
    comment="Identifiers whose requests the door does not keep",
)

consent_changes = Table(
    "consent_changes",
    metadata,
    Column("name", String(16), primary_key=True, comment="always blocks"),
    Column("version", BigInteger, nullable=False),
    comment="Counts the changes of consent_blocks, so that the door can poll one number",
)

consent_notices = Table(
    "consent_notices",
    metadata,
    Column("subject", String(24), primary_key=True, comment="a purpose, or sensitive, sharing, guardian"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column(
        "state", String(16), nullable=False, comment="draft or published; a published version never changes"
    ),
    Column("title_zh", Text, nullable=False),
    Column("body_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("body_en", Text, nullable=False),
    Column("material", Boolean, nullable=False, comment="grants given to earlier versions count no more"),
    Column("created_us", BigInteger, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("published_us", BigInteger),
    Column("published_by", String(64)),
    comment="What people are told before they choose, every version",
)

consent_prompts = Table(
    "consent_prompts",
    metadata,
    Column("alias_no", BigInteger, primary_key=True, autoincrement=False),
    Column("purpose", Integer, primary_key=True, autoincrement=False),
    Column("last_us", BigInteger, nullable=False),
    Column("prompts", Integer, nullable=False),
    comment="When a shop was last told to ask somebody, so that nobody is asked too often",
)

consent_ages = Table(
    "consent_ages",
    metadata,
    Column("alias_no", BigInteger, primary_key=True, autoincrement=False),
    Column(
        "turns_14_day", Integer, nullable=False, comment="business day from which 14; rounded up to a month"
    ),
    Column(
        "turns_18_day", Integer, nullable=False, comment="business day from which 18; rounded up to a month"
    ),
    Column(
        "how",
        String(16),
        nullable=False,
        comment="stated, or flag: set by the shop and kept against statements",
    ),
    Column("at_us", BigInteger, nullable=False),
    comment="Who is a minor, as bands; adults only where the shop said so; birthdays are in the vault",
)

consent_links = Table(
    "consent_links",
    metadata,
    Column("link_id", String(40), primary_key=True),
    Column("alias_no", BigInteger, nullable=False, index=True),
    Column("made_by", String(64), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("opened", Integer, nullable=False),
    Column("revoked_us", BigInteger),
    comment="Personal links to the consent page; the signed token itself is not kept",
)

tag_objections = Table(
    "tag_objections",
    metadata,
    Column("alias_no", BigInteger, primary_key=True, autoincrement=False),
    Column("tag", String(64), primary_key=True),
    Column("how", String(64), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    comment="Tags that people deleted from themselves; they are never computed for them again",
)

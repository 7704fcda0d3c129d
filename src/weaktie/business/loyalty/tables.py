"""Tables of coupons and points. Who has how many lies on the ledger; these say which ones, and under what rules."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from weaktie.store.database.tables import metadata

coupon_templates = Table(
    "coupon_templates",
    metadata,
    Column("template_id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("terms_json", Text, nullable=False, comment="what it is worth and where; never changed"),
    Column("starts_us", BigInteger, nullable=False),
    Column("ends_us", BigInteger, nullable=False),
    Column("valid_days", Integer, nullable=False, comment="after the claim; 0 until ends_us"),
    Column("per_person", Integer, nullable=False, comment="0 without limit"),
    Column("pool", Boolean, nullable=False, comment="whether codes that are there before are given out"),
    Column("elsewhere", Boolean, nullable=False, comment="whether another shop system redeems it"),
    Column("budget_id", String(40), comment="what pays for what is taken off"),
    Column("state", String(8), nullable=False, comment="active, paused or ended"),
    Column("created_us", BigInteger, nullable=False),
    Column("created_by", String(64), nullable=False),
    comment="Kinds of coupons",
)

coupons = Table(
    "coupons",
    metadata,
    Column("coupon_id", String(40), primary_key=True),
    Column("template_id", String(40), nullable=False),
    Column("code", String(64), nullable=False, unique=True),
    Column("state", String(10), nullable=False),
    Column("alias_no", Integer, comment="whose it is; null for a free code and once the person is erased"),
    Column("expires_us", BigInteger, nullable=False),
    Column("claimed_us", BigInteger),
    Column("claim_id", String(40), unique=True, comment="the transfer that gave it out"),
    Column("order_id", String(128), comment="the order that holds or used it"),
    Column("off_minor", BigInteger),
    Column("reserved_until_us", BigInteger),
    Column("transfer_id", String(40), comment="the transfer that holds or redeemed it"),
    Column("turn", Integer, nullable=False, comment="how often it was reserved or redeemed"),
    Column("changed_us", BigInteger, nullable=False),
    Index("ix_coupons_template_id_state", "template_id", "state", "coupon_id"),
    Index("ix_coupons_alias_no", "alias_no"),
    Index("ix_coupons_order_id", "order_id"),
    Index("ix_coupons_state_expires_us", "state", "expires_us"),
    comment="Coupons and codes, each once",
)

points_rules = Table(
    "points_rules",
    metadata,
    Column("rule_id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("event", String(120), nullable=False),
    Column("points", Integer, nullable=False),
    Column("per_minor", BigInteger, nullable=False, comment="for each so many minor units; 0 for each event"),
    Column("currency", String(3), nullable=False),
    Column("most_a_day", Integer, nullable=False, comment="0 without cap"),
    Column("valid_days", Integer, nullable=False),
    Column("created_us", BigInteger, nullable=False, comment="events that were received before earn nothing"),
    Column("created_by", String(64), nullable=False),
    Column("ended_us", BigInteger),
    comment="How points are earned; a rule never changes, it ends",
)

points_reading = Table(
    "points_reading",
    metadata,
    Column("reading", Integer, primary_key=True, autoincrement=False, comment="always 1"),
    Column("version", BigInteger, nullable=False, comment="of the manifest up to which events were read"),
    comment="How far events were read for points",
)

points_goods = Table(
    "points_goods",
    metadata,
    Column("goods_id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("points", Integer, nullable=False, comment="for one piece"),
    Column("state", String(8), nullable=False, comment="active or paused"),
    Column("created_us", BigInteger, nullable=False),
    Column("created_by", String(64), nullable=False),
    comment="What points are redeemed for",
)

points_redemptions = Table(
    "points_redemptions",
    metadata,
    Column("redemption_id", String(40), primary_key=True),
    Column("goods_id", String(40), nullable=False, index=True),
    Column("alias_no", Integer, index=True, comment="null once the person is erased"),
    Column("pieces", Integer, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("state", String(10), nullable=False, comment="placed or cancelled"),
    Column("at_us", BigInteger, nullable=False),
    Column("transfer_id", String(40), nullable=False, unique=True),
    comment="Points that people gave for goods",
)

loyalty_shops = Table(
    "loyalty_shops",
    metadata,
    Column("shop_id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="its signing secret under the master key"),
    Column("sealed_before", LargeBinary, comment="the former secret, which counts until before_until_us"),
    Column("before_until_us", BigInteger),
    Column("created_us", BigInteger, nullable=False),
    Column("rotated_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Column("last_us", BigInteger),
    Column("accepted", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    comment="Shop systems that sign requests about coupons and points",
)

loyalty_nonces = Table(
    "loyalty_nonces",
    metadata,
    Column("shop_id", String(40), primary_key=True),
    Column("nonce", String(64), primary_key=True, comment="SHA-256 of what was signed"),
    Column("at_us", BigInteger, nullable=False, index=True),
    comment="Signed requests that were taken, so that none is taken twice",
)

"""What was seen of accounts that invite or were invited, the cases that were judged, and the rules."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, SmallInteger, String, Table, Text

from weaktie.store.database.tables import metadata

risk_accounts = Table(
    "risk_accounts",
    metadata,
    Column(
        "account_no", BigInteger, primary_key=True, autoincrement=False, comment="identifier of the account"
    ),
    Column("inviter_no", BigInteger, comment="identifier of who invited it"),
    Column("invited_us", BigInteger, comment="when the invitation was sent"),
    Column("registered_us", BigInteger, comment="when the account came to be"),
    Column("orders", Integer, nullable=False, comment="as of the last look into the lake"),
    Column("refunds", Integer, nullable=False),
    Column("ordered_us", BigInteger, comment="its first order"),
    Column("seen_us", BigInteger, comment="its last event of which analysis is granted"),
    Column("met_us", BigInteger, nullable=False, comment="when the row was made"),
    Index("ix_risk_accounts_inviter_no", "inviter_no", "registered_us"),
    Index("ix_risk_accounts_met_us", "met_us"),
    comment="Accounts that invite, were invited or claim a reward, with the figures by which they are judged",
)

risk_sightings = Table(
    "risk_sightings",
    metadata,
    Column("account_no", BigInteger, primary_key=True, autoincrement=False, comment="identifier of the account"),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False, comment="device, app id, ip, network, payout, address, phone"),
    Column("thing", String(32), primary_key=True, comment="keyed hash of what was seen; the value itself is not kept"),
    Column("at_us", BigInteger, nullable=False, comment="first time"),
    Index("ix_risk_sightings_thing", "kind", "thing", "at_us"),
    Index("ix_risk_sightings_at_us", "at_us"),
    comment="Which device, address or payout account was seen with which account, as keyed hashes",
)  # fmt: skip

risk_cases = Table(
    "risk_cases",
    metadata,
    Column("case_id", String(40), primary_key=True),
    Column("kind", String(16), nullable=False, comment="sign_up, invitation or reward"),
    Column("ref", String(128), nullable=False, comment="its name in the asker's books"),
    Column("account_no", BigInteger, comment="identifier of the account that is judged"),
    Column("inviter_no", BigInteger, comment="identifier of who invited it"),
    Column("at_us", BigInteger, nullable=False),
    Column("score", Float, nullable=False, comment="0 to 100"),
    Column("decision", String(8), nullable=False, comment="what the score said: pass, hold or refuse"),
    Column("reasons_json", Text, nullable=False, comment="code, words in both languages, points"),
    Column("rules_version", Integer, nullable=False),
    Column("verdict", String(8), comment="what a person decided; null while nobody has"),
    Column("note", String(500), nullable=False, comment="why, in the words of who decided"),
    Column("decided_by", String(64)),
    Column("decided_us", BigInteger),
    Column("appeal", String(1000), comment="what the account's owner says against a refusal"),
    Column("appealed_us", BigInteger),
    Column("appeal_until_us", BigInteger, comment="until when a refusal may be appealed against"),
    Index("ix_risk_cases_kind_ref", "kind", "ref", unique=True),
    Index("ix_risk_cases_account_no", "account_no"),
    Index("ix_risk_cases_inviter_no", "inviter_no"),
    Index("ix_risk_cases_at_us", "at_us", "case_id"),
    comment="Every sign-up, invitation and reward that was judged, why, and what people decided",
)

risk_rules = Table(
    "risk_rules",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("rules_json", Text, nullable=False, comment="points, low and high of every rule"),
    Column("note", String(200), nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    comment="Weights of the risk rules; the newest version holds",
)

risk_canaries = Table(
    "risk_canaries",
    metadata,
    Column("at_us", BigInteger, primary_key=True, autoincrement=False),
    Column("caught", Boolean, nullable=False, comment="whether the made-up farm was refused and the made-up honest account passed"),
    Column("score", Float, nullable=False, comment="of the made-up farm's account"),
    comment="Made-up cases by which the scorer is watched every hour",
)  # fmt: skip

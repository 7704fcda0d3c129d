"""Tables of referral. People stand here by identifier number; an erased person's number goes, the sums stay."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from weaktie.store.database.tables import metadata

campaigns = Table(
    "referral_campaigns",
    metadata,
    Column("campaign_id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("state", String(16), nullable=False, comment="draft, checked, running, paused or ended"),
    Column(
        "reason",
        String(32),
        nullable=False,
        comment="why it was paused by itself; empty where a person did it",
    ),
    Column("created_us", BigInteger, nullable=False, index=True),
    Column("created_by", String(64), nullable=False),
    Column("started_us", BigInteger),
    Column("ended_us", BigInteger),
    Column("granted", Integer, nullable=False, comment="friends' coupons given out, held against the stock"),
    Column("funded_minor", BigInteger, nullable=False, comment="what was moved to its account of the ledger"),
    comment="Referral campaigns; their rules are in referral_versions",
)

versions = Table(
    "referral_versions",
    metadata,
    Column("campaign_id", String(40), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("spec_json", Text, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("effective_us", BigInteger, comment="from when it holds; null while it was never launched"),
    Column(
        "worse_json",
        Text,
        nullable=False,
        comment="what it makes worse for participants: announced seven days before",
    ),
    comment="Every version of a campaign's rules; the highest whose time has come holds",
)

inviters = Table(
    "referral_inviters",
    metadata,
    Column("campaign_id", String(40), primary_key=True),
    Column("alias_no", Integer, primary_key=True, autoincrement=False),
    Column("first_us", BigInteger, nullable=False),
    comment="Who invites in a campaign; its row is locked while limits of that person are counted",
)

invitations = Table(
    "referral_invitations",
    metadata,
    Column("invitation_id", String(40), primary_key=True),
    Column("campaign_id", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column(
        "code",
        String(16),
        nullable=False,
        unique=True,
        comment="signed: a guessed one is told without a look here",
    ),
    Column("inviter", Integer, comment="null once the person was erased"),
    Column("channel", String(16), nullable=False),
    Column("day", Integer, nullable=False, comment="business day, for the daily limit"),
    Column("sent_us", BigInteger, nullable=False),
    Column(
        "request_key",
        String(80),
        unique=True,
        comment="the caller's key of the request, so that a repeat makes nothing",
    ),
    Column("opens", Integer, nullable=False),
    Column("first_open_us", BigInteger),
    Column("friends", Integer, nullable=False, comment="how many registered by it"),
    Index("ix_referral_invitations_inviter", "inviter", "campaign_id", "day"),
    Index("ix_referral_invitations_campaign", "campaign_id", "sent_us"),
    comment="Invitations that were sent",
)

touches = Table(
    "referral_touches",
    metadata,
    Column("invitation_id", String(40), primary_key=True),
    Column(
        "visitor",
        Integer,
        primary_key=True,
        autoincrement=False,
        comment="identifier of whoever opened it, often anonymous",
    ),
    Column("at_us", BigInteger, nullable=False),
    Index("ix_referral_touches_visitor", "visitor", "at_us"),
    comment="Who opened an invitation first when: the ground of attribution",
)

friends = Table(
    "referral_friends",
    metadata,
    Column("friend_id", String(40), primary_key=True),
    Column("campaign_id", String(40), nullable=False),
    Column("version", Integer, nullable=False, comment="the rules that hold for this friend"),
    Column("invitation_id", String(40), nullable=False, index=True),
    Column("inviter", Integer, index=True, comment="null once the person was erased"),
    Column(
        "friend", Integer, unique=True, comment="null once the person was erased; a person is brought once"
    ),
    Column("state", String(16), nullable=False, comment="registered, ordered, rewarded, refunded or refused"),
    Column("reason", String(32), nullable=False),
    Column("via", String(16), nullable=False, comment="open: first touch; code: given at registration"),
    Column("touched_us", BigInteger, nullable=False),
    Column("registered_us", BigInteger, nullable=False),
    Column("order_id", String(200)),
    Column("ordered_us", BigInteger),
    Column("ip_hash", String(64), nullable=False, comment="keyed hash"),
    Column("device_hash", String(64), nullable=False, comment="keyed hash"),
    Column("account_hash", String(64), nullable=False, comment="keyed hash of the payout account"),
    Index("ix_referral_friends_campaign", "campaign_id", "registered_us"),
    Index("ix_referral_friends_device", "device_hash"),
    comment="Who registered by an invitation, or was refused and why",
)

orders = Table(
    "referral_orders",
    metadata,
    Column("order_id", String(200), primary_key=True),
    Column("buyer", Integer, index=True, comment="null once the person was erased"),
    Column("friend_id", String(40), index=True),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("paid_us", BigInteger, nullable=False),
    Column("received_us", BigInteger, comment="when the goods came, where the shop says so"),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("counted", Boolean, nullable=False),
    Column("reason", String(32), nullable=False, comment="why it does not count"),
    comment="Orders that a shop reported to referral",
)

rewards = Table(
    "referral_rewards",
    metadata,
    Column("reward_id", String(40), primary_key=True),
    Column("campaign_id", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String(16), nullable=False, comment="friend, weak, inviter or bonus"),
    Column("payee", Integer, index=True, comment="null once the person was erased"),
    Column("friend_id", String(40), index=True, comment="null for a bonus"),
    Column("order_id", String(200)),
    Column("step", Integer, nullable=False, comment="the bonus's number of friends; else 0"),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("form", String(16), nullable=False, comment="coupon or cash"),
    Column("state", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column(
        "note", String(32), nullable=False, comment="what the tie changed: strong, weak, plain or no_graph"
    ),
    Column(
        "strength",
        String(12),
        nullable=False,
        comment="the tie's strength as it was known; empty where it was not",
    ),
    Column("transfer_id", String(64), comment="of the ledger; null while nothing could be set aside"),
    Column("posted_id", String(64), comment="of the ledger, once it was paid"),
    Column("due_us", BigInteger, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("decided_us", BigInteger),
    Column("score", Integer),
    Column("evidence_json", Text, nullable=False),
    Column("decided_by", String(64), nullable=False),
    Index("ix_referral_rewards_due", "state", "due_us"),
    Index("ix_referral_rewards_campaign", "campaign_id", "made_us"),
    comment="Rewards: each is one posting of the ledger",
)

offers = Table(
    "referral_offers",
    metadata,
    Column("offer_id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("product_id", String(200), nullable=False),
    Column("price_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("size", Integer, nullable=False, comment="people that a group needs, the initiator counted"),
    Column("hours", Integer, nullable=False),
    Column("stock", Integer, nullable=False, comment="pieces; 0 for no limit"),
    Column("sold", Integer, nullable=False, comment="pieces in groups that are open or succeeded"),
    Column("state", String(16), nullable=False, comment="draft, running or ended"),
    Column("made_us", BigInteger, nullable=False),
    Column("made_by", String(64), nullable=False),
    comment="Products that people may buy in groups",
)

groups = Table(
    "referral_groups",
    metadata,
    Column("group_id", String(40), primary_key=True),
    Column("offer_id", String(40), nullable=False, index=True),
    Column("size", Integer, nullable=False),
    Column("joined", Integer, nullable=False),
    Column("state", String(16), nullable=False, comment="open, succeeded or failed"),
    Column("opened_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Index("ix_referral_groups_state", "state", "expires_us"),
    comment="Groups that people opened",
)

members = Table(
    "referral_members",
    metadata,
    Column("order_id", String(200), primary_key=True),
    Column("group_id", String(40), nullable=False),
    Column("person", Integer, index=True, comment="null once the person was erased"),
    Column("initiator", Boolean, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("state", String(16), nullable=False, comment="paid, refund_due or refunded"),
    Column("joined_us", BigInteger, nullable=False),
    Column("refunded_us", BigInteger),
    UniqueConstraint("group_id", "person"),
    comment="Who is in a group, with the paid order",
)

hooks = Table(
    "referral_hooks",
    metadata,
    Column("hook_id", String(40), primary_key=True),
    Column("url", String(2000), nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="its secret under the master key"),
    Column("events_json", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("made_by", String(64), nullable=False),
    comment="Addresses of the shop that are told what happens in referral",
)

deliveries = Table(
    "referral_deliveries",
    metadata,
    Column("delivery_id", String(40), primary_key=True),
    Column("hook_id", String(40), nullable=False, index=True),
    Column("event", String(32), nullable=False),
    Column(
        "ref",
        String(40),
        nullable=False,
        comment="the friend, reward or group it is about: read anew when it is sent",
    ),
    Column("made_us", BigInteger, nullable=False),
    Column("state", String(16), nullable=False, comment="waiting, sent or failed"),
    Column("tries", Integer, nullable=False),
    Column("next_us", BigInteger, nullable=False),
    Column("error", String(64), nullable=False, comment="code of the last failure"),
    Index("ix_referral_deliveries_next", "state", "next_us"),
    comment="Messages to the shop, each sent until it was taken",
)

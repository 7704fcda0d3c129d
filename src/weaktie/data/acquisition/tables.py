"""Tables of acquisition. None holds anybody's data: opens are counted by day, costs by campaign."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from weaktie.store.database.tables import metadata

links = Table(
    "acquisition_links",
    metadata,
    Column("link_id", String(40), primary_key=True),
    Column("code", String(64), nullable=False, unique=True, comment="the end of its address, and what events carry"),
    Column("name", String(200), nullable=False, comment="by the naming rule that held when it was made"),
    Column("target_kind", String(16), nullable=False, comment="url or mini_program"),
    Column("target", String(2000), nullable=False),
    Column("channel", String(64), nullable=False, index=True),
    Column("medium", String(64), nullable=False),
    Column("campaign", String(200), nullable=False),
    Column("content", String(200), nullable=False),
    Column("creator", String(200), nullable=False, comment="who makes the content, as staff wrote it"),
    Column("note", String(500), nullable=False),
    Column("made_us", BigInteger, nullable=False, index=True),
    Column("made_by", String(64), nullable=False),
    Column("archived_us", BigInteger, comment="an archived link leads nowhere"),
    comment="Channel links: an address of ours that leads to the shop and says where somebody came from",
)  # fmt: skip

opens = Table(
    "acquisition_opens",
    metadata,
    Column("link_id", String(40), primary_key=True),
    Column("day", Integer, primary_key=True, comment="business day, days since 1970-01-01"),
    Column("opens", BigInteger, nullable=False),
    comment="How often a channel link was opened on a day; by whom is not kept",
)

naming_rules = Table(
    "acquisition_naming_rules",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=True),
    Column("template", String(400), nullable=False, comment="such as {channel}_{campaign}_{date}; empty lets any name pass"),
    Column("choices_json", Text, nullable=False, comment="allowed values by part; a part without any takes what fits"),
    Column("made_us", BigInteger, nullable=False),
    Column("made_by", String(64), nullable=False),
    comment="How channel links have to be named; the highest version holds",
)  # fmt: skip

channels = Table(
    "acquisition_channels",
    metadata,
    Column("channel", String(64), primary_key=True),
    Column("free", Integer, nullable=False, comment="1 where it is declared to cost nothing"),
    Column("made_us", BigInteger, nullable=False),
    Column("made_by", String(64), nullable=False),
    comment="What was declared about channels",
)

cost_batches = Table(
    "acquisition_cost_batches",
    metadata,
    Column("batch_id", String(40), primary_key=True),
    Column("state", String(16), nullable=False, comment="draft, applied or undone"),
    Column(
        "applied_no", Integer, nullable=False, comment="the order in which they were applied; 0 for a draft"
    ),
    Column("filename", String(255), nullable=False),
    Column("platform", String(32), nullable=False, comment="oceanengine, tencent or plain"),
    Column("columns_json", Text, nullable=False, comment="which column of the file is what"),
    Column("rows", Integer, nullable=False),
    Column("bad_json", Text, nullable=False, comment="lines that are left out, each with its reason"),
    Column("made_us", BigInteger, nullable=False, index=True),
    Column("made_by", String(64), nullable=False),
    Column("ended_us", BigInteger, comment="when it was undone"),
    Column("ended_by", String(64)),
    comment="Files of advertising costs",
)

costs = Table(
    "acquisition_costs",
    metadata,
    Column("batch_id", String(40), primary_key=True),
    Column("cost_key", String(420), primary_key=True, comment="platform and campaign, or channel and code"),
    Column("day", Integer, primary_key=True, comment="business day of the advertising platform"),
    Column("campaign", String(200), nullable=False),
    Column("channel", String(64), comment="null while a campaign has no channel"),
    Column("code", String(64)),
    Column("currency", String(3), nullable=False),
    Column("cost_minor", BigInteger, nullable=False, comment="minor units"),
    Column("impressions", BigInteger),
    Column("clicks", BigInteger),
    Column("conversions", BigInteger),
    Index("ix_acquisition_costs_day", "day"),
    comment="Costs by day and campaign; of a day and campaign the batch applied last counts",
)

campaign_channels = Table(
    "acquisition_campaign_channels",
    metadata,
    Column("platform", String(32), primary_key=True),
    Column("campaign", String(200), primary_key=True),
    Column("channel", String(64), nullable=False),
    Column("code", String(64)),
    Column("made_us", BigInteger, nullable=False),
    Column("made_by", String(64), nullable=False),
    comment="To which channel a campaign of an advertising platform belongs",
)

"""Rules of who is a KOC, predictions of reach, chosen seeds, and audiences of creators' contents."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text

from weaktie.store.database.tables import metadata

rules = Table(
    "influence_rules",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column(
        "rule_json", Text, nullable=False, comment="thresholds of reach and trust, and the cap of audiences"
    ),
    Column("made_by", String(64), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("restored_from", Integer, comment="the version that it repeats; null for an edit"),
    comment="Who is a KOC; the highest version holds, without any it is the plan's",
)

predictions = Table(
    "influence_predictions",
    metadata,
    Column("month", String(7), primary_key=True, comment="YYYY-MM that is predicted"),
    Column("alias_no", Integer, primary_key=True, autoincrement=False, comment="the creator"),
    Column("predicted", Float, nullable=False, comment="people whom they will reach in the month"),
    Column("pairs", Integer, nullable=False, comment="creator-months that the model was fitted on"),
    Column("made_us", BigInteger, nullable=False),
    comment="Predicted reach of creators, as it was when the month was first looked at",
)

plans = Table(
    "influence_plans",
    metadata,
    Column("plan_id", String(40), primary_key=True),
    Column("made_us", BigInteger, nullable=False, index=True),
    Column("made_by", String(64), nullable=False),
    Column("ask_json", Text, nullable=False, comment="budget, costs, model and who could be chosen"),
    Column("result_json", Text, nullable=False, comment="spreads with intervals by method; names nobody"),
    comment="Choices of seeds under a budget",
)

plan_people = Table(
    "influence_plan_people",
    metadata,
    Column("plan_id", String(40), primary_key=True),
    Column("alias_no", Integer, primary_key=True, autoincrement=False, index=True),
    Column("place", Integer, nullable=False, comment="in the order in which they were chosen, from 1"),
    Column("gain", Float, nullable=False, comment="people they add to those before them"),
    Column("alone", Float, nullable=False, comment="people they would reach by themselves"),
    Column("cost_minor", BigInteger, nullable=False),
    comment="The people of a choice of seeds",
)

audiences = Table(
    "influence_audiences",
    metadata,
    Column("audience_id", String(40), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("creator_alias_no", Integer, nullable=False, index=True),
    Column(
        "content_id", String(255), nullable=False, comment="empty where it is for no content in particular"
    ),
    Column("size", Integer, nullable=False, comment="when it was made"),
    Column("asked", Integer, nullable=False),
    Column("cap", Integer, nullable=False, comment="audiences that a person may be in within seven days"),
    Column("left_out_json", Text, nullable=False, comment="who was not taken, counted by reason"),
    Column("made_us", BigInteger, nullable=False, index=True),
    Column("made_by", String(64), nullable=False),
    comment="Friends of friends of a creator, chosen for a content",
)

audience_people = Table(
    "influence_audience_people",
    metadata,
    Column("audience_id", String(40), primary_key=True),
    Column("alias_no", Integer, primary_key=True, autoincrement=False),
    Column("place", Integer, nullable=False, comment="from 1, the likeliest first"),
    Column("score", Float, nullable=False, comment="chance that word comes by a mutual friend, 0 to 1"),
    Column("through_alias_no", Integer, index=True, comment="the likeliest mutual friend"),
    Column("ways", Integer, nullable=False, comment="mutual friends"),
    Column("made_us", BigInteger, nullable=False),
    Index("ix_influence_audience_people_alias", "alias_no", "made_us"),
    comment="Who is in which audience: what the cap counts",
)

turns = Table(
    "influence_turns",
    metadata,
    Column("turn_id", Integer, primary_key=True, autoincrement=False),
    Column("taken_us", BigInteger, nullable=False),
    comment="One row: audiences are made one after another, so that the cap holds",
)

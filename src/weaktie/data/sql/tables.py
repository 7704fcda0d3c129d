"""Tables of the SQL page: what was run, and what was saved. Results stand in files that are soon gone."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text

from weaktie.store.database.tables import metadata

sql_runs = Table(
    "sql_runs",
    metadata,
    Column("run_id", String(40), primary_key=True),
    Column("actor", String(64), nullable=False, index=True),
    Column("query_id", String(40), comment="the saved query that was run, null for one of the moment"),
    Column("sql", Text, nullable=False),
    Column("values_json", Text, nullable=False, comment="values of its parameters"),
    Column("state", String(16), nullable=False, comment="running, done, failed or cancelled"),
    Column("rows", BigInteger, comment="of the result as it was kept"),
    Column("cut", Boolean, nullable=False, comment="whether the result was longer than the limits"),
    Column("ms", Integer),
    Column("error_json", Text, comment="code, words and place of a failure"),
    Column("made_us", BigInteger, nullable=False, index=True),
    Column("ended_us", BigInteger),
    comment="Queries that people ran on the SQL page, without their results",
)

sql_queries = Table(
    "sql_queries",
    metadata,
    Column("query_id", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("owner", String(64), nullable=False, index=True),
    Column("shared", Boolean, nullable=False, comment="whether everybody may see and run it"),
    Column("version", Integer, nullable=False, comment="the one that counts"),
    Column("created_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("archived_us", BigInteger, comment="null while it is in use"),
    comment="Saved queries",
)

sql_query_versions = Table(
    "sql_query_versions",
    metadata,
    Column("query_id", String(40), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("sql", Text, nullable=False),
    Column(
        "values_json", Text, nullable=False, comment="values that its parameters have unless others are given"
    ),
    Column("chart_json", Text, nullable=False, comment="how its result is drawn"),
    Column("made_us", BigInteger, nullable=False),
    Column("made_by", String(64), nullable=False),
    comment="Every version of a saved query",
)

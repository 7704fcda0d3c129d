"""Tables of the shop's own tags: what they are and who was given which by hand (database), and computed values (lake)."""

import pyarrow as pa
from sqlalchemy import BigInteger, Column, Integer, String, Table, Text, UniqueConstraint

from weaktie.kit.words import Words
from weaktie.store.database.tables import BigId, metadata
from weaktie.store.lake.tables import Column as LakeColumn
from weaktie.store.lake.tables import LakeTable, register

CUSTOM_TAGS = register(
    LakeTable(
        "custom_tags",
        Words("自定义标签的值（SQL 与 Python 计算），每人每标签一行", "values of the shop's own tags that SQL and Python compute"),
        (
            LakeColumn("person_no", pa.int32(), Words("人的编号（最小的标识编号）", "number of the person: its smallest alias number")),
            LakeColumn("tag", pa.string(), Words("标签键", "key of the tag")),
            LakeColumn("version", pa.int32(), Words("标签定义的版本", "version of the tag's definition")),
            LakeColumn("as_of_day", pa.int32(), Words("计算基准日", "business day as of which it was computed")),
            LakeColumn("text", pa.string(), Words("文本值", "its value where it is a text")),
            LakeColumn("number", pa.float64(), Words("数值；是否类为 1 或 0", "its value where it is a number; 1 or 0 for yes and no")),
        ),
        sort=("tag", "person_no"),
        alias_columns=("person_no",),
    )
)  # fmt: skip

tags = Table(
    "tag_definitions",
    metadata,
    Column("key", String(64), primary_key=True, comment="begins with x_"),
    Column("kind", String(16), nullable=False, comment="sql, python or manual"),
    Column("name_zh", String(64), nullable=False),
    Column("name_en", String(64), nullable=False),
    Column("definition_zh", Text, nullable=False),
    Column("definition_en", Text, nullable=False),
    Column("unit_zh", String(16)),
    Column("unit_en", String(32)),
    Column("dimension", String(16), nullable=False),
    Column("dtype", String(8), nullable=False, comment="text, number or bool"),
    Column("sql", Text, nullable=False, comment="empty unless it is computed by SQL"),
    Column("owner", String(64), nullable=False, comment="who answers for it"),
    Column("version", Integer, nullable=False),
    Column("live_version", Integer, comment="whose values are read; null before the first back-fill"),
    Column("expires_us", BigInteger, comment="from then on nobody has it"),
    Column("made_us", BigInteger, nullable=False),
    Column("filled_us", BigInteger, comment="when its values were computed last"),
    Column("as_of_day", Integer),
    Column("error", Text, comment="JSON: what the last computation failed with"),
    Column("job_id", String(40), comment="of its last back-fill"),
    Column("dropped_us", BigInteger, comment="null while it is there"),
    comment="Tags that the shop made itself",
)

versions = Table(
    "tag_versions",
    metadata,
    Column("row_id", BigId, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("definition_json", Text, nullable=False, comment="names, definition, type and SQL"),
    Column("made_by", String(64), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    UniqueConstraint("key", "version"),
    comment="Every version of the shop's own tags",
)

marks = Table(
    "tag_marks",
    metadata,
    Column("mark_id", BigId, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False),
    Column("alias_no", Integer, nullable=False, index=True),
    Column("value", String(100), nullable=False),
    Column("how", String(8), nullable=False, comment="hand or file"),
    Column("set_by", String(64), nullable=False),
    Column("set_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    UniqueConstraint("key", "alias_no"),
    comment="Values that were set on people by hand or from a file",
)

words = Table(
    "tag_words",
    metadata,
    Column("word", String(64), primary_key=True),
    Column("added_by", String(64), nullable=False),
    Column("added_us", BigInteger, nullable=False),
    comment="Words that this workspace forbids in tags beside those of the house",
)

failures = Table(
    "tag_failures",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("file", String(255), nullable=False),
    Column("line", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    comment="What failed in the home's Python files of tags at the last build",
)

"""Tables of the graph: interactions by day, ties and people (lake); what builds did (database)."""

import pyarrow as pa
from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, Text

from weaktie.kit.words import Words
from weaktie.store.database.tables import metadata
from weaktie.store.lake.tables import Column as LakeColumn
from weaktie.store.lake.tables import LakeTable, register


def _c(name: str, dtype: pa.DataType, zh: str, en: str) -> LakeColumn:
    return LakeColumn(name, dtype, Words(zh, en))


_PURPOSES = _c(
    "purposes",
    pa.int16(),
    "可用于的目的：恒为 8（社交分析）",
    "purposes it may serve: always 8, social analysis",
)
_AS_OF = _c("as_of_day", pa.int32(), "计算基准日", "business day as of which it was computed")

TIE_DAY = register(
    LakeTable(
        "tie_day",
        Words(
            "每日互动：某标识当日对另一标识做了什么",
            "interactions by day: what one identifier did towards another",
        ),
        (
            _c("day", pa.int32(), "业务日期", "business day"),
            _c("src_no", pa.int32(), "行为人的标识编号", "identifier of who acted"),
            _c("dst_no", pa.int32(), "对方的标识编号", "identifier of whom it was done to"),
            _c(
                "kind",
                pa.string(),
                "互动类型：chat、share、open、invite 等",
                "kind: chat, share, open, invite and so on",
            ),
            _c("times", pa.int32(), "当日次数", "how often on the day"),
            _PURPOSES,
        ),
        alias_columns=("src_no", "dst_no"),
    )
)

TIES = register(
    LakeTable(
        "ties",
        Words("关系强度：互动过的每两人每方向一行", "strength of ties: a row for each direction of each two people in touch"),
        (
            _c("src", pa.int32(), "人的编号：分享的一方", "number of the person who shares"),
            _c("dst", pa.int32(), "人的编号：回应的一方", "number of the person who answers"),
            _AS_OF,
            _c("strength", pa.float32(), "关系强度 0–1：对方回应其分享的可能性", "how likely dst answers what src shares, 0 to 1"),
            _c("recency", pa.float32(), "近期性 0–1", "recency, 0 to 1"),
            _c("frequency_in", pa.float32(), "对方互动频次 0–1", "what dst did towards src, 0 to 1"),
            _c("frequency_out", pa.float32(), "主动互动频次 0–1", "what src did towards dst, 0 to 1"),
            _c("reciprocity", pa.float32(), "互惠性 0–1", "reciprocity, 0 to 1"),
            _c("embeddedness", pa.float32(), "嵌入性 0–1", "embeddedness, 0 to 1"),
            _c("channel", pa.float32(), "渠道 0–1", "channel, 0 to 1"),
            _c("common", pa.int32(), "共同好友数", "common neighbours"),
            _c("interactions", pa.int32(), "双方互动次数", "interactions of both"),
            _c("last_day", pa.int32(), "最近互动日；0 为仅有关系", "day of the last one; 0 where only a relation is known"),
            _c("kinds", pa.int32(), "互动类型（位）", "kinds seen, as bits"),
            _PURPOSES,
        ),
        alias_columns=("src", "dst"),
    )
)  # fmt: skip

TIE_PEOPLE = register(
    LakeTable(
        "tie_people",
        Words("社交图谱中的每个人", "everybody in the social graph"),
        (
            _c("person_no", pa.int32(), "人的编号", "number of the person"),
            _AS_OF,
            _c("community", pa.int32(), "社群编号", "number of the community"),
            _c("core", pa.int32(), "k 核数", "core number"),
            _c("degree", pa.int32(), "有关系的人数", "people in touch"),
            _c("clustering", pa.float32(), "聚集系数 0–1", "clustering coefficient, 0 to 1"),
            _c("bridge", pa.float32(), "桥接度 0–1：通向其他社群的强度", "bridge, 0 to 1: strength that leads into other communities"),
            _PURPOSES,
        ),
        alias_columns=("person_no",),
    )
)  # fmt: skip

builds = Table(
    "tie_builds",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("built_us", BigInteger, nullable=False),
    Column("as_of_day", Integer, nullable=False, comment="business day as of which it was computed"),
    Column(
        "version", BigInteger, nullable=False, comment="version of the lake whose interactions are counted"
    ),
    Column("whole", Boolean, nullable=False, comment="whether weights and communities were computed anew"),
    Column("inputs_hash", Text, nullable=False, comment="of all that went in; equal means nothing to do"),
    Column("weights_json", Text, nullable=False, comment="what each part counts, and how that was learned"),
    Column(
        "figures_json", Text, nullable=False, comment="people, ties, distributions, left out, seconds by step"
    ),
    comment="Builds of the social graph; the highest number is the one that is read",
)

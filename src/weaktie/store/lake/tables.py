"""The tables of the lake: names, columns, meaning. Times are UTC, `day` is the business day, money in minor units."""

from dataclasses import dataclass

import pyarrow as pa

from weaktie.kit.words import Words

TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its Arrow type and what it means."""

    name: str
    dtype: pa.DataType
    doc: Words


@dataclass(frozen=True, slots=True)
class LakeTable:
    """One table; `sort` is the order of rows in its files, `alias_columns` are the columns that point at people, `counts` says
    that its int32 columns are mostly small counts, which a dictionary of them makes several times quicker to read.

    Properties of `open_column` (JSON) may be promoted to typed columns, for all rows or those of one `kind_column`.
    """

    name: str
    doc: Words
    columns: tuple[Column, ...]
    sort: tuple[str, ...] = ()
    alias_columns: tuple[str, ...] = ("alias_no",)
    open_column: str = ""
    kind_column: str = ""
    counts: bool = False

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema that every file of the table has; promoted columns come beside it."""
        return pa.schema([(c.name, c.dtype) for c in self.columns])


def _c(name: str, dtype: pa.DataType, zh: str, en: str) -> Column:
    return Column(name, dtype, Words(zh, en))


_EVENT_ID = _c(
    "event_id",
    pa.string(),
    "事件或行的唯一 id，去重依据",
    "unique id of the event or row; duplicates are told by it",
)
_ALIAS = _c(
    "alias_no",
    pa.int32(),
    "标识编号，经用户关联映射到人",
    "number of the identifier, mapped to a person by identity",
)
_DAY = _c(
    "day",
    pa.int32(),
    "业务日期（自 1970-01-01 的天数，工作区时区）",
    "business day, days since 1970-01-01 in the workspace's zone",
)
_SOURCE = _c("source", pa.string(), "数据源 id", "id of the source")
_SHOP = _c("shop_id", pa.string(), "店铺 id", "id of the shop or brand")
_PURPOSES = _c(
    "purposes",
    pa.int16(),
    "可用于的目的（位：1 分析 2 个性化 4 营销 8 社交分析）",
    "purposes it may serve (bits: 1 analytics 2 personalisation 4 marketing 8 social)",
)
_CURRENCY = _c("currency", pa.string(), "货币（ISO 4217）", "currency (ISO 4217)")
_VERSION = _c(
    "version_time",
    TIME,
    "版本时间；同一 id 以最新版本为准",
    "time of this version; the latest version of an id counts",
)

EVENTS = LakeTable(
    "events",
    Words("用户行为事件", "what people did"),
    (
        _EVENT_ID,
        _c("event", pa.string(), "事件名", "name of the event"),
        _ALIAS,
        _c(
            "anon_alias_no",
            pa.int32(),
            "同时出现的匿名标识编号",
            "number of the anonymous id that came beside a login",
        ),
        _SHOP,
        _c(
            "session_id",
            pa.string(),
            "会话 id，缺失时按 30 分钟无活动切分",
            "session; where missing it is cut at 30 idle minutes",
        ),
        _c("event_time", TIME, "校正后的发生时间", "when it happened, corrected for the client's clock"),
        _c("client_time", TIME, "客户端所报时间", "the time that the client wrote"),
        _c("received_time", TIME, "服务器接收时间", "when the server took it"),
        _DAY,
        _c("log_partition", pa.int32(), "日志分区；导入的为 -1", "partition of the log; -1 for imports"),
        _c(
            "log_record",
            pa.int64(),
            "日志记录号；导入的为行号",
            "record number in the log; the line for imports",
        ),
        _c("log_index", pa.int32(), "在请求中的序号", "index within the request"),
        _SOURCE,
        _c(
            "platform",
            pa.string(),
            "平台：web、iOS、Android、mini_program、server",
            "platform: web, iOS, Android, mini_program, server",
        ),
        _c("app_version", pa.string(), "应用版本", "version of the app"),
        _c(
            "channel",
            pa.string(),
            "渠道，由 UTM、来源与场景推出",
            "channel, by rule from UTM, referrer and scene",
        ),
        _c("content_id", pa.string(), "内容 id", "content"),
        _c("product_id", pa.string(), "商品 id", "product"),
        _c("order_id", pa.string(), "订单号", "order"),
        _c("sharer_alias_no", pa.int32(), "分享人的标识编号", "identifier of the person who shared"),
        _c("amount_minor", pa.int64(), "金额（最小货币单位）", "amount in minor units"),
        _CURRENCY,
        _PURPOSES,
        _c(
            "flags",
            pa.int16(),
            "标记（位：1 时间被校正 2 同 id 不同内容 4 迟到 8 文件中完全相同的重复行 128 只有打码或加密的标识）",
            "flags (bits: 1 time corrected 2 same id, other payload 4 late 8 further exact copy of a line of a file "
            "128 named by a masked or encrypted value alone)",
        ),
        _c(
            "properties",
            pa.string(),
            "其余属性（JSON，不含个人信息）",
            "the other properties as JSON, without personal data",
        ),
    ),
    sort=("alias_no", "event_time"),
    alias_columns=("alias_no", "anon_alias_no", "sharer_alias_no"),
    open_column="properties",
    kind_column="event",
)

ORDERS = LakeTable(
    "orders",
    Words("订单的各个版本", "versions of orders"),
    (
        _EVENT_ID,
        _c("order_id", pa.string(), "订单号", "order number"),
        _ALIAS,
        _SHOP,
        _c("paid_time", TIME, "付款时间", "when it was paid"),
        _DAY,
        _c(
            "amount_minor",
            pa.int64(),
            "实付金额（最小货币单位，退款与取消为负）",
            "amount paid in minor units, negative for refunds and cancellations",
        ),
        _CURRENCY,
        _c("channel", pa.string(), "渠道", "channel"),
        _c("referrer_alias_no", pa.int32(), "带来订单的人", "identifier of the person who referred"),
        _c("coupon_id", pa.string(), "优惠券", "coupon"),
        _c(
            "status",
            pa.string(),
            "状态：paid、refunded、cancelled、adjustment",
            "status: paid, refunded, cancelled, adjustment",
        ),
        _c(
            "refunded_minor",
            pa.int64(),
            "其中已退款金额",
            "part of the amount that was refunded, in minor units",
        ),
        _c("items", pa.int32(), "商品行数", "number of lines"),
        _VERSION,
        _SOURCE,
        _PURPOSES,
    ),
    sort=("alias_no", "paid_time"),
    alias_columns=("alias_no", "referrer_alias_no"),
)

ORDER_ITEMS = LakeTable(
    "order_items",
    Words("订单商品行", "lines of orders"),
    (
        _EVENT_ID,
        _c("order_id", pa.string(), "订单号", "order number"),
        _c("line_no", pa.int32(), "行号，从 1 开始", "line, from 1"),
        _ALIAS,
        _DAY,
        _c("product_id", pa.string(), "商品 id", "product"),
        _c("name", pa.string(), "商品名称", "name of the product at the time"),
        _c("quantity", pa.int64(), "件数，退货为负", "pieces, negative for returns"),
        _c("amount_minor", pa.int64(), "行金额（最小货币单位）", "amount of the line in minor units"),
        _CURRENCY,
        _VERSION,
        _SOURCE,
        _PURPOSES,
    ),
    sort=("order_id", "line_no"),
)

PRODUCTS = LakeTable(
    "products",
    Words("商品", "products"),
    (
        _EVENT_ID,
        _c("product_id", pa.string(), "商品 id", "product"),
        _c("name", pa.string(), "名称", "name"),
        _c("category", pa.string(), "类目", "category"),
        _c("brand", pa.string(), "品牌", "brand"),
        _c("price_minor", pa.int64(), "价格（最小货币单位）", "price in minor units"),
        _CURRENCY,
        _SHOP,
        _c("stock", pa.int64(), "库存", "pieces in stock"),
        _c("created_time", TIME, "上架时间", "when it was first on sale"),
        _VERSION,
        _SOURCE,
    ),
    alias_columns=(),
)

CONTENTS = LakeTable(
    "contents",
    Words("内容：短视频、笔记、直播", "contents: short videos, notes, live streams"),
    (
        _EVENT_ID,
        _c("content_id", pa.string(), "内容 id", "content"),
        _c("title", pa.string(), "标题", "title"),
        _c("body", pa.string(), "正文", "text"),
        _c("kind", pa.string(), "类型", "kind"),
        _c("topics", pa.string(), "话题（JSON 数组）", "topics, a JSON list"),
        _c("creator_alias_no", pa.int32(), "创作者的标识编号", "identifier of the creator"),
        _c("product_ids", pa.string(), "关联商品（JSON 数组）", "linked products, a JSON list"),
        _c("published_time", TIME, "发布时间", "when it was published"),
        _VERSION,
        _SOURCE,
    ),
    alias_columns=("creator_alias_no",),
)

USERS = LakeTable(
    "users",
    Words("用户属性的各个版本（不含个人信息）", "versions of user properties, without personal data"),
    (
        _EVENT_ID,
        _ALIAS,
        _c("registered_time", TIME, "注册时间", "when the person registered"),
        _c("channel", pa.string(), "获客渠道", "channel of acquisition"),
        _c("gender", pa.string(), "性别", "gender"),
        _c("age_band", pa.string(), "年龄段", "age band"),
        _c("province", pa.string(), "省份", "province"),
        _c("city", pa.string(), "城市", "city"),
        _c("traits", pa.string(), "其余属性（JSON）", "other properties as JSON"),
        _DAY,
        _VERSION,
        _SOURCE,
        _PURPOSES,
    ),
    sort=("alias_no",),
)

RELATIONS = LakeTable(
    "relations",
    Words("社交关系", "social relations"),
    (
        _EVENT_ID,
        _c("src_alias_no", pa.int32(), "发起人", "from"),
        _c("dst_alias_no", pa.int32(), "对方", "to"),
        _c(
            "kind",
            pa.string(),
            "类型：friend、follow、group、invite 等",
            "kind: friend, follow, group, invite and so on",
        ),
        _c("time", TIME, "时间", "when"),
        _DAY,
        _c("weight", pa.float64(), "权重", "weight"),
        _SOURCE,
        _PURPOSES,
    ),
    sort=("src_alias_no",),
    alias_columns=("src_alias_no", "dst_alias_no"),
)

TABLES: dict[str, LakeTable] = {
    t.name: t for t in (EVENTS, ORDERS, ORDER_ITEMS, PRODUCTS, CONTENTS, USERS, RELATIONS)
}


def register(table: LakeTable) -> LakeTable:
    """Add a derived table (user_day, user_tags …) that a capability declares in its own tables.py."""
    assert TABLES.setdefault(table.name, table) is table, f"{table.name} is declared twice"
    return table

"""Indicators with their definitions, and the overview that is made of them."""

from dataclasses import dataclass

from weaktie.kit.words import Words


@dataclass(frozen=True, slots=True)
class Definition:
    """What a number means: the same text wherever it is shown."""

    words: Words
    definition: Words


DEFINITIONS: dict[str, Definition] = {
    "users": Definition(
        Words("用户数", "Users"),
        Words(
            "经用户关联合并后的人数：登录用户与匿名访客，不含已删除的人；手机号、邮箱不单独计数。",
            "People after identity merging: signed-in users and anonymous visitors, without erased people; a phone or "
            "e-mail alone is not counted.",
        ),
    ),
    "orders": Definition(
        Words("订单数", "Orders"),
        Words(
            "不同订单号的数量，含已取消与已退款的订单；同一订单取最新版本。",
            "Distinct order numbers, cancelled and refunded ones included; the latest version of an order counts.",
        ),
    ),
    "gmv": Definition(
        Words("净成交额", "Net sales"),
        Words(
            "所有订单实付金额减退款之和，取消单为负；按货币分别汇总，不作换算。",
            "Amounts paid minus refunds over all orders, cancellations negative; by currency, without conversion.",
        ),
    ),
    "events_total": Definition(
        Words("事件数", "Events"),
        Words(
            "入湖事件总数，重复上报只计一次。",
            "Events in the lake; one that was sent several times counts once.",
        ),
    ),
    "events_per_minute": Definition(
        Words("每分钟事件数", "Events a minute"),
        Words(
            "按服务器接收时间统计的入湖事件数。",
            "Events that entered the lake, by the minute at which the server took them.",
        ),
    ),
    "active_users": Definition(
        Words("活跃用户", "Active users"),
        Words(
            "当日有任意事件的人数（工作区时区）。",
            "People with any event on the day, in the workspace's zone.",
        ),
    ),
    "dead_letters": Definition(
        Words("异常数据", "Dead letters"),
        Words(
            "因校验不通过而未入湖、尚未修复或搁置的事件数，原文与原因可查。",
            "Events that could not be stored and are neither mended nor put aside; each is kept with its reason.",
        ),
    ),
    "lag": Definition(
        Words("待处理请求", "Requests waiting"),
        Words(
            "已确认接收、尚未入湖的请求数。", "Requests that were acknowledged and are not in the lake yet."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Sales:
    """Orders and money of one day and currency."""

    day: int
    orders: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What the lake holds, as of one snapshot."""

    made_us: int
    lake_version: int
    lake_us: int | None
    users: int
    orders: int
    gmv: list[tuple[int, str]]
    events: int
    sales_by_day: list[Sales]
    active_by_day: list[tuple[int, int]]
    top_events: list[tuple[str, int]]

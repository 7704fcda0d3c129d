"""消费能力: orders as they stand, in each person's main currency."""

import narwhals as nw

from weaktie.data.profiles.tags import Aggregate, Dimension, Tag, counted, days_since, of, ratio
from weaktie.kit.words import Words

ORDERS = Aggregate("orders", "sum", "counted")
SPEND = Aggregate("orders", "sum", "net_main_minor")
SPEND_30 = Aggregate("orders", "sum", "net_main_minor", 30)
COUNTED_MAIN = Aggregate("orders", "sum", "counted_main")
SPEND_COUNTED = Aggregate("orders", "sum", "counted_main_minor")
ORDERS_90 = Aggregate("orders", "sum", "counted", 90)
FIRST_ORDER_DAY = Aggregate("orders", "min", "counted_day")
LAST_ORDER_DAY = Aggregate("orders", "max", "counted_day")
UNDONE = Aggregate("orders", "sum", "undone")
ALL_ORDERS = Aggregate("orders", "sum", "one")
COUPONS = Aggregate("orders", "sum", "counted_coupon")
CURRENCY = Aggregate("orders", "max", "main_currency")

HIGH_QUALITY_MINOR = 500_00
PIECES = Words("单", "orders")
DAYS = Words("天", "days")
MONEY_BOUNDS = (0, 100_00, 500_00, 1_000_00, 5_000_00)


def _interval(_as_of_day: int) -> nw.Expr:
    span = (LAST_ORDER_DAY.value - FIRST_ORDER_DAY.value).cast(nw.Float64)
    return nw.when(ORDERS.value >= 2).then(span / (ORDERS.value - 1).cast(nw.Float64))


def _high_quality(_as_of_day: int) -> nw.Expr:
    return nw.when(CURRENCY.value == "CNY").then(SPEND_30.count >= HIGH_QUALITY_MINOR)


def _average(_as_of_day: int) -> nw.Expr:
    return nw.when(COUNTED_MAIN.value > 0).then(SPEND_COUNTED.value // COUNTED_MAIN.value)


TAGS = (
    Tag(
        "main_currency", Words("主要货币", "Main currency"),
        Words("成交订单最多的货币；金额类标签均为该货币", "The currency of most orders; tags of money are in it"),
        Dimension.SPENDING, "text", (CURRENCY,), of(CURRENCY),
    ),
    Tag(
        "orders_total", Words("累计成交订单数", "Orders in all"),
        Words("已付款且未取消、未全额退款的订单数", "Orders paid and neither cancelled nor wholly refunded"),
        Dimension.SPENDING, "int", (ORDERS,), counted(ORDERS), unit=PIECES, bounds=(0, 1, 2, 5, 10),
    ),
    Tag(
        "spend_total", Words("累计消费金额", "Spend in all"),
        Words("净消费金额：付款减退款与取消（主要货币）", "Paid less refunds and cancellations, main currency"),
        Dimension.SPENDING, "money", (SPEND,), counted(SPEND), bounds=MONEY_BOUNDS,
    ),
    Tag(
        "spend_30d", Words("近 30 天消费金额", "Spend, 30 days"),
        Words("近 30 天净消费金额（主要货币）", "Net spend of the last 30 days, main currency"),
        Dimension.SPENDING, "money", (SPEND_30,), counted(SPEND_30), window_days=30, bounds=MONEY_BOUNDS,
    ),
    Tag(
        "orders_90d", Words("近 90 天成交订单数", "Orders, 90 days"),
        Words("近 90 天的成交订单数", "Orders that count in the last 90 days"),
        Dimension.SPENDING, "int", (ORDERS_90,), counted(ORDERS_90), unit=PIECES, window_days=90, bounds=(0, 1, 2, 5),
    ),
    Tag(
        "average_order", Words("客单价", "Average order value"),
        Words("成交订单净额 ÷ 成交订单数（主要货币，向下取整到分）", "Net of orders that count ÷ their number, main currency"),
        Dimension.SPENDING, "money", (SPEND_COUNTED, COUNTED_MAIN), _average, bounds=MONEY_BOUNDS[1:],
    ),
    Tag(
        "days_since_order", Words("距最近成交天数", "Days since last order"),
        Words("从最近一次成交到基准日的天数", "Days from the last order that counts to the as-of day"),
        Dimension.SPENDING, "int", (LAST_ORDER_DAY,), days_since(LAST_ORDER_DAY), unit=DAYS, bounds=(7, 15, 30, 60, 90),
    ),
    Tag(
        "order_interval", Words("平均复购间隔", "Mean days between orders"),
        Words("首末两次成交相隔天数 ÷（成交订单数 − 1）", "Days between first and last order ÷ (orders − 1)"),
        Dimension.SPENDING, "float", (FIRST_ORDER_DAY, LAST_ORDER_DAY, ORDERS), _interval,
        unit=DAYS, bounds=(7, 15, 30, 60),
    ),
    Tag(
        "refund_rate", Words("退款取消率", "Refund rate"),
        Words("有退款或被取消的订单 ÷ 全部订单", "Orders refunded or cancelled ÷ all orders"),
        Dimension.SPENDING, "float", (UNDONE, ALL_ORDERS), ratio(UNDONE, ALL_ORDERS),
        bounds=(0, 0.05, 0.1, 0.3), share=True,
    ),
    Tag(
        "coupon_rate", Words("用券率", "Coupon rate"),
        Words("使用优惠券的成交订单 ÷ 成交订单", "Orders with a coupon ÷ orders that count"),
        Dimension.SPENDING, "float", (COUPONS, ORDERS), ratio(COUPONS, ORDERS),
        bounds=(0, 0.25, 0.5, 0.75), share=True,
    ),
    Tag(
        "high_quality", Words("高质量用户", "High-quality user"),
        Words("近 30 天净消费不低于 ¥500（仅人民币用户）", "Net spend of at least ¥500 in the last 30 days (CNY only)"),
        Dimension.SPENDING, "bool", (SPEND_30, CURRENCY), _high_quality, window_days=30,
    ),
)  # fmt: skip

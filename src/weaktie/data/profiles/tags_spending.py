"""消费能力: orders as they stand, in each person's main currency."""

import narwhals as nw

from weaktie.data.profiles.tags import Aggregate, Dimension, Tag, counted, days_since, of, ratio, within
from weaktie.data.profiles.tags_basic import REGISTERED_DAY
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
LARGEST = Aggregate("orders", "max", "counted_main_minor")
GROSS = Aggregate("orders", "sum", "gross_main_minor")
REFUNDED = Aggregate("orders", "sum", "refunded_main_minor")
WEEKEND = Aggregate("orders", "sum", "counted_weekend")
REFERRED = Aggregate("orders", "sum", "counted_referred")
BOUGHT_90 = Aggregate("user_day", "sum", "orders", 90)
SEEN_90 = Aggregate("user_day", "sum", "product_views", 90)

HIGH_QUALITY_MINOR = 500_00
PIECES = Words("单", "orders")
DAYS = Words("天", "days")
MONEY_BOUNDS = (0, 100_00, 500_00, 1_000_00, 5_000_00)


def _interval(_as_of_day: int) -> nw.Expr:
    span = (LAST_ORDER_DAY.value - FIRST_ORDER_DAY.value).cast(nw.Float64)
    return nw.when(ORDERS.value >= 2).then(span / (ORDERS.value - 1).cast(nw.Float64))


def _overdue(as_of_day: int) -> nw.Expr:
    span = (LAST_ORDER_DAY.value - FIRST_ORDER_DAY.value).cast(nw.Float64)
    since = nw.max_horizontal(nw.lit(as_of_day) - LAST_ORDER_DAY.value, nw.lit(0)).cast(nw.Float64)
    mean = span / (ORDERS.value - 1).cast(nw.Float64)
    return nw.when((ORDERS.value >= 2) & (span > 0)).then(since / mean)


def _to_first_order(_as_of_day: int) -> nw.Expr:
    known = ~REGISTERED_DAY.value.is_null() & ~FIRST_ORDER_DAY.value.is_null()
    return nw.when(known).then(nw.max_horizontal(FIRST_ORDER_DAY.value - REGISTERED_DAY.value, nw.lit(0)))


def _largest(_as_of_day: int) -> nw.Expr:
    return nw.when(COUNTED_MAIN.value > 0).then(LARGEST.value)


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
        Dimension.SPENDING, "money", (SPEND_30,), counted(SPEND_30), window_days=30, bounds=MONEY_BOUNDS, quantity="spend_total",
    ),
    Tag(
        "orders_90d", Words("近 90 天成交订单数", "Orders, 90 days"),
        Words("近 90 天的成交订单数", "Orders that count in the last 90 days"),
        Dimension.SPENDING, "int", (ORDERS_90,), counted(ORDERS_90), unit=PIECES,
        window_days=90, bounds=(0, 1, 2, 5), quantity="orders_total",
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
    Tag(
        "days_since_first_order", Words("首单距今天数", "Days since first order"),
        Words("从首次成交到基准日的天数", "Days from the first order that counts to the as-of day"),
        Dimension.SPENDING, "int", (FIRST_ORDER_DAY,), days_since(FIRST_ORDER_DAY), unit=DAYS, bounds=(30, 90, 180, 365),
    ),
    Tag(
        "days_to_first_order", Words("首单转化时长", "Days to first order"),
        Words("从注册到首次成交的天数", "Days from registration to the first order that counts"),
        Dimension.SPENDING, "int", (REGISTERED_DAY, FIRST_ORDER_DAY), _to_first_order, unit=DAYS, bounds=(0, 1, 7, 30, 90),
    ),
    Tag(
        "repurchase_overdue", Words("复购逾期倍数", "Overdue for the next order"),
        Words("距最近成交天数 ÷ 平均复购间隔；大于 1 表示已超过其惯常间隔", "Days since the last order ÷ mean days between orders"),
        Dimension.SPENDING, "float", (FIRST_ORDER_DAY, LAST_ORDER_DAY, ORDERS), _overdue,
        unit=Words("倍", "times"), bounds=(0.5, 1, 2, 4),
    ),
    Tag(
        "largest_order", Words("最大单笔金额", "Largest order"),
        Words("成交订单中净额最大的一单（主要货币）", "The largest net amount of an order that counts, main currency"),
        Dimension.SPENDING, "money", (LARGEST, COUNTED_MAIN), _largest, bounds=MONEY_BOUNDS[1:],
    ),
    Tag(
        "refund_share", Words("退款金额占比", "Share of money refunded"),
        Words("退款金额 ÷ 付款金额（主要货币），不大于 100%", "Money refunded ÷ money paid, main currency, at most 100 %"),
        Dimension.SPENDING, "float", (REFUNDED, GROSS), within(REFUNDED, GROSS),
        bounds=(0, 0.05, 0.1, 0.3), share=True,
    ),
    Tag(
        "weekend_order_rate", Words("周末下单占比", "Orders at weekends"),
        Words("周六、周日付款的成交订单 ÷ 成交订单", "Orders paid on Saturdays and Sundays ÷ orders that count"),
        Dimension.SPENDING, "float", (WEEKEND, ORDERS), ratio(WEEKEND, ORDERS),
        bounds=(0, 0.25, 0.5, 0.75), share=True,
    ),
    Tag(
        "referred_order_rate", Words("受推荐下单占比", "Orders by referral"),
        Words("带有推荐人的成交订单 ÷ 成交订单", "Orders that name a referrer ÷ orders that count"),
        Dimension.SPENDING, "float", (REFERRED, ORDERS), ratio(REFERRED, ORDERS),
        bounds=(0, 0.25, 0.5, 0.75), share=True,
    ),
    Tag(
        "purchase_rate_90d", Words("浏览购买转化率", "Purchases per product view"),
        Words("近 90 天成交订单 ÷ 商品浏览次数，浏览不足 5 次不计算，不大于 100%", "Orders ÷ goods opened, 90 days; unknown under 5"),
        Dimension.SPENDING, "float", (BOUGHT_90, SEEN_90), within(BOUGHT_90, SEEN_90, least=5),
        window_days=90, bounds=(0, 0.02, 0.05, 0.1), share=True,
    ),
)  # fmt: skip

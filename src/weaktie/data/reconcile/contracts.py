"""Measures, reasons, and what a reconciliation found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from weaktie.kit.errors import NotFound, Refused
from weaktie.kit.words import Words

Measure = Literal["gmv", "paid_orders", "refunds", "net"]
MEASURES: dict[str, tuple[Words, Words]] = {
    "gmv": (
        Words("成交总额", "GMV"),
        Words(
            "期内付款订单的实付金额之和；不含已取消订单、测试与机器人订单和其他货币，退款不扣除。",
            "What was paid for orders paid in the period; without cancelled orders, tests, bots and other currencies; refunds are "
            "not taken off.",
        ),
    ),
    "paid_orders": (
        Words("付款订单数", "Paid orders"),
        Words(
            "期内付款且未取消的订单数，每个订单号计一次；已退款的订单仍计入。",
            "Orders paid in the period and not cancelled, each number once; refunded orders count.",
        ),
    ),
    "refunds": (
        Words("退款金额", "Refunds"),
        Words(
            "期内付款的订单至今已退回的金额（含部分退款和红字单），记在付款日。",
            "What was given back so far of orders paid in the period (part refunds and credit notes included), on the day of "
            "payment.",
        ),
    ),
    "net": (
        Words("净成交额", "Net"),
        Words("成交总额减退款金额。", "GMV less refunds."),
    ),
}  # fmt: skip
COLUMNS: dict[str, tuple[Words, Words]] = {
    "orders": (
        Words("订单数", "Orders"),
        Words("当日付款且未取消的订单数，不含金额调整单。", "Orders paid on the day and not cancelled, adjustments left out."),
    ),
    "paid": (
        Words("实付", "Paid"),
        Words("当日付款且未取消的订单的实付金额之和。", "What was paid for the day's orders that are not cancelled."),
    ),
    "refunded": (
        Words("退款", "Refunded"),
        Words(
            "当日订单至今已退回的金额，含部分退款、红字单与负数调整；实付减退款即净额。",
            "What was given back of the day's orders so far: part refunds, credit notes and negative adjustments included; paid "
            "less refunded is net.",
        ),
    ),
}  # fmt: skip

ORDER_REASONS: dict[str, Words] = {
    "missing_here": Words("我方缺少", "missing here"),
    "missing_there": Words("对方缺少", "missing there"),
    "other_currency": Words("货币不同", "other currency"),
    "other_status": Words("状态不同", "other status"),
    "other_amount": Words("金额不同", "other amount"),
    "other_refund": Words("退款金额不同", "other refund"),
    "other_day": Words("业务日不同（时区或付款时间）", "other day (zone or time of payment)"),
}

TOGGLES: dict[str, Words] = {
    "full_refunds": Words("全额退款的处理", "whole refunds treated otherwise"),
    "part_refunds": Words("部分退款的处理", "part refunds treated otherwise"),
    "cancelled": Words("计入已取消订单", "cancelled orders counted"),
    "tests": Words("计入测试与内部订单", "test and internal orders counted"),
    "bots": Words("计入机器人订单", "bots' orders counted"),
    "duplicates": Words("重复消息未去重", "copies counted again"),
    "currencies": Words("计入其他货币（未换算）", "other currencies counted, not converted"),
    "identified_only": Words("不计无买家标识的订单", "orders without a known buyer left out"),
}
"""In which ways another system's definition may differ from ours; the day's zone is one more (`zone`)."""
ZONE = "zone"


class NoReconciliation(NotFound):
    """There is no such reconciliation."""

    def __init__(self) -> None:
        super().__init__(
            "no_reconciliation", Words("没有这次对账。", "There is no such reconciliation."), place="rec_id"
        )


class BadReconciliation(Refused):
    """What was asked cannot be compared; `place` names the field."""


@dataclass(frozen=True, slots=True)
class Definition:
    """How a system counts: the toggles that differ from ours, and the zone of its days."""

    toggles: frozenset[str]
    zone: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A difference split into reasons: `ours` + all amounts + `unexplained` = `theirs`, exactly. `also` counts other
    explanations that are as short and fit as well."""

    ours: int
    theirs: int
    reasons: Sequence[tuple[str, int]]
    unexplained: int
    definition: Definition
    also: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """One business day in one currency: ours and theirs; money in minor units."""

    day: int
    currency: str
    orders: tuple[int, int]
    paid_minor: tuple[int, int]
    refunded_minor: tuple[int, int]
    differing: int


@dataclass(frozen=True, slots=True)
class Compared:
    """What the comparison of two sets of orders found. `differing` has a row for each order that is not the same here and
    there (the first twenty thousand of `wrong`), `left_out` counts lines that could not be read, by code; `accuracy` is the
    share of all orders that agree."""

    days: Sequence[Day]
    differing: Sequence[Mapping[str, object]]
    reasons: Mapping[str, int]
    orders: int
    agreeing: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    wrong: int = 0

    @property
    def accuracy(self) -> float:
        """agreeing / orders; 1 where there is none."""
        return self.agreeing / self.orders if self.orders else 1.0

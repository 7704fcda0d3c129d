"""Marks and what they take out of figures, as callers see them."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from weaktie.data.identity.contracts import Alias
from weaktie.kit.errors import NotFound, Refused
from weaktie.kit.words import Words

MarkKind = Literal["person", "order_prefix", "product", "coupon"]
MARK_KINDS: dict[MarkKind, Words] = {
    "person": Words("内部人员", "Own people"),
    "order_prefix": Words("订单号前缀", "Order numbers that begin with"),
    "product": Words("测试商品", "Test products"),
    "coupon": Words("测试优惠券", "Test coupons"),
}
MOST_VALUES = 1_000
INTERNAL_WORDS = Words("内部人员", "own people of the shop")


MayBeShown = Callable[[Connection, Sequence[int]], set[int]]
"""Those of these identifiers whose person grants analysis now."""


class People(Protocol):
    """What marks need of identity."""

    def find(self, connection: Connection, user_id: str) -> int | None: ...
    def component(self, connection: Connection, alias_no: int) -> list[int]: ...
    def described(self, connection: Connection, alias_nos: Sequence[int]) -> list[Alias]: ...


@dataclass(frozen=True, slots=True)
class Mark:
    """One declaration. `value` is the identifier of a person, or the prefix, product or coupon."""

    mark_id: str
    kind: MarkKind
    value: str
    note: str
    made_us: int
    made_by: str
    ended_us: int | None


@dataclass(frozen=True, slots=True)
class Marked:
    """The marks that hold: identifiers by which own people were named, all their identifiers, and what makes an order a
    test. `digest` changes whenever they do."""

    people: tuple[int, ...] = ()
    aliases: tuple[int, ...] = ()
    prefixes: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    coupons: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """A short text that is the same for the same marks."""
        said = repr((self.aliases, self.prefixes, self.products, self.coupons))
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def persons(self, person_of: npt.NDArray[np.int32]) -> set[int]:
        """The own people under a person map."""
        return {int(person_of[n]) for n in self.people if n < len(person_of)}


@dataclass(frozen=True, slots=True)
class Added:
    """What came of marking: the marks, and values of which nobody is known."""

    marks: list[Mark]
    unknown: list[str]


@dataclass(frozen=True, slots=True)
class DayCount:
    """Events of a business day that no figure counts, by reason."""

    day: int
    crawlers: int
    rates: int


@dataclass(frozen=True, slots=True)
class Rate:
    """An identifier that did more in one minute of a day than a person can. `value` is null for a phone or e-mail."""

    kind: str
    value: str | None
    day: int
    most_a_minute: int
    events: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Everything that figures leave out, counted."""

    days: list[DayCount]
    people: int
    test_orders: int
    crawler_orders: int
    rates: list[Rate]
    limit: int


class NoMark(NotFound):
    """The id of a mark is not known."""

    def __init__(self, mark_id: str) -> None:
        super().__init__("no_mark", Words("没有这条标记。", "There is no such mark."), place=mark_id)


class BadMark(Refused):
    """A mark that says nothing."""

    def __init__(self, place: str) -> None:
        super().__init__("bad_mark", Words("请填写要标记的内容。", "Say what is to be marked."), place=place)

"""The parts of the ledger, coupons and points."""

from collections.abc import Sequence
from functools import cached_property

from weaktie.app.wiring_base import BaseParts
from weaktie.business.loyalty.invariants import coupons_lie_where_they_should, goods_taken
from weaktie.business.loyalty.jobs import LoyaltyWork
from weaktie.business.loyalty.service import Coupons, GoodsBook, People, Points, Shops
from weaktie.trust.ledger.invariants import More
from weaktie.trust.ledger.service import Ledger, Poster


class LoyaltyParts(BaseParts):
    """Who has what, and the rules by which it moves."""

    @cached_property
    def ledger(self) -> Ledger:
        """Accounts and the moves between them."""
        return Ledger(self.clock)

    @cached_property
    def poster(self) -> Poster:
        """Postings of many callers in one commit."""
        return Poster(self.database, self.clock)

    @property
    def ledger_invariants(self) -> Sequence[More]:
        """What a check of the ledger looks at beside it."""
        return (coupons_lie_where_they_should, goods_taken)

    @cached_property
    def loyalty_people(self) -> People:
        """Who stands behind a shop's user id."""
        return People(self.identity, self.registry, self.clock)

    @cached_property
    def coupons(self) -> Coupons:
        """Coupons from their template to their end."""
        return Coupons(self.ledger, self.loyalty_people, self.clock)

    @cached_property
    def points(self) -> Points:
        """Points and their rules."""
        return Points(self.ledger, self.loyalty_people, self.clock, self.settings)

    @cached_property
    def goods_book(self) -> GoodsBook:
        """Goods for points."""
        return GoodsBook(self.ledger, self.points, self.clock)

    @cached_property
    def loyalty_shops(self) -> Shops:
        """Shop systems that sign."""
        return Shops(self.database, self.vault, self.clock)

    @property
    def loyalty_work(self) -> LoyaltyWork:
        """What the worker's part of coupons and points is done with."""
        return LoyaltyWork(
            self.database, self.lake, self.engine, self.ledger, self.coupons, self.points, self.loyalty_shops
        )

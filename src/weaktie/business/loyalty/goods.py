"""Goods for points: what there is, who took it, and taking it back."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, select, update

from weaktie.business.loyalty.contracts import Goods, NoGoods, Redemption, refuse
from weaktie.business.loyalty.points import Points
from weaktie.business.loyalty.tables import points_goods, points_redemptions
from weaktie.kit.clock import Clock
from weaktie.kit.ids import new_id
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.trust.ledger.contracts import POINTS, Account, Move, NotEnough
from weaktie.trust.ledger.service import Ledger


def goods_account(goods_id: str) -> Account:
    """Where pieces lie that nobody took yet."""
    return Account("goods", goods_id, f"goods:{goods_id}")


class GoodsBook:
    """Goods over one ledger."""

    def __init__(self, ledger: Ledger, points: Points, clock: Clock) -> None:
        self._ledger, self._points, self._clock = ledger, points, clock

    def create(self, tx: Connection, *, name: str, points: int, stock: int, actor: str) -> Goods:
        """Something to be had for points."""
        if not 0 < points <= 10**9:
            raise refuse("bad_rule", "points")
        now_us = self._clock.now_us()
        made = new_id("gds", now_us)
        tx.execute(
            insert(points_goods).values(
                goods_id=made, name=name, points=points, state="active", created_us=now_us, created_by=actor[:64]
            )
        )  # fmt: skip
        if stock:
            self.change_stock(tx, made, stock, key="opening", actor=actor)
        return self.find(tx, made)

    def find(self, connection: Connection, goods_id: str) -> Goods:
        """One; raises NoGoods."""
        row = (
            connection.execute(select(points_goods).where(points_goods.c.goods_id == goods_id))
            .mappings()
            .first()
        )
        if row is None:
            raise NoGoods("goods_id")
        return self._goods(connection, row)

    def all(self, connection: Connection, *, active: bool = False) -> list[Goods]:
        """Every one, the newest first; with `active` those that may be taken."""
        query = select(points_goods).order_by(points_goods.c.goods_id.desc())
        if active:
            query = query.where(points_goods.c.state == "active")
        return [self._goods(connection, row) for row in connection.execute(query).mappings()]

    def change_stock(self, tx: Connection, goods_id: str, change: int, *, key: str, actor: str) -> Goods:
        """Put pieces in, or take them out (below zero); raises NotEnough. `key` makes it happen once."""
        self.find(tx, goods_id)
        inside = goods_account(goods_id)
        outside = Account("world", "", inside.unit)
        move = Move(outside, inside, change) if change > 0 else Move(inside, outside, -change)
        self._ledger.post(
            tx,
            key=f"goods:{goods_id}:{key}",
            kind="goods.stock",
            moves=[move],
            memo={"goods": goods_id},
            actor=actor,
        )
        return self.find(tx, goods_id)

    def set_state(self, tx: Connection, goods_id: str, state: str) -> Goods:
        """Offer it, or not for now."""
        self.find(tx, goods_id)
        tx.execute(update(points_goods).where(points_goods.c.goods_id == goods_id).values(state=state))
        return self.find(tx, goods_id)

    def redeem(
        self, tx: Connection, goods_id: str, person_no: int, *, pieces: int, key: str, actor: str
    ) -> Redemption:
        """Give points for goods; the same key gives the same answer. Raises `not_enough_points`, `goods_gone` or `paused`."""
        found = self.find(tx, goods_id)
        self._ledger.lock(tx)
        whole = f"spend:{goods_id}:{person_no}:{key}"
        again = self._ledger.by_key(tx, whole)
        if again is not None:
            return self._by(tx, points_redemptions.c.transfer_id == again.transfer_id)
        if found.state != "active":
            raise refuse("paused", "goods_id")
        cost = found.points * pieces
        moves = self._points.taking(tx, person_no, cost, Account("redeemed", goods_id, POINTS))
        stock = goods_account(goods_id)
        moves.append(Move(stock, Account("redeemed", goods_id, stock.unit), pieces))
        try:
            done = self._ledger.post(
                tx, key=whole, kind="points.redeem", moves=moves, memo={"goods": goods_id}, actor=actor
            )
        except NotEnough:
            raise refuse("goods_gone", "goods_id") from None
        now_us = self._clock.now_us()
        made = new_id("rdm", now_us)
        tx.execute(
            insert(points_redemptions).values(
                redemption_id=made, goods_id=goods_id, alias_no=person_no, pieces=pieces, points=cost, state="placed",
                at_us=now_us, transfer_id=done.transfer_id,
            )
        )  # fmt: skip
        return self._by(tx, points_redemptions.c.redemption_id == made)

    def cancel(self, tx: Connection, redemption_id: str, *, reason: str, actor: str) -> Redemption:
        """Give the points back and the pieces into stock; twice is once."""
        self._ledger.lock(tx)
        before = self._by(tx, points_redemptions.c.redemption_id == redemption_id)
        if before.state == "cancelled":
            return before
        self._ledger.reverse(
            tx, key=f"cancel:{redemption_id}", transfer_id=before.transfer_id, reason=reason, actor=actor,
            kind="points.refund",
        )  # fmt: skip
        of = points_redemptions.c.redemption_id == redemption_id
        tx.execute(update(points_redemptions).where(of).values(state="cancelled"))
        return self._by(tx, of)

    def redemptions(
        self, connection: Connection, *, goods_id: str = "", members: Sequence[int] | None = None,
        cursor: str | None = None, limit: int | None = None,
    ) -> Page[Redemption]:  # fmt: skip
        """Who gave points for what, the newest first; `members` are the numbers of one person."""
        size, table = page_size(limit), points_redemptions
        query = select(table).order_by(table.c.redemption_id.desc()).limit(size + 1)
        if goods_id:
            query = query.where(table.c.goods_id == goods_id)
        if members is not None:
            query = query.where(table.c.alias_no.in_(members))
        if cursor:
            query = query.where(table.c.redemption_id < str(read_cursor(cursor, 1)[0]))
        rows = [_redemption(r) for r in connection.execute(query).mappings()]
        return Page(rows[:size], write_cursor(rows[size - 1].redemption_id) if len(rows) > size else None)

    def _by(self, connection: Connection, where: ColumnElement[bool]) -> Redemption:
        row = connection.execute(select(points_redemptions).where(where)).mappings().first()
        if row is None:
            raise NoGoods("redemption_id")
        return _redemption(row)

    def _goods(self, connection: Connection, row: RowMapping) -> Goods:
        stock = self._ledger.balance(connection, goods_account(row["goods_id"])).available
        return Goods(row["goods_id"], row["name"], row["points"], row["state"], row["created_us"], stock)


def _redemption(row: RowMapping) -> Redemption:
    return Redemption(
        row["redemption_id"], row["goods_id"], row["alias_no"], row["pieces"], row["points"], row["state"],
        row["at_us"], row["transfer_id"],
    )  # fmt: skip

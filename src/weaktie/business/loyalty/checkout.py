"""Coupons at checkout: reserved, redeemed, released, given back, withdrawn, ended.

Whoever changes a coupon locks its row first and the ledger after; a claim takes the ledger first and then a free code.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, select, update

from weaktie.business.loyalty import logic
from weaktie.business.loyalty.contracts import Basket, Coupon, NoCoupon, NoTemplate, Quote, refuse
from weaktie.business.loyalty.people import People
from weaktie.business.loyalty.tables import coupon_templates, coupons
from weaktie.kit.clock import MINUTE_US, Clock
from weaktie.trust.ledger.contracts import Account, HoldClosed, Move
from weaktie.trust.ledger.service import Ledger, budget_account

_Row = dict[str, Any]
_NO_ORDER: dict[str, Any] = {
    "order_id": None,
    "off_minor": None,
    "reserved_until_us": None,
    "transfer_id": None,
}
RESERVED_MINUTES = 30
EXPIRED_A_TIME = 500
_CLOSED = {
    "redeemed": "coupon_used", "reserved": "coupon_reserved", "expired": "coupon_expired", "withdrawn": "coupon_withdrawn",
}  # fmt: skip


def unit_of(template_id: str) -> str:
    """The unit in which a template's coupons are counted."""
    return f"coupon:{template_id}"


def stock_account(template_id: str) -> Account:
    """Where coupons lie that nobody has yet."""
    return Account("coupons", template_id, unit_of(template_id))


def person_account(template_id: str, person_no: int) -> Account:
    """A person's coupons of a template."""
    return Account("user", f"p{person_no}", unit_of(template_id))


def outside(template_id: str) -> Account:
    """Where pieces come from and go when they are withdrawn."""
    return Account("world", "", unit_of(template_id))


class Checkout:
    """What happens to coupons once they are there, over one ledger."""

    def __init__(self, ledger: Ledger, people: People, clock: Clock) -> None:
        self._ledger, self._people, self._clock = ledger, people, clock

    def coupon(self, connection: Connection, *, code: str = "", coupon_id: str = "") -> Coupon:
        """One coupon by its code or id; raises NoCoupon."""
        where = coupons.c.code == code.strip() if code else coupons.c.coupon_id == coupon_id
        row = connection.execute(select(coupons).where(where)).mappings().first()
        if row is None:
            raise NoCoupon
        return coupon_of(row)

    def quote(self, connection: Connection, codes: Sequence[str], basket: Basket) -> Quote:
        """What these codes take off the basket; nobody is asked who they are."""
        found = [self.coupon(connection, code=code) for code in codes]
        terms = [logic.terms_of(template_row(connection, c.template_id)["terms_json"]) for c in found]
        return logic.quote(terms, basket)

    def reserve(
        self, tx: Connection, *, order_id: str, person_no: int | None, codes: Sequence[str], basket: Basket, actor: str,
        minutes: int = RESERVED_MINUTES,
    ) -> list[Coupon]:  # fmt: skip
        """Hold coupons for an order until it is paid or released. Asking again for the same order gives the same answer.

        Raises Refused with the reason, MinimumNotMet, or NotEnough where the budget does not reach.
        """
        rows = self._locked(tx, codes)
        templates = [template_row(tx, row["template_id"]) for row in rows]
        prices = logic.quote([logic.terms_of(t["terms_json"]) for t in templates], basket)
        now_us = self._clock.now_us()
        if any(t["starts_us"] > now_us for t in templates):
            raise refuse("not_begun", "codes")
        mine = None if person_no is None else self._people.members(tx, person_no)
        done = []
        for row, off_minor in zip(rows, prices.off_minor, strict=True):
            if row["state"] == "reserved" and row["order_id"] == order_id and row["off_minor"] == off_minor:
                done.append(coupon_of(row))
                continue
            fresh = self._freed(tx, row, order_id, actor)
            self._usable(fresh, mine, now_us)
            until_us = now_us + minutes * MINUTE_US
            turn = fresh["turn"] + 1
            held = self._ledger.hold(
                tx, key=f"{fresh['coupon_id']}:{turn}:reserve", kind="coupon.reserve", until_us=until_us, actor=actor,
                moves=self._moves(tx, fresh, off_minor), memo=_memo(fresh, order_id),
            )  # fmt: skip
            done.append(
                self._set(
                    tx, fresh, state="reserved", order_id=order_id, off_minor=off_minor, reserved_until_us=until_us,
                    transfer_id=held.transfer_id, turn=turn,
                )
            )  # fmt: skip
        return done

    def redeem(self, tx: Connection, *, order_id: str, actor: str) -> list[Coupon]:
        """The order was paid: what it holds is used. Asking again gives the same answer; raises `nothing_reserved`.

        A hold that ran out meanwhile is taken anew while the coupon is still good, so that a late payment keeps its price.
        """
        rows = self._of_order(tx, order_id)
        done = []
        for row in rows:
            if row["state"] == "redeemed":
                done.append(coupon_of(row))
                continue
            key = f"{row['coupon_id']}:{row['turn']}"
            try:
                used = self._ledger.settle(
                    tx, key=f"{key}:settle", transfer_id=row["transfer_id"], actor=actor
                )
            except HoldClosed:
                self._usable({**row, "state": "held"}, None, self._clock.now_us())
                used = self._ledger.post(
                    tx, key=f"{key}:late", kind="coupon.redeem", actor=actor, memo=_memo(row, order_id),
                    moves=self._moves(tx, row, row["off_minor"]),
                )  # fmt: skip
            done.append(
                self._set(tx, row, state="redeemed", transfer_id=used.transfer_id, reserved_until_us=None)
            )
        return done

    def redeemed_elsewhere(
        self, tx: Connection, *, code: str, order_id: str, off_minor: int, actor: str
    ) -> Coupon:
        """Another shop system says that a code was used there, whether or not we gave it to anybody. The same order again is the
        same answer; raises Refused where it was used for another."""
        (row,) = self._locked(tx, [code])
        if row["state"] == "redeemed" and row["order_id"] == order_id:
            return coupon_of(row)
        fresh = self._freed(tx, row, order_id, actor)
        if fresh["state"] != "free":
            self._usable(fresh, None, 0)
        turn = fresh["turn"] + 1
        used = self._ledger.post(
            tx, key=f"{fresh['coupon_id']}:{turn}:elsewhere", kind="coupon.redeem", actor=actor,
            moves=self._moves(tx, fresh, off_minor), memo=_memo(fresh, order_id),
        )  # fmt: skip
        return self._set(
            tx, fresh, state="redeemed", order_id=order_id, off_minor=off_minor, transfer_id=used.transfer_id, turn=turn,
            reserved_until_us=None,
        )  # fmt: skip

    def release(self, tx: Connection, *, order_id: str, actor: str) -> list[Coupon]:
        """The order came to nothing: its coupons are their holders' again. An order without any gives an empty list."""
        rows = [row for row in self._of_order(tx, order_id, must=False) if row["state"] == "reserved"]
        return [coupon_of(self._freed(tx, row, "", actor)) for row in rows]

    def refund(self, tx: Connection, *, order_id: str, reason: str, actor: str) -> list[Coupon]:
        """The order was returned: coupons go back to their holders with the date they had, and the money to the budget."""
        done = []
        for row in self._of_order(tx, order_id, must=False):
            if row["state"] != "redeemed":
                continue
            self._ledger.reverse(
                tx, key=f"{row['coupon_id']}:{row['turn']}:refund", transfer_id=row["transfer_id"], reason=reason,
                actor=actor, kind="coupon.refund",
            )  # fmt: skip
            done.append(self._set(tx, row, state=_at_rest(row), **_NO_ORDER))
        return done or self._once_used(tx, order_id)

    def _once_used(self, connection: Connection, order_id: str) -> list[Coupon]:
        """Coupons that an order used and gave back, as they are now; raises `nothing_reserved` where there are none."""
        past = self._ledger.transfers(connection, memo=("order", order_id), limit=50).items
        given_back = {
            t.memo["coupon"] for t in past if "coupon" in t.memo and self._ledger.taken_back(connection, t.transfer_id)
        }  # fmt: skip
        if not given_back:
            raise refuse("nothing_reserved", "order_id")
        return [self.coupon(connection, coupon_id=one) for one in sorted(given_back)]

    def withdraw(self, tx: Connection, coupon_id: str, *, actor: str) -> Coupon:
        """Take a coupon back from its holder (a mistake, fraud); one that an order holds or used stays. Twice is once."""
        (row,) = self._locked(tx, [], coupon_id=coupon_id)
        if row["state"] == "withdrawn":
            return coupon_of(row)
        fresh = self._freed(tx, row, "", actor) if _is_overdue(row, self._clock.now_us()) else row
        if fresh["state"] != "held":
            self._usable(fresh, None, 0)
            raise refuse("coupon_used", "coupon_id")
        source = self._holder(fresh)
        self._ledger.post(
            tx, key=f"{coupon_id}:withdraw", kind="coupon.withdraw", actor=actor, memo=_memo(fresh, ""),
            moves=[Move(source, outside(row["template_id"]), 1)],
        )  # fmt: skip
        return self._set(tx, fresh, state="withdrawn")

    # ---- time

    def expire(self, tx: Connection) -> int:
        """End coupons whose day has passed and holds that ran out, 500 of each at most; returns how many were ended."""
        now_us = self._clock.now_us()
        late = (coupons.c.state == "reserved", coupons.c.reserved_until_us <= now_us)
        for row in self._some(tx, *late):
            self._freed(tx, row, "", "system")
        ended = self._some(tx, coupons.c.state == "held", coupons.c.expires_us <= now_us)
        for row in ended:
            self._end(tx, row)
        return len(ended)

    def forget(self, tx: Connection, alias_nos: Sequence[int]) -> int:
        """Erase these people: what they hold ends, what they used stays without them; returns how many coupons were theirs."""
        mine = self._some(tx, coupons.c.alias_no.in_(alias_nos), patient=True)
        for row in mine:
            rested = self._freed(tx, row, "", "system")
            if rested["state"] == "held":
                self._end(tx, rested)
            self._set(tx, rested, alias_no=None)
        return len(mine)

    # ---- inside

    def _locked(self, tx: Connection, codes: Sequence[str], *, coupon_id: str = "") -> list[_Row]:
        """The coupons of these codes in the order given, their rows locked in the order of their ids."""
        wanted = [code.strip() for code in codes]
        if len(set(wanted)) != len(wanted):
            raise refuse("not_together", "codes")
        where = coupons.c.coupon_id == coupon_id if coupon_id else coupons.c.code.in_(wanted)
        query = select(coupons).where(where).order_by(coupons.c.coupon_id).with_for_update()
        found: dict[str, _Row] = {r["code"]: dict(r) for r in tx.execute(query).mappings()}
        if coupon_id and found:
            return list(found.values())
        if not wanted or len(found) < len(wanted):
            raise NoCoupon
        return [found[code] for code in wanted]

    def _of_order(self, tx: Connection, order_id: str, *, must: bool = True) -> list[_Row]:
        query = select(coupons).where(coupons.c.order_id == order_id).order_by(coupons.c.coupon_id)
        rows: list[_Row] = [dict(r) for r in tx.execute(query.with_for_update()).mappings()]
        if must and not rows:
            raise refuse("nothing_reserved", "order_id")
        return rows

    def _some(self, tx: Connection, *where: ColumnElement[bool], patient: bool = False) -> list[_Row]:
        query = select(coupons).where(*where).order_by(coupons.c.coupon_id).limit(EXPIRED_A_TIME)
        return [dict(r) for r in tx.execute(query.with_for_update(skip_locked=not patient)).mappings()]

    def _freed(self, tx: Connection, row: _Row, order_id: str, actor: str) -> _Row:
        """The coupon without a hold that ran out, that is its own order's, or (for no order) whoever's it is."""
        if row["state"] != "reserved":
            return row
        if order_id and row["order_id"] != order_id and not _is_overdue(row, self._clock.now_us()):
            raise refuse("coupon_reserved", "code")
        try:
            self._ledger.void(
                tx, key=f"{row['coupon_id']}:{row['turn']}:void", transfer_id=row["transfer_id"], reason="released",
                actor=actor,
            )  # fmt: skip
        except HoldClosed as closed:
            assert closed.state == "voided", "a settled hold is a redeemed coupon"
        rested = {"state": _at_rest(row), **_NO_ORDER}
        self._set(tx, row, **rested)
        return {**row, **rested}

    def _usable(self, row: _Row, mine: Sequence[int] | None, now_us: int) -> None:
        if row["state"] in _CLOSED:
            raise refuse(_CLOSED[row["state"]], "code")
        if row["expires_us"] <= now_us:
            raise refuse("coupon_expired", "code")
        if mine is not None and row["alias_no"] is not None and row["alias_no"] not in mine:
            raise refuse("not_yours", "code")

    def _end(self, tx: Connection, row: _Row) -> None:
        source = self._holder(row)
        self._ledger.post(
            tx, key=f"{row['coupon_id']}:{row['turn']}:expire", kind="coupon.expire", actor="system",
            moves=[Move(source, Account("expired", row["template_id"], source.unit), 1)],
            memo={"template": row["template_id"]},
        )  # fmt: skip
        self._set(tx, row, state="expired")

    def _holder(self, row: _Row) -> Account:
        if row["claim_id"] is None:
            return stock_account(row["template_id"])
        return person_account(row["template_id"], row["alias_no"])

    def _moves(self, tx: Connection, row: _Row, off_minor: int) -> list[Move]:
        """One piece is used, and the budget pays what it takes off."""
        template = template_row(tx, row["template_id"])
        source = self._holder(row)
        moves = [Move(source, Account("redeemed", row["template_id"], source.unit), 1)]
        if template["budget_id"] is not None and off_minor > 0:
            budget = budget_account(self._ledger.budget(tx, template["budget_id"]))
            moves.append(Move(budget, Account("redeemed", row["template_id"], budget.unit), off_minor))
        return moves

    def _set(self, tx: Connection, row: _Row, **values: object) -> Coupon:
        changed = {**values, "changed_us": self._clock.now_us()}
        tx.execute(update(coupons).where(coupons.c.coupon_id == row["coupon_id"]).values(**changed))
        return coupon_of({**row, **changed})


def template_row(connection: Connection, template_id: str) -> RowMapping:
    """A template as it is stored; raises NoTemplate."""
    query = select(coupon_templates).where(coupon_templates.c.template_id == template_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NoTemplate
    return row


def _at_rest(row: _Row) -> str:
    """The state of a coupon that no order holds: in the pool, with somebody, or ended where its person was erased."""
    if row["claim_id"] is None:
        return "free"
    return "held" if row["alias_no"] is not None else "expired"


def _is_overdue(row: _Row, now_us: int) -> bool:
    until = row["reserved_until_us"]
    return row["state"] == "reserved" and until is not None and until <= now_us


def _memo(row: _Row, order_id: str) -> dict[str, str]:
    memo = {"template": str(row["template_id"]), "coupon": str(row["coupon_id"])}
    return memo | ({"order": order_id} if order_id else {})


def coupon_of(row: _Row | RowMapping) -> Coupon:
    """A row as a coupon."""
    return Coupon(
        row["coupon_id"], row["template_id"], row["code"], row["state"], row["alias_no"], row["expires_us"],
        row["claimed_us"], row["order_id"], row["off_minor"], row["reserved_until_us"], row["changed_us"],
    )  # fmt: skip

"""The door of coupons: templates, stock and claims; checkout beside it. Every piece moves on the ledger in the same transaction."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from weaktie.business.loyalty import logic
from weaktie.business.loyalty.checkout import (
    Checkout,
    coupon_of,
    outside,
    person_account,
    stock_account,
    template_row,
)
from weaktie.business.loyalty.contracts import Coupon, NoCoupon, Template, TemplateState, Terms, refuse
from weaktie.business.loyalty.goods import GoodsBook as GoodsBook
from weaktie.business.loyalty.people import People as People
from weaktie.business.loyalty.points import Points as Points
from weaktie.business.loyalty.shops import Shops as Shops
from weaktie.business.loyalty.tables import coupon_templates, coupons
from weaktie.kit.ids import new_id
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.store.database.service import read_among, write_many
from weaktie.trust.ledger.contracts import Move, NotEnough, Transfer


class Coupons(Checkout):
    """Coupons over one ledger, from their template to their end."""

    # ---- templates

    def create(
        self, tx: Connection, *, name: str, terms: Terms, starts_us: int, ends_us: int, actor: str, valid_days: int = 0,
        per_person: int = 1, stock: int = 0, codes: Sequence[str] = (), pool: bool = False, elsewhere: bool = False,
        budget_id: str | None = None,
    ) -> Template:  # fmt: skip
        """A kind of coupon with its first stock, or its first codes; raises Refused or NoBudget."""
        logic.check_terms(terms)
        if ends_us <= starts_us or not 0 <= valid_days <= 3_650 or not 0 <= per_person <= 1_000:
            raise refuse("bad_terms", "ends_us")
        if budget_id is not None and self._ledger.budget(tx, budget_id).currency != terms.currency:
            raise refuse("bad_terms", "budget_id")
        now_us = self._clock.now_us()
        made = new_id("cpt", now_us)
        tx.execute(
            insert(coupon_templates).values(
                template_id=made, name=name, terms_json=logic.terms_text(terms), starts_us=starts_us, ends_us=ends_us,
                valid_days=valid_days, per_person=per_person, pool=pool or bool(codes), elsewhere=elsewhere,
                budget_id=budget_id, state="active", created_us=now_us, created_by=actor[:64],
            )
        )  # fmt: skip
        if codes:
            self.add_codes(tx, made, codes, actor=actor)
        elif stock:
            self.change_stock(tx, made, stock, key="opening", actor=actor)
        return self.find(tx, made)

    def find(self, connection: Connection, template_id: str) -> Template:
        """One template; raises NoTemplate."""
        return self._template(connection, template_row(connection, template_id))

    def templates(
        self, connection: Connection, *, state: str = "", cursor: str | None = None, limit: int | None = None
    ) -> Page[Template]:
        """Templates, the newest first."""
        size, table = page_size(limit), coupon_templates
        query = select(table).order_by(table.c.template_id.desc()).limit(size + 1)
        if state:
            query = query.where(table.c.state == state)
        if cursor:
            query = query.where(table.c.template_id < str(read_cursor(cursor, 1)[0]))
        rows = connection.execute(query).mappings().all()
        items = [self._template(connection, r) for r in rows[:size]]
        more = write_cursor(items[-1].template_id) if len(rows) > size else None
        return Page(items, more)

    def set_state(self, tx: Connection, template_id: str, state: TemplateState) -> Template:
        """Pause, go on, or end; what people hold stays good. Raises Refused `over` for one that has ended."""
        before = self.find(tx, template_id)
        if before.state == "ended" and state != "ended":
            raise refuse("over", "state")
        table = coupon_templates
        tx.execute(update(table).where(table.c.template_id == template_id).values(state=state))
        return replace(before, state=state)

    def change_stock(
        self, tx: Connection, template_id: str, change: int, *, key: str, actor: str
    ) -> Template:
        """Put pieces into stock, or take them out (below zero); raises NotEnough. `key` makes it happen once."""
        if template_row(tx, template_id)["pool"]:
            raise refuse("has_codes", "stock")
        self._stock(tx, template_id, change, f"stock:{template_id}:{key}", actor)
        return self.find(tx, template_id)

    def add_codes(self, tx: Connection, template_id: str, codes: Sequence[str], *, actor: str) -> Template:
        """Codes to give out, one piece of stock each; raises Refused `bad_codes` where one is known already."""
        row, wanted = template_row(tx, template_id), logic.check_codes(codes)
        if not row["pool"]:
            raise refuse("not_a_pool", "codes")
        known = read_among(tx, "SELECT code FROM coupons", "code", "text", wanted)
        if known:
            raise refuse("bad_codes", f"line {wanted.index(known[0].code) + 1}")
        now_us = self._clock.now_us()
        first = new_id("cpn", now_us)
        write_many(
            tx, "coupons (coupon_id, template_id, code, state, expires_us, turn, changed_us)",
            ("text", "text", "text", "text", "bigint", "integer", "bigint"),
            [(new_id("cpn", now_us), template_id, code, "free", row["ends_us"], 0, now_us) for code in wanted],
        )  # fmt: skip
        self._stock(tx, template_id, len(wanted), f"codes:{first}", actor)
        return self.find(tx, template_id)

    def make_codes(self, tx: Connection, template_id: str, count: int, *, actor: str) -> Template:
        """New codes for a pool, to be printed or handed to others."""
        return self.add_codes(tx, template_id, [logic.new_code() for _ in range(count)], actor=actor)

    def _stock(self, tx: Connection, template_id: str, change: int, key: str, actor: str) -> None:
        out, inside = outside(template_id), stock_account(template_id)
        move = Move(out, inside, change) if change > 0 else Move(inside, out, -change)
        self._ledger.post(
            tx, key=key, kind="coupon.stock", moves=[move], memo={"template": template_id}, actor=actor
        )

    # ---- claims

    def claim(
        self, tx: Connection, template_id: str, person_no: int, *, key: str, actor: str, memo: dict[str, str] | None = None
    ) -> Coupon:  # fmt: skip
        """Give a person one coupon; the same key gives the same coupon again. Raises Refused with the true reason."""
        t, now_us = self.find(tx, template_id), self._clock.now_us()
        whole = f"claim:{template_id}:{person_no}:{key}"
        again = self._ledger.by_key(tx, whole)
        if again is not None:
            return self._claimed(tx, again)
        self._open(t, now_us)
        if t.stock <= 0:
            raise refuse("sold_out", "template_id")
        mine = self._people.members(tx, person_no)
        # Nobody else writes from here on: two claims of one person cannot count each other out.
        self._ledger.lock(tx)
        again = self._ledger.by_key(tx, whole)
        if again is not None:
            return self._claimed(tx, again)
        self._within_limit(tx, t, mine)
        move = Move(stock_account(template_id), person_account(template_id, person_no), 1)
        about = {"template": template_id, **(memo or {})}
        try:
            given = self._ledger.post(
                tx, key=whole, kind="coupon.claim", moves=[move], actor=actor, memo=about
            )
        except NotEnough:
            raise refuse("sold_out", "template_id") from None
        values = {
            "state": "held", "alias_no": person_no, "expires_us": logic.expiry(now_us, t.ends_us, t.valid_days),
            "claimed_us": now_us, "claim_id": given.transfer_id, "changed_us": now_us,
        }  # fmt: skip
        return self._hand_out(tx, t, values)

    def _open(self, t: Template, now_us: int) -> None:
        if t.state != "active":
            raise refuse("paused" if t.state == "paused" else "over", "template_id")
        if not t.starts_us <= now_us < t.ends_us:
            raise refuse("not_begun" if now_us < t.starts_us else "over", "template_id")

    def _within_limit(self, tx: Connection, t: Template, mine: Sequence[int]) -> None:
        had = select(func.count()).where(coupons.c.template_id == t.template_id, coupons.c.alias_no.in_(mine))
        if t.per_person and tx.execute(had).scalar_one() >= t.per_person:
            raise refuse("per_person", "template_id")

    def _hand_out(self, tx: Connection, t: Template, values: dict[str, object]) -> Coupon:
        if not t.pool:
            coupon_id = new_id("cpn", self._clock.now_us())
            whole = {
                "coupon_id": coupon_id,
                "template_id": t.template_id,
                "code": logic.new_code(),
                "turn": 0,
            }
            tx.execute(insert(coupons).values(**whole, **values))
            return self.coupon(tx, coupon_id=coupon_id)
        free = (
            select(coupons.c.coupon_id)
            .where(coupons.c.template_id == t.template_id, coupons.c.state == "free")
            .order_by(coupons.c.coupon_id)
            .limit(1)
            .with_for_update()
        )
        coupon_id = tx.execute(free).scalar_one()
        tx.execute(update(coupons).where(coupons.c.coupon_id == coupon_id).values(**values))
        return self.coupon(tx, coupon_id=coupon_id)

    def _claimed(self, tx: Connection, given: Transfer) -> Coupon:
        row = tx.execute(select(coupons).where(coupons.c.claim_id == given.transfer_id)).mappings().first()
        if row is None:
            raise NoCoupon
        return coupon_of(row)

    # ---- what there is

    def of_person(self, connection: Connection, person_no: int) -> list[Coupon]:
        """A person's coupons, the newest first."""
        mine = self._people.members(connection, person_no)
        query = select(coupons).where(coupons.c.alias_no.in_(mine)).order_by(coupons.c.coupon_id.desc())
        return [coupon_of(row) for row in connection.execute(query).mappings()]

    def page(
        self, connection: Connection, template_id: str, *, state: str = "", search: str = "", cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[Coupon]:  # fmt: skip
        """Coupons of a template, the newest first; `search` is a code or an order."""
        size = page_size(limit)
        query = select(coupons).where(coupons.c.template_id == template_id)
        if state:
            query = query.where(coupons.c.state == state)
        if search:
            query = query.where((coupons.c.code == search) | (coupons.c.order_id == search))
        if cursor:
            query = query.where(coupons.c.coupon_id < str(read_cursor(cursor, 1)[0]))
        rows = connection.execute(query.order_by(coupons.c.coupon_id.desc()).limit(size + 1)).mappings().all()
        items = [coupon_of(r) for r in rows[:size]]
        return Page(items, write_cursor(items[-1].coupon_id) if len(rows) > size else None)

    def counts(self, connection: Connection, template_id: str) -> dict[str, int]:
        """Coupons of a template by state."""
        query = select(coupons.c.state, func.count()).where(coupons.c.template_id == template_id)
        return {state: int(n) for state, n in connection.execute(query.group_by(coupons.c.state))}

    # ---- inside

    def _template(self, connection: Connection, row: RowMapping) -> Template:
        stock = self._ledger.balance(connection, stock_account(row["template_id"])).available
        issued = -self._ledger.balance(connection, outside(row["template_id"])).posted
        return Template(
            row["template_id"], row["name"], logic.terms_of(row["terms_json"]), row["starts_us"], row["ends_us"],
            row["valid_days"], row["per_person"], row["pool"], row["elsewhere"], row["budget_id"], row["state"],
            row["created_us"], row["created_by"], issued, stock,
        )  # fmt: skip

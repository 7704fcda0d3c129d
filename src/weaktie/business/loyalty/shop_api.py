"""HTTP for shop systems: one signed POST for each action.

Headers: `X-Weaktie-Shop`, `X-Weaktie-Timestamp` (seconds) and `X-Weaktie-Signature` = hex HMAC-SHA256 of the timestamp, a dot and
the raw body, under the shop's secret. A request is good for five minutes and once: a lost reply is asked for again under a new
timestamp, and the `key` or `order_id` in the body makes the answer the same.
"""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection

from weaktie.business.loyalty import bodies as b
from weaktie.business.loyalty.contracts import refuse
from weaktie.business.loyalty.service import Coupons, GoodsBook, People, Points, Shops
from weaktie.kit.web import app_part
from weaktie.store.database.service import Database

public = APIRouter(tags=["loyalty"])
Answer = dict[str, Any]
"""A plain JSON object."""


class ShopCalls:
    """What shop systems may ask. Each call gets the caller's transaction and says who acts."""

    def __init__(self, people: People, coupons: Coupons, points: Points, goods: GoodsBook) -> None:
        self._people, self._coupons, self._points, self._goods = people, coupons, points, goods

    def offers(self, tx: Connection, _call: b.EmptyCall, _actor: str) -> Answer:
        """Coupons that can be claimed, with their published rules and what is left."""
        page = self._coupons.templates(tx, state="active", limit=500)
        return {"offers": [b.template_body(t).model_dump() for t in page.items]}

    def claim(self, tx: Connection, call: b.ClaimCall, actor: str) -> Answer:
        """One coupon for a user."""
        person_no = self._people.number(tx, call.user_id)
        made = self._coupons.claim(tx, call.template_id, person_no, key=call.key, actor=actor)
        return {"coupon": _coupon(made)}

    def mine(self, tx: Connection, call: b.UserCall, _actor: str) -> Answer:
        """A user's coupons and points."""
        person_no = self._people.find(tx, call.user_id)
        if person_no is None:
            return {"coupons": [], "points": 0, "points_held": 0}
        have = self._points.balance(tx, person_no)
        return {
            "coupons": [_coupon(c) for c in self._coupons.of_person(tx, person_no)], "points": have.available,
            "points_held": have.pending_out,
        }  # fmt: skip

    def quote(self, tx: Connection, call: b.QuoteCall, _actor: str) -> Answer:
        """What codes take off a basket."""
        found = self._coupons.quote(tx, call.codes, b.basket_of(call.basket))
        return {"off_minor": list(found.off_minor), "total_off_minor": found.total_minor}

    def reserve(self, tx: Connection, call: b.ReserveCall, actor: str) -> Answer:
        """Hold coupons for an order."""
        person_no = None if call.user_id is None else self._people.number(tx, call.user_id)
        held = self._coupons.reserve(
            tx, order_id=call.order_id, person_no=person_no, codes=call.codes, basket=b.basket_of(call.basket), actor=actor,
            minutes=call.minutes,
        )  # fmt: skip
        return {"coupons": [_coupon(c) for c in held], "total_off_minor": sum(c.off_minor or 0 for c in held)}

    def redeem(self, tx: Connection, call: b.OrderCall, actor: str) -> Answer:
        """The order was paid."""
        return {
            "coupons": [_coupon(c) for c in self._coupons.redeem(tx, order_id=call.order_id, actor=actor)]
        }

    def release(self, tx: Connection, call: b.OrderCall, actor: str) -> Answer:
        """The order came to nothing."""
        return {
            "coupons": [_coupon(c) for c in self._coupons.release(tx, order_id=call.order_id, actor=actor)]
        }

    def refund(self, tx: Connection, call: b.OrderCall, actor: str) -> Answer:
        """The order was returned."""
        back = self._coupons.refund(tx, order_id=call.order_id, reason="order returned", actor=actor)
        return {"coupons": [_coupon(c) for c in back]}

    def redeemed(self, tx: Connection, call: b.RedeemedCall, actor: str) -> Answer:
        """A code was used at the shop's own till: the redemption webhook."""
        used = self._coupons.redeemed_elsewhere(
            tx, code=call.code, order_id=call.order_id, off_minor=call.off_minor, actor=actor
        )
        return {"coupon": _coupon(used)}

    def goods(self, tx: Connection, _call: b.EmptyCall, _actor: str) -> Answer:
        """What points can be redeemed for."""
        return {"goods": [b.goods_body(g).model_dump() for g in self._goods.all(tx, active=True)]}

    def spend(self, tx: Connection, call: b.SpendCall, actor: str) -> Answer:
        """Points for goods."""
        person_no = self._people.number(tx, call.user_id)
        done = self._goods.redeem(tx, call.goods_id, person_no, pieces=call.pieces, key=call.key, actor=actor)
        return {"redemption": b.redemption_body(done, {}).model_dump()}


CALLS: dict[str, tuple[type[BaseModel], Callable[..., Answer]]] = {
    "offers": (b.EmptyCall, ShopCalls.offers), "claim": (b.ClaimCall, ShopCalls.claim), "mine": (b.UserCall, ShopCalls.mine),
    "quote": (b.QuoteCall, ShopCalls.quote), "reserve": (b.ReserveCall, ShopCalls.reserve),
    "redeem": (b.OrderCall, ShopCalls.redeem), "release": (b.OrderCall, ShopCalls.release),
    "refund": (b.OrderCall, ShopCalls.refund), "redeemed": (b.RedeemedCall, ShopCalls.redeemed),
    "goods": (b.EmptyCall, ShopCalls.goods), "spend": (b.SpendCall, ShopCalls.spend),
}  # fmt: skip


@public.post("/loyalty/v1/{action}", include_in_schema=False)
async def call(request: Request, action: str) -> Answer:
    """A signed request: checked, done and remembered in one transaction, and only then answered."""
    body = await request.body()
    return await run_in_threadpool(_answer, request, action, body)


def _answer(request: Request, action: str, body: bytes) -> Answer:
    shops: Shops = app_part(request, "loyalty_shops")
    shop_id = request.headers.get("x-weaktie-shop", "")[:40]
    stamp, signature = (request.headers.get(f"x-weaktie-{n}", "") for n in ("timestamp", "signature"))
    nonce = shops.check(shop_id, stamp, signature, body)
    known = CALLS.get(action)
    if known is None:
        raise refuse("no_action", "action")
    model, do = known
    try:
        given = model.model_validate_json(body or b"{}")
    except ValidationError as error:
        place = ".".join(str(step) for step in error.errors()[0]["loc"])[:120]
        raise refuse("bad_request", place) from None
    calls = ShopCalls(
        app_part(request, "loyalty_people"), app_part(request, "coupons"), app_part(request, "points"),
        app_part(request, "goods_book"),
    )  # fmt: skip
    database: Database = app_part(request, "database")
    with database.begin() as tx:
        shops.take(tx, shop_id, nonce)
        return do(calls, tx, given, f"shop:{shop_id}")


def _coupon(found: Any) -> Answer:
    return b.coupon_body(found).model_dump(exclude={"person"})

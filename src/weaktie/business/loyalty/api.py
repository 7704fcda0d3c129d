"""HTTP: coupon templates, their stock and codes, coupons, and shop systems that sign."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from weaktie.business.loyalty import bodies as b
from weaktie.business.loyalty.contracts import refuse
from weaktie.business.loyalty.service import Coupons, People, Shops
from weaktie.kit.clock import Clock, from_datetime
from weaktie.kit.web import app_part
from weaktie.store.database.service import Database
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api/loyalty", tags=["loyalty"])
View = Annotated[Caller, Depends(require("view"))]
Operate = Annotated[Caller, Depends(require("operate"))]
Developer = Annotated[Caller, Depends(require("develop"))]
Short = Annotated[str, Query(max_length=128, pattern=r"^[^\x00-\x1f]*$")]
Cursor = Annotated[str | None, Query(max_length=200)]


@router.get("/templates")
def list_templates(
    request: Request, _caller: View, state: Short = "", cursor: Cursor = None, limit: int | None = None
) -> b.TemplatesBody:
    """Kinds of coupons, the newest first."""
    with database_of(request).connect() as connection:
        page = _coupons(request).templates(connection, state=state, cursor=cursor, limit=limit)
    return b.TemplatesBody(items=[b.template_body(t) for t in page.items], next_cursor=page.next_cursor)


@router.post("/templates", status_code=201)
def create_template(request: Request, caller: Operate, given: b.TemplateRequest) -> b.TemplateBody:
    """Make a kind of coupon with its first stock or codes. Its terms never change afterwards."""
    coupons, now_us = _coupons(request), clock_of(request).now_us()
    with database_of(request).begin() as tx:
        made = coupons.create(
            tx, name=given.name.strip(), terms=b.terms_of(given.terms), actor=caller.actor,
            starts_us=now_us if given.starts_time is None else _instant(given.starts_time),
            ends_us=_instant(given.ends_time), valid_days=given.valid_days, per_person=given.per_person, stock=given.stock,
            codes=given.codes, pool=given.code_count > 0, elsewhere=given.elsewhere, budget_id=given.budget_id,
        )  # fmt: skip
        if given.code_count:
            made = coupons.make_codes(tx, made.template_id, given.code_count, actor=caller.actor)
        detail = {"kind": given.terms.kind, "stock": made.stock, "pool": made.pool}
        note(request, tx, caller, "coupon.create", "coupon_template", made.template_id, detail)
    return b.template_body(made)


@router.get("/templates/{template_id}")
def one_template(request: Request, _caller: View, template_id: str) -> b.TemplateDetailBody:
    """A kind of coupon, and its coupons by state."""
    with database_of(request).connect() as connection:
        found = _coupons(request).find(connection, template_id)
        return b.detail_body(found, _coupons(request).counts(connection, template_id))


@router.post("/templates/{template_id}/state")
def set_template_state(
    request: Request, caller: Operate, template_id: str, given: b.TemplateStateRequest
) -> b.TemplateBody:
    """Pause, go on, or end; what people hold stays good."""
    with database_of(request).begin() as tx:
        after = _coupons(request).set_state(tx, template_id, given.state)
        note(request, tx, caller, "coupon.state", "coupon_template", template_id, {"state": given.state})
    return b.template_body(after)


@router.post("/templates/{template_id}/stock")
def change_template_stock(
    request: Request, caller: Operate, template_id: str, given: b.StockRequest
) -> b.TemplateBody:
    """Put pieces into stock or take them out."""
    if given.change == 0:
        raise refuse("bad_request", "change")
    with database_of(request).begin() as tx:
        after = _coupons(request).change_stock(
            tx, template_id, given.change, key=given.key, actor=caller.actor
        )
        note(request, tx, caller, "coupon.stock", "coupon_template", template_id, {"change": given.change})
    return b.template_body(after)


@router.post("/templates/{template_id}/codes")
def add_template_codes(
    request: Request, caller: Operate, template_id: str, given: b.CodesRequest
) -> b.TemplateBody:
    """Add codes to a pool: uploaded ones, or new ones."""
    coupons = _coupons(request)
    with database_of(request).begin() as tx:
        if given.codes:
            after = coupons.add_codes(tx, template_id, given.codes, actor=caller.actor)
        else:
            after = coupons.make_codes(tx, template_id, given.count, actor=caller.actor)
        count = len(given.codes) or given.count
        note(request, tx, caller, "coupon.codes", "coupon_template", template_id, {"count": count})
    return b.template_body(after)


@router.get("/templates/{template_id}/codes.csv", response_class=StreamingResponse)
def template_codes_csv(request: Request, caller: Operate, template_id: str) -> StreamingResponse:
    """The free codes of a pool as CSV, to print or to hand out; the export is recorded first."""
    database, coupons = database_of(request), _coupons(request)
    with database.begin() as tx:
        coupons.find(tx, template_id)
        note(request, tx, caller, "coupon.export", "coupon_template", template_id, {})

    def lines() -> Iterator[str]:
        yield "\ufeffcode\r\n"
        cursor: str | None = None
        while True:
            with database.connect() as connection:
                page = coupons.page(connection, template_id, state="free", cursor=cursor, limit=500)
            out = io.StringIO()
            # a code has letters, digits, - and _; a leading - would be a formula to a spreadsheet
            csv.writer(out, lineterminator="\r\n").writerows(
                ["'" + c.code if c.code.startswith("-") else c.code] for c in page.items
            )
            yield out.getvalue()
            cursor = page.next_cursor
            if cursor is None:
                return

    headers = {"Content-Disposition": f'attachment; filename="codes-{template_id}.csv"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/templates/{template_id}/coupons")
def list_coupons(
    request: Request, _caller: View, template_id: str, state: Short = "", search: Short = "", cursor: Cursor = None,
    limit: int | None = None,
) -> b.CouponsBody:  # fmt: skip
    """Coupons of a template, the newest first; `search` is a code or an order."""
    with database_of(request).connect() as connection:
        _coupons(request).find(connection, template_id)
        page = _coupons(request).page(
            connection, template_id, state=state, search=search.strip(), cursor=cursor, limit=limit
        )
    return b.CouponsBody(items=[b.coupon_body(c) for c in page.items], next_cursor=page.next_cursor)


@router.post("/templates/{template_id}/grant", status_code=201)
def grant_coupon(request: Request, caller: Operate, template_id: str, given: b.GrantRequest) -> b.CouponBody:
    """Give somebody a coupon by hand, under the same rules as a claim."""
    with database_of(request).begin() as tx:
        person_no = _people(request).number(tx, given.user_id)
        made = _coupons(request).claim(tx, template_id, person_no, key=given.key, actor=caller.actor)
        note(request, tx, caller, "coupon.grant", "coupon", made.coupon_id, {"template": template_id})
    return b.coupon_body(made)


@router.post("/coupons/{coupon_id}/withdraw")
def withdraw_coupon(request: Request, caller: Operate, coupon_id: str, given: b.WhyRequest) -> b.CouponBody:
    """Take a coupon back from its holder."""
    with database_of(request).begin() as tx:
        after = _coupons(request).withdraw(tx, coupon_id, actor=caller.actor)
        note(request, tx, caller, "coupon.withdraw", "coupon", coupon_id, {"reason": given.reason})
    return b.coupon_body(after)


@router.post("/orders/{order_id}/refund")
def refund_order(request: Request, caller: Operate, order_id: str, given: b.WhyRequest) -> list[b.CouponBody]:
    """The order was returned: its coupons go back to their holders, what they took off goes back to the budget."""
    with database_of(request).begin() as tx:
        after = _coupons(request).refund(tx, order_id=order_id, reason=given.reason, actor=caller.actor)
        note(request, tx, caller, "coupon.refund", "order", order_id, {"coupons": len(after)})
    return [b.coupon_body(c) for c in after]


# ---- shop systems


@router.get("/shops")
def list_shops(request: Request, _caller: View) -> list[b.ShopBody]:
    """Shop systems, the newest first, the ended ones too."""
    with database_of(request).connect() as connection:
        return [b.shop_body(s) for s in _shops(request).all(connection)]


@router.post("/shops", status_code=201)
def create_shop(request: Request, caller: Developer, given: b.ShopRequest) -> b.ShopSecretBody:
    """Connect a shop system; its secret is shown this once."""
    with database_of(request).begin() as tx:
        made, secret = _shops(request).create(tx, given.name.strip())
        note(request, tx, caller, "loyalty_shop.create", "loyalty_shop", made.shop_id, {"name": made.name})
    return b.ShopSecretBody(shop=b.shop_body(made), secret=secret)


@router.post("/shops/{shop_id}/secret")
def rotate_shop(request: Request, caller: Developer, shop_id: str) -> b.ShopSecretBody:
    """Another secret; the former one counts for a day more."""
    with database_of(request).begin() as tx:
        after, secret = _shops(request).rotate(tx, shop_id)
        note(request, tx, caller, "loyalty_shop.rotate", "loyalty_shop", shop_id, {})
    return b.ShopSecretBody(shop=b.shop_body(after), secret=secret)


@router.delete("/shops/{shop_id}")
def end_shop(request: Request, caller: Developer, shop_id: str) -> b.ShopBody:
    """Take nothing more from a shop system, and forget its secrets."""
    with database_of(request).begin() as tx:
        after = _shops(request).end(tx, shop_id)
        note(request, tx, caller, "loyalty_shop.end", "loyalty_shop", shop_id, {})
    return b.shop_body(after)


# ---- inside


def note(
    request: Request, tx: Connection, caller: Caller, action: str, kind: str, object_id: str, detail: Mapping[str, object]
) -> None:  # fmt: skip
    """Put an act into the audit chain, in its own transaction."""
    record(
        tx, clock_of(request), actor=caller.actor, action=action, object_kind=kind, object_id=object_id, detail=detail
    )  # fmt: skip


def database_of(request: Request) -> Database:
    """The database."""
    found: Database = app_part(request, "database")
    return found


def clock_of(request: Request) -> Clock:
    """The clock."""
    found: Clock = app_part(request, "clock")
    return found


def _instant(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise refuse("bad_terms", "time")
    return from_datetime(moment)


def _coupons(request: Request) -> Coupons:
    found: Coupons = app_part(request, "coupons")
    return found


def _people(request: Request) -> People:
    found: People = app_part(request, "loyalty_people")
    return found


def _shops(request: Request) -> Shops:
    found: Shops = app_part(request, "loyalty_shops")
    return found

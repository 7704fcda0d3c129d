"""HTTP: rules of points, what people have, goods and redemptions."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from weaktie.business.loyalty import bodies as b
from weaktie.business.loyalty.api import Cursor, Operate, Short, View, database_of, note
from weaktie.business.loyalty.contracts import refuse
from weaktie.business.loyalty.service import GoodsBook, People, Points
from weaktie.kit.web import app_part
from weaktie.trust.ledger.contracts import POINTS, Balance
from weaktie.trust.ledger.service import totals

router = APIRouter(prefix="/api/loyalty/points", tags=["loyalty"])
UserId = Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]


@router.get("")
def points_state(request: Request, _caller: View) -> b.PointsStateBody:
    """All points: where they are."""
    nothing = (0, Balance(0, 0, 0))
    with database_of(request).connect() as connection:
        found = {kind: (n, have) for kind, unit, n, have in totals(connection) if unit == POINTS}
    people, have = found.get("user", nothing)
    return b.PointsStateBody(
        with_people=have.posted, people=people, held=have.pending_out, redeemed=found.get("redeemed", nothing)[1].posted,
        expired=found.get("expired", nothing)[1].posted,
    )  # fmt: skip


@router.get("/of")
def points_of(request: Request, _caller: View, user_id: UserId) -> b.PointsOfBody:
    """What one person has, all their accounts together; nothing for somebody who is not known."""
    with database_of(request).connect() as connection:
        person_no = _people(request).find(connection, user_id)
        have = Balance(0, 0, 0) if person_no is None else _points(request).balance(connection, person_no)
    return b.PointsOfBody(
        person=None if person_no is None else f"p{person_no}", posted=have.posted, held=have.pending_out,
        available=have.available,
    )  # fmt: skip


@router.post("/grant", status_code=201)
def grant_points(request: Request, caller: Operate, given: b.PointsGrantRequest) -> b.PointsOfBody:
    """Give points by hand, or take them; `key` makes it happen once."""
    if given.points == 0:
        raise refuse("bad_rule", "points")
    with database_of(request).begin() as tx:
        person_no = _people(request).number(tx, given.user_id)
        done = _points(request).grant(
            tx, person_no, given.points, key=given.key, reason=given.reason, actor=caller.actor
        )
        detail = {"points": given.points, "reason": given.reason}
        note(request, tx, caller, "points.grant", "ledger", done.transfer_id, detail)
        have = _points(request).balance(tx, person_no)
    return b.PointsOfBody(
        person=f"p{person_no}", posted=have.posted, held=have.pending_out, available=have.available
    )


@router.get("/rules")
def list_points_rules(request: Request, _caller: View) -> list[b.PointsRuleBody]:
    """Every rule, the newest first."""
    with database_of(request).connect() as connection:
        return [b.rule_body(r) for r in _points(request).rules(connection)]


@router.post("/rules", status_code=201)
def create_points_rule(request: Request, caller: Operate, given: b.PointsRuleRequest) -> b.PointsRuleBody:
    """A rule for events that are received from now on. The act of sharing is refused: it never earns anything."""
    with database_of(request).begin() as tx:
        made = _points(request).create_rule(
            tx, name=given.name.strip(), event=given.event.strip(), points=given.points, per_minor=given.per_minor,
            currency=given.currency, most_a_day=given.most_a_day, valid_days=given.valid_days, actor=caller.actor,
        )  # fmt: skip
        detail = {"event": made.event, "points": made.points, "per_minor": made.per_minor}
        note(request, tx, caller, "points.rule", "points_rule", made.rule_id, detail)
    return b.rule_body(made)


@router.post("/rules/{rule_id}/end")
def end_points_rule(request: Request, caller: Operate, rule_id: str) -> b.PointsRuleBody:
    """Let a rule earn nothing more; what was earned stays."""
    with database_of(request).begin() as tx:
        after = _points(request).end_rule(tx, rule_id)
        note(request, tx, caller, "points.end", "points_rule", rule_id, {})
    return b.rule_body(after)


@router.get("/goods")
def list_goods(request: Request, _caller: View) -> list[b.GoodsBody]:
    """What points are redeemed for, the newest first."""
    with database_of(request).connect() as connection:
        return [b.goods_body(g) for g in _goods(request).all(connection)]


@router.post("/goods", status_code=201)
def create_goods(request: Request, caller: Operate, given: b.GoodsRequest) -> b.GoodsBody:
    """Offer something for points."""
    with database_of(request).begin() as tx:
        made = _goods(request).create(
            tx, name=given.name.strip(), points=given.points, stock=given.stock, actor=caller.actor
        )
        detail = {"points": made.points, "stock": made.stock}
        note(request, tx, caller, "goods.create", "points_goods", made.goods_id, detail)
    return b.goods_body(made)


@router.post("/goods/{goods_id}/state")
def set_goods_state(
    request: Request, caller: Operate, goods_id: str, given: b.GoodsStateRequest
) -> b.GoodsBody:
    """Offer it, or not for now."""
    with database_of(request).begin() as tx:
        after = _goods(request).set_state(tx, goods_id, given.state)
        note(request, tx, caller, "goods.state", "points_goods", goods_id, {"state": given.state})
    return b.goods_body(after)


@router.post("/goods/{goods_id}/stock")
def change_goods_stock(
    request: Request, caller: Operate, goods_id: str, given: b.StockRequest
) -> b.GoodsBody:
    """Put pieces into stock or take them out."""
    if given.change == 0:
        raise refuse("bad_request", "change")
    with database_of(request).begin() as tx:
        after = _goods(request).change_stock(tx, goods_id, given.change, key=given.key, actor=caller.actor)
        note(request, tx, caller, "goods.stock", "points_goods", goods_id, {"change": given.change})
    return b.goods_body(after)


@router.get("/redemptions")
def list_redemptions(
    request: Request, _caller: View, goods_id: Short = "", cursor: Cursor = None, limit: int | None = None
) -> b.RedemptionsBody:
    """Points that were given for goods, the newest first."""
    with database_of(request).connect() as connection:
        page = _goods(request).redemptions(connection, goods_id=goods_id, cursor=cursor, limit=limit)
        names = {g.goods_id: g.name for g in _goods(request).all(connection)}
    return b.RedemptionsBody(
        items=[b.redemption_body(r, names) for r in page.items], next_cursor=page.next_cursor
    )


@router.post("/redemptions/{redemption_id}/cancel")
def cancel_redemption(
    request: Request, caller: Operate, redemption_id: str, given: b.WhyRequest
) -> b.RedemptionBody:
    """Give the points back and the pieces into stock."""
    with database_of(request).begin() as tx:
        after = _goods(request).cancel(tx, redemption_id, reason=given.reason, actor=caller.actor)
        note(
            request, tx, caller, "points.cancel", "points_redemption", redemption_id, {"reason": given.reason}
        )
        names = {after.goods_id: _goods(request).find(tx, after.goods_id).name}
    return b.redemption_body(after, names)


def _points(request: Request) -> Points:
    found: Points = app_part(request, "points")
    return found


def _people(request: Request) -> People:
    found: People = app_part(request, "loyalty_people")
    return found


def _goods(request: Request) -> GoodsBook:
    found: GoodsBook = app_part(request, "goods_book")
    return found

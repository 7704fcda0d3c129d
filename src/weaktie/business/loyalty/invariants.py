"""What is always true of coupons and points beside the ledger: each coupon lies where its state says."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, func, select

from weaktie.business.loyalty.tables import coupon_templates, coupons, points_redemptions
from weaktie.kit.words import Words
from weaktie.trust.ledger.contracts import Balance, Problem
from weaktie.trust.ledger.service import totals

SHOWN = 20
_WORDS = {
    "coupons_held": Words("持有中的券与账本数量不一致", "Coupons that people hold differ from the ledger"),
    "coupons_redeemed": Words("已核销的券与账本数量不一致", "Redeemed coupons differ from the ledger"),
    "coupons_free": Words("券码池剩余与账本库存不一致", "Free codes of a pool differ from the stock on the ledger"),
    "coupons_reserved": Words("占用中的券与账本待结数量不一致", "Reserved coupons differ from what the ledger holds"),
    "goods_taken": Words("已兑商品与账本数量不一致", "Goods that were taken differ from the ledger"),
}  # fmt: skip


def coupons_lie_where_they_should(connection: Connection) -> Sequence[Problem]:
    """By template: held and reserved coupons are on people's accounts, redeemed ones are redeemed, free codes are in stock."""
    counts: dict[tuple[str, str], int] = {}
    query = select(coupons.c.template_id, coupons.c.state, func.count()).group_by(
        coupons.c.template_id, coupons.c.state
    )
    for template_id, state, n in connection.execute(query):
        counts[(template_id, state)] = int(n)
    on_ledger = {(kind, unit): b for kind, unit, _, b in totals(connection, living=True)}
    templates = connection.execute(select(coupon_templates.c.template_id, coupon_templates.c.pool))
    pools = {row.template_id: row.pool for row in templates}
    bad: dict[str, list[str]] = {}
    for template_id, pool in pools.items():
        for code in _wrong(template_id, pool, counts, on_ledger):
            bad.setdefault(code, []).append(template_id)
    return [Problem(code, len(ids), tuple(ids[:SHOWN]), _WORDS[code]) for code, ids in bad.items()]


def _wrong(
    template_id: str,
    pool: bool,
    counts: dict[tuple[str, str], int],
    on_ledger: dict[tuple[str, str], Balance],
) -> Iterator[str]:
    unit = f"coupon:{template_id}"

    def n(state: str) -> int:
        return counts.get((template_id, state), 0)

    nothing = Balance(0, 0, 0)
    people, used = on_ledger.get(("user", unit), nothing), on_ledger.get(("redeemed", unit), nothing)
    stock = on_ledger.get(("coupons", unit), nothing)
    free_held = stock.pending_out
    if people.posted != n("held") + n("reserved") - free_held:
        yield "coupons_held"
    if used.posted != n("redeemed"):
        yield "coupons_redeemed"
    if pool and stock.posted - free_held != n("free"):
        yield "coupons_free"
    if used.pending_in > n("reserved"):
        yield "coupons_reserved"


def goods_taken(connection: Connection) -> Sequence[Problem]:
    """Pieces that were taken and not given back are redeemed on the ledger."""
    query = (
        select(points_redemptions.c.goods_id, func.sum(points_redemptions.c.pieces))
        .where(points_redemptions.c.state == "placed")
        .group_by(points_redemptions.c.goods_id)
    )
    taken = {goods_id: int(n) for goods_id, n in connection.execute(query)}
    on_ledger = {
        unit.removeprefix("goods:"): b.posted
        for kind, unit, _, b in totals(connection)
        if kind == "redeemed" and unit.startswith("goods:") and b.posted
    }
    bad = [
        goods_id
        for goods_id in sorted(taken.keys() | on_ledger.keys())
        if taken.get(goods_id, 0) != on_ledger.get(goods_id, 0)
    ]
    return [Problem("goods_taken", len(bad), tuple(bad[:SHOWN]), _WORDS["goods_taken"])] if bad else []

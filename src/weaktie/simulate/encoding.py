"""Events as the protocols' JSON. Text is put together from pieces made once, because a dict an event costs
four times as much; every piece that holds words comes out of a JSON encoder."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from weaktie.kit.money import to_major
from weaktie.simulate.catalogue import SHOPS
from weaktie.simulate.channels import CHANNELS, SHARE
from weaktie.simulate.contracts import LIBRARY
from weaktie.simulate.days import Scene
from weaktie.simulate.devices import APP_VERSIONS, PLATFORMS, SYSTEMS
from weaktie.simulate.events import NAMES, Events, Kind
from weaktie.simulate.timeline import I64
from weaktie.simulate.traits import traits_of
from weaktie.simulate.vocabulary import CATEGORIES, COUPONS, SEARCH_WORDS
from weaktie.simulate.world import World

PRODUCT_KINDS = (Kind.PRODUCT_VIEWED, Kind.PRODUCT_ADDED, Kind.PRODUCT_SHARED)
GROUP_KINDS = (Kind.GROUP_BUY_OPENED, Kind.GROUP_BUY_JOINED)
CONTENT_KINDS = (Kind.CONTENT_VIEWED, Kind.CONTENT_CLICKED, Kind.CONTENT_LIKED, Kind.CONTENT_COMMENTED)


def quoted(value: object) -> str:
    """The JSON of a value."""
    return msgspec.json.encode(value).decode()


@dataclass(frozen=True, slots=True)
class Pieces:
    """JSON of people, devices, goods and contents, made once; pieces of properties end with a comma."""

    world: World
    user: tuple[str, ...]
    product: tuple[str, ...]
    content: tuple[str, ...]
    content_ref: tuple[str, ...]
    searches: tuple[tuple[str, ...], ...]
    shelves: tuple[str, ...]

    def user_or_none(self, person: int) -> str:
        """The user id in quotes, or null for a visitor."""
        return self.user[person] if person < len(self.user) else "null"

    def to(self, person: int) -> str:
        """The member that names the other person of a dealing; nothing where there is none."""
        return f'"to_user_id":{self.user[person]},' if person >= 0 else ""


def pieces(world: World) -> Pieces:
    """Encode once what every event repeats."""
    currency = quoted(world.spec.currency)
    shelf = world.shelf
    products = tuple(
        f'"product_id":{quoted(p.product_id)},"category":{quoted(CATEGORIES[p.category].name)},'
        f'"price":{to_major(p.price_minor, world.spec.currency)},"currency":{currency},'
        for p in shelf.products
    )
    contents = tuple(
        f'"content_id":{quoted(c.content_id)},"category":{quoted(CATEGORIES[c.category].name)},'
        f'"kind":{quoted(c.kind)},'
        for c in shelf.contents
    )
    searches = []
    for category in CATEGORIES:
        words = [
            form.format(goods=goods, trait=trait, brand=brand, scene=category.scene)
            for form in SEARCH_WORDS
            for goods in category.goods
            for trait, brand in zip(category.traits, category.brands, strict=False)
        ]
        searches.append(tuple(f'"query":{quoted(word)},' for word in words))
    return Pieces(
        world=world,
        user=tuple(quoted(world.user_id(p)) for p in range(world.folk.registered)),
        product=products,
        content=contents,
        content_ref=tuple(f'"content_id":{quoted(c.content_id)},' for c in shelf.contents),
        searches=tuple(searches),
        shelves=tuple(
            f'"category":{quoted(c.name)},"list_id":"cat-{k:02d}",' for k, c in enumerate(CATEGORIES)
        ),
    )


def properties(bits: Pieces, scene: Scene, prefix: str) -> list[str]:
    """The properties of each event as JSON members, each followed by a comma; orders carry theirs without products."""
    events = scene.events
    out = [""] * len(events)
    for kind in Kind:
        rows = np.flatnonzero(events.kind == kind)
        if len(rows):
            for row, text in zip(rows.tolist(), _of_kind(bits, scene, kind, rows, prefix), strict=True):
                out[row] = text
    return out


def _of_kind(bits: Pieces, scene: Scene, kind: Kind, rows: I64, prefix: str) -> list[str]:
    some = scene.events.take(rows)
    target, peer = some.target.tolist(), some.peer.tolist()
    if kind in (Kind.CONTENT_LIKED, Kind.CONTENT_COMMENTED):
        return [bits.content[t] + bits.to(p) for t, p in zip(target, peer, strict=True)]
    if kind in CONTENT_KINDS:
        return [bits.content[t] for t in target]
    if kind in PRODUCT_KINDS:
        return _of_products(bits, some, kind)
    if kind == Kind.PRODUCTS_SEARCHED:
        return [
            bits.searches[t][n % len(bits.searches[t])]
            for t, n in zip(target, some.number.tolist(), strict=True)
        ]
    if kind == Kind.PRODUCT_LIST_VIEWED:
        return [bits.shelves[t] for t in target]
    if kind == Kind.APP_OPENED:
        shared = (some.channel == SHARE).tolist()
        return [
            f'"{"sharer_id" if s else "referrer_id"}":{bits.user_or_none(p)},' if p >= 0 else ""
            for p, s in zip(peer, shared, strict=True)
        ]
    if kind in (Kind.CHECKOUT_STARTED, Kind.ORDER_COMPLETED):
        pairs = zip(some.order.tolist(), some.other.tolist(), strict=True)
        return [
            _order(bits, scene, o, kind) + (f'"co_buyer_id":{bits.user[c]},' if c >= 0 else "")
            for o, c in pairs
        ]
    if kind == Kind.ORDER_REFUNDED:
        return [_refund(bits, scene, o) for o in some.order.tolist()]
    if kind in (Kind.INVITE_SENT, Kind.INVITE_ACCEPTED):
        return _of_invitations(bits, some, kind, rows, prefix)
    if kind in (Kind.MESSAGE_SENT, Kind.GIFT_SENT, *GROUP_KINDS):
        return _of_dealings(bits, some, kind)
    return [""] * len(some)


def _of_dealings(bits: Pieces, some: Events, kind: Kind) -> list[str]:
    number, peer = some.number.tolist(), some.peer.tolist()
    if kind == Kind.MESSAGE_SENT:
        return [f'{bits.to(p)}"messages":{n},' for p, n in zip(peer, number, strict=True)]
    if kind == Kind.GIFT_SENT:
        currency = bits.world.spec.currency
        return [
            f'{bits.to(p)}"amount":{to_major(n, currency)},"currency":"{currency}",'
            for p, n in zip(peer, number, strict=True)
        ]
    return [
        f'{bits.product[t]}"group_id":"g{n:08d}",' + (f'"inviter_id":{bits.user[p]},' if p >= 0 else "")
        for t, p, n in zip(some.target.tolist(), peer, number, strict=True)
    ]


def _of_products(bits: Pieces, some: Events, kind: Kind) -> list[str]:
    quantity, page = kind == Kind.PRODUCT_ADDED, kind == Kind.PRODUCT_VIEWED
    goods = bits.world.shelf.products
    whom = "recipient_id" if kind == Kind.PRODUCT_SHARED else "sharer_id"
    columns = zip(
        some.target.tolist(), some.other.tolist(), some.peer.tolist(), some.number.tolist(), strict=True
    )
    return [
        bits.product[t]
        + (bits.content_ref[o] if o >= 0 else "")
        + (f'"{whom}":{bits.user_or_none(p)},' if p >= 0 else "")
        + (f'"quantity":{n},' if quantity else "")
        + (f'"url":"https://shop.example/p/{goods[t].product_id}",' if page else "")
        for t, o, p, n in columns
    ]


def _of_invitations(bits: Pieces, some: Events, kind: Kind, rows: I64, prefix: str) -> list[str]:
    number = bits.world.invitations.number
    accepted = kind == Kind.INVITE_ACCEPTED
    out = []
    columns = zip(some.person.tolist(), some.peer.tolist(), rows.tolist(), strict=True)
    for person, peer, row in columns:
        brought = person if accepted else peer
        invite = f"i{number[brought]:06d}" if brought >= 0 else f"i-{prefix}{row:05x}"
        by = f'"referrer_id":{bits.user_or_none(peer)},' if accepted else ""
        out.append(f'"invite_id":"{invite}",{by}')
    return out


def _order(bits: Pieces, scene: Scene, order: int, kind: Kind) -> str:
    orders, currency = scene.orders, bits.world.spec.currency
    total = to_major(int(orders.total_minor[order]), currency)
    text = f'"order_id":"{scene.order_ids[order]}","total":{total},"currency":"{currency}",'
    if orders.coupon[order] >= 0:
        off = to_major(int(orders.discount_minor[order]), currency)
        text += f'"coupon":"{COUPONS[int(orders.coupon[order])][0]}","discount":{off},'
    if kind == Kind.ORDER_COMPLETED and orders.peer[order] >= 0:
        text += f'"referrer_id":{bits.user_or_none(int(orders.peer[order]))},'
    return text


def _refund(bits: Pieces, scene: Scene, row: int) -> str:
    refund, currency = scene.refunds[row], bits.world.spec.currency
    total = to_major(refund.total_minor, currency)
    return f'"order_id":"{refund.order_id}","total":{total},"currency":"{currency}",'


def items(bits: Pieces, scene: Scene, order: int) -> list[str]:
    """The lines of an order, each a JSON object."""
    shelf, orders = bits.world.shelf, scene.orders
    span = range(int(orders.first[order]), int(orders.first[order + 1]))
    out = []
    for row in span:
        product = shelf.products[int(orders.product[row])]
        price = to_major(product.price_minor, bits.world.spec.currency)
        out.append(
            f'{{"product_id":"{product.product_id}","quantity":{int(orders.quantity[row])},"price":{price},'
            f'"category":{quoted(CATEGORIES[product.category].name)}}}'
        )
    return out


def shops(bits: Pieces, scene: Scene) -> list[int]:
    """The shop of each event: the product's, the order's first product's, or the person's usual one."""
    events, shelf, orders = scene.events, bits.world.shelf, scene.orders
    shop = (bits.world.folk.community[events.person] % 3 == 0).astype(np.int32)
    goods = np.isin(events.kind, (*PRODUCT_KINDS, *GROUP_KINDS))
    shop[goods] = shelf.product_shop[events.target[goods]]
    bought = np.isin(events.kind, (Kind.CHECKOUT_STARTED, Kind.ORDER_COMPLETED))
    shop[bought] = shelf.product_shop[orders.product[orders.first[events.order[bought]]]]
    return [int(s) for s in shop.tolist()]


class SegmentText:
    """Writes events of apps and the web as the Segment protocol has them."""

    def __init__(self, bits: Pieces) -> None:
        self._bits = bits
        world = bits.world
        self._devices = [_device(world, d) for d in range(len(world.devices.anonymous_id))]
        self._anonymous = [f'"anonymousId":"{one}",' for one in world.devices.anonymous_id]
        self._channels = [_campaign(c) for c in range(len(CHANNELS))]
        self._shops = [f',"shop_id":"{shop}"' for shop in SHOPS]

    def write(
        self, scene: Scene, rows: I64, props: list[str], shop: list[int], prefix: str
    ) -> tuple[bytes, ...]:
        """The events at `rows`, one JSON object each."""
        events = scene.events.take(rows)
        stamps = np.datetime_as_string(events.time_ms.astype("datetime64[ms]"), unit="ms").tolist()
        user, anonymous, devices = self._bits.user, self._anonymous, self._devices
        ways = [channel.key for channel in CHANNELS]
        columns = zip(
            rows.tolist(),
            events.kind.tolist(),
            events.person.tolist(),
            events.device.tolist(),
            events.channel.tolist(),
            events.known.tolist(),
            events.order.tolist(),
            stamps,
            strict=True,
        )
        out = []
        for row, kind, person, device, way, known, order, stamp in columns:
            who = f'"userId":{user[person]},{anonymous[device]}' if known else anonymous[device]
            if kind == Kind.IDENTIFY:
                head = f'"type":"identify",{who}"traits":{quoted(traits_of(self._bits.world, person))}'
            else:
                goods = ""
                if order >= 0 and kind != Kind.ORDER_REFUNDED:
                    goods = f'"products":[{",".join(items(self._bits, scene, order))}],'
                head = (
                    f'"type":"track","event":"{_NAMES[kind]}",{who}'
                    f'"properties":{{{props[row]}{goods}"channel":"{ways[way]}"}}'
                )
            out.append(
                f'{{{head},"context":{{{devices[device]}{self._channels[way]}{self._shops[shop[row]]}}},'
                f'"timestamp":"{stamp}Z","messageId":"{prefix}{row:05x}"}}'.encode()
            )
        return tuple(out)


_NAMES: Sequence[str] = [NAMES.get(kind, "") for kind in Kind]


def _device(world: World, device: int) -> str:
    platform = int(world.devices.platform[device])
    app = {"name": "weaktie demo shop", "version": APP_VERSIONS[int(world.devices.version[device])]}
    return (
        f'"library":{{"name":"{LIBRARY}","version":"1"}},"app":{quoted(app)},'
        f'"os":{{"name":"{SYSTEMS[int(world.devices.system[device])]}"}},"platform":"{PLATFORMS[platform]}"'
    )


def _campaign(channel: int) -> str:
    way = CHANNELS[channel]
    if not way.source:
        return ""
    return f',"campaign":{{"source":"{way.source}","medium":"{way.medium}","name":"sim-{way.key}"}}'

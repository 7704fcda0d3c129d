"""The market's entities as files to import, and its truth as files to grade against."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import numpy as np

from weaktie.kit.clock import day_to_date, to_iso
from weaktie.kit.money import to_major
from weaktie.simulate.catalogue import SHOPS
from weaktie.simulate.channels import ACQUISITION
from weaktie.simulate.contracts import EntityKind, SignUp, TrueTie
from weaktie.simulate.rings import address_text
from weaktie.simulate.ties import KINDS
from weaktie.simulate.traits import traits_of
from weaktie.simulate.vocabulary import CATEGORIES
from weaktie.simulate.world import World

Row = dict[str, object]


def entity_files(world: World, folder: Path) -> dict[EntityKind, Path]:
    """One JSON Lines file for each kind of entity."""
    rows: dict[EntityKind, Iterator[Row]] = {
        "products": _products(world),
        "contents": _contents(world),
        "users": _users(world),
        "relations": _relations(world),
    }
    return {kind: _write(folder / f"{kind}.jsonl", lines) for kind, lines in rows.items()}


def truth_files(world: World, folder: Path) -> dict[str, Path]:
    """The latent variables of people and of pairs, and what each channel cost on each day."""
    people = (msgspec.to_builtins(world.truth(person)) for person in range(len(world.folk)))
    return {
        "truth": _write(folder / "truth.jsonl", people),
        "ties": _write(folder / "ties.jsonl", (msgspec.to_builtins(tie) for tie in true_ties(world))),
        "channel_costs": _write(folder / "channel_costs.jsonl", _costs(world)),
    }


def true_ties(world: World) -> Iterator[TrueTie]:
    """How close each friend really feels to the other, a row a direction."""
    pairs = world.social
    columns = zip(pairs.src.tolist(), pairs.dst.tolist(), pairs.strength.tolist(), strict=True)
    return (TrueTie(world.user_id(a), world.user_id(b), round(strength, 6)) for a, b, strength in columns)


def sign_ups(world: World) -> Iterator[SignUp]:
    """What the shop's server knows of everybody who registered inside the window, by time."""
    folk, near = world.folk, world.neighbours
    inside = np.flatnonzero(folk.join_ms[: folk.registered] >= world.line.start_ms)
    for person in inside[np.argsort(folk.join_ms[inside], kind="stable")].tolist():
        by, number = int(folk.inviter[person]), int(world.invitations.number[person])
        yield SignUp(
            user_id=world.user_id(person),
            registered_us=int(folk.join_ms[person]) * 1000,
            inviter_id=world.user_id(by) if by >= 0 else None,
            invited_us=int(world.invitations.sent_ms[number]) * 1000 if number >= 0 else None,
            device=world.devices.anonymous_id[int(near.device[person])],
            address=address_text(int(near.address[person])),
            payout=f"pay-sim-{int(near.payout[person]):07d}",
        )


def _write(path: Path, rows: Iterable[Row]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        for row in rows:
            out.write(msgspec.json.encode(row) + b"\n")
    return path


def _products(world: World) -> Iterator[Row]:
    for product in world.shelf.products:
        yield {
            "product_id": product.product_id,
            "name": product.name,
            "category": CATEGORIES[product.category].name,
            "brand": product.brand,
            "price": str(to_major(product.price_minor, world.spec.currency)),
            "currency": world.spec.currency,
            "shop_id": SHOPS[product.shop],
            "stock": product.stock,
            "created_time": to_iso(product.created_ms * 1000),
        }


def _contents(world: World) -> Iterator[Row]:
    for content in world.shelf.contents:
        yield {
            "content_id": content.content_id,
            "title": content.title,
            "body": content.body,
            "kind": content.kind,
            "topics": list(content.topics),
            "creator_id": world.user_id(int(world.folk.creators[content.creator])),
            "product_ids": [world.shelf.products[p].product_id for p in content.products],
            "published_time": to_iso(content.published_ms * 1000),
        }


def _users(world: World) -> Iterator[Row]:
    for person in range(world.folk.registered):
        yield {"user_id": world.user_id(person), **traits_of(world, person)}


def _relations(world: World) -> Iterator[Row]:
    """Friendships stand once. How close people are is nothing that a shop knows: every weight is 1."""
    ties = world.ties
    columns = zip(
        ties.src.tolist(),
        ties.dst.tolist(),
        ties.kind.tolist(),
        ties.time_ms.tolist(),
        strict=True,
    )
    for src, dst, kind, time_ms in columns:
        yield {
            "src_user_id": world.user_id(src),
            "dst_user_id": world.user_id(dst),
            "kind": KINDS[kind],
            "time": to_iso(time_ms * 1000),
            "weight": 1.0,
        }


def _costs(world: World) -> Iterator[Row]:
    """A channel's cost of a day: its price for each registration, whether these people stay or not."""
    folk, line = world.folk, world.line
    day = line.index_of(folk.join_ms)
    inside = (folk.join_ms >= line.start_ms) & (np.arange(len(folk)) < folk.registered)
    for index in range(len(line.weight)):
        date = day_to_date(line.first_day + index).isoformat()
        came = np.bincount(folk.channel[inside & (day == index)], minlength=len(ACQUISITION))
        for number, channel in enumerate(ACQUISITION):
            yield {
                "date": date,
                "channel": channel.key,
                "registrations": int(came[number]),
                "cost": str(to_major(int(came[number]) * channel.cost_minor, world.spec.currency)),
                "currency": world.spec.currency,
            }

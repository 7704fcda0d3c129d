"""Cascades: who heard of a content, a product or the shop from whom. Pure."""

from collections.abc import Mapping, Sequence

import numpy as np

from weaktie.ai.influence import kernels
from weaktie.ai.influence.contracts import Bools, CascadeFigures, Drawn, Forest, Item, ItemKind
from weaktie.ai.influence.reading import Paid, Passed
from weaktie.data.behaviour.contracts import I32, I64

NEVER_US = np.iinfo(np.int64).max
NO_ROWS = np.zeros(0, np.int64)


def forest(passed: Passed, paid: Paid) -> Forest:
    """The trees of some days' shares and openings, with the orders that followed.

    Somebody's first opening of an item counts. An opening that names a product belongs to the content in which the sharer
    last shared that product before, where there is one; an accepted invitation to the shop itself; an opening that names
    nothing is in no cascade. An order belongs to the latest item that its buyer opened through the person it names.
    """
    people = int(max(passed.person.max(initial=-1), passed.by.max(initial=-1))) + 1
    item, items = _items(passed, people)
    opens = np.flatnonzero((passed.by >= 0) & ~passed.ordered & (item >= 0))
    size = max(people, 1)
    mine = item[opens].astype(np.int64) * size + passed.person[opens]
    theirs = item[opens].astype(np.int64) * size + passed.by[opens]
    slots, place = np.unique(np.concatenate([mine, theirs]), return_inverse=True)
    shared_us = np.full(len(slots), NEVER_US, np.int64)
    shares = np.flatnonzero(passed.shared & (item >= 0))
    key = item[shares].astype(np.int64) * size + passed.person[shares]
    known = np.isin(key, slots)
    np.minimum.at(shared_us, np.searchsorted(slots, key[known]), passed.us[shares[known]])
    slot, parent, roots, us, cause = kernels.grow_forest(
        place[: len(opens)], place[len(opens) :], passed.us[opens], shared_us, len(slots)
    )
    root: I32 = roots.astype(np.int32)
    depth, below, pairs = kernels.tree_figures(parent, root)
    person = (slots[slot] % size).astype(np.int32) if len(slot) else np.zeros(0, np.int32)
    by = np.where(parent >= 0, person[np.maximum(parent, 0)] if len(slot) else 0, -1).astype(np.int32)
    began = cause < 0
    day = np.zeros(len(slot), np.int32)
    day[~began] = passed.day[opens[cause[~began]]]
    # Who began stands on the day of the first who heard of it from them.
    first = np.full(len(slot), np.iinfo(np.int32).max, np.int32)
    heard = np.flatnonzero(~began)
    np.minimum.at(first, parent[heard], day[heard])
    day[began] = first[began]
    # Of who began without a known share nobody knows since when they could have told it.
    known_since = ~began | (shared_us[slot] <= us)
    timed = (parent >= 0) & known_since[np.maximum(parent, 0)] if len(slot) else began
    cycle = np.where(timed, us - us[np.maximum(parent, 0)] if len(slot) else 0, -1)
    which = (slots[slot] // size).astype(np.int32) if len(slot) else np.zeros(0, np.int32)
    orders, net = _orders(person, by, us, paid, size)
    return Forest(person, by, parent, root, which, us, day, cycle, depth, below, pairs, orders, net, items)


def _items(passed: Passed, people: int) -> tuple[I32, list[Item]]:
    """The item of each event, as a place in the list, -1 where it names none."""
    contents, products = len(passed.contents), len(passed.products)
    content = passed.content.copy()
    lacking = np.flatnonzero((content < 0) & (passed.product >= 0) & (passed.by >= 0))
    told = np.flatnonzero(passed.shared & (passed.product >= 0) & (passed.content >= 0))
    if len(lacking) and len(told):
        size = max(people, 1)
        asked = passed.product[lacking].astype(np.int64) * size + passed.by[lacking]
        known = passed.product[told].astype(np.int64) * size + passed.person[told]
        keys, place = np.unique(np.concatenate([asked, known]), return_inverse=True)
        mine, theirs = place[: len(lacking)], place[len(lacking) :]
        order = np.lexsort((passed.us[told], theirs))
        starts = np.searchsorted(theirs[order], np.arange(len(keys) + 1))
        found = kernels.last_before(mine, passed.us[lacking], starts.astype(np.int64), passed.us[told][order])
        there = found >= 0
        content[lacking[there]] = passed.content[told[order[found[there]]]]
    item = np.where(passed.product >= 0, contents + passed.product, -1)
    item = np.where(content >= 0, content, item)
    item = np.where(passed.invited, contents + products, item).astype(np.int32)
    named: list[Item] = [Item("content", c) for c in passed.contents]
    named += [Item("product", p) for p in passed.products]
    return item, [*named, Item("invite", "")]


def _orders(person: I32, by: I32, us: I64, paid: Paid, size: int) -> tuple[I32, dict[str, I64]]:
    """Orders and their worth by row: each that names a referrer goes to its buyer's latest row from that person before it."""
    counts = np.zeros(len(person), np.int32)
    net = {c: np.zeros(len(person), np.int64) for c in paid.currencies}
    rows = np.flatnonzero(by >= 0)
    bought = np.flatnonzero((paid.referrer >= 0) & (paid.person < size) & (paid.referrer < size))
    if not len(rows) or not len(bought):
        return counts, net
    key = by[rows].astype(np.int64) * size + person[rows]
    wanted = paid.referrer[bought].astype(np.int64) * size + paid.person[bought]
    keys, place = np.unique(np.concatenate([wanted, key]), return_inverse=True)
    mine, theirs = place[: len(bought)], place[len(bought) :]
    order = np.lexsort((us[rows], theirs))
    starts = np.searchsorted(theirs[order], np.arange(len(keys) + 1)).astype(np.int64)
    found = kernels.last_before(mine, paid.us[bought], starts, us[rows][order])
    there = found >= 0
    to = rows[order[found[there]]]
    np.add.at(counts, to, 1)
    for code, currency in enumerate(paid.currencies):
        same = paid.currency[bought][there] == code
        np.add.at(net[currency], to[same], paid.net_minor[bought][there][same])
    return counts, net


def figures(trees: Forest, rows: I64) -> CascadeFigures:
    """What some whole trees come to; `rows` are all their rows, ascending."""
    depth = trees.depth[rows]
    levels = np.bincount(depth) if len(rows) else np.zeros(0, np.int64)
    roots = rows[trees.parent[rows] < 0]
    sizes = trees.below[roots].astype(np.float64)
    couples = float((sizes * (sizes - 1) / 2).sum())
    cycle = trees.cycle_us[rows]
    cycle = cycle[cycle >= 0]
    return CascadeFigures(
        len(rows), len(roots), int(depth.max(initial=0)), int(levels[1:].max(initial=0)),
        float(trees.pairs[roots].sum()) / couples if couples else None,
        int(np.median(cycle)) if len(cycle) else None, int(trees.orders[rows].sum()),
        {c: int(v[rows].sum()) for c, v in trees.net_minor.items() if v[rows].any()}, [int(n) for n in levels],
    )  # fmt: skip


def rows_of_item(trees: Forest, item: Item) -> I64:
    """The rows of one item."""
    if item not in trees.items:
        return NO_ROWS
    found: I64 = np.flatnonzero(trees.item == trees.items.index(item)).astype(np.int64)
    return found


def rows_of_creator(trees: Forest, creator: int, own: Bools) -> I64:
    """The rows of whole trees about a creator's contents (`own` by place in `items`), or that the creator began."""
    mine = own[trees.item] | (trees.person[trees.root] == creator) if len(trees) else np.zeros(0, np.bool_)
    found: I64 = np.flatnonzero(mine).astype(np.int64)
    return found


def under(trees: Forest, rows: I64, person: int) -> I64:
    """Those of the rows that hang under a person, the person's own included."""
    inside = np.zeros(len(trees), np.bool_)
    asked = np.zeros(len(trees), np.bool_)
    asked[rows] = True
    for row in rows.tolist():
        above = trees.parent[row]
        inside[row] = trees.person[row] == person or (above >= 0 and asked[above] and inside[above])
    found: I64 = np.flatnonzero(inside & asked).astype(np.int64)
    return found


def drawn(trees: Forest, rows: I64, title: str, names: Mapping[int, str], most: int) -> Drawn:
    """The trees as one drawing under a top of their own: at most `most` people, those with most below them, and a node "others"
    for those who are not drawn beside them. Nobody is drawn without who they heard from."""
    shown = rows[np.lexsort((rows, -trees.below[rows]))][:most]
    visible = set(shown.tolist())
    top = Drawn(-1, title, -1, len(rows), int(trees.orders[rows].sum()), 0)
    nodes: dict[int, Drawn] = {}
    for row in sorted(visible):
        person = int(trees.person[row])
        nodes[row] = Drawn(
            person, names.get(person, f"@{person}"), int(trees.depth[row]), int(trees.below[row]) - 1,
            int(trees.orders[row]), int(trees.us[row]),
        )  # fmt: skip
        _above(trees, nodes, top, row).children.append(nodes[row])
    left: dict[int, tuple[Drawn, int, int]] = {}
    for row in rows.tolist():
        if row in visible:
            continue
        parent = int(trees.parent[row])
        if parent >= 0 and parent not in visible:
            continue
        above = _above(trees, nodes, top, row)
        count = left.get(id(above), (above, 0, 0))[1]
        left[id(above)] = (above, count + int(trees.below[row]), int(trees.depth[row]))
    for above, count, depth in left.values():
        above.children.append(Drawn(-1, "", depth, 0, 0, 0, others=count))
    for node in (top, *nodes.values()):
        node.children.sort(key=lambda c: (c.others > 0, -c.below, c.us))
    return top


def _above(trees: Forest, nodes: Mapping[int, Drawn], top: Drawn, row: int) -> Drawn:
    parent = int(trees.parent[row])
    return nodes[parent] if parent >= 0 else top


def shown_people(trees: Forest, rows: I64, most: int) -> I32:
    """The people who are drawn, ascending."""
    shown = rows[np.lexsort((rows, -trees.below[rows]))][:most]
    found: I32 = np.unique(trees.person[shown]).astype(np.int32)
    return found


def by_item(trees: Forest, kinds: Sequence[ItemKind]) -> dict[int, I64]:
    """The rows of each item of these kinds that anybody passed on, by place in `items`."""
    order = np.argsort(trees.item, kind="stable")
    which, starts = np.unique(trees.item[order], return_index=True)
    parts = np.split(order, starts[1:]) if len(which) else []
    return {
        int(item): part.astype(np.int64)
        for item, part in zip(which.tolist(), parts, strict=True)
        if trees.items[item].kind in kinds
    }

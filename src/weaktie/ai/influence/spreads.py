"""Cascades of the shop: lists, trees, and the people in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from weaktie.ai.influence import cascades
from weaktie.ai.influence.contracts import (
    I32,
    I64,
    ITEM_WORDS,
    MOST_DAYS,
    BadCascade,
    Bools,
    Cascade,
    Drawn,
    Forest,
    Item,
    ItemKind,
)
from weaktie.ai.influence.reading import Book, Social
from weaktie.data.behaviour.contracts import BadPeople, Days, day_asked, only
from weaktie.kit.clock import day_to_iso
from weaktie.kit.words import Words

MOST_LISTED = 100
KINDS: tuple[ItemKind, ...] = ("content", "product", "invite")


@dataclass(frozen=True, slots=True)
class About:
    """Which cascades: of an item, or of a creator (person number): trees about their contents and those they began."""

    days: Days
    item: Item | None = None
    creator: int | None = None


class Spreads:
    """Reads what was passed on, and makes trees of it."""

    def __init__(self, book: Book) -> None:
        self.book = book

    def forest(self, social: Social, days: Days) -> Forest:
        """All trees of some days; raises BadCascade. What was shared or opened before these days is not looked at."""
        if days.first < 0 or not 0 <= days.last - days.first < MOST_DAYS:
            raise BadCascade(
                "from", Words("日期范围无效，最多 366 天。", "The days are not valid; at most 366 of them.")
            )
        span = (days.first, days.last)
        return self.book.once(
            ("forest", social.crowd.key, span),
            lambda: cascades.forest(self.book.passed(social, span), self.book.paid(social)),
        )

    def listed(self, days: Days, kind: ItemKind | None = None) -> tuple[list[Cascade], int]:
        """Items by how many people their cascades hold, the largest first, and how many items there are."""
        social = self.book.social()
        trees = self.forest(social, days)
        parts = cascades.by_item(trees, KINDS if kind is None else (kind,))
        largest = sorted(parts, key=lambda i: (-len(parts[i]), i))
        titles = self.titles(social)
        found = [
            Cascade(
                trees.items[i], titles(trees.items[i]), cascades.figures(trees, parts[i]),
                int(trees.us[parts[i]].min()), int(trees.us[parts[i]].max()),
            )
            for i in largest[:MOST_LISTED]
        ]  # fmt: skip
        return found, len(parts)

    def creators(self, days: Days) -> list[tuple[int, Any]]:
        """Creators and people who began cascades, by how many people these hold: (person, figures), the largest first."""
        social = self.book.social()
        trees = self.forest(social, days)
        author = self.authors(social, trees)
        roots = np.flatnonzero(trees.parent < 0)
        weight: dict[int, int] = {}
        for row in roots.tolist():
            for person in {int(trees.person[row]), int(author[trees.item[row]])} - {-1}:
                weight[person] = weight.get(person, 0) + int(trees.below[row])
        largest = sorted(weight, key=lambda p: (-weight[p], p))[:MOST_LISTED]
        return [
            (p, cascades.figures(trees, cascades.rows_of_creator(trees, p, author == p))) for p in largest
        ]

    def rows(self, social: Social, about: About) -> tuple[Forest, I64]:
        """The rows of what is asked about."""
        trees = self.forest(social, about.days)
        if about.item is not None:
            return trees, cascades.rows_of_item(trees, about.item)
        own: Bools = self.authors(social, trees) == about.creator
        return trees, cascades.rows_of_creator(trees, int(about.creator or 0), own)

    def tree(self, about: About, names: Mapping[int, str], most: int) -> Drawn:
        """The drawing."""
        social = self.book.social()
        trees, rows = self.rows(social, about)
        title = (
            self.titles(social)(about.item) if about.item is not None else names.get(about.creator or -1, "")
        )
        return cascades.drawn(trees, rows, title, names, most)

    def authors(self, social: Social, trees: Forest) -> I32:
        """Who made each item of the trees, -1 where nobody or not known."""
        contents = self.book.contents(social)
        by = dict(zip(contents.ids, contents.creator.tolist(), strict=True))
        found = [by.get(i.id, -1) if i.kind == "content" else -1 for i in trees.items]
        return np.array(found, np.int32)

    def titles(self, social: Social) -> Any:
        """Says what an item is called."""
        contents = self.book.contents(social)
        called = dict(zip(contents.ids, contents.titles, strict=True))
        products = self.book.product_names(social)

        def title(item: Item) -> str:
            return (called if item.kind == "content" else products).get(item.id) or item.id

        return title

    # --- people: {"kind": "spread", "from", "to", "item": "content:ID" | "creator": number, "under": number, "depth": n} ----

    def people(self, query: Mapping[str, Any]) -> I32:
        """Who is in some cascades, ascending: all, those under somebody, those of a depth, those who ordered. Raises BadPeople."""
        about = about_of(query)
        social = self.book.social()
        trees, rows = self.rows(social, about)
        if query.get("under") is not None:
            rows = cascades.under(trees, rows, _number(query, "under"))
        if query.get("depth") is not None:
            rows = rows[trees.depth[rows] == _number(query, "depth")]
        if query.get("ordered"):
            rows = rows[trees.orders[rows] > 0]
        return only(social.people(), np.unique(trees.person[rows]).astype(np.int32))

    def describe(self, query: Mapping[str, Any]) -> Words:
        """Who they are, in a few words. Raises BadPeople."""
        about = about_of(query)
        when = f"{day_to_iso(about.days.first)} – {day_to_iso(about.days.last)}"
        if about.item is not None:
            title = self.titles(self.book.social())(about.item)
            kind = ITEM_WORDS[about.item.kind]
            zh, en = f"{kind.zh}“{title}”的传播", f"spread of the {kind.en} {title}"
        else:
            zh, en = "该创作者的传播", "spread by one creator"
        part_zh = "（含其下线传播）" if query.get("under") is not None else ""
        part_en = " under one person" if query.get("under") is not None else ""
        if query.get("depth") is not None:
            depth = _number(query, "depth")
            part_zh, part_en = part_zh + f"第 {depth} 层", part_en + f", depth {depth}"
        return Words(f"{when} {zh}{part_zh}", f"{when} {en}{part_en}")


def item_of(text: str) -> Item:
    """An item as links name it, `content:ID`, `product:ID` or `invite:`; raises BadCascade."""
    kind, colon, name = text.partition(":")
    if not colon or kind not in KINDS or len(name) > 255:
        raise BadCascade("item", Words("没有这样的传播对象。", "There is no such item."))
    return Item(kind, name)


def about_of(query: Mapping[str, Any]) -> About:
    """Which cascades a query of people names; raises BadPeople."""
    days = Days(day_asked(query, "from"), day_asked(query, "to"))
    try:
        if query.get("item"):
            return About(days, item=item_of(str(query["item"])))
    except BadCascade as error:
        raise BadPeople(error.words, "people.item") from None
    return About(days, creator=_number(query, "creator"))


def _number(query: Mapping[str, Any], name: str) -> int:
    value = query.get(name)
    try:
        found = int(str(value))
    except ValueError:
        found = -1
    if not 0 <= found < 2**31:
        raise BadPeople(Words("编号无效。", "The number is not valid."), f"people.{name}")
    return found

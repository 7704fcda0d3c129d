"""The goods and contents of the demo shop, and how likely each is to be met."""

from dataclasses import dataclass

import numpy as np

from weaktie.kit.money import minor_digits
from weaktie.simulate.contracts import MarketSpec
from weaktie.simulate.timeline import DAY_MS, F64, I32, I64, Timeline, stream
from weaktie.simulate.vocabulary import BODIES, CATEGORIES, CONTENT_KINDS, TITLES, Category

PRODUCTS = 600
CONTENTS = 800
SENSITIVITY_LEVELS = 3
SHOPS = ("sim-shop-1", "sim-shop-2")
_STREAM = 1


@dataclass(frozen=True, slots=True)
class Product:
    """One thing for sale; `price_minor` in the market's currency."""

    product_id: str
    name: str
    category: int
    brand: str
    price_minor: int
    shop: int
    stock: int
    created_ms: int


@dataclass(frozen=True, slots=True)
class Content:
    """A short video, note or live stream that shows products. `creator` is a position among the creators."""

    content_id: str
    title: str
    body: str
    kind: str
    topics: tuple[str, ...]
    category: int
    creator: int
    products: tuple[int, ...]
    published_ms: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Goods and contents with the columns that drawing them needs.

    `product_odds[level]` and `content_odds` rise within each category from c to c + 1: a search for `c + u`
    draws.
    """

    products: tuple[Product, ...]
    contents: tuple[Content, ...]
    price_minor: I64
    product_category: I32
    product_shop: I32
    content_category: I32
    content_product: I32
    content_quality: F64
    product_odds: F64
    content_odds: F64

    def draw_products(self, rng: np.random.Generator, category: I32, level: I32) -> I32:
        """A product of each category; the higher the price-sensitivity level (0–2), the cheaper."""
        spot = category + rng.random(len(category))
        found = np.empty(len(category), np.int32)
        for one in range(SENSITIVITY_LEVELS):
            chosen = level == one
            found[chosen] = np.searchsorted(self.product_odds[one], spot[chosen], "right")
        return np.minimum(found, len(self.products) - 1, out=found)

    def draw_contents(self, rng: np.random.Generator, category: I32) -> I32:
        """A content of each category by its popularity."""
        found = np.searchsorted(self.content_odds, category + rng.random(len(category)), "right")
        return np.minimum(found, len(self.contents) - 1).astype(np.int32)


def catalogue(spec: MarketSpec, line: Timeline, creators: int) -> Catalogue:
    """The shop's shelves; `creators` people publish the contents. Both lists are ordered by category."""
    rng = stream(spec, _STREAM)
    products = _products(spec, line, rng)
    per_category = PRODUCTS // len(CATEGORIES)
    contents = _contents(line, rng, products, per_category, creators)
    price = np.array([p.price_minor for p in products], np.int64)
    category = np.array([p.category for p in products], np.int32)
    content_category = np.array([c.category for c in contents], np.int32)
    return Catalogue(
        products=products,
        contents=contents,
        price_minor=price,
        product_category=category,
        product_shop=np.array([p.shop for p in products], np.int32),
        content_category=content_category,
        content_product=np.array([c.products[0] for c in contents], np.int32),
        content_quality=np.clip(rng.gamma(8.0, 1 / 8.0, len(contents)), 0.4, 2.0),
        product_odds=_product_odds(rng, price, category),
        content_odds=_rising(_fame(rng, len(contents), 70, 0.8), content_category),
    )


def _products(spec: MarketSpec, line: Timeline, rng: np.random.Generator) -> tuple[Product, ...]:
    unit = 10 ** minor_digits(spec.currency)
    made: list[Product] = []
    for number, category in enumerate(CATEGORIES):
        per_category = PRODUCTS // len(CATEGORIES)
        steps = np.exp(rng.uniform(np.log(category.lowest), np.log(category.highest), per_category))
        for k, major in enumerate(steps.tolist()):
            brand = category.brands[int(rng.integers(len(category.brands)))]
            goods = category.goods[k % len(category.goods)]
            trait = category.traits[int(rng.integers(len(category.traits)))]
            made.append(
                Product(
                    product_id=f"p{len(made) + 1:04d}",
                    name=f"{brand} {goods} {trait} {chr(65 + k // 26)}{k % 26 + 1:02d}",
                    category=number,
                    brand=brand,
                    price_minor=round(major) * unit - unit // 10,
                    shop=int(rng.random() < 0.35),
                    stock=int(rng.integers(20, 2000)),
                    created_ms=line.start_ms - int(rng.integers(1, 400)) * DAY_MS,
                )
            )
    return tuple(made)


def _contents(
    line: Timeline, rng: np.random.Generator, products: tuple[Product, ...], per_category: int, creators: int
) -> tuple[Content, ...]:
    made: list[Content] = []
    for number in np.sort(np.arange(CONTENTS) % len(CATEGORIES)).tolist():
        category = CATEGORIES[number]
        kind = CONTENT_KINDS[int(rng.choice(3, p=(0.55, 0.35, 0.10)))]
        shown = number * per_category + rng.choice(per_category, int(rng.integers(1, 4)), replace=False)
        first = products[int(shown[0])]
        words = _words(category, first, rng)
        made.append(
            Content(
                content_id=f"c{len(made) + 1:04d}",
                title=TITLES[kind][int(rng.integers(len(TITLES[kind])))].format(**words),
                body=BODIES[int(rng.integers(len(BODIES)))].format(**words),
                kind=kind,
                topics=(
                    category.scene,
                    category.topics[int(rng.integers(len(category.topics)))],
                    words["goods"],
                ),
                category=number,
                creator=int(creators * rng.random() ** 2),
                products=tuple(int(p) for p in shown),
                published_ms=line.start_ms - int(rng.integers(1, 60 * 24)) * 3_600_000,
            )
        )
    return tuple(made)


def _words(category: Category, product: Product, rng: np.random.Generator) -> dict[str, str]:
    _, goods, trait, _ = product.name.split(" ")
    price = (100, 200, 300, 500)[int(rng.integers(4))]
    return {
        "scene": category.scene,
        "goods": goods,
        "trait": trait,
        "brand": product.brand,
        "price": str(price),
    }


def _product_odds(rng: np.random.Generator, price: I64, category: I32) -> F64:
    popularity = _fame(rng, len(price), 50, 0.9)
    cheap = np.empty(len(price))
    for number in range(len(CATEGORIES)):
        mine = np.flatnonzero(category == number)
        cheap[mine[np.argsort(-price[mine], kind="stable")]] = np.linspace(-1.0, 1.0, len(mine))
    leanings = (-0.6, 0.3, 1.3)
    return np.stack([_rising(popularity * np.exp(lean * cheap), category) for lean in leanings])


def _fame(rng: np.random.Generator, count: int, ranks: int, power: float) -> F64:
    """Zipf's law over shuffled ranks: few are met often, many seldom."""
    rank = 1.0 + rng.permutation(count) % ranks
    return np.asarray(rank**-power, np.float64)


def _rising(weight: F64, category: I32) -> F64:
    """Cumulative odds within each category, put one behind the other: category c ends at c + 1."""
    total = np.bincount(category, weight)[category]
    rise = np.cumsum(weight / total)
    # A category's last value must be exactly c + 1, or rounding would let a draw fall into its neighbour.
    rise[np.flatnonzero(np.diff(category, append=len(CATEGORIES)))] = np.arange(1, len(CATEGORIES) + 1)
    return rise

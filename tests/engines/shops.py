"""The same small market twice: on the embedded engine and on the cluster. A few thousand rows, seeded."""

import random
from pathlib import Path

import pyarrow as pa

from tests.data.profiles.market import DAY, Market, at
from weaktie.data.collect.contracts import CRAWLER, TEST
from weaktie.data.profiles.tables import COUNTED
from weaktie.data.quality.service import Quality
from weaktie.store.engine.contracts import Engine
from weaktie.store.lake.tables import TABLES

SEED = 20_300
PEOPLE = 60
EVENTS = 3_000
ORDERS = 240
DAYS = 40
"""Longer than a block of `user_day`, so that blocks meet."""
NAMES = [*(c.events[0] for c in COUNTED), "$AppStart", "Poster Printed", None]
PLATFORMS = ["web", "iOS", "Android", "mini_program", "JS", "HarmonyOS", None]


def shop(home: Path, engine: Engine | None = None) -> Market:
    """A filled market; with an engine it asks that one."""
    market = Market(home)
    if engine is not None:
        market.engine.close()
        market.engine = engine  # type: ignore[assignment]
        market.quality = Quality(
            market.database, market.lake, engine, market.people, market.settings, market.clock
        )
    fill(market, random.Random(SEED))
    return market


def fill(market: Market, chance: random.Random) -> None:
    """Everything that a query may stumble over: nulls, ties in order, several versions, currencies, shared devices, crawlers."""
    for number in range(1, PEOPLE + 1):
        kind = "user" if number % 5 else "anonymous"
        market.user(number, f"u{number}", kind=kind, person=number - 1 if number % 10 == 0 else None)
    market.people.spans = [
        (5, -(2**62), at(DAY - 20), 5), (5, at(DAY - 20), at(DAY - 5), 7), (5, at(DAY - 5), 2**62, 8),
    ]  # fmt: skip
    market.permits.refused = {11}
    market.put("products", *(_product(n, chance) for n in range(30)))
    events = [_event(n, chance) for n in range(EVENTS)]
    hasty = [
        {"alias_no": 3, "event": "Product Viewed", "us": at(DAY, 9), "log_partition": 0} for _ in range(301)
    ]
    for start in range(0, EVENTS, 1_000):
        market.put("events", *events[start : start + 1_000])
    market.put("events", *hasty)
    market.put("orders", *(row for n in range(ORDERS) for row in _order(n, chance)))
    market.put(
        "order_items",
        *({"order_id": f"o{n}", "line_no": 1, "product_id": f"p{n % 30}"} for n in range(ORDERS)),
    )
    market.put("users", *(_user(n, chance) for n in range(1, PEOPLE + 1) for _ in range(1 + n % 3)))
    market.put(
        "contents",
        *(
            {"content_id": f"c{n % 15}", "creator_alias_no": n % 9 + 1 if n % 4 else None, "us": at(DAY - n)}
            for n in range(20)
        ),
    )
    market.put("relations", *(_relation(chance) for _ in range(200)))


def _when(chance: random.Random) -> dict[str, object]:
    day = DAY - chance.randrange(DAYS)
    # Some rows share their very microsecond, so that only the second column of an order tells them apart.
    return {"us": at(day, chance.choice([chance.uniform(0, 23.99), 12.0]))}


def _product(number: int, chance: random.Random) -> dict[str, object]:
    category = chance.choice(["美妆", "食品", "home", None])
    return {"product_id": f"p{number % 25}", "category": category, **_when(chance)}


def _event(number: int, chance: random.Random) -> dict[str, object]:
    flags = chance.choices([0, 1, CRAWLER, TEST, CRAWLER | TEST, None], [80, 10, 3, 1, 1, 5])[0]
    return {
        "content_id": f"c{number % 17}" if number % 3 == 0 else None,
        "sharer_alias_no": number % 50 + 1 if number % 11 == 0 else None,
        "alias_no": chance.choice([*range(1, PEOPLE + 1), None]),
        "anon_alias_no": chance.choice([None, None, 5]),
        "event": chance.choice(NAMES), "session_id": chance.choice([None, None, f"s{number % 97}"]),
        "platform": chance.choice(PLATFORMS), "channel": chance.choice(["douyin", "wechat", None]),
        "product_id": chance.choice([None, f"p{chance.randrange(35)}"]),
        "order_id": chance.choice([None, None, None, f"o{chance.randrange(ORDERS)}"]),
        "amount_minor": chance.choice([None, chance.randrange(100_000)]),
        "log_partition": chance.choice([-1, 0, 0]), "log_record": number, "log_index": 0,
        "purposes": chance.choice([15, 15, 15, 1, 14]), "flags": flags, **_when(chance),
    }  # fmt: skip


def _order(number: int, chance: random.Random) -> list[dict[str, object]]:
    when = _when(chance)
    amount = chance.choice([0, 990, 12_345, 500_00, 2**40])
    first: dict[str, object] = {
        "order_id": f"o{number}", "alias_no": chance.choice([*range(1, PEOPLE // 2), None]), "amount_minor": amount,
        "currency": chance.choice(["CNY", "CNY", "CNY", "USD"]), "channel": chance.choice(["douyin", None]),
        "referrer_alias_no": chance.choice([None, chance.randrange(1, PEOPLE)]),
        "coupon_id": chance.choice([None, "C1"]), "refunded_minor": chance.choice([None, 0]), **when,
    }  # fmt: skip
    later = {"version_time": at(DAY, 18)}
    more: dict[int, list[dict[str, object]]] = {
        0: [{**first, **later, "status": "refunded", "amount_minor": -amount}],
        1: [{**first, **later, "status": "refunded", "refunded_minor": amount // 3}],
        2: [{**first, **later, "status": "cancelled", "amount_minor": -amount}],
        3: [{**first, **later, "status": "adjustment", "amount_minor": -5}],
        4: [{**first, "status": "paid"}],
    }  # fmt: skip
    return [first, *more.get(number % 9, [])]


def _user(number: int, chance: random.Random) -> dict[str, object]:
    return {
        "alias_no": number, "registered_time": chance.choice([None, at(DAY - chance.randrange(200), 3.0)]),
        "gender": chance.choice(["女", "男", None]), "age_band": chance.choice(["18-24", "25-34", None]),
        "province": chance.choice(["浙江", "Sichuan", None]), "city": chance.choice(["杭州", "chengdu", ""]),
        "channel": chance.choice(["douyin", "wechat", None]), **_when(chance),
    }  # fmt: skip


def _relation(chance: random.Random) -> dict[str, object]:
    return {
        "src_alias_no": chance.randrange(1, PEOPLE), "dst_alias_no": chance.randrange(1, PEOPLE),
        "kind": chance.choice(["friend", "follow", "invite", "group"]), "weight": chance.random(), **_when(chance),
    }  # fmt: skip


def rows_of(table: pa.Table) -> list[tuple[object, ...]]:
    """The rows in an order of their own: neither engine promises one."""
    found = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return sorted(found, key=repr)


def lake_rows(market: Market, name: str) -> list[tuple[object, ...]]:
    """The rows of a lake table, read without any engine."""
    import pyarrow.parquet as pq

    with market.database.connect() as connection:
        files = market.lake.snapshot(connection, tables=[name]).files
    columns = TABLES[name].schema.names
    tables = [pq.read_table(f.path, columns=columns, partitioning=None) for f in files]
    return rows_of(pa.concat_tables(tables)) if tables else []

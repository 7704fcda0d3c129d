"""A build of 20 million events of 200,000 people in 90 days against SQL written by hand for the same tags, then one day more.

Both read the same files in the same run, and tags of both are compared person by person. The whole build also publishes
profiles, RFM and figures, which the SQL does not. `python benchmarks/bench_build.py EVENTS USERS` measures another size.
"""

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.crowds import NAMES, Made, fresh_home, make_events
from weaktie.app.wiring import App, open_app
from weaktie.data.profiles.contracts import BuildResult
from weaktie.data.profiles.jobs import build
from weaktie.kit.clock import DAY_US
from weaktie.kit.words import Words
from weaktie.store.engine.duck import DuckSession
from weaktie.store.lake.tables import ORDERS, PRODUCTS

SEED = 4
EVENTS, USERS, DAYS = 20_000_000, 200_000, 90
CATEGORIES = (
    "女装",
    "美妆护肤",
    "厨房用品",
    "箱包",
    "母婴",
    "零食",
    "家纺",
    "数码",
    "鞋靴",
    "宠物",
    "图书",
    "运动户外",
)
LARGEST_GIB, LARGEST_READ, LARGEST_TIME = 4.0, 0.02, 0.30
SAME = (
    "active_days_30d", "sessions_30d", "content_views_30d", "product_views_30d", "days_since_active", "days_known",
    "favourite_daypart", "favourite_category", "category_breadth_90d", "category_focus_90d", "cart_rate_30d",
    "content_ctr_30d", "night_share_90d", "weekend_share_90d", "activity_trend_30d", "main_platform", "shares_30d",
    "orders_total", "spend_total", "spend_30d", "orders_90d", "average_order", "days_since_order", "largest_order",
    "weekend_order_rate", "purchase_rate_90d", "lifecycle_stage",
)  # fmt: skip
"""Tags that are compared person by person."""


def stock(wt: App, made: Made) -> None:
    """Products with categories, and an order for each event in fifty."""
    chance = np.random.default_rng(SEED)
    now = pa.timestamp("us", tz="UTC")
    products = {
        "product_id": pa.array([f"p{i}" for i in range(500)]),
        "category": pa.array([CATEGORIES[i % len(CATEGORIES)] for i in range(500)]),
        "event_id": pa.array([f"product-{i}" for i in range(500)]),
        "version_time": pa.array(np.full(500, made.first_day * DAY_US), now),
    }
    n = made.events // 50
    with wt.database.connect() as connection:
        events = wt.lake.snapshot(connection).of("events")
    someone = np.unique(
        np.concatenate(
            [pq.read_table(f.path, columns=["alias_no"])["alias_no"].to_numpy() for f in events[:3]]
        )
    )
    day = chance.integers(made.first_day, made.last_day + 1, n).astype(np.int32)
    paid = day.astype(np.int64) * DAY_US + chance.integers(0, DAY_US // 2, n)
    orders = {
        "order_id": pa.array(np.char.add("o", np.arange(n).astype("U9"))),
        "event_id": pa.array(np.char.add("order-", np.arange(n).astype("U9"))),
        "alias_no": pa.array(chance.choice(someone, n).astype(np.int32)),
        "paid_time": pa.array(paid, now), "version_time": pa.array(paid, now), "day": pa.array(day),
        "amount_minor": pa.array(chance.integers(1_00, 900_00, n)), "currency": pa.array(["CNY"] * n),
        "status": pa.array(["paid"] * n), "purposes": pa.array(np.full(n, 15, np.int16)),
    }  # fmt: skip
    staged = [
        wt.lake.stage(name, _whole(columns, schema), part_day=made.first_day, origin="bench")
        for name, columns, schema in (
            ("products", products, PRODUCTS.schema),
            ("orders", orders, ORDERS.schema),
        )
    ]
    with wt.database.begin() as tx:
        wt.lake.commit(tx, staged, reason="benchmark")


def _whole(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    n = len(next(iter(columns.values())))
    missing = {f.name: pa.nulls(n, f.type) for f in schema if f.name not in columns}
    return pa.table({f.name: (columns | missing)[f.name].cast(f.type) for f in schema}, schema=schema)


def by_hand(as_of: int) -> str:
    """The tags as SQL over `events`, `orders` and `products`, each source read once; a person has one identifier here."""
    parts = {
        "morning": (5, 11),
        "noon": (11, 14),
        "afternoon": (14, 18),
        "evening": (18, 23),
        "night": (23, 29),
    }
    systems = ("mini_program", "ios", "android", "web")
    counted = {
        "content_views": "Content Viewed", "content_clicks": "Content Clicked", "searches": "Products Searched",
        "product_views": "Product Viewed", "adds": "Product Added", "checkouts": "Checkout Started",
        "shares": "Product Shared", "likes": "Content Liked", "comments": "Content Commented", "opens": "App Opened",
        "invites": "Invite Sent", "saved": "Content Favourited", "messages": "Message Opened",
    }  # fmt: skip
    of_day = ", ".join(
        [f"count_if(event = '{name}') AS {column}" for column, name in counted.items()]
        + [f"count_if((hour + {24 - a}) % 24 < {b - a}) AS {part}" for part, (a, b) in parts.items()]
        + [f"count_if(platform = '{one}') AS {one}" for one in systems]
    )

    def past(column: str, days: int) -> str:
        return f"coalesce(sum(CASE WHEN day > {as_of - days} THEN {column} END), 0)"

    def best(names: tuple[str, ...], sums: list[str]) -> str:
        top = f"greatest({', '.join(sums)})"
        tests = " ".join(f"WHEN {s} = {top} THEN '{n}'" for n, s in zip(names, sums, strict=True))
        return f"CASE WHEN {top} > 0 THEN CASE {tests} END END"

    columns = ", ".join(f"{past(c, 30)} AS {c}_30" for c in ("sessions", *counted))
    return f"""WITH e AS (
  SELECT e.alias_no, day, event, epoch_us(event_time) AS us, (hour(event_time) + 8) % 24 AS hour, lower(platform) AS platform, category
  FROM events e LEFT JOIN products USING (product_id) WHERE e.purposes % 2 = 1 AND e.alias_no IS NOT NULL AND e.flags & 80 = 0),
s AS (SELECT *, us - lag(us) OVER (PARTITION BY alias_no, day ORDER BY us) AS gap FROM e),
d AS (SELECT alias_no, day, count(*) AS events, count_if(gap IS NULL OR gap > 1800000000) AS sessions, {of_day}
  FROM s GROUP BY alias_no, day),
m AS (SELECT alias_no, day, category, count(*) AS n FROM e WHERE category IS NOT NULL AND day > {as_of - 90} GROUP BY ALL),
t AS (SELECT alias_no, category, sum(n) AS n FROM (
  SELECT * FROM m QUALIFY row_number() OVER (PARTITION BY alias_no, day ORDER BY n DESC, category DESC) = 1) GROUP BY ALL),
i AS (SELECT alias_no, arg_max(category, (n, category)) AS favourite_category, count(*) AS category_breadth_90d,
  max(n) / sum(n) AS category_focus_90d FROM t GROUP BY ALL),
o AS (SELECT alias_no, count(*) AS orders_total, sum(amount_minor) AS spend_total, {past("amount_minor", 30)} AS spend_30d,
  {past("1", 90)} AS orders_90d, sum(amount_minor) // count(*) AS average_order, max(amount_minor) AS largest_order,
  max(day) AS last_order, min(day) AS first_order, count_if((day + 3) % 7 >= 5) / count(*) AS weekend_order_rate FROM orders GROUP BY ALL),
od AS (SELECT DISTINCT alias_no, day FROM orders),
a AS (SELECT alias_no, day FROM d UNION SELECT alias_no, day FROM od),
ad AS (SELECT alias_no, count_if(day > {as_of - 30}) AS active_days_30d, max(day) AS last_day, min(day) AS first_day FROM a GROUP BY ALL),
b AS (SELECT alias_no, {columns}, {past("events", 15)} AS events_15, {past("events", 30)} AS events_30, {past("events", 90)} AS events_90,
  {past("product_views", 90)} AS product_views_90, {past("night", 90)} / nullif({past("events", 90)}, 0) AS night_share_90d,
  {past("CASE WHEN (day + 3) % 7 >= 5 THEN events ELSE 0 END", 90)} / nullif({past("events", 90)}, 0) AS weekend_share_90d,
  {best(tuple(parts), [past(p, 90) for p in parts])} AS favourite_daypart,
  {best(systems, [past(p, 90) for p in systems])} AS main_platform FROM d GROUP BY ALL)
{_tags(as_of)}"""


def _tags(as_of: int) -> str:
    return f"""SELECT ad.alias_no AS person_no, active_days_30d, {as_of} - last_day AS days_since_active, {as_of} - first_day AS days_known,
  CASE WHEN {as_of} - last_day >= 60 THEN 'lost' WHEN {as_of} - last_day >= 30 THEN 'dormant' WHEN {as_of} - first_day < 30 THEN 'new'
    ELSE 'retained' END AS lifecycle_stage,
  coalesce(sessions_30, 0) AS sessions_30d, coalesce(content_views_30, 0) AS content_views_30d, coalesce(searches_30, 0) AS searches_30d,
  coalesce(product_views_30, 0) AS product_views_30d, coalesce(opens_30, 0) AS app_opens_30d, coalesce(shares_30, 0) AS shares_30d,
  coalesce(likes_30 + comments_30, 0) AS interactions_30d, coalesce(messages_30, 0) AS message_opens_30d,
  CASE WHEN content_views_30 >= 5 THEN content_clicks_30 / content_views_30 END AS content_ctr_30d,
  CASE WHEN product_views_30 >= 5 THEN adds_30 / product_views_30 END AS cart_rate_30d,
  CASE WHEN adds_30 > 0 THEN greatest(adds_30 - checkouts_30, 0) / adds_30 END AS cart_abandonment_30d,
  CASE WHEN content_clicks_30 + product_views_30 >= 5
    THEN content_clicks_30 / (content_clicks_30 + product_views_30) END AS content_preference_30d,
  CASE WHEN active_days_30d >= 1 THEN coalesce(events_30, 0) / active_days_30d END AS events_per_active_day_30d,
  CASE WHEN events_30 > 0 THEN CASE WHEN events_15 * 2 > (events_30 - events_15) * 3 THEN 'rising'
    WHEN events_15 * 3 < (events_30 - events_15) * 2 THEN 'falling' ELSE 'steady' END END AS activity_trend_30d,
  favourite_daypart, main_platform, favourite_category, coalesce(category_breadth_90d, 0) AS category_breadth_90d, category_focus_90d,
  night_share_90d, weekend_share_90d, coalesce(orders_total, 0) AS orders_total, coalesce(spend_total, 0) AS spend_total,
  coalesce(spend_30d, 0) AS spend_30d, coalesce(orders_90d, 0) AS orders_90d, average_order, largest_order,
  {as_of} - last_order AS days_since_order, {as_of} - first_order AS days_since_first_order, weekend_order_rate,
  CASE WHEN orders_total >= 2 THEN (last_order - first_order) / (orders_total - 1) END AS order_interval,
  CASE WHEN product_views_90 >= 5 THEN least(1.0, coalesce(orders_90d, 0) / product_views_90) END AS purchase_rate_90d
FROM ad LEFT JOIN b USING (alias_no) LEFT JOIN i USING (alias_no) LEFT JOIN o USING (alias_no)"""


def peer(wt: App, as_of: int) -> tuple[float, pa.Table]:
    """The SQL over the same files, with the engine's own limit of memory."""
    with wt.database.connect() as connection:
        snapshot = wt.lake.snapshot(connection)
    con = duckdb.connect(config={"memory_limit": f"{wt.settings.engine.memory_gb}GB"})
    con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    for name in ("events", "orders", "products"):
        con.read_parquet([str(f.path) for f in snapshot.of(name)]).create_view(name)
    began = time.perf_counter()
    found: pa.Table = con.sql(by_hand(as_of)).to_arrow_table()
    return time.perf_counter() - began, found.sort_by("person_no")


def compare(wt: App, theirs: pa.Table) -> None:
    """Tags of the build and of the SQL are the same for everybody."""
    with wt.database.connect() as connection:
        files = wt.lake.snapshot(connection).of("user_tags")
    ours = pa.concat_tables([pq.read_table(f.path) for f in files]).sort_by("person_no")
    ours = ours.filter(pa.compute.is_in(ours["person_no"], theirs["person_no"].cast(pa.int32())))
    assert ours["person_no"].to_pylist() == theirs["person_no"].to_pylist(), "other people"
    for name in SAME:
        a, b = ours[name].to_pylist(), theirs[name].to_pylist()
        wrong = [i for i, (x, y) in enumerate(zip(a, b, strict=True)) if not _alike(x, y)]
        assert not wrong, (name, len(wrong), [(a[i], b[i]) for i in wrong[:5]])


def _alike(x: Any, y: Any) -> bool:
    if x is None or y is None or isinstance(x, str):
        return bool(x == y)
    return abs(float(x) - float(y)) < 1e-9


class ReadRows:
    """The event files that the engine is given to scan: some columns of them, and some more than once."""

    def __init__(self) -> None:
        self.files: set[Path] = set()
        self._plain = DuckSession.scan

    def __enter__(self) -> "ReadRows":
        plain, this = self._plain, self

        def scan(session: DuckSession, paths: list[Path], schema: pa.Schema, **more: Any) -> Any:
            this.files.update(p for p in paths if p.parent.parent.name == "events")
            return plain(session, paths, schema, **more)

        DuckSession.scan = scan  # type: ignore[method-assign,assignment]
        return self

    @property
    def rows(self) -> int:
        """Events in them."""
        return sum(pq.read_metadata(p).num_rows for p in self.files)

    def __exit__(self, *_: object) -> None:
        DuckSession.scan = self._plain  # type: ignore[method-assign]


def _shown(result: BuildResult) -> dict[str, float]:
    return {k: round(v, 1) for k, v in result.steps.items()}


def no_progress(_share: float, _words: Words) -> None:
    """Nobody watches."""


def main(events: int = EVENTS, users: int = USERS) -> None:
    """Make the events, build, compare, build again after another day."""
    folder = Path(tempfile.mkdtemp(prefix="weaktie-bench-build-"))
    try:
        with open_app(fresh_home(folder)) as wt:
            last = wt.clock.now_us() // DAY_US - 2
            made = make_events(wt, events=events, users=users, days=DAYS, seed=SEED, last_day=last)
            stock(wt, made)
            print(
                f"seed {SEED}: {made.events:,} events of {users:,} people in {DAYS} days, names {len(NAMES)}"
            )
            full = build(wt.build_parts, no_progress)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            print(
                f"build: {full.seconds:.1f} s {_shown(full)}, {full.people:,} people published, peak memory {peak:.2f} GiB"
            )
            tags_s = full.seconds - full.steps.get("publish", 0.0)
            by_sql, theirs = peer(wt, full.as_of_day)
            compare(wt, theirs)
            print(
                f"SQL by hand for {theirs.num_columns - 1} tags: {by_sql:.1f} s; {len(SAME)} compared, equal for everybody"
            )
            print(
                f"{by_sql / tags_s:.2f} x: the SQL against the build up to its tags; {by_sql / full.seconds:.2f} x against all of it"
            )
            more = make_events(
                wt, events=events // DAYS, users=users, days=1, seed=SEED + 1, last_day=last + 1
            )
            with ReadRows() as read:
                added = build(wt.build_parts, no_progress)
            share, part = read.rows / (made.events + more.events), added.seconds / full.seconds
            print(
                f"one day more: {added.seconds:.1f} s, {part:.1%} of the whole; {read.rows:,} events read, {share:.2%} (goals "
                f"≤ {LARGEST_TIME:.0%}, ≤ {LARGEST_READ:.0%}); {added.days_computed} days computed, {_shown(added)}"
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert peak <= LARGEST_GIB, "more memory than the goal"
    assert tags_s <= by_sql, "slower than SQL by hand"
    assert share <= LARGEST_READ and part <= LARGEST_TIME, "a day more costs too much"


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:3]))

"""Every query of the product by itself, over the tables of the shop: what `test_queries` runs on both engines."""

from collections.abc import Callable
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from tests.data.profiles.market import DAY, at
from tests.engines.shops import PEOPLE
from weaktie.ai.influence import queries as influence
from weaktie.business.loyalty.queries import rewarded
from weaktie.business.referral.queries import dealings
from weaktie.business.risk import queries as risk
from weaktie.data.acquisition import queries as acquisition
from weaktie.data.behaviour import queries as behaviour
from weaktie.data.behaviour.contracts import ANY_EVENT, Condition, Days, Matcher
from weaktie.data.behaviour.windows import cohort_returns, cohort_sizes, funnel_levels
from weaktie.data.collect.contracts import HIDDEN_PERSON
from weaktie.data.collect.queries import latest_events
from weaktie.data.graph import queries as graph
from weaktie.data.identity.queries import login_instants, unidentified
from weaktie.data.metrics import queries as metrics
from weaktie.data.profiles import queries as profiles
from weaktie.data.quality import queries as quality
from weaktie.data.quality.contracts import Marked
from weaktie.data.reconcile.queries import copies
from weaktie.data.relay.queries import ours_by_day
from weaktie.data.serving.contracts import Look
from weaktie.data.serving.queries import served
from weaktie.store.engine.contracts import Session, micros
from weaktie.store.lake.contracts import Snapshot
from weaktie.store.lake.tables import TABLES

Frame = nw.LazyFrame[Any]
LIMIT = 300
VIEW, ADD, SHARE = "Product Viewed", "Product Added", "Product Shared"
MARKED = Marked((1,), (1,), ("o1", "o23"), ("p7",), ("C1",))
LOOK = Look(1, np.arange(1, 31, dtype=np.int32), np.arange(1, 31, dtype=np.int32), {}, "look")


def fast(t: "Asker") -> Frame:
    """Identifiers and days at rates beyond a person's."""
    return quality.impossible(t.events, LIMIT).select("alias_no", "day")


CONDITIONS = (
    Condition("product_id", "in", ("p1", "p2")), Condition("product_id", "not_in", ("p1",)), Condition("channel", "set"),
    Condition("channel", "unset"), Condition("platform", "contains", ("n",)), Condition("channel", "ne", ("douyin",)),
    Condition("amount_minor", "ge", (50_000,)), Condition("amount_minor", "lt", (50_000,)), Condition("channel", "eq", ("wechat",)),
    Condition("amount_minor", "gt", (1,)), Condition("amount_minor", "le", (99_999,)),
)  # fmt: skip


class Asker:
    """The shop's tables in one session."""

    def __init__(self, session: Session, snapshot: Snapshot) -> None:
        self.session, self.snapshot = session, snapshot

    def __getattr__(self, table: str) -> Frame:
        return self.session.scan([f.path for f in self.snapshot.of(table)], TABLES[table].schema)

    def people(self) -> Frame:
        """Identifiers and their persons; every tenth belongs to the one before it."""
        numbers = range(1, PEOPLE + 1)
        persons = [n - 1 if n % 10 == 0 else n for n in numbers]
        return self.session.table(
            pa.table({"who": pa.array(numbers, pa.int32()), "person_no": pa.array(persons, pa.int32())})
        )

    def served_people(self) -> Frame:
        """As `people`, in the columns of a look."""
        return self.people().rename({"who": "alias_no"})

    def pairs(self) -> Frame:
        """Some identifiers and days."""
        rows = self.events.filter(nw.col("day") > DAY - 10, ~nw.col("alias_no").is_null())
        return rows.group_by("alias_no", "day").agg(nw.len().alias("n")).select("alias_no", "day")

    def shared(self) -> Frame:
        """The shared device."""
        return self.session.table(pa.table({"alias_no": pa.array([5], pa.int32())}))

    def odd(self) -> Frame:
        """Identifiers and days at rates beyond a person's."""
        return quality.impossible(self.events, LIMIT).select("alias_no", "day")

    def whose(self) -> Frame:
        """Contents and who made them."""
        ids = [f"c{n}" for n in range(40)]
        numbers = pa.array(range(1, 41), pa.int32())
        return self.session.table(pa.table({"content_id": pa.array(ids, pa.string()), "creator_no": numbers}))

    def some_orders(self) -> Frame:
        """Orders that no figure counts."""
        return self.session.table(pa.table({"order_id": pa.array(["o1", "o23"], pa.string())}))

    def matched(self, *events: str) -> Frame:
        """Rows that match these events, by person: what funnels and retention are taken over."""
        may = self.events.filter(nw.col("event").is_in(list(events)), ~nw.col("alias_no").is_null())
        bits = [
            nw.when(nw.col("event") == e).then(nw.lit(1 << i)).otherwise(nw.lit(0))
            for i, e in enumerate(events)
        ]
        rows = may.with_columns(time_us=micros("event_time"), matched=sum(bits[1:], bits[0]).cast(nw.Int64))
        joined = rows.join(self.people(), left_on="alias_no", right_on="who", how="inner")
        return joined.select("person_no", "time_us", "day", "matched")


def _conditions(t: Asker) -> Frame:
    matchers = [Matcher(ANY_EVENT, (condition,)) for condition in CONDITIONS]
    odd = fast(t)
    return behaviour.matched_events(t.events, matchers, Days(DAY - 30, DAY), ("product_id", "channel"), odd)


def _orders(t: Asker) -> Frame:
    return profiles.orders_now(t.orders)


def _interactions(t: Asker) -> Frame:
    orders = profiles.orders_now(graph.referred(t.orders))
    first = DAY - 60
    return graph.by_day(
        [
            graph.of_relations(t.relations, first, DAY), graph.of_events(t.events, t.pairs(), first, DAY),
            graph.of_contents(t.events, t.contents, None, first, DAY), graph.of_orders(orders, first, DAY),
            graph.of_items(t.order_items, first, DAY),
        ]
    )  # fmt: skip


def _likes(t: Asker) -> Frame:
    """As if every product were a content, and every event a like of it."""
    liked = t.events.with_columns(event=nw.lit("Content Liked"), content_id=nw.col("product_id"))
    return graph.days_of_likes(liked, t.products.select(content_id=nw.col("product_id")))


ASKED: dict[str, Callable[[Asker], Frame]] = {
    "behaviour.matched_events": _conditions,
    "behaviour.event_counts": lambda t: behaviour.event_counts(t.events, DAY - 20),
    "behaviour.cohort_returns, each": lambda t: cohort_returns(t.matched(VIEW, ADD), DAY - 30, DAY, every=True),
    "behaviour.cohort_returns, first": lambda t: cohort_returns(t.matched(VIEW, ADD), DAY - 30, DAY, every=False),
    "behaviour.cohort_sizes": lambda t: cohort_sizes(t.matched(VIEW, ADD), DAY - 30, DAY, every=False),
    "behaviour.funnel_levels": lambda t: funnel_levels(t.matched(VIEW, ADD, SHARE), 3, 7 * 86_400_000_000),
    "referral.dealings": lambda t: dealings(t.events, 0),
    "acquisition.first_touches": lambda t: acquisition.first_touches(t.events, t.pairs(), LIMIT),
    "acquisition.registrations": lambda t: acquisition.registrations(t.users),
    "acquisition.trait_channels": lambda t: acquisition.trait_channels(t.users),
    "collect.latest_events": lambda t: latest_events(t.events, event=VIEW, source="s", limit=50),
    "graph.by_day": _interactions,
    "graph.days_of_likes": _likes,
    "graph.days_of_orders": lambda t: graph.days_of_orders(t.orders, t.orders.filter(nw.col("day") > DAY - 10)),
    "identity.login_instants": lambda t: login_instants(t.events, [5]),
    "identity.unidentified": lambda t: unidentified(t.orders, t.events, HIDDEN_PERSON),
    "influence.relations_between": lambda t: influence.relations_between(t.relations),
    "influence.published": lambda t: influence.published(t.contents),
    "influence.named_products": lambda t: influence.named_products(t.products),
    "influence.paid_orders": lambda t: influence.paid_orders(t.orders, t.some_orders()),
    "influence.content_touches": lambda t: influence.content_touches(t.events, t.whose(), t.shared(), (DAY - 29, DAY), t.odd()),
    "influence.content_people": lambda t: influence.content_people(t.events, t.whose(), t.shared(), (DAY - 29, DAY), t.odd()),
    "influence.share_touches": lambda t: influence.share_touches(t.events, t.shared(), (DAY - 29, DAY), t.odd()),
    "influence.share_counts": lambda t: influence.share_counts(t.events, t.shared(), (DAY - 29, DAY), t.odd()),
    "influence.passed_on": lambda t: influence.passed_on(t.events, (DAY - 29, DAY), t.odd()),
    "influence.who_saw": lambda t: influence.who_saw(t.events, "c1", (DAY - 29, DAY), None),
    "metrics.activity": lambda t: metrics.activity(t.events, (DAY - 29, DAY), t.shared(), fast(t)),
    "metrics.registrations": lambda t: metrics.registrations(t.users),
    "metrics.spent": lambda t: metrics.spent(t.events, (DAY - 29, DAY), fast(t), 1_800_000_000),
    "metrics.active_pairs": lambda t: metrics.active_pairs(t.events, DAY - 29, LIMIT),
    "metrics.event_counts": lambda t: metrics.event_counts(t.events),
    "metrics.sales_by_day": lambda t: metrics.sales_by_day(_orders(t)),
    "loyalty.rewarded": lambda t: rewarded(t.events, [VIEW, ADD], at(DAY - 9)),
    "profiles.orders_now": _orders,
    "risk.bought": lambda t: risk.bought(t.orders, t.served_people()),
    "risk.last_seen": lambda t: risk.last_seen(t.events, t.served_people()),
    "quality.counted_days": lambda t: quality.counted_days(t.events),
    "quality.declared_orders": lambda t: quality.each_once(quality.declared_orders(t.orders, t.order_items, MARKED)),
    "quality.flagged_orders": lambda t: quality.each_once([quality.flagged_orders(t.events)]),
    "quality.impossible": lambda t: quality.impossible(t.events, LIMIT),
    "reconcile.copies": lambda t: copies(t.orders),
    "serving.served, events": lambda t: served(t.events, TABLES["events"], t.served_people(), LOOK),
    "serving.served, relations": lambda t: served(t.relations, TABLES["relations"], t.served_people(), LOOK),
    "relay.ours_by_day": lambda t: ours_by_day(t.events, "s", at(DAY - 9), {0: 2_000}, (DAY - 9, DAY)),
}  # fmt: skip

"""The tables that tags are computed from: only people who may be analysed, by person and without ids of systems."""

from collections.abc import Callable
from typing import Any, Final

import narwhals as nw
import numpy as np
import pyarrow as pa

from weaktie.data.behaviour.contracts import Crowd
from weaktie.data.identity.contracts import ERASED
from weaktie.data.profiles.service import USER_TAGS, orders_now, owned
from weaktie.data.quality.service import customers, without_impossible
from weaktie.kit.words import Words
from weaktie.store.engine.contracts import Session
from weaktie.store.lake.tables import TABLES

Frame = nw.LazyFrame[Any]
OFFERED: Final[dict[str, Words]] = {
    "events": Words("行为事件（已去除爬虫与异常高频）", "events, without crawlers and impossible rates"),
    "orders": Words("订单现状，每单一行", "orders as they stand, one row each"),
    "order_items": Words("订单商品行", "lines of orders"),
    "user_day": Words("每人每日汇总", "one row for each person and day"),
    "user_tags": Words("内置标签，每人一行", "built-in tags, one row for each person"),
    "rfm": Words("RFM 分级，每个买家一行", "RFM levels, one row for each buyer"),
    "users": Words("用户属性的各个版本", "versions of attributes"),
    "relations": Words("双方均可分析的社交关系", "relations of people who may both be analysed"),
    "products": Words("商品的各个版本", "versions of products"),
}
"""Tables by name, and what stands in them."""
HIDDEN: Final = frozenset(
    {
        "event_id", "alias_no", "owner_no", "anon_alias_no", "sharer_alias_no", "referrer_alias_no", "src_alias_no",
        "dst_alias_no", "log_partition", "log_record", "log_index", "purposes", "flags", "received_time", "client_time",
    }
)  # fmt: skip
ORDER_COLUMNS: Final = (
    "order_id", "day", "paid_time", "currency", "net_minor", "gross_minor", "refunded_minor", "counted", "undone", "has_coupon",
    "channel", "status",
)  # fmt: skip


class People:
    """The frames over one crowd in one session."""

    def __init__(self, session: Session, crowd: Crowd, most_a_minute: int) -> None:
        self._session, self._crowd, self._limit = session, crowd, most_a_minute
        known = np.flatnonzero(crowd.persons != ERASED).astype(np.int32)
        self._persons = pa.table({"alias": pa.array(known), "person_no": pa.array(crowd.persons[known])})

    def frame(self, name: str) -> Frame:
        """One table of OFFERED, lazy."""
        made: dict[str, Callable[[], Frame]] = {
            "events": self._events, "orders": self._orders, "relations": self._relations, "user_tags": self._numbered,
            "rfm": self._numbered_rfm, "products": lambda: self._plain("products"),
            "user_day": lambda: self._named("user_day", "owner_no"),
        }  # fmt: skip
        return made.get(name, lambda: self._named(name, "alias_no"))()

    def columns(self, name: str) -> list[tuple[str, str]]:
        """Names and types of a table's columns, as a query sees them."""
        schema = self.frame(name).collect_schema()
        return [(n, str(t)) for n, t in schema.items()]

    def _scan(self, name: str) -> Frame:
        frame = self._session.scan([f.path for f in self._crowd.snapshot.of(name)], TABLES[name].schema)
        return frame.filter(nw.col("purposes") % 2 == 1) if "purposes" in TABLES[name].schema.names else frame

    def _joined(self, frame: Frame, alias: str) -> Frame:
        persons = self._session.table(self._persons)
        rows = frame.join(persons, left_on=alias, right_on="alias", how="inner")
        shown = [c for c in rows.collect_schema().names() if c not in HIDDEN and c != "person_no"]
        return rows.select("person_no", *shown)

    def _named(self, name: str, alias: str) -> Frame:
        return self._joined(self._scan(name), alias)

    def _plain(self, name: str) -> Frame:
        frame = self._scan(name)
        return frame.select(*(c for c in frame.collect_schema().names() if c not in HIDDEN))

    def _spans(self) -> Frame | None:
        return self._session.table(self._crowd.spans) if self._crowd.spans.num_rows else None

    def _events(self) -> Frame:
        rows = self._scan("events").filter(~nw.col("alias_no").is_null())
        rows = without_impossible(customers(rows), self._limit)
        names = [c for c in TABLES["events"].schema.names if c != "alias_no"]
        return self._joined(owned(rows, self._spans(), "event_time").select("owner_no", *names), "owner_no")

    def _orders(self) -> Frame:
        whole = self._session.scan(
            [f.path for f in self._crowd.snapshot.of("orders")], TABLES["orders"].schema
        )
        rows = orders_now(whole).filter(nw.col("purposes") % 2 == 1, ~nw.col("alias_no").is_null())
        mine = owned(rows, self._spans(), "paid_time").select("owner_no", *ORDER_COLUMNS)
        return self._joined(mine, "owner_no")

    def _relations(self) -> Frame:
        persons = self._session.table(self._persons)
        others = persons.rename({"alias": "other_alias", "person_no": "other_person_no"})
        rows = self._scan("relations").join(persons, left_on="src_alias_no", right_on="alias", how="inner")
        rows = rows.join(others, left_on="dst_alias_no", right_on="other_alias", how="inner")
        return rows.select("person_no", "other_person_no", "kind", "time", "day", "weight")

    def _numbered(self, name: str = "user_tags") -> Frame:
        schema = USER_TAGS.schema if name == "user_tags" else TABLES[name].schema
        rows = self._session.scan([f.path for f in self._crowd.snapshot.of(name)], schema)
        may = self._session.table(pa.table({"who": pa.array(self._crowd.people())}))
        return rows.join(may, left_on="person_no", right_on="who", how="semi")

    def _numbered_rfm(self) -> Frame:
        return self._numbered("rfm")

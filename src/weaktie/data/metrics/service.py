"""The door of metrics: every number that pages show, by its one definition, and the overview that is made of them."""

import threading
from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

import narwhals as nw
import numpy as np
import pyarrow.compute as pc
from sqlalchemy import func, select

from weaktie.data.behaviour.contracts import I32, BadPeople, Days, Matcher, only
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.identity.service import count_people
from weaktie.data.metrics.asking import Asker, groups_of
from weaktie.data.metrics.catalogue import METRICS as METRICS
from weaktie.data.metrics.contracts import (
    MOST_METRICS,
    MOST_POINTS,
    MOST_SPLITS,
    Answer,
    BadQuestion,
    By,
    Metric,
    Need,
    NoMetric,
    Overview,
    Period,
    Question,
    Sales,
)
from weaktie.data.metrics.custom import CustomBook, Saved, Spec, metric_of, read_spec
from weaktie.data.metrics.facts import FactBook, Facts
from weaktie.data.metrics.logic import periods
from weaktie.data.metrics.measuring import Measure
from weaktie.data.metrics.queries import event_counts
from weaktie.data.profiles.service import tag_value_words
from weaktie.kit.clock import business_day, date_to_day, day_to_date
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.database.tables import lake_versions
from weaktie.store.lake.tables import EVENTS, ORDERS

__all__ = ["METRICS", "CustomBook", "Metrics", "Saved", "Spec", "metric_of", "periods", "read_spec"]
KEPT_SECONDS = 4.0
DAYS = 30
ARRIVED = ["events", "orders", "order_items"]


class Metrics:
    """Numbers about the whole shop. Safe from any thread."""

    def __init__(self, behaviour: Behaviour, book: FactBook) -> None:
        self.behaviour, self.book = behaviour, book
        self.clock, self.settings = behaviour.clock, behaviour.settings
        self.custom = CustomBook(behaviour.clock)
        self._kept: Overview | None = None
        self._kept_for = ""
        self._kept_at = 0.0
        self._lock = threading.Lock()

    @property
    def database(self) -> Database:
        """The database that custom metrics are kept in."""
        return self.behaviour.database

    @property
    def today(self) -> int:
        """The business day now."""
        return business_day(self.clock.now_us(), self.settings.zone)

    # --- the catalogue ---------------------------------------------------------------------------------------------

    def known(self) -> dict[str, Metric]:
        """Every metric that may be asked, built in or custom, by key."""
        with self.database.connect() as connection:
            return self.custom.known(connection)

    def query(self, question: Question) -> Answer:
        """The series of some metrics; each source of aggregates is read once. Raises NoMetric, BadQuestion, or what a segment
        raises."""
        known = self.known()
        for key in question.metrics:
            if key not in known:
                raise NoMetric(key)
        return self.ask([known[key] for key in question.metrics], question)

    def ask(self, metrics: list[Metric], question: Question) -> Answer:
        """The series of these declarations. Raises BadQuestion, BadCondition, or what a segment raises."""
        self._check(question)
        asker = self.asker(metrics, question)
        answer = Answer(question, [], made_us=self.clock.now_us())
        for metric in metrics:
            why = asker.why_not(metric)
            if why is not None:
                answer.no_data[metric.key] = why
            else:
                answer.series.extend(asker.series(metric))
        return answer

    def asker(self, metrics: list[Metric], question: Question) -> Asker:
        """What answers a question, over the facts that its metrics need together."""
        facts = self.facts(metrics, question)
        segment = None
        if question.segment:
            segment = self.behaviour.segment(question.segment)
        tag = (
            self._tag(question.split.removeprefix("tag:"), facts)
            if question.split.startswith("tag:")
            else None
        )
        return Asker(facts, question, segment=segment, groups=groups_of(question.split, facts, tag))

    def reasons(self) -> dict[str, Words | None]:
        """Why the shop has no data for a metric, by key; None where it has."""
        known = self.known()
        facts = self.book.read({Need.ACTIVITY, Need.ORDERS, Need.COSTS, Need.MEMBERS})
        asker = Asker(facts, Question((), Days(self.today, self.today)))
        return {key: asker.why_not(metric) for key, metric in known.items()}

    def facts(self, metrics: list[Metric], question: Question | None = None) -> Facts:
        """The aggregates that these metrics need, merged: one query for each source."""
        needs: set[Need] = set().union(*(m.needs for m in metrics))
        if question is not None and question.split == "channel":
            needs.add(Need.PEOPLE)
        parts = [
            p for m in metrics for p in m.parts if p.of in {"events", "people", "person_days", "sum", "score"}
        ]
        seen: set[str] | None = None
        custom: dict[tuple[Matcher, str], None] = {}
        for part in parts:
            if not (part.where or part.prop):
                continue
            if (
                seen is None
            ):  # a condition on what was never sent is not asked: its property may exist nowhere
                needs.add(Need.ACTIVITY)
                self.book.read({Need.ACTIVITY})
                seen = set(self.book.codes.events.values)
            if not part.events or part.events[0] in seen:
                custom[Matcher(part.events[0] if part.events else "", part.where), part.prop] = None
        return self.book.read(needs, list(custom))

    def try_out(self, metric: Metric) -> None:
        """Ask a declaration for one day, so that what cannot be computed is refused before it is kept. Raises BadCondition."""
        self.ask([metric], Question((metric.key,), Days(self.today, self.today), "day", compare=False))

    def _check(self, question: Question) -> None:
        if not 0 < len(question.metrics) <= MOST_METRICS:
            raise BadQuestion("metrics", Words("请选择指标，最多 80 个。", "Choose metrics, 80 at most."))
        if question.by not in get_args(By):
            raise BadQuestion("by", Words("周期只能是日、周、月。", "A period is a day, week or month."))
        if question.days.first > question.days.last or question.days.last - question.days.first > 3660:
            raise BadQuestion("from", Words("日期范围无效。", "The range of days is not valid."))
        if len(periods(question.days, question.by)) > MOST_POINTS:
            raise BadQuestion(
                "by",
                Words("点数太多，请改为按周或按月。", "There are too many points: choose weeks or months."),
            )
        if question.split not in {"", "channel", "platform", "domain"} and not question.split.startswith(
            "tag:"
        ):
            raise BadQuestion("split", Words("不支持按此维度拆分。", "Metrics cannot be split by this."))

    def _tag(self, key: str, facts: Facts) -> tuple[I32, dict[int, Words], dict[int, str]]:
        """The value of a tag of each person as a number, and its words; the most frequent ones, the rest is other."""
        found = self.behaviour.tags([key], facts.crowd)
        column = found.columns[key]
        counts = sorted(
            pc.value_counts(column.drop_null()).to_pylist(), key=lambda r: (-r["counts"], str(r["values"]))
        )
        if len(counts) > 200:
            raise BadQuestion(
                "split", Words("这个标签的取值太多，不能拆分。", "This tag has too many values to split by.")
            )
        shown = {row["values"]: n for n, row in enumerate(counts[:MOST_SPLITS])}
        codes = [-1 if v is None else shown.get(v, MOST_SPLITS) for v in column.to_pylist()]
        by_person = np.full(len(facts.crowd.persons), -1, np.int32)
        by_person[found.people] = codes
        words = {n: tag_value_words(key, value) for value, n in shown.items()}
        keys = {n: str(value) for value, n in shown.items()}
        return by_person, words | {MOST_SPLITS: Words("其他", "Others")}, keys | {MOST_SPLITS: "*"}

    # --- people behind a number ------------------------------------------------------------------------------------

    def people(self, query: Mapping[str, Any]) -> I32:
        """Who is behind a part of a metric on some days, ascending. Raises BadPeople."""
        metric, period, part, by = self._asked(query)
        aggregate = metric.denominator if part == "denominator" else metric.numerator
        if aggregate is None or not aggregate.names_people:
            raise BadPeople(Words("这个数字背后没有人群。", "This number has no people behind it."))
        question = Question(
            (metric.key,), Days(period.first, period.last), by, segment=str(query.get("segment") or "")
        )
        asker = self.asker([metric], question)
        if asker.why_not(metric) is not None:
            return np.zeros(0, np.int32)
        person = asker.rows(aggregate, period).person
        return only(asker.facts.crowd.people(), np.unique(person[person >= 0]))

    def describe(self, query: Mapping[str, Any]) -> Words:
        """Who they are, in a few words. Raises BadPeople."""
        metric, period, part, _ = self._asked(query)
        aggregate = metric.denominator if part == "denominator" and metric.denominator else metric.numerator
        days = f"{day_to_date(period.first)} – {day_to_date(period.last)}"
        return Words(
            f"{metric.words.zh}：{aggregate.words.zh}，{days}",
            f"{metric.words.en}: {aggregate.words.en}, {days}",
        )

    def _asked(self, query: Mapping[str, Any]) -> tuple[Metric, Period, str, By]:
        metric = self.known().get(str(query.get("metric")))
        if metric is None:
            raise BadPeople(Words("没有这个指标。", "There is no such metric."), "people.metric")
        try:
            first, last = (date_to_day(_date(query.get(name))) for name in ("from", "to"))
        except ValueError as error:
            raise BadPeople(Words("日期无效。", "A day is not valid."), "people.from") from error
        by: By = "month" if query.get("by") == "month" else "range"
        return metric, Period(first, last), str(query.get("part") or "numerator"), by

    # --- the overview ----------------------------------------------------------------------------------------------

    def overview(self) -> Overview:
        """The shop at a glance; at most four seconds old, and recomputed only when the lake, marks or consents changed."""
        with self._lock:
            if self._kept is not None and self.clock.monotonic() - self._kept_at < KEPT_SECONDS:
                return self._kept
            facts = self.book.read({Need.PEOPLE, Need.ACTIVITY, Need.ORDERS})
            wanted = f"{facts.crowd.key}|{facts.today}"
            if self._kept is None or self._kept_for != wanted:
                self._kept, self._kept_for = self._compute(facts), wanted
            self._kept_at = self.clock.monotonic()
            return self._kept

    def totals(self) -> tuple[int, int, int]:
        """(events, people, distinct orders) in the lake now."""
        behaviour = self.behaviour
        with behaviour.database.connect() as connection:
            snapshot = behaviour.lake.snapshot(connection, tables=ARRIVED)
            people = count_people(connection)
        with behaviour.engine.session() as session:
            orders = session.scan([f.path for f in snapshot.of("orders")], ORDERS.schema)
            distinct = session.collect(orders.select(orders_no=nw.col("order_id").n_unique()))
        return sum(f.rows for f in snapshot.of("events")), people, int(distinct["orders_no"][0].as_py() or 0)

    def _compute(self, facts: Facts) -> Overview:
        assert facts.people is not None and facts.orders is not None and facts.activity is not None
        snapshot, orders, did = facts.crowd.snapshot, facts.orders, facts.activity
        with self.behaviour.database.connect() as connection:
            lake_us = connection.execute(
                select(func.max(lake_versions.c.made_us)).where(lake_versions.c.version <= snapshot.version)
            ).scalar()
        with self.behaviour.engine.session() as session:
            scanned = session.scan([f.path for f in snapshot.of("events")], EVENTS.schema)
            top = session.collect(event_counts(scanned))
        measure = Measure(facts, "day")
        active = METRICS["active_users"].numerator
        first = facts.today - DAYS + 1
        days = [int(d) for d in np.unique(did.between(first, facts.today).day)]
        by_day = [(d, len(np.unique(measure.rows(active, Period(d, d)).person))) for d in days]
        sales = _sales(facts)
        gmv: dict[str, int] = {}
        for sale in sales:
            gmv[sale.currency] = gmv.get(sale.currency, 0) + sale.amount_minor
        return Overview(
            made_us=self.clock.now_us(), lake_version=snapshot.version, lake_us=lake_us,
            users=len(facts.people.may), orders=len(orders.day),
            gmv=sorted(((amount, currency) for currency, amount in gmv.items()), key=lambda pair: -abs(pair[0])),
            events=sum(f.rows for f in snapshot.of("events")),
            sales_by_day=[s for s in sales if s.day >= first],
            active_by_day=by_day,
            top_events=[(row["event"], row["events"]) for row in top.slice(0, 12).to_pylist()],
        )  # fmt: skip


def _sales(facts: Facts) -> list[Sales]:
    """Orders and net money by day and currency, in their order."""
    orders = facts.orders
    assert orders is not None
    if not len(orders.day):
        return []
    keys = np.column_stack([orders.day, orders.currency])
    pairs, back = np.unique(keys, axis=0, return_inverse=True)
    back = back.reshape(-1)
    amounts = np.zeros(len(pairs), np.int64)
    np.add.at(amounts, back, orders.net_minor)
    counts = np.bincount(back, minlength=len(pairs))
    found = [
        Sales(int(day), int(n), int(amount), facts.codes.currencies.values[code] if code >= 0 else "")
        for (day, code), n, amount in zip(pairs, counts, amounts, strict=True)
    ]
    return sorted(found, key=lambda s: (s.day, s.currency))


def _date(text: object) -> date:
    return date.fromisoformat(str(text))

"""Custom metrics: what people define in the console, checked, kept in versions, and made into the same declaration as the
built-in ones."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

import msgspec
from sqlalchemy import Connection, RowMapping, insert, select, update

from weaktie.data.behaviour.contracts import Condition, Op, Value
from weaktie.data.metrics.catalogue import METRICS
from weaktie.data.metrics.contracts import BadMetric, Metric, MetricInUse, NoMetric, Part, Unit
from weaktie.data.metrics.tables import custom_metrics
from weaktie.kit.clock import Clock
from weaktie.kit.words import Words

KEY = re.compile(r"[a-z][a-z0-9_]{2,47}")
NUMBER_OPS = {"eq", "ne", "gt", "ge", "lt", "le"}
CODE_OPS = {"eq", "ne", "in", "not_in"}
ORDER_FIELDS: Mapping[str, set[str]] = {
    "channel": CODE_OPS | {"set", "unset"}, "currency": CODE_OPS, "status": CODE_OPS, "coupon": {"set", "unset"},
    "net_minor": NUMBER_OPS, "gross_minor": NUMBER_OPS,
}  # fmt: skip
MOST_CONDITIONS = 8
_PLAIN = re.compile(r"[\w .:$-]{1,80}")
UNITS: dict[str, Unit] = {"share": "share", "ratio": "ratio", "number": "number"}


class Test(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One condition of a measure."""

    property: str
    op: str
    values: list[Value] = []


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often, by how many people, or with which sum something happened."""

    of: str
    what: str
    event: str = ""
    field: str = ""
    where: list[Test] = []


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Either one measure, or two of them divided; or a formula a ÷ b over metrics that exist."""

    numerator: Measured | None = None
    denominator: Measured | None = None
    formula: list[str] = []
    shown_as: str = "ratio"


@dataclass(frozen=True, slots=True)
class Saved:
    """One version of a custom metric as it was saved."""

    key: str
    version: int
    words: Words
    definition: Words
    up_is_good: bool
    spec: Spec
    state: str
    saved_us: int
    actor: str


def read_spec(given: Mapping[str, Any]) -> Spec:
    """A definition from JSON; raises BadMetric."""
    try:
        return msgspec.convert(dict(given), Spec)
    except msgspec.ValidationError as error:
        raise BadMetric(
            "spec", Words(f"定义无法理解：{error}", f"The definition cannot be read: {error}")
        ) from error


def metric_of(saved: Saved, known: Mapping[str, Metric]) -> Metric:
    """The declaration that a saved version means; raises BadMetric."""
    spec = saved.spec
    common = {
        "key": saved.key, "words": saved.words, "definition": saved.definition, "group": "custom",
        "up_is_good": saved.up_is_good, "custom": True, "version": saved.version,
    }  # fmt: skip
    if spec.formula:
        return _formula(spec, common, known)
    if spec.numerator is None:
        raise BadMetric("spec.numerator", Words("请选择要统计什么。", "Say what is measured."))
    top = part_of(spec.numerator, "spec.numerator")
    bottom = part_of(spec.denominator, "spec.denominator") if spec.denominator is not None else None
    if spec.numerator.what == "average":
        if bottom is not None:
            raise BadMetric(
                "spec.denominator", Words("均值已经是一个比值。", "An average is a ratio already.")
            )
        bottom = part_of(msgspec.structs.replace(spec.numerator, what="count", field=""), "spec.numerator")
    money = top.of == "money" or top.prop == "amount_minor"
    if money and bottom is not None and (bottom.of == "money" or bottom.prop == "amount_minor"):
        unit: Unit = UNITS.get(spec.shown_as, "ratio")
    elif money:
        unit = "money"
    elif bottom is not None:
        unit = UNITS.get(spec.shown_as, "ratio")
    else:
        unit = "number" if top.of == "sum" else "count"
    asks = tuple(m.event for m in (spec.numerator,) if m.of == "events" and m.event)
    return Metric(**common, unit=unit, numerator=top, denominator=bottom, asks=asks)  # type: ignore[arg-type]


def _formula(spec: Spec, common: Mapping[str, Any], known: Mapping[str, Metric]) -> Metric:
    if len(spec.formula) != 2:
        raise BadMetric("spec.formula", Words("公式由两个指标组成。", "A formula has two metrics."))
    a, b = (known.get(key) for key in spec.formula)
    if a is None or b is None or common["key"] in spec.formula:
        raise BadMetric(
            "spec.formula", Words("公式中的指标不存在。", "A metric of the formula does not exist.")
        )
    if a.formula or b.formula:
        raise BadMetric(
            "spec.formula", Words("公式不能由公式组成。", "A formula cannot be made of formulas.")
        )
    unit: Unit = UNITS.get(spec.shown_as, "ratio")
    if a.unit == "money" and b.unit != "money":
        unit = "money"
    return Metric(
        **common, unit=unit, numerator=a.numerator, denominator=b.numerator,
        mature_days=max(a.mature_days, b.mature_days), formula=(a, b),
    )  # fmt: skip


def part_of(measured: Measured, place: str) -> Part:
    """The part that a measure means; raises BadMetric."""
    if measured.of not in {"events", "orders"} or measured.what not in {"count", "people", "sum", "average"}:
        raise BadMetric(
            place, Words("请选择次数、人数、总和或均值。", "Choose count, people, sum or average.")
        )
    if len(measured.where) > MOST_CONDITIONS:
        raise BadMetric(f"{place}.where", Words("条件太多。", "There are too many conditions."))
    where = tuple(_condition(t, measured.of, f"{place}.where[{n}]") for n, t in enumerate(measured.where))
    name = measured.event or ("订单" if measured.of == "orders" else "任意事件")
    name_en = measured.event or ("orders" if measured.of == "orders" else "any event")
    if measured.of == "orders":
        return _of_orders(measured, where, place, Words(name, name_en))
    if not _PLAIN.fullmatch(measured.event or "x"):
        raise BadMetric(f"{place}.event", Words("事件名无效。", "The name of the event is not valid."))
    events = (measured.event,) if measured.event else ()
    if measured.what in {"sum", "average"}:
        if not _PLAIN.fullmatch(measured.field):
            raise BadMetric(f"{place}.field", Words("请选择要加总的属性。", "Choose the property to add up."))
        return Part(
            "sum",
            Words(f"{name}：{measured.field}", f"{name_en}: {measured.field}"),
            events,
            where,
            prop=measured.field,
        )
    kind = "people" if measured.what == "people" else "events"
    return Part(kind, Words(name, name_en), events, where)  # type: ignore[arg-type]


def _of_orders(measured: Measured, where: tuple[Condition, ...], place: str, words: Words) -> Part:
    if measured.event:
        raise BadMetric(f"{place}.event", Words("订单没有事件名。", "Orders have no event."))
    if measured.what == "people":
        return Part("buyers", words, where=where)
    if measured.what == "count":
        return Part("orders", words, where=where)
    amount = measured.field or "net"
    if amount not in {"net", "gross", "refunded"}:
        raise BadMetric(
            f"{place}.field", Words("金额只能是净额、实付或退款。", "An amount is net, gross or refunded.")
        )
    return Part("money", words, where=where, amount=amount)  # type: ignore[arg-type]


def _condition(test: Test, of: str, place: str) -> Condition:
    bad = BadMetric(place, Words("条件无法理解。", "The condition cannot be understood."))
    if test.op not in get_args(Op) or not _PLAIN.fullmatch(test.property):
        raise bad
    count = len(test.values)
    if test.op in {"set", "unset"}:
        fits = count == 0
    elif test.op in {"in", "not_in"}:
        fits = 0 < count <= 50
    else:
        fits = count == 1
    if of == "orders" and test.op not in ORDER_FIELDS.get(test.property, set()):
        fits = False
    if not fits or any(isinstance(v, str) and len(v) > 200 for v in test.values):
        raise bad
    if of == "orders" and test.property.endswith("_minor") and not isinstance(test.values[0], int | float):
        raise bad
    return Condition(test.property, test.op, tuple(test.values))  # type: ignore[arg-type]


class CustomBook:
    """Saved custom metrics. Reads and writes through the caller's connection; never commits."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def listed(self, connection: Connection, *, archived: bool = False) -> list[Saved]:
        """The newest version of each, in the order of keys."""
        rows = connection.execute(
            select(custom_metrics).order_by(custom_metrics.c.key, custom_metrics.c.version)
        ).mappings()
        newest = {row["key"]: _saved(row) for row in rows}
        return [s for s in newest.values() if archived or s.state == "living"]

    def versions(self, connection: Connection, key: str) -> list[Saved]:
        """Every version of one, the newest first. Raises NoMetric."""
        rows = connection.execute(
            select(custom_metrics)
            .where(custom_metrics.c.key == key)
            .order_by(custom_metrics.c.version.desc())
        ).mappings()
        found = [_saved(row) for row in rows]
        if not found:
            raise NoMetric(key)
        return found

    def known(self, connection: Connection) -> dict[str, Metric]:
        """All metrics that may be asked: the built-in ones and the living custom ones; one that no longer makes sense is
        left out."""
        found = dict(METRICS)
        saved = self.listed(connection)
        for one in sorted(saved, key=lambda s: bool(s.spec.formula)):
            try:
                found[one.key] = metric_of(one, found)
            except BadMetric:
                continue
        return found

    def save(
        self,
        tx: Connection,
        key: str,
        words: Words,
        definition: Words,
        spec: Spec,
        *,
        up_is_good: bool,
        actor: str,
        new: bool,
    ) -> tuple[Saved, Metric]:
        """Save a new metric, or a new version of one. Raises BadMetric or NoMetric."""
        known = self.known(tx)
        there = [s for s in self.listed(tx, archived=True) if s.key == key]
        if not KEY.fullmatch(key):
            raise BadMetric(
                "key",
                Words(
                    "标识只能由小写字母、数字和下划线组成，3–48 位。",
                    "A key is 3–48 lower-case letters, digits and _.",
                ),
            )
        if key in METRICS or (new and there):
            raise BadMetric("key", Words("这个标识已被使用。", "This key is taken."))
        if not new and not there:
            raise NoMetric(key)
        version = there[0].version + 1 if there else 1
        saved = Saved(key, version, words, definition, up_is_good, spec, "living", self.clock.now_us(), actor)
        metric = metric_of(saved, {k: m for k, m in known.items() if k != key})
        if metric.formula:
            self._unused(tx, key)
        tx.execute(
            insert(custom_metrics).values(
                key=key, version=version, name_zh=words.zh, name_en=words.en, definition_zh=definition.zh,
                definition_en=definition.en, up_is_good=up_is_good, spec_json=msgspec.json.encode(spec).decode(),
                state="living", saved_us=saved.saved_us, actor=actor[:64],
            )
        )  # fmt: skip
        return saved, metric

    def set_state(self, tx: Connection, key: str, state: str) -> Saved:
        """Archive one, or take it back. Raises NoMetric, or MetricInUse where a formula is made of it."""
        newest = self.versions(tx, key)[0]
        if state == "archived":
            self._unused(tx, key)
        tx.execute(update(custom_metrics).where(custom_metrics.c.key == key).values(state=state))
        return replace(newest, state=state)

    def _unused(self, connection: Connection, key: str) -> None:
        for other in self.listed(connection):
            if key in other.spec.formula:
                raise MetricInUse(other.key)


def _saved(row: RowMapping) -> Saved:
    return Saved(
        row["key"], row["version"], Words(row["name_zh"], row["name_en"]),
        Words(row["definition_zh"], row["definition_en"]), bool(row["up_is_good"]),
        msgspec.json.decode(row["spec_json"], type=Spec), row["state"], row["saved_us"], row["actor"],
    )  # fmt: skip

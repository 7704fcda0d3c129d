"""Metrics against counting by hand, against each other, and against the tables that a notebook reads."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from tests.data.metrics.shop import DAYS, fill
from tests.suites.homes import START_US, bring_in, fresh_app, pretend, put, track
from weaktie.app.notebook import Notebook
from weaktie.app.wiring import App
from weaktie.data.behaviour.contracts import I32, I64, BadPeople, Days
from weaktie.data.metrics.contracts import BadQuestion, By, NoMetric, Point, Question
from weaktie.data.metrics.facts import FactBook, blocks
from weaktie.data.metrics.service import METRICS, Metrics
from weaktie.kit.clock import DAY_US, day_to_date


def points(wt: App, key: str, days: Days, by: By = "range", **more: str) -> dict[str, tuple[Point, ...]]:
    answer = wt.metrics.query(Question((key,), days, by, **more))  # type: ignore[arg-type]
    assert not answer.no_data, answer.no_data
    return {s.split or s.currency: s.points for s in answer.series}


def one(wt: App, key: str, days: Days, by: By = "range") -> Point:
    ((found,),) = points(wt, key, days, by).values()
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_values_are_what_counting_by_hand_gives(tmp_path: Path, seed: int) -> None:
    with fresh_app(tmp_path) as wt:
        told = fill(wt, seed)
        a, b = told.today - 40, told.today - 1
        days = Days(a, b)
        assert one(wt, "active_users", days).value == len(told.active(a, b))
        summed = sum(len(told.active(d, d)) for d in range(a, b + 1))
        assert one(wt, "dau", days).value == pytest.approx(summed / 40)
        assert one(wt, "mau", days).value == len(told.active(b - 29, b))
        assert one(wt, "users", days).value == sum(told.first_day(p) <= b for p in told.people())
        assert one(wt, "new_users", days).value == sum(a <= told.first_day(p) <= b for p in told.people())
        inside = [o for o in told.orders if a <= o[2] <= b]
        assert one(wt, "orders", days).value == len(inside)
        assert one(wt, "gmv", days).value == sum(o[3] for o in inside)
        assert one(wt, "gmv_gross", days).value == sum(o[4] for o in inside)
        bought = told.bought(a, b)
        buyers = {p for p, _ in bought}
        assert one(wt, "buyers", days).value == len(buyers)
        assert one(wt, "aov", days).value == pytest.approx(sum(n for _, n in bought) / len(bought))
        ever = told.bought(0, b)
        assert one(wt, "ltv", days).value == pytest.approx(
            sum(n for _, n in ever) / len({p for p, _ in ever})
        )
        within = told.bought(b - 29, b)
        rich = {p for p, _ in within if sum(n for q, n in within if q == p) >= 50_000}
        assert one(wt, "high_quality_share", days).value == pytest.approx(
            len(rich) / len({p for p, _ in within})
        )
        quarter = told.bought(b - 89, b)
        twice = {p for p, _ in quarter if sum(q == p for q, _ in quarter) >= 2}
        assert one(wt, "repurchase_rate", days).value == pytest.approx(
            len(twice) / len({p for p, _ in quarter})
        )
        liked = told.active(a, b, "Content Liked")
        assert one(wt, "interaction_rate", days).value == pytest.approx(len(liked) / len(told.active(a, b)))
        before, now = told.active(b - 59, b - 30), told.active(b - 29, b)
        assert one(wt, "churn_30d", days).value == pytest.approx(len(before - now) / len(before))
        lost = len(before - now)
        assert one(wt, "lifetime_months", days).value == (pytest.approx(len(before) / lost) if lost else None)
        undone = sum(o[3] == 0 for o in inside)
        assert one(wt, "refund_rate", days).value == pytest.approx(undone / len(inside))


@pytest.mark.parametrize("seed", [3, 4])
def test_cohorts_are_what_counting_by_hand_gives(tmp_path: Path, seed: int) -> None:
    with fresh_app(tmp_path) as wt:
        told = fill(wt, seed)
        a, b = told.today - DAYS + 1, told.today - 31
        new = {p for p in told.people() if a <= told.first_day(p) <= b}
        back = {p for p in new if p in told.active(told.first_day(p) + 24, told.first_day(p) + 30)}
        found = one(wt, "retention_30d", Days(a, b))
        assert (found.numerator, found.denominator) == (len(back), len(new))
        bought = {
            p for p in new if p in {q for q, _ in told.bought(told.first_day(p), told.first_day(p) + 29)}
        }
        assert one(wt, "new_user_conversion", Days(a, b)).numerator == len(bought)
        clicked = {(p, d) for p, d, name in told.events if name == "Content Clicked"}
        worth = sum(
            net for _, p, day, net, _ in told.orders
            if a <= day <= b and any((p, d) in clicked for d in range(day - 6, day + 1))
        )  # fmt: skip
        assert one(wt, "content_share_of_gmv", Days(a, b)).numerator == worth


def test_overview_catalogue_and_notebook_agree(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        told = fill(wt, 5)
        today = Days(told.today, told.today)
        overview = wt.metrics.overview()
        assert overview.users == one(wt, "users", today).value == len(told.people())
        assert overview.orders == one(wt, "orders", Days(told.today - 3000, told.today)).value
        assert overview.gmv == [(one(wt, "gmv", Days(told.today - 3000, told.today)).value, "CNY")]
        by_day = points(wt, "active_users", Days(told.today - 29, told.today), "day")[""]
        shown = {p.period.first: p.value for p in by_day if p.value}
        assert shown == dict(overview.active_by_day)
        with Notebook(wt.settings.home, "analytics") as notebook:
            sql = "select day, count(distinct person_no) as n from events where day > $day group by 1"
            rows = notebook.sql(sql, day=told.today - 30).to_pylist()
            assert {r["day"]: r["n"] for r in rows} == shown
            rows = notebook.sql(
                "select count(distinct order_id) as n, sum(case when status = 'paid' then amount_minor end) as m from orders"
            ).to_pylist()
        assert rows[0]["n"] == overview.orders
        assert rows[0]["m"] == one(wt, "gmv_gross", Days(told.today - 3000, told.today)).value


def test_all_metrics_of_a_question_read_each_source_once(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        told = fill(wt, 6, people=8)
        wt.behaviour.crowd()
        some = ("dau", "mau", "gmv", "aov", "retention_30d", "k_factor", "interaction_rate", "users")
        wt.metrics.query(Question(some, Days(told.today - 20, told.today)))
        reads = wt.metrics.book.reads
        spans = len(blocks(wt.behaviour.crowd().snapshot.of("events")))
        assert reads == spans + 2, "each block of days once, the orders, the registrations"
        wt.metrics.query(Question((*some, "cvr", "ltv"), Days(told.today - 40, told.today), "week"))
        assert wt.metrics.book.reads == reads
        put(wt, track("late", "u1", at_us=START_US))
        bring_in(wt)
        wt.clock.move(6)  # type: ignore[attr-defined]
        wt.metrics.query(Question(some, Days(told.today - 20, told.today)))
        assert wt.metrics.book.reads <= reads + 3, "past days are not read again"


def test_what_is_not_over_is_incomplete_and_never_compared(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        told = fill(wt, 7)
        found = points(wt, "active_users", Days(told.today - 20, told.today), "week")[""]
        assert [p.state for p in found[-2:]] == ["complete", "incomplete"]
        assert found[-1].previous.change is None and found[-1].previous.reason is not None
        assert found[-1].period.last >= told.today
        whole = found[-2]
        then = found[-3].value
        assert whole.previous.value == then and whole.value is not None and then is not None
        assert whole.previous.change == pytest.approx((whole.value - then) / then)
        assert whole.year.value is None and whole.year.reason is not None, "the history is too short"
        cohort = points(wt, "retention_30d", Days(told.today - 20, told.today), "day")[""]
        assert {(p.value, p.state) for p in cohort} == {(None, "incomplete")}, "never zero"
        old = points(wt, "active_users", Days(told.today - DAYS - 30, told.today - DAYS - 20), "day")[""]
        assert {(p.value, p.state) for p in old} == {(None, "missing")}


def test_what_the_shop_does_not_have_says_why(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        told = fill(wt, 8, people=6)
        answer = wt.metrics.query(Question(tuple(METRICS)[:40], Days(told.today - 9, told.today)))
        rest = wt.metrics.query(Question(tuple(METRICS)[40:], Days(told.today - 9, told.today)))
        missing = answer.no_data | rest.no_data
        assert "cost missing" in missing["cac"].en
        assert "NPS Answered" in missing["nps"].en
        assert {"private_gmv", "recommendation_ctr", "cross_border_share"} <= set(missing)
        assert {s.metric for s in (*answer.series, *rest.series)} == set(METRICS) - set(missing)


class Spending:
    """What was spent, as acquisition will tell it."""

    def __init__(self, day: int) -> None:
        self.day = day

    def spent(self, _days: Days) -> list["Bill"]:
        return [Bill(self.day, "douyin_ads", "CNY", 9_000), Bill(self.day, "wechat_ads", "USD", 100)]


class Bill(NamedTuple):
    """One cost."""

    day: int
    channel: str
    currency: str
    cost_minor: int


class Inside:
    """Everybody with an even number was inside the private domain all the time."""

    def kept(self) -> bool:
        return True

    def inside(self, person_no: I32, at_us: I64) -> npt.NDArray[np.bool_]:
        return np.asarray(person_no % 2 == 0)


def test_costs_and_memberships_come_through_their_ports(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        told = fill(wt, 9)
        metrics = Metrics(wt.behaviour, FactBook(wt.behaviour, Spending(told.today - 3), Inside()))
        days = Days(told.today - 30, told.today - 1)
        keys = ("cac", "marketing_ratio", "private_gmv", "public_gmv", "gmv", "private_share_of_gmv", "private_activity",
                "private_arpu", "public_arpu", "private_arpu_ratio")  # fmt: skip
        answer = metrics.query(Question(keys, days, "range"))
        assert not answer.no_data
        value = {(s.metric, s.currency): s.points[0] for s in answer.series}
        new = sum(days.first <= told.first_day(p) <= days.last for p in told.people())
        assert value["cac", "CNY"].value == pytest.approx(9_000 / new)
        assert value["cac", "USD"].numerator == 100, "money is never mixed"
        inside, outside = value["private_gmv", "CNY"].value, value["public_gmv", "CNY"].value
        assert inside is not None and outside is not None and inside > 0 < outside
        assert inside + outside == value["gmv", "CNY"].value
        a, b = value["private_arpu", "CNY"].value, value["public_arpu", "CNY"].value
        assert a is not None and b is not None
        ratio = a / b
        assert value["private_arpu_ratio", "CNY"].value == pytest.approx(ratio)
        split = metrics.query(Question(("gmv",), days, "range", split="domain"))
        assert {s.split_words.en: s.points[0].value for s in split.series} == {
            "Private": value["private_gmv", "CNY"].value, "Public": value["public_gmv", "CNY"].value,
        }  # fmt: skip


def test_splits_add_up_and_a_segment_narrows(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        at_us = START_US - 2 * DAY_US
        for n, (who, source) in enumerate((("u1", "douyin"), ("u2", "douyin"), ("u3", "weibo"))):
            context = {"campaign": {"source": source}}
            put(wt, track(n, who, at_us=at_us, context=context))
            order = {"order_id": f"o{n}", "total": 10 + n, "currency": "CNY", "products": []}
            put(
                wt,
                track(10 + n, who, at_us=at_us, event="Order Completed", properties=order, context=context),
            )
        bring_in(wt)
        today = wt.metrics.today
        days = Days(today - 5, today - 1)
        by_channel = wt.metrics.query(Question(("gmv", "active_users"), days, "range", split="channel"))
        found = {(s.metric, s.split_words.en): s.points[0].value for s in by_channel.series}
        assert found == {
            ("gmv", "Douyin"): 2_100, ("gmv", "Weibo"): 1_200, ("active_users", "Douyin"): 2, ("active_users", "Weibo"): 1,
        }  # fmt: skip
        first = wt.metrics.people({"kind": "metric", "metric": "buyers", "from": str(day_to_date(days.first)),
                                   "to": str(day_to_date(days.last))})  # fmt: skip
        assert len(first) == 3

        class Few:
            def people(self, _query: object) -> I32:
                return first[:1]

            describe = None

        pretend(wt, "segment", Few())  # type: ignore[arg-type]
        one_of_them = wt.metrics.query(
            Question(("gmv", "orders", "active_users"), days, "range", segment="s1")
        )
        assert {s.metric: s.points[0].value for s in one_of_them.series} == {
            "gmv": 1_000,
            "orders": 1,
            "active_users": 1,
        }


def test_people_behind_a_number_are_as_many_as_it_says(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        told = fill(wt, 10)
        a, b = told.today - DAYS, told.today - 31
        for key in (
            "retention_30d",
            "new_user_conversion",
            "repurchase_rate",
            "churn_30d",
            "interaction_rate",
        ):
            found = one(wt, key, Days(a, b))
            for part, number in (("numerator", found.numerator), ("denominator", found.denominator)):
                query = {
                    "kind": "metric", "metric": key, "from": str(day_to_date(a)), "to": str(day_to_date(b)), "part": part,
                }  # fmt: skip
                assert len(wt.behaviour.people(query)) == number, (key, part)
                assert METRICS[key].words.zh in wt.behaviour.describe(query).zh
        with pytest.raises(BadPeople):
            wt.behaviour.people({"kind": "metric", "metric": "nothing"})
        with pytest.raises(BadPeople):
            wt.behaviour.people({"kind": "metric", "metric": "dau", "from": "x", "to": "2026-01-01"})


def test_a_question_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        with pytest.raises(NoMetric):
            wt.metrics.query(Question(("nothing",), Days(0, 1)))
        for bad in (
            Question((), Days(0, 1)), Question(("dau",), Days(2, 1)), Question(("dau",), Days(0, 3000), "day"),
            Question(("dau",), Days(0, 1), split="nonsense"), Question(("dau",), Days(0, 1), "hour"),  # type: ignore[arg-type]
        ):  # fmt: skip
            with pytest.raises(BadQuestion):
                wt.metrics.query(bad)


def test_a_shop_without_anything_says_so(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        today = wt.metrics.today
        answer = wt.metrics.query(Question(("dau", "gmv", "retention_30d"), Days(today - 9, today)))
        assert {"dau", "gmv"} <= set(answer.no_data)
        assert all(p.value is None for s in answer.series for p in s.points)

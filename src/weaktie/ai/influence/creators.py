"""Creators: whom they have around them, what came of it, who of them is a KOC, and how far they will reach. Pure, but that it
reads through the book."""

from collections.abc import Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

import numpy as np

from weaktie.ai.influence.contracts import (
    F64,
    FEATURES,
    TREND_WORDS,
    Bools,
    Creators,
    KocRule,
    ReachModel,
    Reason,
)
from weaktie.ai.influence.reading import Book, Counts, Paid, Relations, Social, Touches, months_before
from weaktie.data.behaviour.contracts import I32, I64
from weaktie.kit.clock import day_to_date, from_datetime

MONTHS = 7
"""Months that are looked at, the running one included."""
FEWEST_PAIRS = 20
"""Creator-months below which nothing is predicted."""
RIDGE = 3.0
"""Creators' worth of evidence that nothing but the trend matters."""
REACH = list(FEATURES).index("reach")
MOST_LOG, MOST_SCALES = 20.0, 3.0
"""A creator unlike all others is not extrapolated further than so many standard deviations."""


def creators(book: Book, social: Social, rule: KocRule) -> Creators:
    """Everybody who published something or through whom somebody came in the last months."""
    today, size = book.today, max(social.size, 1)
    spans = months_before(today, MONTHS)
    months = [book.month_of(social, (first, last)) for _, first, last in spans]
    window = book.month_of(social, (today - rule.interaction_days + 1, today))
    contents, related, paid = book.contents(social), book.relations(social), book.paid(social)
    authors = contents.creator[contents.creator >= 0]
    people = np.unique(np.concatenate([authors, *(came.creator for _, came, _ in (*months, window))])).astype(
        np.int32
    )
    friends = _keys(people, *_both(related.of("friend")), size)
    followers = _keys(people, *_turned(related.of("follow")), size)
    fans = _fans(people, friends, followers, size)
    touched, came, counts = window
    acted = np.union1d(
        _keys(people, touched.creator[touched.acted_day > 0], touched.person[touched.acted_day > 0], size),
        _keys(people, came.creator, came.person, size),
    )
    bought = np.bincount(paid.person[paid.day > today - rule.repurchase_days], minlength=size)
    buys = bought[fans % size]
    orders, net = _brought(people, paid, today - rule.interaction_days)
    zone = book.behaviour.settings.zone
    reach, features = _by_month(people, months, spans, related, contents.creator, contents.us, zone, size)
    n = len(people)
    began = book.first_day(social)
    first_whole = next(
        (i for i, (_, first, _) in enumerate(spans) if began is not None and first >= began), len(spans)
    )
    return Creators(
        people, _count(friends, n, size), _count(followers, n, size), _count(fans, n, size),
        _count(np.intersect1d(fans, acted), n, size), _count(fans[buys >= 1], n, size), _count(fans[buys >= 2], n, size),
        _per(people, authors, np.ones(len(authors), np.int64)), _per(people, counts.person, counts.n),
        _count(_keys(people, came.creator, came.person, size), n, size), orders, net, [name for name, _, _ in spans], reach,
        features, first_whole,
    )  # fmt: skip


def around(book: Book, social: Social, rule: KocRule, person: int) -> dict[str, I32]:
    """The people around one creator, by part, each ascending; see `contracts.PART_WORDS`."""
    size, today = max(social.size, 1), book.today
    one = np.array([person], np.int32)
    related, paid = book.relations(social), book.paid(social)
    friends = _keys(one, *_both(related.of("friend")), size)
    followers = _keys(one, *_turned(related.of("follow")), size)
    fans = np.sort(_fans(one, friends, followers, size))
    touched, came, _ = book.month_of(social, (today - rule.interaction_days + 1, today))
    did = touched.acted_day > 0
    acted = np.union1d(
        _keys(one, touched.creator[did], touched.person[did], size),
        _keys(one, came.creator, came.person, size),
    )
    buys = np.bincount(paid.person[paid.day > today - rule.repurchase_days], minlength=size)[fans]
    parts = {
        "friends": friends, "followers": followers, "fans": fans, "interacted": np.intersect1d(fans, acted),
        "buyers": fans[buys >= 1], "repeat": fans[buys >= 2],
    }  # fmt: skip
    return {name: keys.astype(np.int32) for name, keys in parts.items()}


def _both(pairs: tuple[I32, I32]) -> tuple[I32, I32]:
    src, dst = pairs
    return np.concatenate([src, dst]), np.concatenate([dst, src])


def _turned(pairs: tuple[I32, I32]) -> tuple[I32, I32]:
    return pairs[1], pairs[0]


def _keys(people: I32, whose: I32, other: I32, size: int) -> I64:
    """Different pairs of one of the people (by place) and somebody, as one number each, ascending."""
    place = np.searchsorted(people, whose)
    known = place < len(people)
    known[known] &= people[place[known]] == whose[known]
    found: I64 = np.unique(place[known].astype(np.int64) * size + other[known])
    return found


def _fans(people: I32, friends: I64, followers: I64, size: int) -> I64:
    """Followers; of who has none, friends."""
    followed = np.zeros(len(people) + 1, np.bool_)
    followed[np.unique(followers // size)] = True
    return np.concatenate([followers, friends[~followed[friends // size]]])


def _count(pairs: I64, n: int, size: int) -> I32:
    found: I32 = np.bincount(pairs // size, minlength=n)[:n].astype(np.int32)
    return found


def _per(people: I32, whose: I32, n: I64) -> I32:
    """Sums by person, along `people`."""
    place = np.searchsorted(people, whose)
    known = place < len(people)
    known[known] &= people[place[known]] == whose[known]
    found: I32 = np.bincount(place[known], n[known], minlength=len(people)).astype(np.int32)
    return found


def _brought(people: I32, paid: Paid, after_day: int) -> tuple[I32, dict[str, I64]]:
    """Orders that name each as who referred, and their worth by currency, after a day."""
    rows = np.flatnonzero((paid.referrer >= 0) & (paid.day > after_day))
    place = np.searchsorted(people, paid.referrer[rows])
    known = place < len(people)
    known[known] &= people[place[known]] == paid.referrer[rows][known]
    rows, place = rows[known], place[known]
    net: dict[str, I64] = {}
    for code, currency in enumerate(paid.currencies):
        same = paid.currency[rows] == code
        if same.any():
            total = np.zeros(len(people), np.int64)
            np.add.at(total, place[same], paid.net_minor[rows][same])
            net[currency] = total
    return np.bincount(place, minlength=len(people)).astype(np.int32), net


def _by_month(
    people: I32, months: Sequence[tuple[Touches, Touches, Counts]], spans: list[tuple[str, int, int]], related: Relations,
    author: I32, published_us: I64, zone: ZoneInfo, size: int,
) -> tuple[I32, F64]:  # fmt: skip
    """(reach, features) by month; see `contracts.Creators`."""
    n = len(people)
    reach = np.zeros((len(spans), n), np.int32)
    features = np.zeros((len(spans), n, len(FEATURES)), np.float64)
    for i, ((_, first, last), (touched, came, counts)) in enumerate(zip(spans, months, strict=True)):
        through = _keys(people, came.creator, came.person, size)
        seen = np.union1d(_keys(people, touched.creator, touched.person, size), through)
        did = touched.acted_day > 0
        acted = np.union1d(_keys(people, touched.creator[did], touched.person[did], size), through)
        begin, end = _start_us(first, zone), _start_us(last + 1, zone)
        fresh = author[(published_us >= begin) & (published_us < end) & (author >= 0)]
        reach[i] = _count(seen, n, size)
        columns = (
            reach[i], reach[i - 1] if i else np.zeros(n, np.int32), _count(acted, n, size),
            _count(_keys(people, *_both(related.of("friend", end)), size), n, size),
            _count(_keys(people, *_turned(related.of("follow", end)), size), n, size),
            _per(people, counts.person, counts.n), _per(people, fresh, np.ones(len(fresh), np.int64)),
        )  # fmt: skip
        features[i] = np.log1p(np.stack(columns, axis=1))
    return reach, features


def _start_us(day: int, zone: ZoneInfo) -> int:
    morning = datetime.combine(day_to_date(day), time(), zone)
    return from_datetime(morning)


# --- rules


def passes(rule: KocRule, found: Creators) -> tuple[Bools, Bools, Bools]:
    """Who passes reach, trust, and the rule as a whole."""
    reach = found.friends >= rule.min_friends
    enough = (found.fans >= max(rule.min_fans, 1)) & (found.buyers > 0)
    trust = (
        enough
        & (rates(found.interacted, found.fans) >= rule.min_interaction)
        & (rates(found.repeat, found.buyers) >= rule.min_repurchase)
    )
    both = {"both": reach & trust, "either": reach | trust, "reach": reach, "trust": trust}
    return reach, trust, both[rule.need]


def rates(part: I32, whole: I32) -> F64:
    """Shares; NaN of nothing, so that no comparison holds."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found: F64 = np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
    return found


# --- predicted reach


def fit(found: Creators, target: int) -> ReachModel | None:
    """The model with which the reach of month `target` (a place in `months`) is predicted: fitted on pairs of months that lie
    before it. None where there are too few.

    A creator-month counts where there was anything: reach, shares or new contents in it; those who reached many count for
    more. Months that began before the lake's events did are left out: their reach is a part of one.
    """
    inputs, outputs = [], []
    for month in range(found.first_whole, target - 1):
        here = _alive(found, month)
        inputs.append(found.features[month][here])
        outputs.append(np.log1p(found.reach[month + 1][here]))
    x = np.concatenate(inputs) if inputs else np.zeros((0, len(FEATURES)))
    if len(x) < FEWEST_PAIRS or target - 1 < found.first_whole:
        return None
    growth = np.concatenate(outputs) - x[:, REACH]
    counts = 1.0 + x[:, REACH]
    mean = np.average(x, axis=0, weights=counts)
    scale = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=counts))
    scale = np.where(scale > 1e-9, scale, 1.0)
    z = (x - mean) / scale
    base = float(np.average(growth, weights=counts))
    penalty = RIDGE * float(counts.mean()) * np.eye(z.shape[1])
    weights = np.linalg.solve(
        (z * counts[:, None]).T @ z + penalty, (z * counts[:, None]).T @ (growth - base)
    )
    return ReachModel(base, weights, mean, scale, len(x))


def _alive(found: Creators, month: int) -> Bools:
    names = list(FEATURES)
    columns = [names.index(key) for key in ("reach", "shares", "contents")]
    there: Bools = (found.features[month][:, columns] > 0).any(axis=1)
    return there


def predict(model: ReachModel, found: Creators, target: int) -> F64:
    """Predicted reach of everybody in month `target`, from what was known at the end of the one before."""
    row = found.features[target - 1]
    z = np.clip((row - model.mean) / model.scale, -MOST_SCALES, MOST_SCALES)
    growth = model.base + z @ model.weights
    predicted: F64 = np.expm1(
        np.clip(row[:, REACH] + np.where(_alive(found, target - 1), growth, 0.0), 0.0, MOST_LOG)
    )
    return predicted


def reasons(model: ReachModel, found: Creators, target: int, place: int, most: int = 5) -> list[Reason]:
    """What moves one creator's prediction away from last month's reach: factors on 1 + reach, the general trend first, then
    what lies off the average most."""
    row = found.features[target - 1][place]
    z = np.clip((row - model.mean) / model.scale, -MOST_SCALES, MOST_SCALES)
    parts = model.weights * z
    order = np.argsort(-np.abs(parts), kind="stable")[:most]
    keys = list(FEATURES.items())
    return [
        Reason("trend", TREND_WORDS, float(np.expm1(row[REACH])), float(np.exp(model.base))),
        *(
            Reason(keys[i][0], keys[i][1], float(np.expm1(row[i])), float(np.exp(parts[i])))
            for i in order.tolist()
            if abs(parts[i]) > 1e-6
        ),
    ]


def spearman(a: F64, b: F64) -> float | None:
    """Rank correlation with middle ranks for ties; None where either has no spread."""
    ra, rb = _ranks(a), _ranks(b)
    if len(a) < 3 or ra.std() == 0 or rb.std() == 0:
        return None
    return float(np.corrcoef(ra, rb)[0, 1])


def _ranks(values: F64) -> F64:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: F64 = (ends - (counts - 1) / 2.0)[place]
    return ranks

"""From joins and leaves to memberships, and questions to them. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from weaktie.data.behaviour.contracts import I32, I64
from weaktie.data.private.contracts import MOST_PERIODS, OPEN_END, BadPeriod, Bools, Grain, Moves, Spans
from weaktie.kit.clock import EPOCH_DAY


def spans_of(moves: Moves) -> Spans:
    """Memberships by person and channel, whatever the order in which joins and leaves came.

    At one place a join opens a membership and the next leave closes it; a repeated join or leave says nothing new, and a
    leave before any join says nothing: when that membership began is not known. At the same instant a leave comes before a
    join. A person is in a channel while in any of its places.
    """
    order = np.lexsort((moves.joined, moves.us, moves.place, moves.channel, moves.person))
    person, channel, place = moves.person[order], moves.channel[order], moves.place[order]
    us, joined = moves.us[order], moves.joined[order]
    new = np.ones(len(us), np.bool_)
    new[1:] = (np.diff(person) != 0) | (np.diff(channel) != 0) | (np.diff(place) != 0)
    changes = np.where(new, joined, joined != np.concatenate([[False], joined[:-1]]))
    person, channel, us, joined = person[changes], channel[changes], us[changes], joined[changes]
    # What is left of a place goes join, leave, join …; the row behind a join is its leave or another place's first join.
    ends = np.full(len(us), OPEN_END, np.int64)
    if len(us):
        closed = joined[:-1] & ~joined[1:]
        ends[:-1][closed] = us[1:][closed]
    found = Spans(person[joined], channel[joined], us[joined], ends[joined])
    return merged(found.where(found.end > found.start))


def merged(spans: Spans) -> Spans:
    """The same time in as few spans as can be; overlapping and touching ones of a person and channel become one."""
    n = len(spans)
    person, channel = np.concatenate([spans.person] * 2), np.concatenate([spans.channel] * 2)
    us = np.concatenate([spans.start, spans.end])
    step = np.concatenate([np.ones(n, np.int64), -np.ones(n, np.int64)])
    order = np.lexsort((-step, us, channel, person))
    depth = np.cumsum(step[order])
    before = depth - step[order]
    starts, ends = order[(before == 0) & (depth == 1)], order[(before == 1) & (depth == 0)]
    return Spans(person[starts], channel[starts], us[starts], us[ends])


def anywhere(spans: Spans) -> Spans:
    """Memberships in any channel: all of a person's as channel 0."""
    return merged(Spans(spans.person, np.zeros(len(spans), np.int32), spans.start, spans.end))


def inside(spans: Spans, person_no: I32, at_us: I64) -> Bools:
    """Whether each person was in one of the spans at the instant; `spans` are of one channel (`anywhere`)."""
    n, m = len(spans), len(person_no)
    if not n or not m:
        return np.zeros(m, np.bool_)
    person = np.concatenate([spans.person, person_no])
    us = np.concatenate([spans.start, at_us])
    asked = np.concatenate([np.zeros(n, np.int8), np.ones(m, np.int8)])
    order = np.lexsort((asked, us, person))
    last = np.maximum.accumulate(np.where(order < n, order, -1))
    # Spans stand by person and start, so that the greatest number so far is the latest start so far.
    found = np.full(n + m, -1, np.int64)
    found[order] = last
    at = found[n:]
    known = at >= 0
    at = np.maximum(at, 0)
    answer: Bools = known & (spans.person[at] == person_no) & (at_us < spans.end[at])
    return answer


def touching(spans: Spans, start: int, end: int) -> I32:
    """People with any moment of [start, end) in a span, ascending."""
    people: I32 = np.unique(spans.person[(spans.start < end) & (spans.end > start)]).astype(np.int32)
    return people


def at_instant(spans: Spans, us: int) -> I32:
    """People who were in a span at the instant, ascending."""
    return touching(spans, us, us + 1)


def periods_of(first: int, last: int, grain: Grain) -> list[tuple[int, int]]:
    """The days from first to last cut into days, weeks from Monday or calendar months; the outer ones may be shorter.

    Raises BadPeriod where there are none or too many.
    """
    found: list[tuple[int, int]] = []
    for begin, end in _cuts(first, last, grain):
        found.append((begin, end))
        if len(found) > MOST_PERIODS:
            raise BadPeriod
    if not found:
        raise BadPeriod
    return found


def _cuts(first: int, last: int, grain: Grain) -> Iterator[tuple[int, int]]:
    day = first
    while day <= last:
        here = EPOCH_DAY + timedelta(days=day)
        if grain == "day":
            end = day
        elif grain == "week":
            end = day + 6 - here.weekday()
        else:
            following = date(here.year + here.month // 12, here.month % 12 + 1, 1)
            end = (following - EPOCH_DAY).days - 1
        yield day, min(end, last)
        day = end + 1

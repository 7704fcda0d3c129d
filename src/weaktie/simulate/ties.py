"""Who knows whom: friends inside circles (strong) and across (weak), fans, group members, invitations."""

from dataclasses import dataclass

import numpy as np

from weaktie.simulate.channels import FIRST_PRIVATE
from weaktie.simulate.contracts import MarketSpec
from weaktie.simulate.population import People
from weaktie.simulate.timeline import DAY_MS, F64, HOUR_MS, I8, I32, I64, MINUTE_MS, Timeline, stream

KINDS = ("friend", "follow", "group", "invite")
FRIEND, FOLLOW, GROUP, INVITE = 0, 1, 2, 3
_WECOM_GROUP = FIRST_PRIVATE + 1
_STREAM = 4


@dataclass(frozen=True, slots=True)
class Ties:
    """One row a relation: `src` follows, befriends or invited `dst`; a friendship is mutual and stands once.

    `weight` is how close they are, 0–1. `reach_*` is the same turned to "who sees what src shares": the listeners of
    person p are `reach_person[reach_start[p]:reach_start[p + 1]]`, and `reach_rise` rises over all of them by how
    close each is and how easily moved.
    """

    src: I32
    dst: I32
    kind: I8
    time_ms: I64
    weight: F64
    reach_start: I64
    reach_person: I32
    reach_rise: F64

    def listeners(self, rng: np.random.Generator, sharer: I32) -> I32:
        """One listener of each sharer, the close and easily moved more often; -1 where nobody listens."""
        begin, end = self.reach_start[sharer], self.reach_start[sharer + 1]
        if not len(self.reach_person):
            return np.full(len(sharer), -1, np.int32)
        rise = np.concatenate([[0.0], self.reach_rise])
        drawn = rise[begin] + rng.random(len(sharer)) * (rise[end] - rise[begin])
        spot = np.searchsorted(self.reach_rise, drawn, "right")
        spot = np.minimum(np.clip(spot, begin, np.maximum(end - 1, begin)), len(self.reach_person) - 1)
        return np.where(end > begin, self.reach_person[spot], -1).astype(np.int32)


@dataclass(frozen=True, slots=True)
class Invitations:
    """The invitations that were accepted inside the window, by the time they were sent.

    `number[person]` is the row of the one that brought the person in, -1 for none.
    """

    inviter: I32
    invitee: I32
    sent_ms: I64
    number: I32


def ties(spec: MarketSpec, line: Timeline, folk: People) -> Ties:
    """The relations among registered people."""
    rng = stream(spec, _STREAM)
    parts = [_friends(rng, folk), _follows(rng, folk), _groups(rng, folk), _invites(folk)]
    src = np.concatenate([p[0] for p in parts])
    dst = np.concatenate([p[1] for p in parts])
    kind = np.concatenate([np.full(len(p[0]), k, np.int8) for k, p in enumerate(parts)])
    weight = np.concatenate([p[2] for p in parts])
    known = np.maximum(folk.join_ms[src], folk.join_ms[dst])
    time = known + (rng.random(len(src)) ** 2 * np.maximum(line.end_ms - known, 0)).astype(np.int64)
    time = np.where(kind == INVITE, folk.join_ms[dst], time)
    return Ties(src, dst, kind, time, weight, *_reach(folk, src, dst, kind, weight))


def invitations(spec: MarketSpec, line: Timeline, folk: People) -> Invitations:
    """When each accepted invitation was sent: minutes to two days before, while its inviter was there."""
    rng = stream(spec, _STREAM, 1)
    invitee = np.flatnonzero((folk.inviter >= 0) & (folk.join_ms >= line.start_ms)).astype(np.int32)
    inviter = folk.inviter[invitee]
    join = folk.join_ms[invitee]
    lag = np.clip(rng.exponential(8 * HOUR_MS, len(invitee)), 2 * MINUTE_MS, 2 * DAY_MS).astype(np.int64)
    earliest = np.maximum(folk.join_ms[inviter] + HOUR_MS, line.start_ms)
    sent = np.minimum(np.maximum(join - lag, earliest), join - MINUTE_MS)
    order = np.lexsort((invitee, sent))
    number = np.full(len(folk), -1, np.int32)
    number[invitee[order]] = np.arange(len(invitee))
    return Invitations(inviter[order], invitee[order], sent[order], number)


def _unique(src: I64, dst: I64, size: int) -> I64:
    key = np.minimum(src, dst) * size + np.maximum(src, dst)
    _, first = np.unique(key, return_index=True)
    return np.asarray(first[src[first] != dst[first]], np.int64)


def _friends(rng: np.random.Generator, folk: People) -> tuple[I32, I32, F64]:
    users = folk.registered
    circle = folk.community[:users]
    by_circle = np.argsort(circle, kind="stable")
    opens = np.searchsorted(circle[by_circle], np.arange(int(circle.max()) + 2))
    near = np.repeat(np.arange(users), rng.poisson(4.0, users))
    size = (opens[circle + 1] - opens[circle])[near]
    near_to = by_circle[opens[circle[near]] + (rng.random(len(near)) * size).astype(np.int64)]
    far = np.repeat(np.arange(users), rng.poisson(0.9, users))
    far_to = rng.integers(0, users, len(far))
    known = np.minimum(rng.exponential(150.0, len(folk.creators)) + 520, users // 8).astype(np.int64)
    star = np.repeat(folk.creators.astype(np.int64), known)
    star_to = rng.integers(0, users, len(star))
    invited = np.flatnonzero(folk.inviter[:users] >= 0)
    src = np.concatenate([near, far, star, folk.inviter[invited]])
    dst = np.concatenate([near_to, far_to, star_to, invited])
    keep = _unique(src, dst, users)
    # A made-up account knows nobody but who made it.
    keep = keep[(folk.farm[src[keep]] < 0) | (folk.inviter[dst[keep]] == src[keep])]
    keep = keep[(folk.farm[dst[keep]] < 0) | (folk.inviter[dst[keep]] == src[keep])]
    src, dst = src[keep], dst[keep]
    same = circle[src] == circle[dst]
    weight = np.where(same, rng.beta(5.0, 3.0, len(src)), rng.beta(2.0, 8.0, len(src)))
    return src.astype(np.int32), dst.astype(np.int32), weight


def _follows(rng: np.random.Generator, folk: People) -> tuple[I32, I32, F64]:
    users = folk.registered
    src = np.repeat(np.arange(users), rng.poisson(2.5, users))
    dst = folk.creators[(len(folk.creators) * rng.random(len(src)) ** 2).astype(np.int64)].astype(np.int64)
    key = src * users + dst
    _, first = np.unique(key, return_index=True)
    keep = first[(src[first] != dst[first]) & (folk.farm[src[first]] < 0)]
    return src[keep].astype(np.int32), dst[keep].astype(np.int32), rng.uniform(0.3, 1.0, len(keep))


def _groups(rng: np.random.Generator, folk: People) -> tuple[I32, I32, F64]:
    members = np.flatnonzero(folk.private[: folk.registered] == _WECOM_GROUP)
    members = members[np.argsort(folk.community[members], kind="stable")]
    seat = np.repeat(np.arange(len(members)), 3)
    # A chat of forty: three others of the same chat for each member.
    chat = seat // 40 * 40
    other = chat + rng.integers(0, 40, len(seat))
    inside = other < len(members)
    src, dst = members[seat[inside]], members[other[inside]]
    keep = _unique(src, dst, folk.registered)
    return src[keep].astype(np.int32), dst[keep].astype(np.int32), rng.uniform(0.1, 0.4, len(keep))


def _invites(folk: People) -> tuple[I32, I32, F64]:
    invitee = np.flatnonzero(folk.inviter >= 0).astype(np.int32)
    return folk.inviter[invitee], invitee, np.ones(len(invitee))


def _reach(folk: People, src: I32, dst: I32, kind: I8, weight: F64) -> tuple[I64, I32, F64]:
    friend, follow = kind == FRIEND, kind == FOLLOW
    sharer = np.concatenate([src[friend], dst[friend], dst[follow]])
    listener = np.concatenate([dst[friend], src[friend], src[follow]])
    close = np.concatenate([weight[friend], weight[friend], weight[follow]])
    order = np.argsort(sharer, kind="stable")
    odds = close[order] * folk.susceptibility[listener[order]]
    return np.searchsorted(sharer[order], np.arange(len(folk) + 1)), listener[order], np.cumsum(odds)

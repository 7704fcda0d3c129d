"""The scorer: what is measured of accounts, how rules make points of it, and what decides alone. Pure, on arrays."""

import ipaddress
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

import numba
import numpy as np

from weaktie.business.risk.contracts import (
    F64,
    I32,
    I64,
    SIGHTED,
    SIGHTED_NUMBER,
    Accounts,
    B,
    BadCase,
    BadRules,
    Links,
    Rule,
    RuleCount,
    Scores,
)
from weaktie.business.risk.graphs import communities, dense_blocks, shared, trust
from weaktie.kit.words import Words

MINUTE_US: Final = 60_000_000
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US
RULES: Final[Mapping[str, Rule]] = {
    "device_shared": Rule(26, 2, 6),
    "device_day": Rule(24, 1, 3),
    "payout_shared": Rule(30, 0, 3),
    "ip_hour": Rule(18, 3, 9),
    "network_hour": Rule(6, 8, 24),
    "address_shared": Rule(8, 2, 6),
    "virtual_number": Rule(10, 0, 1),
    "quick_reward": Rule(6, 30, 50),
    "invite_burst": Rule(14, 5, 15),
    "no_return": Rule(12, 0.75, 0.95),
    "refunds": Rule(12, 0.25, 0.5),
    "lockstep": Rule(20, 0.5, 0.75),
    "dense_block": Rule(25, 0.55, 0.85),
    "low_trust": Rule(8, 0, 1),
}
"""The house's own rules, version 0: what a farm of five gives is over the line, what a household of five gives is not."""
RULE_WORDS: Final[Mapping[str, tuple[Words, Words]]] = {
    "device_shared": (
        Words("同一设备的其他账号数", "Other accounts on the same device"),
        Words("同一设备上还有 {0} 个账号", "{0} other accounts on the same device"),
    ),
    "device_day": (
        Words("同一设备一天内的其他注册数", "Other sign-ups on the device within a day"),
        Words("同一设备一天内另有 {0} 次注册", "{0} other sign-ups on the device within a day"),
    ),
    "payout_shared": (
        Words("同一收款账号的其他账号数", "Other accounts with the same payout account"),
        Words("同一收款账号还被 {0} 个账号使用", "{0} other accounts use the same payout account"),
    ),
    "ip_hour": (
        Words("同一 IP 一小时内的其他注册数", "Other sign-ups from the address within an hour"),
        Words("同一 IP 一小时内另有 {0} 次注册", "{0} other sign-ups from the address within an hour"),
    ),
    "network_hour": (
        Words("同一网段一小时内的其他注册数", "Other sign-ups from the network within an hour"),
        Words("同一网段（/24）一小时内另有 {0} 次注册", "{0} other sign-ups from the network (/24) within an hour"),
    ),
    "address_shared": (
        Words("同一收货地址的其他账号数", "Other accounts with the same delivery address"),
        Words("同一收货地址（到楼栋）还有 {0} 个账号", "{0} other accounts at the same building"),
    ),
    "virtual_number": (
        Words("虚拟号段手机号", "Number of a virtual range"),
        Words("手机号属于虚拟号段", "the phone number is of a virtual range"),
    ),
    "quick_reward": (
        Words("注册到下单过快（60 减分钟数）", "Order soon after signing up (60 minus minutes)"),
        Words("注册后不到 {2} 分钟即下单", "ordered less than {2} minutes after signing up"),
    ),
    "invite_burst": (
        Words("邀请人一天内的其他新用户数", "Others brought in by the inviter within a day"),
        Words("邀请人一天内另带来 {0} 人", "the inviter brought in {0} others within a day"),
    ),
    "no_return": (
        Words("邀请人带来的人不再回访的占比", "Share of the inviter's people who never came back"),
        Words("邀请人带来的人中 {1} 再未回访", "{1} of the inviter's people never came back"),
    ),
    "refunds": (
        Words("邀请人带来的人的退款占比", "Share of refunds among the inviter's people"),
        Words("邀请人带来的人有 {1} 的订单退款", "{1} of the orders of the inviter's people were refunded"),
    ),
    "lockstep": (
        Words("步调一致程度", "Lockstep timing"),
        Words("同批账号注册或下单的间隔过于均匀（{1}）", "sign-ups or orders of the batch are too even in time ({1})"),
    ),
    "dense_block": (
        Words("密集共享团伙的密度", "Density of a block of shared things"),
        Words(
            "处于密集共享设备、IP、收款账号的团伙中（密度 {3}）",
            "in a dense block of shared devices, addresses and payout accounts (density {3})",
        ),
    ),
    "low_trust": (
        Words("邀请链上没有可信的老买家", "No trusted buyer along the invitations"),
        Words("邀请链上没有可信的老买家", "no trusted buyer along the invitations"),
    ),
}  # fmt: skip
"""By rule: what it measures, and the reason it gives; {0} a count, {1} a share in per cent, {2} minutes, {3} a number."""
HARD_WORDS: Final[Mapping[str, Words]] = {
    "self_invite": Words("邀请人和被邀请人是同一个人", "inviter and invitee are the same person"),
    "cycle": Words("邀请关系形成循环", "the invitations form a cycle"),
    "existing_user": Words("被邀请人在邀请之前已经是用户", "the invitee was a user before the invitation"),
    "same_payout": Words("与邀请人使用同一个收款账号", "the same payout account as the inviter"),
}
OTHER_WORDS: Final[Mapping[str, Words]] = {
    "scorer_stale": Words(
        "风控自检未通过或已过期，所有发放转人工审核", "the watch over the scorer is not content: everything is held for people to look at"
    ),
    "scorer_down": Words("风控评分暂时不可用，转人工审核", "the scorer did not answer: held for people to look at"),
}  # fmt: skip
_GRAPH_KINDS = ("device", "app_id", "ip", "payout", "address")
_WINDOW = 4
_FEWEST = 4
"""Siblings below which shares and evenness say nothing."""


def measure(accounts: Accounts, links: Links) -> dict[str, F64]:
    """What each rule measures of each account; 0 where nothing is known."""
    count = len(accounts)
    by_kind = {name: links.kind == number for name, number in SIGHTED_NUMBER.items()}
    device = by_kind["device"] | by_kind["app_id"]
    when = accounts.registered_us
    siblings = np.flatnonzero(accounts.inviter >= 0).astype(np.int32)
    inviter = accounts.inviter[siblings]
    group, blocks = _blocks(accounts, links)
    with np.errstate(invalid="ignore"):
        minutes = np.where(
            (accounts.ordered_us >= 0) & (when >= 0), (accounts.ordered_us - when) / MINUTE_US, np.inf
        )
    edges = np.flatnonzero(accounts.inviter >= 0).astype(np.int32)
    trusted = trust(
        count, accounts.inviter[edges], edges, np.flatnonzero(accounts.known_buyer).astype(np.int32)
    )
    virtual = np.zeros(count)
    virtual[links.account[by_kind["phone"]]] = 1.0
    return {
        "device_shared": _others(count, links, device, when, None),
        "device_day": _others(count, links, device, when, 12 * HOUR_US),
        "payout_shared": _others(count, links, by_kind["payout"], when, None),
        "ip_hour": _others(count, links, by_kind["ip"], when, HOUR_US // 2),
        "network_hour": _others(count, links, by_kind["network"], when, HOUR_US // 2),
        "address_shared": _others(count, links, by_kind["address"], when, None),
        "virtual_number": virtual,
        "quick_reward": np.clip(60.0 - np.maximum(minutes, 0.0), 0.0, 60.0),
        "invite_burst": _near_in_time(count, siblings, inviter, when, 12 * HOUR_US),
        "no_return": _sibling_share(accounts, _gone(accounts), _judged(accounts)),
        "refunds": _sibling_share(accounts, accounts.refunds, accounts.orders),
        "lockstep": _lockstep(accounts, group),
        "dense_block": blocks,
        # Where no buyer is known at all, nobody's lack of trust says anything.
        "low_trust": ((accounts.inviter >= 0) & (trusted <= 0) & accounts.known_buyer.any()).astype(
            np.float64
        ),
    }


def score(accounts: Accounts, links: Links, rules: Mapping[str, Rule] = RULES) -> Scores:
    """Points of every rule, their sum (0–100), and who is refused at once."""
    measures = measure(accounts, links)
    points = {}
    for name, value in measures.items():
        rule = rules[name]
        points[name] = rule.points * np.clip((value - rule.low) / (rule.high - rule.low), 0.0, 1.0)
    total = np.clip(np.sum(list(points.values()), axis=0), 0.0, 100.0)
    return Scores(np.asarray(total, np.float64), points, measures, hard(accounts, links))


def hard(accounts: Accounts, links: Links) -> dict[str, B]:
    """Who is refused whatever the score says: invited themselves, in a cycle, known before, paid where the inviter is."""
    rows = np.arange(len(accounts))
    invited = accounts.inviter >= 0
    before = np.maximum(accounts.inviter, 0)
    known = (accounts.invited_us >= 0) & (
        ((accounts.registered_us >= 0) & (accounts.registered_us < accounts.invited_us))
        | ((accounts.ordered_us >= 0) & (accounts.ordered_us < accounts.invited_us))
    )
    return {
        "self_invite": invited & (before == rows),
        "cycle": _in_cycle(accounts.inviter) & (before != rows),
        "existing_user": invited & known,
        "same_payout": invited & _shares_with(accounts.inviter, links, "payout") & (before != rows),
    }


def reasons_of(scores: Scores, row: int) -> list[tuple[str, Words, float, bool]]:
    """Why an account has its score, the weightiest first: code, words, points, whether it decides alone."""
    found = [(code, HARD_WORDS[code], 100.0, True) for code, mask in scores.hard.items() if bool(mask[row])]
    given = sorted(
        ((float(values[row]), code) for code, values in scores.points.items() if values[row] >= 0.5), reverse=True
    )  # fmt: skip
    for points, code in given:
        value = float(scores.measures[code][row])
        parts = (round(value), f"{value:.0%}", max(1, round(60 - value) + 1), f"{value:.2f}")
        words = RULE_WORDS[code][1]
        found.append((code, Words(words.zh.format(*parts), words.en.format(*parts)), round(points, 1), False))
    return found


def checked_rules(rules: Mapping[str, Rule]) -> Mapping[str, Rule]:
    """The rules, complete and able to score; raises BadRules."""
    for name in rules:
        if name not in RULES:
            raise BadRules(name, Words("没有这条规则。", "There is no such rule."))
    for name in RULES:
        rule = rules.get(name)
        if rule is None:
            raise BadRules(name, Words("缺少这条规则。", "This rule is missing."))
        if not 0 <= rule.points <= 100:
            raise BadRules(name, Words("分值须在 0 到 100 之间。", "Points have to be between 0 and 100."))
        if not rule.low < rule.high or not np.isfinite([rule.low, rule.high]).all():
            raise BadRules(name, Words("起点须小于满分点。", "The start has to be under the full mark."))
    return {name: rules[name] for name in RULES}


def suggested(
    rules: Mapping[str, Rule], counts: Mapping[str, RuleCount], *, fewest: int = 10
) -> dict[str, Rule]:
    """Rules whose points follow what people decided: by how often its cases were refused, with one doubt on each side
    (Laplace), between half and one and a half times; a rule with fewer decisions stays."""
    new = {}
    for name, rule in rules.items():
        count = counts.get(name)
        many = 0 if count is None else count.refused + count.passed
        if count is None or many < fewest:
            new[name] = rule
            continue
        share = (count.refused + 1) / (many + 2)
        new[name] = Rule(round(min(rule.points * (0.5 + share), 100.0), 1), rule.low, rule.high)
    return new


# --- evidence --------------------------------------------------------------------------------------------------------

_VIRTUAL = re.compile(r"(?:\+?86)?(?:16[257]|17[01])\d{8}")
_ROOM = re.compile(r"^(.*?(?:号楼|栋|幢|座|单元|弄|号)).*$")


def forms(evidence: Mapping[str, str]) -> list[tuple[str, str]]:
    """(kind, value to be hashed) of raw evidence: an address gives its network too, a delivery address only its building,
    a phone only whether it is of a virtual range. Raises BadCase for a kind that is not known or an address that is none."""
    found: list[tuple[str, str]] = []
    for kind, raw in evidence.items():
        value = unicodedata.normalize("NFKC", raw).strip()
        if kind not in SIGHTED or kind == "network":
            raise BadCase(f"evidence.{kind}", Words("没有这种依据。", "There is no such evidence."))
        if not value:
            continue
        if kind == "ip":
            found += _addresses(value)
        elif kind == "phone":
            if _VIRTUAL.fullmatch(re.sub(r"[\s-]", "", value)):
                found.append(("phone", "virtual"))
        elif kind == "address":
            plain = re.sub(r"[\W_]+", "", value.lower())
            building = _ROOM.match(plain)
            found.append(("address", building.group(1) if building else plain))
        else:
            found.append((kind, value))
    return found


def _addresses(value: str) -> list[tuple[str, str]]:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        raise BadCase("evidence.ip", Words("IP 地址无效。", "This is no IP address.")) from None
    if address.version == 6:
        one, wide = 64, 48
    else:
        one, wide = 32, 24
    return [
        ("ip", str(ipaddress.ip_network((value, one), strict=False))),
        ("network", str(ipaddress.ip_network((value, wide), strict=False))),
    ]


# --- measuring -------------------------------------------------------------------------------------------------------


def _others(count: int, links: Links, chosen: B, when: I64, near_us: int | None) -> F64:
    """The most other accounts that any one thing of an account was seen with; those that registered nearby in time where
    `near_us` is given."""
    account, thing = links.account[chosen], links.thing[chosen]
    if near_us is not None:
        dated = when[account] >= 0
        account, thing = account[dated], thing[dated]
    out = np.zeros(count)
    if not len(account):
        return out
    many = np.bincount(thing)[thing] - 1.0 if near_us is None else _nearby(thing, when[account], near_us)
    np.maximum.at(out, account, many)
    return out


def _near_in_time(count: int, rows: I32, group: I32, when: I64, near_us: int) -> F64:
    out = np.zeros(count)
    dated = when[rows] >= 0
    out[rows[dated]] = _nearby(group[dated], when[rows[dated]], near_us)
    return out


def _nearby(group: I32, when: I64, near_us: int) -> F64:
    """For each row, how many others of its group lie within `near_us` of it."""
    order = np.lexsort((when, group))
    found = np.empty(len(group))
    found[order] = _count_near(group[order], when[order], near_us)
    return found


@numba.njit(cache=True, nogil=True)
def _count_near(group, when, near_us):  # type: ignore[no-untyped-def]
    out = np.zeros(len(group))
    low = high = 0
    for row in range(len(group)):
        while group[low] != group[row] or when[low] < when[row] - near_us:
            low += 1
        high = max(high, row)
        while (
            high + 1 < len(group) and group[high + 1] == group[row] and when[high + 1] <= when[row] + near_us
        ):
            high += 1
        out[row] = high - low
    return out


def _blocks(accounts: Accounts, links: Links) -> tuple[I32, F64]:
    """The community of each account, and the density of its block; who invited is a shared thing too."""
    numbers = [SIGHTED_NUMBER[name] for name in _GRAPH_KINDS]
    chosen = np.isin(links.kind, numbers)
    invited = np.flatnonzero(accounts.inviter >= 0).astype(np.int32)
    things = int(links.thing.max(initial=-1)) + 1
    account = np.concatenate([links.account[chosen], invited])
    thing = np.concatenate([links.thing[chosen], accounts.inviter[invited] + things])
    _, dense = np.unique(thing, return_inverse=True)
    many = int(dense.max(initial=-1)) + 1
    graph = shared(len(accounts), many, account.astype(np.int32), dense.astype(np.int32))
    group = communities(graph)
    return group[: len(accounts)], dense_blocks(graph, group)


def _gone(accounts: Accounts) -> I32:
    """Who was judged and did nothing more from two days after registering on."""
    later = accounts.seen_us >= accounts.registered_us + 2 * DAY_US
    return (~later).astype(np.int32) * _judged(accounts)


def _judged(accounts: Accounts) -> I32:
    """Whose coming back can be judged: both instants are known, and the newest sign of anybody is three days later."""
    newest = int(accounts.seen_us.max(initial=-1))
    known = (accounts.registered_us >= 0) & (accounts.seen_us >= 0)
    return (known & (accounts.registered_us + 3 * DAY_US <= newest)).astype(np.int32)


def _sibling_share(accounts: Accounts, part: I32, whole: I32) -> F64:
    """The share of `part` in `whole` over all whom the account's inviter brought in; 0 where there are fewer than four."""
    invited = np.flatnonzero(accounts.inviter >= 0)
    inviter = accounts.inviter[invited]
    size = len(accounts)
    parts = np.bincount(inviter, part[invited], size)
    wholes = np.bincount(inviter, whole[invited], size)
    share = np.where(wholes >= _FEWEST, parts / np.maximum(wholes, 1), 0.0)
    out = np.zeros(size)
    out[invited] = np.minimum(share[inviter], 1.0)
    return out


def _lockstep(accounts: Accounts, community: I32) -> F64:
    """How even the nearest gaps between sign-ups, or the delays to the first order, of the same batch are: 1 less their
    coefficient of variation, at least 0. A batch is who was brought in by one account, or else shares things."""
    batch = np.where(accounts.inviter >= 0, accounts.inviter, len(accounts) + community).astype(np.int64)
    rows = np.flatnonzero(accounts.registered_us >= 0)
    order = rows[np.lexsort((accounts.registered_us[rows], batch[rows]))]
    delay = np.where(accounts.ordered_us >= 0, accounts.ordered_us - accounts.registered_us, -1)
    out = np.zeros(len(accounts))
    out[order] = _evenness(batch[order], accounts.registered_us[order], delay[order], _WINDOW, _FEWEST)
    return out


@numba.njit(cache=True, nogil=True)
def _evenness(batch, when, delay, window, fewest):  # type: ignore[no-untyped-def]
    size = len(batch)
    out = np.zeros(size)
    values = np.empty(2 * window + 2)
    for row in range(size):
        low = high = row
        while low > 0 and batch[low - 1] == batch[row] and row - low < window:
            low -= 1
        while high + 1 < size and batch[high + 1] == batch[row] and high - row < window:
            high += 1
        many = 0
        for at in range(low + 1, high + 1):
            values[many] = when[at] - when[at - 1]
            many += 1
        if many >= fewest:
            mean = values[:many].mean()
            if mean > 0:
                out[row] = max(0.0, 1.0 - values[:many].std() / mean)
            else:
                out[row] = 1.0
        many = 0
        for at in range(low, high + 1):
            if delay[at] >= 0:
                values[many] = delay[at]
                many += 1
        if many >= fewest:
            mean = values[:many].mean()
            if mean > 0:
                out[row] = max(out[row], 1.0 - values[:many].std() / mean)
    return out


def _in_cycle(inviter: I32) -> B:
    """Who stands in a cycle of invitations: where as many steps as there are accounts lead, by doubling the steps."""
    size = len(inviter)
    step = np.append(np.where(inviter < 0, size, inviter), size)
    for _ in range(max(size, 1).bit_length()):
        step = step[step]
    out = np.zeros(size + 1, np.bool_)
    out[step] = True
    return out[:size]


def _shares_with(inviter: I32, links: Links, kind: str) -> B:
    """Which accounts were seen with a thing of this kind that their inviter was seen with."""
    chosen = links.kind == SIGHTED_NUMBER[kind]
    account, thing = links.account[chosen].astype(np.int64), links.thing[chosen].astype(np.int64)
    out = np.zeros(len(inviter), np.bool_)
    if not len(account):
        return out
    size = int(thing.max()) + 1
    held = np.unique(account * size + thing)
    by = inviter[account].astype(np.int64)
    asked = by * size + thing
    spot = np.minimum(np.searchsorted(held, asked), len(held) - 1)
    out[account[(by >= 0) & (held[spot] == asked)]] = True
    return out

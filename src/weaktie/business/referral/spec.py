"""A campaign's rules as data: read, written, validated, compared; and the templates that ship."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final

import msgspec

from weaktie.business.referral.contracts import (
    CHANNELS,
    BadSpec,
    Bonus,
    Finding,
    Spec,
    StrengthRule,
)
from weaktie.kit.clock import day_to_iso, iso_to_day
from weaktie.kit.money import LARGEST_MINOR
from weaktie.kit.words import Words

MOST_BONUSES, MOST_DAYS, LONGEST_TEXT = 10, 366, 400
LEAST_RETURN_DAYS, LEAST_SETTLE_DAYS = 7, 7

PLAN_CHANNELS = ("wechat", "wecom", "h5")


def plan_template(first_day: int, target_url: str, currency: str) -> Spec:
    """The plan's campaign: invite three friends, each gets a ¥50 coupon without a minimum spend, the inviter ¥50 for each and ¥50
    more for the third, at most ¥200, five invitations a day."""
    return Spec(
        title=Words("邀请 3 位好友，最高得 ¥200", "Invite 3 friends and earn up to ¥200"),
        text=Words(
            "好友注册即得 ¥50 无门槛券；好友首单完成并过退货期 7 天后，您得 ¥50，第 3 位再加 ¥50。",
            "Friends get a ¥50 coupon without a minimum spend when they register. Seven days after the return window of a friend's "
            "own order you earn ¥50, and ¥50 more for the third.",
        ),
        channels=PLAN_CHANNELS, target_url=target_url, currency=currency, first_day=first_day, last_day=first_day + 29,
        budget_minor=10_000_000, friend_minor=5_000, inviter_minor=5_000, most_minor=20_000, bonuses=(Bonus(3, 5_000),),
        strength=StrengthRule(strong_extra_minor=0, weak_extra_minor=0),
    )  # fmt: skip


def tie_template(first_day: int, target_url: str, currency: str) -> Spec:
    """The plan's campaign with rewards by the strength of the tie: ¥10 more for a strong one, a further ¥10 coupon for the friend
    at the end of a weak one."""
    plan = plan_template(first_day, target_url, currency)
    return replace(
        plan,
        text=Words(
            plan.text.zh + "关系紧密的好友每位再加 ¥10；不常联系的好友另得 ¥10 券。",
            plan.text.en + " A close friend earns you ¥10 more; a friend you seldom hear from gets a further ¥10 coupon.",
        ),
        strength=StrengthRule(strong_extra_minor=1_000, weak_extra_minor=1_000),
    )  # fmt: skip


TEMPLATES: Final = {"plan": plan_template, "plan-ties": tie_template}
TEMPLATE_WORDS: Final = {
    "plan": Words("邀请 3 位好友（标准）", "Invite 3 friends (the plan's)"),
    "plan-ties": Words("邀请 3 位好友（按关系强度）", "Invite 3 friends (by tie strength)"),
}


def write_spec(spec: Spec) -> str:
    """A version as it is stored."""
    return json.dumps(asdict(spec), ensure_ascii=False, sort_keys=True)


def read_spec(text: str) -> Spec:
    """A version as it was stored."""
    return msgspec.convert(json.loads(text), Spec)


def spec_from(given: Mapping[str, Any]) -> Spec:
    """The rules that somebody sent: days as YYYY-MM-DD in `first_day` and `last_day`. Raises BadSpec with the field; a field that
    is not there is refused, so that there is no way to say what must not be (levels, fees, pay for sharing)."""
    body = dict(given)
    known = set(Spec.__dataclass_fields__)
    for name in body:
        if name not in known:
            raise BadSpec(name, Words(f"没有这个字段：{name}。", f"There is no field {name}."))
    for name in ("first_day", "last_day"):
        try:
            body[name] = iso_to_day(str(body.get(name, "")))
        except ValueError:
            raise BadSpec(name, Words("日期应为 YYYY-MM-DD。", "A day is YYYY-MM-DD.")) from None
    for name in ("title", "text"):
        words = body.get(name)
        if not isinstance(words, Mapping) or not words.get("zh") or not words.get("en"):
            raise BadSpec(name, Words("请填写中英文。", "Both languages are needed."))
    try:
        spec = msgspec.convert(body, Spec, strict=True)
    except (msgspec.ValidationError, TypeError, AssertionError) as error:
        place = str(error).rpartition("`$.")[2].rstrip("`") if "`$." in str(error) else "spec"
        raise BadSpec(place, Words("字段的值无效。", "The field's value is not valid.")) from error
    return spec


def spec_body(spec: Spec) -> dict[str, Any]:
    """The rules as an answer carries them; `spec_from` reads it."""
    return asdict(spec) | {"first_day": day_to_iso(spec.first_day), "last_day": day_to_iso(spec.last_day)}


LAW = {
    "pay": Words("禁止传销条例 第七条", "Anti-pyramid regulation, Art. 7"),
    "return": Words(
        "消费者权益保护法 第二十五条（七日无理由退货）",
        "Consumer protection law, Art. 25 (seven days' return)",
    ),
    "rules": Words("电子商务法 第三十四条", "E-commerce law, Art. 34"),
    "plan": Words("方案", "the plan"),
    "books": Words("账本", "the ledger"),
}


def validate(spec: Spec) -> list[Finding]:
    """What is wrong with the rules by themselves, whatever the channel."""
    found: list[Finding] = []

    def error(place: str, zh: str, en: str, source: str = "plan", code: str = "bad_value") -> None:
        found.append(Finding(code, "error", place, Words(zh, en), LAW[source]))

    for place in ("title", "text"):
        words: Words = getattr(spec, place)
        if max(len(words.zh), len(words.en)) > LONGEST_TEXT:
            error(place, f"不超过 {LONGEST_TEXT} 字。", f"At most {LONGEST_TEXT} characters.")
    if (
        not spec.channels
        or set(spec.channels) - set(CHANNELS)
        or len(set(spec.channels)) != len(spec.channels)
    ):
        error("channels", "请选择渠道。", "Choose the channels, each once.")
    if not spec.target_url.startswith(("https://", "http://")) or any(
        c in spec.target_url for c in " \"'<>\\\r\n\t"
    ):
        error("target_url", "应为商城的 http(s) 地址。", "It is an http(s) address of the shop.")
    if len(spec.currency) != 3 or not spec.currency.isupper():
        error("currency", "货币应为 ISO 4217 代码。", "A currency is an ISO 4217 code.")
    if not 0 <= spec.last_day - spec.first_day < MOST_DAYS:
        error(
            "last_day", "结束日期应在开始之后、一年以内。", "It ends after it begins, within a year.", "rules"
        )
    if not 0 < spec.friend_minor <= LARGEST_MINOR:
        error(
            "friend_minor",
            "双方都应得到奖励：请填写好友券金额。",
            "Both sides are rewarded: the friend's coupon needs an amount.",
        )
    if not 0 < spec.inviter_minor <= LARGEST_MINOR:
        error("inviter_minor", "请填写邀请人奖励。", "The inviter's reward needs an amount.")
    if spec.friend_min_spend_minor:
        error(
            "friend_min_spend_minor",
            "好友券应无门槛。",
            "The friend's coupon has no minimum spend.",
            code="min_spend",
        )
    if spec.return_days < LEAST_RETURN_DAYS:
        error(
            "return_days",
            "退货期不少于 7 天。",
            "The return window is at least 7 days.",
            "return",
            "return_days",
        )
    if spec.settle_days < LEAST_SETTLE_DAYS:
        error(
            "settle_days",
            "退货期满后至少 7 天才发放。",
            "Pay at least 7 days past the return window.",
            "return",
            "settle_days",
        )
    found += _numbers(spec)
    return found


def _numbers(spec: Spec) -> list[Finding]:
    found: list[Finding] = []

    def error(place: str, zh: str, en: str, source: str = "plan") -> None:
        found.append(Finding("bad_value", "error", place, Words(zh, en), LAW[source]))

    steps = [b.at for b in spec.bonuses]
    if len(steps) > MOST_BONUSES or steps != sorted(set(steps)) or any(s < 2 for s in steps):
        error("bonuses", "阶梯人数应从 2 起递增。", "Steps of the ladder rise from 2.")
    if any(not 0 < b.amount_minor <= LARGEST_MINOR for b in spec.bonuses):
        error("bonuses", "请填写阶梯金额。", "Each step needs an amount.")
    if not spec.inviter_minor <= spec.most_minor <= LARGEST_MINOR:
        error("most_minor", "上限不低于一位好友的奖励。", "The most is at least the reward for one friend.")
    if not spec.friend_minor + spec.inviter_minor <= spec.budget_minor <= LARGEST_MINOR:
        error("budget_minor", "预算不足以奖励一对好友。", "The budget does not pay for one pair.", "books")
    limits = {
        "friend_stock": (0, 10**8), "friend_valid_days": (1, 366), "order_min_minor": (0, LARGEST_MINOR),
        "order_within_days": (1, 366), "return_days": (0, 90), "settle_days": (0, 90), "window_days": (1, 90),
        "daily_invitations": (1, 100), "friends_per_invitation": (1, 50), "friend_min_spend_minor": (0, LARGEST_MINOR),
    }  # fmt: skip
    for place, (low, high) in limits.items():
        if not low <= int(getattr(spec, place)) <= high:
            error(place, f"应在 {low} 到 {high} 之间。", f"Between {low} and {high}.")
    tie = spec.strength
    if not 0 <= tie.weak_below <= tie.strong_from <= 1:
        error(
            "strength",
            "强弱界限应在 0 到 1 之间，弱不高于强。",
            "The bounds lie between 0 and 1, weak not above strong.",
        )
    if not (0 <= tie.strong_extra_minor <= LARGEST_MINOR and 0 <= tie.weak_extra_minor <= LARGEST_MINOR):
        error("strength", "金额无效。", "The amounts are not valid.")
    return found


MORE_IS_BETTER = (
    "friend_minor", "inviter_minor", "most_minor", "friend_valid_days", "last_day", "window_days", "order_within_days",
    "daily_invitations", "friends_per_invitation",
)  # fmt: skip
LESS_IS_BETTER = ("order_min_minor", "return_days", "settle_days", "friend_min_spend_minor", "first_day")


def worse(before: Spec, after: Spec) -> tuple[str, ...]:
    """The fields in which `after` is worse for participants than `before`: such a change is announced before it holds."""
    found = [n for n in MORE_IS_BETTER if getattr(after, n) < getattr(before, n)]
    found += [n for n in LESS_IS_BETTER if getattr(after, n) > getattr(before, n)]
    most = max((b.at for b in (*before.bonuses, *after.bonuses)), default=0)
    if any(_by(after, n) < _by(before, n) for n in range(2, most + 1)):
        found.append("bonuses")
    stock = (before.friend_stock or 10**9, after.friend_stock or 10**9)
    if stock[1] < stock[0]:
        found.append("friend_stock")
    tie, now = before.strength, after.strength
    if (
        now.strong_extra_minor < tie.strong_extra_minor
        or now.weak_extra_minor < tie.weak_extra_minor
        or (tie.strong_extra_minor > 0 and now.strong_from > tie.strong_from)
        or (tie.weak_extra_minor > 0 and now.weak_below < tie.weak_below)
    ):
        found.append("strength")
    if (before.friend_form, before.inviter_form) != (after.friend_form, after.inviter_form):
        found.append("form")
    return tuple(found)


def _by(spec: Spec, friends: int) -> int:
    return sum(b.amount_minor for b in spec.bonuses if b.at <= friends)

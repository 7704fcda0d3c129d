"""The published rules of a campaign, written from its data so that they cannot say anything else. Pure."""

from weaktie.business.referral.contracts import Spec
from weaktie.kit.clock import day_to_iso
from weaktie.kit.money import minor_digits, to_major
from weaktie.kit.words import Words

_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}
_FORM = {"coupon": Words("券", "coupon"), "cash": Words("现金", "cash")}


def money(amount_minor: int, currency: str) -> str:
    """An amount as people read it, without decimals where there are none: ¥50, $1.50, VND 50000."""
    value = to_major(amount_minor, currency)
    whole = value == value.to_integral_value()
    text = f"{value:,.0f}" if whole else f"{value:,.{minor_digits(currency)}f}"
    return f"{_SIGNS[currency]}{text}" if currency in _SIGNS else f"{currency} {text}"


def published(spec: Spec) -> list[Words]:
    """The rules, one sentence or two each, in the order in which they are shown."""

    def m(minor: int) -> str:
        return money(minor, spec.currency)

    first, last = day_to_iso(spec.first_day), day_to_iso(spec.last_day)
    rules = [
        Words(f"活动时间：{first} 至 {last}。", f"The campaign runs from {first} to {last}."),
        Words(
            f"好友打开您的邀请并在 {spec.window_days} 天内首次注册，好友得 {m(spec.friend_minor)} 无门槛{_FORM[spec.friend_form].zh}，"
            f"{spec.friend_valid_days} 天内有效。",
            f"A friend who opens your invitation and registers for the first time within {spec.window_days} days gets a "
            f"{m(spec.friend_minor)} {_FORM[spec.friend_form].en} without a minimum spend, valid for {spec.friend_valid_days} days.",
        ),
        Words(
            f"好友注册后 {spec.order_within_days} 天内本人完成首单" + (f"（满 {m(spec.order_min_minor)}）" if spec.order_min_minor else "")
            + f"，您得 {m(spec.inviter_minor)} {_FORM[spec.inviter_form].zh}。",
            "When that friend's own first order" + (f" of at least {m(spec.order_min_minor)}" if spec.order_min_minor else "")
            + f" follows within {spec.order_within_days} days, you get {m(spec.inviter_minor)} in {_FORM[spec.inviter_form].en}.",
        ),
    ]  # fmt: skip
    rules += [
        Words(
            f"第 {b.at} 位有效好友再加 {m(b.amount_minor)}。",
            f"{m(b.amount_minor)} more for friend number {b.at} who counts.",
        )
        for b in spec.bonuses
    ]
    rules += [*_ties(spec), *_limits(spec)]
    return rules


def _ties(spec: Spec) -> list[Words]:
    rule, found = spec.strength, []
    if rule.strong_extra_minor:
        extra = money(rule.strong_extra_minor, spec.currency)
        found.append(
            Words(
                f"您与好友互动密切时，每位再加 {extra}；依据双方同意用于社交分析的互动，未同意则按普通奖励计。",
                f"{extra} more for each close friend, by interactions that both of you allowed for social analysis; without that "
                "the plain reward holds.",
            )
        )
    if rule.weak_extra_minor:
        extra = money(rule.weak_extra_minor, spec.currency)
        found.append(
            Words(
                f"不常联系的好友另得 {extra} 券。",
                f"A friend you seldom hear from gets a further {extra} coupon.",
            )
        )
    return found


def _limits(spec: Spec) -> list[Words]:
    settle = spec.return_days + spec.settle_days
    stock = (
        Words(
            f"好友券共 {spec.friend_stock} 张，剩余数量见本页，发完即止。",
            f"There are {spec.friend_stock} coupons; what is left is shown here.",
        )
        if spec.friend_stock
        else Words(
            f"活动总预算 {money(spec.budget_minor, spec.currency)}，用完即暂停并在本页说明。",
            f"The budget is {money(spec.budget_minor, spec.currency)}; when it is used up the campaign pauses and says so here.",
        )
    )
    return [
        Words(
            f"奖励在订单付款（或收货）满 {spec.return_days} 天退货期、再过 {spec.settle_days} 天（共 {settle} 天）后发放；期间退款则取消，"
            "发放后退款则追回。",
            f"A reward is paid {spec.settle_days} days past the return window of {spec.return_days} days ({settle} days after payment "
            "or receipt); a refund before that cancels it, a refund after that takes it back.",
        ),
        Words(
            f"每人最多得 {money(spec.most_minor, spec.currency)}；每天最多发出 {spec.daily_invitations} 份邀请，每份邀请可供 "
            f"{spec.friends_per_invitation} 位好友使用。",
            f"One person gets at most {money(spec.most_minor, spec.currency)} and sends at most {spec.daily_invitations} invitations a "
            f"day; {spec.friends_per_invitation} friend(s) may use each.",
        ),
        stock,
        Words(
            "凡符合条件者必得（概率 100%），不含抽奖；分享本身没有奖励，参与不收任何费用，奖励只给直接邀请人。",
            "Whoever fulfils the conditions gets it for certain (odds 100 %), there is no draw. Sharing itself earns nothing, taking "
            "part costs nothing, and only the direct inviter is rewarded.",
        ),
        Words(
            "每人只能被邀请一次，以最早打开的有效邀请为准；已是会员、本人互邀、循环邀请不计。未成年人不参与奖励。",
            "A person is invited once: the earliest valid invitation that was opened counts. Members, oneself and circles do not count. "
            "Minors take no part in rewards.",
        ),
        Words(
            "不予发放时会说明原因，您可以申请人工复核。对参与者不利的规则变更提前 7 天公布。",
            "A reward that is refused says why, and you may ask for a person's review. A change for the worse is announced seven days "
            "before.",
        ),
    ]  # fmt: skip

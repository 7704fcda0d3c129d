"""The linter of a campaign for each channel: what a platform or the law would not let pass, before it is launched. Pure.

Sources: WeChat's 外链内容管理规范 (2019), 禁止传销条例 Art. 7, 电商法 Art. 17 and 34, 广告法 Art. 9, 规范促销行为暂行规定,
未成年人网络保护条例. Words are looked for in the texts that people see; rules that data cannot express are not looked for.
"""

import re
from typing import Final, Literal

from weaktie.business.referral.contracts import Finding, Spec
from weaktie.business.referral.spec import validate
from weaktie.kit.money import to_minor
from weaktie.kit.words import Words

WECHAT: Final = Words("微信外部链接内容管理规范", "WeChat's rules for external links")
PYRAMID: Final = Words("禁止传销条例 第七条", "Anti-pyramid regulation, Art. 7")
ADVERTISING: Final = Words("广告法 第九条", "Advertising law, Art. 9")
PROMOTION: Final = Words("规范促销行为暂行规定", "Rules for sales promotion")
TRUTH: Final = Words("电子商务法 第十七条", "E-commerce law, Art. 17")
SMS: Final = Words("广告法 第四十三条", "Advertising law, Art. 43")
MINORS: Final = Words("未成年人网络保护条例", "Protection of minors online")

_Severity = Literal["error", "warning"]
_Rule = tuple[str, _Severity, re.Pattern[str], Words, Words]


def _rule(code: str, severity: _Severity, pattern: str, zh: str, en: str, source: Words) -> _Rule:
    return (code, severity, re.compile(pattern, re.IGNORECASE), Words(zh, en), source)


ANYWHERE: Final[tuple[_Rule, ...]] = (
    _rule(
        "fee", "error", r"入会费|会员费|入门费|门槛费|保证金|押金|缴纳|先交|交费|入场费|entry fee|joining fee|deposit required",
        "参与邀请不得收费。", "Taking part may not cost anything.", PYRAMID,
    ),
    _rule(
        "levels", "error",
        r"二级|三级|多级|下级|下线|上线|团队(?:奖|提成|佣金|收益)|级差|间接邀请|好友的好友.{0,6}(?:得|返|奖|佣)"
        r"|downline|multi.?level|second level|team commission",
        "奖励只给直接邀请人，不得提及层级或团队收益。", "Pay goes to the direct inviter only; levels and teams may not be promised.",
        PYRAMID,
    ),
    _rule(
        "headcount", "error", r"拉人头|人头费|按人头|躺赚|躺着赚|稳赚|日入|per head|passive income",
        "不得按人头许诺收益。", "Earnings by head count may not be promised.", PYRAMID,
    ),
    _rule(
        "absolute", "warning", r"国家级|最高级|最佳|第一品牌|全网最|史上最|绝对|万能|百分百|100% guaranteed|the best ever",
        "可能是绝对化用语。", "This may be an absolute claim.", ADVERTISING,
    ),
    _rule(
        "draw", "error", r"抽奖|随机(?:红包|金额|奖励)|开盲盒|转盘|lottery|lucky draw|random reward",
        "活动奖励是确定的；抽奖须公布奖项、数量、概率和日期，本活动不含抽奖。",
        "Rewards of a campaign are certain; a draw has to publish kinds, quantity, odds and dates, and there is none here.", PROMOTION,
    ),
    _rule(
        "pressure", "error", r"仅剩|最后\s*\d+|即将失效|差一点|还差\s*0?\.\d|only \d+ left|almost there",
        "剩余数量由系统如实显示，文案不得自行填写。", "What is left is shown by the system; a text may not claim it.", TRUTH,
    ),
)  # fmt: skip

ON_WECHAT: Final[tuple[_Rule, ...]] = (
    _rule(
        "help", "error", r"助力|砍价|砍一刀|帮我砍|加速|帮我点|help me (?:cut|boost)|bargain",
        "微信禁止助力、砍价、加速等诱导分享。", "WeChat forbids help-me, cut-the-price and boost campaigns.", WECHAT,
    ),
    _rule(
        "likes", "error", r"集赞|点赞(?:领|得|送)|collect likes", "微信禁止集赞。", "WeChat forbids collecting likes.", WECHAT,
    ),
    _rule(
        "sharing", "error",
        r"(?:分享|转发)(?:[^，。；,.;]{0,12})(?:即可|就能|即得|可得|领取|有奖|得|送|返)"
        r"|分享后|转发后|share (?:to|and) (?:get|earn|unlock)|for sharing",
        "不得奖励分享行为本身。", "The act of sharing may not be rewarded.", WECHAT,
    ),
    _rule(
        "forced", "error", r"必须分享|不转不是|不分享|must share", "不得强制分享。", "Nobody may be made to share.", WECHAT,
    ),
)  # fmt: skip

_AMOUNT = re.compile(r"(?:¥|￥|RMB\s*)\s*(\d+(?:\.\d{1,2})?)|(\d+(?:\.\d{1,2})?)\s*(?:元|块)")


def lint(spec: Spec) -> list[Finding]:
    """Everything that the validator and the linters of its channels find, errors first."""
    found = validate(spec)
    texts = [(place, getattr(spec, place)) for place in ("title", "text")]
    for place, words in texts:
        found += _words(place, words, ANYWHERE, "")
        if {"wechat", "wecom"} & set(spec.channels):
            found += _words(place, words, ON_WECHAT, "wechat")
        found += _claims(place, words, spec)
    found += _channels(spec)
    return sorted(found, key=lambda one: (one.severity != "error", one.place, one.code))


def _words(place: str, words: Words, rules: tuple[_Rule, ...], channel: str) -> list[Finding]:
    found = []
    for code, severity, pattern, said, source in rules:
        hit = pattern.search(words.zh) or pattern.search(words.en)
        if hit:
            zh, en = f"“{hit.group()}”：{said.zh}", f"“{hit.group()}”: {said.en}"
            found.append(Finding(code, severity, place, Words(zh, en), source, channel))
    return found


def _claims(place: str, words: Words, spec: Spec) -> list[Finding]:
    """A text may not name more than anybody can get."""
    named = [a or b for a, b in _AMOUNT.findall(f"{words.zh} {words.en}")]
    highest = max((to_minor(n, spec.currency) for n in named), default=0)
    reach = max(spec.most_minor, spec.friend_minor + spec.strength.weak_extra_minor)
    if highest <= reach:
        return []
    return [
        Finding(
            "claims_more", "error", place,
            Words("文案中的金额高于活动能给出的上限。", "The text names more than the campaign can give."), TRUTH,
        )
    ]  # fmt: skip


def _channels(spec: Spec) -> list[Finding]:
    found = []
    if "sms" in spec.channels and not re.search(
        r"退订|回T|回复T|opt.?out|unsubscribe", f"{spec.text.zh} {spec.text.en}", re.IGNORECASE
    ):
        found.append(
            Finding(
                "opt_out", "error", "text", Words("短信须含退订方式。", "A text message needs a way to opt out."), SMS, "sms"
            )
        )  # fmt: skip
    if spec.daily_invitations > 20:
        found.append(
            Finding(
                "many_invitations", "warning", "daily_invitations",
                Words("每日邀请上限偏高，容易被判定为骚扰。", "So many invitations a day may count as a nuisance."), WECHAT, "wechat",
            )
        )  # fmt: skip
    reach = spec.friend_minor + spec.inviter_minor
    if spec.friend_stock and spec.friend_stock * reach > spec.budget_minor:
        found.append(
            Finding(
                "budget_short", "warning", "budget_minor",
                Words("若券全部领完且好友都下单，预算不够。", "If every coupon is taken and every friend orders, the budget is too small."),
                TRUTH,
            )
        )  # fmt: skip
    if spec.return_days + spec.settle_days > 60:
        found.append(
            Finding(
                "late_pay", "warning", "settle_days",
                Words("发放过晚，参与者会等待两个月以上。", "Participants wait for more than two months."), TRUTH,
            )
        )  # fmt: skip
    return found

"""Rules of referral without a database: linter, validator, what is worse, the ladder, codes, signatures, groups."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.business.referral import contracts
from weaktie.business.referral.contracts import BadSpec, Bonus, Spec, StrengthRule, Tie
from weaktie.business.referral.linter import lint
from weaktie.business.referral.logic import (
    closes_circle,
    expired,
    inviter_share,
    is_signed,
    is_signed_message,
    join_refusal,
    joined,
    opened,
    plain_code,
    signature,
    signed_code,
    wait_us,
    weak_share,
    within,
)
from weaktie.business.referral.poster import folded, poster, qr
from weaktie.business.referral.rules import published
from weaktie.business.referral.spec import (
    LESS_IS_BETTER,
    MORE_IS_BETTER,
    TEMPLATES,
    plan_template,
    read_spec,
    spec_body,
    spec_from,
    validate,
    worse,
    write_spec,
)
from weaktie.kit.clock import HOUR_US
from weaktie.kit.words import Words

PLAN = plan_template(20_000, "https://shop.example.com/join", "CNY")


def mac(value: str) -> str:
    return f"{hash(value) & 0xFFFFFFFFFFFFFFFF:016x}" * 4


def codes(spec: Spec, severity: str = "error") -> set[str]:
    return {f.code for f in lint(spec) if f.severity == severity}


# --- the plan's campaign, and what must not be


@pytest.mark.parametrize("key", TEMPLATES)
def test_templates_pass_every_linter_and_survive_being_stored(key: str) -> None:
    spec = TEMPLATES[key](20_000, "https://shop.example.com/join", "CNY")
    assert lint(spec) == []
    assert read_spec(write_spec(spec)) == spec
    assert spec_from(spec_body(spec)) == spec


def test_the_plan_is_as_the_plan_says() -> None:
    assert (PLAN.friend_minor, PLAN.inviter_minor, PLAN.most_minor, PLAN.bonuses) == (
        5_000,
        5_000,
        20_000,
        (Bonus(3, 5_000),),
    )
    assert (PLAN.daily_invitations, PLAN.friend_min_spend_minor) == (5, 0)


@pytest.mark.parametrize("name", ["levels", "depth", "fee", "team_minor", "share_minor", "upline"])
def test_there_is_no_field_for_levels_fees_or_pay_for_sharing(name: str) -> None:
    with pytest.raises(BadSpec) as refused:
        spec_from(spec_body(PLAN) | {name: 1})
    assert refused.value.place == name


def test_depth_two_is_not_in_the_code() -> None:
    """A reward knows its friend and its payee; nothing that is paid knows who is above the payee."""
    assert not {
        f for f in contracts.Reward.__dataclass_fields__ if "depth" in f or "level" in f or "upline" in f
    }
    assert not {f for f in Spec.__dataclass_fields__ if "depth" in f or "level" in f or "fee" in f}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("帮我助力领红包", "help"), ("好友帮你砍价", "help"), ("集赞 38 个", "likes"), ("分享到朋友圈即可领取 ¥50", "sharing"),
        ("转发三个群就能得券", "sharing"), ("必须分享", "forced"), ("交纳押金参与", "fee"), ("享二级团队奖", "levels"),
        ("发展下线", "levels"), ("好友的好友下单也返佣", "levels"), ("躺赚", "headcount"), ("参与抽奖", "draw"),
        ("仅剩最后名额", "pressure"), ("最高得 ¥888", "claims_more"), ("Share to unlock a gift", "sharing"),
        ("Earn from your downline", "levels"),
    ],
)  # fmt: skip
def test_the_linter_refuses_what_wechat_and_the_law_forbid(text: str, code: str) -> None:
    assert code in codes(replace(PLAN, text=Words(text, "x"))) | codes(replace(PLAN, text=Words("好", text)))


def test_wechats_rules_hold_where_wechat_is_used() -> None:
    bargain = replace(PLAN, text=Words("帮我砍价", "x"))
    assert "help" in codes(bargain)
    assert "help" not in codes(replace(bargain, channels=("app",)))
    assert "opt_out" in codes(replace(PLAN, channels=("sms",)))
    assert "opt_out" not in codes(replace(PLAN, channels=("sms",), text=Words("好友得券，回复T退订", "x")))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"friend_min_spend_minor": 1}, "min_spend"), ({"return_days": 6}, "return_days"), ({"settle_days": 6}, "settle_days"),
        ({"friend_minor": 0}, "bad_value"), ({"inviter_minor": 0}, "bad_value"), ({"most_minor": 4_999}, "bad_value"),
        ({"budget_minor": 9_999}, "bad_value"), ({"channels": ()}, "bad_value"), ({"target_url": "javascript:1"}, "bad_value"),
        ({"last_day": 19_999}, "bad_value"), ({"bonuses": (Bonus(1, 1),)}, "bad_value"),
        ({"strength": StrengthRule(0.2, 0, 0.3, 0)}, "bad_value"), ({"daily_invitations": 0}, "bad_value"),
    ],
)  # fmt: skip
def test_the_validator_refuses(change: dict[str, Any], code: str) -> None:
    found = validate(replace(PLAN, **change))
    assert code in {f.code for f in found}
    assert all(f.words.zh and f.words.en and f.source.zh for f in found)


# --- what is worse


@given(st.sampled_from((*MORE_IS_BETTER, *LESS_IS_BETTER)), st.integers(1, 5))
def test_a_field_is_worse_in_one_direction_only(name: str, by: int) -> None:
    base = replace(PLAN, order_min_minor=1_000, friend_min_spend_minor=10)
    more = replace(base, **{name: getattr(base, name) + by})
    assert (name in worse(base, more)) is (name in LESS_IS_BETTER)
    assert (name in worse(more, base)) is (name in MORE_IS_BETTER)


specs = st.builds(
    lambda friend, inviter, bonus, stock, strong: replace(
        PLAN, friend_minor=friend, inviter_minor=inviter, bonuses=bonus, friend_stock=stock,
        strength=StrengthRule(strong_extra_minor=strong),
    ),
    st.integers(1, 9), st.integers(1, 9),
    st.lists(st.builds(Bonus, st.integers(2, 5), st.integers(1, 9)), max_size=2, unique_by=lambda b: b.at).map(
        lambda bs: tuple(sorted(bs, key=lambda b: b.at))
    ),
    st.integers(0, 3), st.integers(0, 3),
)  # fmt: skip


@given(specs, specs)
def test_nothing_is_worse_than_itself_and_a_change_either_way_is_worse_in_one(a: Spec, b: Spec) -> None:
    assert worse(a, a) == ()
    if a != b:
        assert worse(a, b) or worse(b, a)


# --- rewards


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_most_is_never_exceeded(most: int, live: int, amount: int) -> None:
    given_now = within(most, live, amount)
    assert 0 <= given_now <= amount
    assert live + given_now <= max(most, live)


def test_ties_earn_more_only_where_they_are_known() -> None:
    spec = replace(PLAN, strength=StrengthRule(0.6, 1_000, 0.3, 700))
    assert [inviter_share(spec, t).note for t in (None, Tie(0.6), Tie(0.59))] == [
        "no_graph",
        "strong",
        "plain",
    ]
    assert [weak_share(spec, t).amount_minor for t in (None, Tie(0.3), Tie(0.29))] == [0, 0, 700]
    assert inviter_share(PLAN, None).note == "plain", "a campaign without extras asks no graph"


def test_circles_are_found_at_any_length() -> None:
    above = {2: 1, 3: 2, 4: 3, 7: 7}
    assert closes_circle(above.get, 4, 1)
    assert closes_circle(above.get, 1, 1)
    assert not closes_circle(above.get, 4, 9)
    assert not closes_circle(above.get, 7, 1), "a broken row does not hang"


# --- groups


@given(st.integers(1, 6), st.lists(st.integers(0, 40), max_size=12))
@settings(max_examples=60)
def test_a_group_is_never_overfull_and_what_is_missing_only_shrinks(size: int, hours: list[int]) -> None:
    group, missing = opened("g", "o", size, 0, 24), []
    for hour in sorted(hours):
        group = expired(group, hour * HOUR_US)
        if not join_refusal(group, hour * HOUR_US):
            group = joined(group, hour * HOUR_US)
        assert group.joined <= size
        missing.append(group.missing)
    assert missing == sorted(missing, reverse=True)
    ended = expired(group, 24 * HOUR_US)
    assert ended.state == ("succeeded" if ended.joined == size else "failed")
    assert join_refusal(ended, 0) == ("group_full" if ended.state == "succeeded" else "group_over")


# --- codes and messages


@given(st.integers(0, 2**64 - 1))
def test_codes_are_told_from_guesses(number: int) -> None:
    code = signed_code(number, mac)
    assert len(code) == 12
    assert is_signed(code, mac)
    assert plain_code(f" {code[:4]}-{code[4:8]} {code[8:].upper()} ") == code
    assert not is_signed(code[:-1] + ("2" if code[-1] != "2" else "3"), mac)
    assert not is_signed(code[1:] + code[0] + "2", mac)


def test_a_message_is_taken_only_as_it_was_signed_and_in_time() -> None:
    body = b'{"event":"reward.paid"}'
    header = signature("secret", 1_000, body)
    assert is_signed_message("secret", header, body, 1_300)
    for bad in (
        is_signed_message("secret", header, body + b" ", 1_000), is_signed_message("other", header, body, 1_000),
        is_signed_message("secret", header, body, 1_301), is_signed_message("secret", header, body, 699),
        is_signed_message("secret", header.replace("t=1000", "t=1001"), body, 1_000),
        is_signed_message("secret", "v1=00", body, 1_000), is_signed_message("secret", "t=٣,v1=00", body, 1_000),
    ):  # fmt: skip
        assert bad is False
    assert [wait_us(n) // 1_000_000 for n in (1, 2, 3)] == [10, 20, 40]
    assert wait_us(40) == 6 * HOUR_US


# --- what is shown


def test_published_rules_say_what_the_data_say_in_both_languages() -> None:
    spec = replace(PLAN, order_min_minor=9_900, friend_stock=300, strength=StrengthRule(0.6, 1_000, 0.3, 700))
    zh, en = (" ".join(getattr(r, lang) for r in published(spec)) for lang in ("zh", "en"))
    for said in ("¥50", "¥200", "¥99", "¥10", "¥7", "300", "100"):
        assert said in zh, said
        assert said in en, said
    assert "未成年人" in zh
    assert "Minors" in en


def test_a_poster_carries_its_code_and_no_markup_of_others() -> None:
    spec = replace(PLAN, title=Words("<script>alert(1)</script>邀请好友有礼活动进行中", "Invite & earn"))
    drawn = poster(spec, "A&B<shop>", "abcdefghjkmn", "https://x.example/r/abcdefghjkmn", "zh-CN")
    assert "<script" not in drawn
    assert "A&amp;B&lt;shop&gt;" in drawn
    assert "ABCD EFGH JKMN" in drawn
    assert drawn.count("<svg") == 1
    assert qr("https://x.example", "png").startswith(b"\x89PNG")
    assert b"<svg" in qr("https://x.example", "svg")
    assert folded("one two three four", 8) == ["one two", "three", "four"]
    assert folded("一二三四五六", 2, most=2) == ["一二", "三…"]

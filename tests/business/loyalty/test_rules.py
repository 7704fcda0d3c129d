"""Rules of coupons and points, without any store: what is taken off, what goes together, what is earned, what is signed."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaktie.business.loyalty import logic
from weaktie.business.loyalty.bodies import TermsBody
from weaktie.business.loyalty.contracts import Basket, BasketLine, MinimumNotMet, PointsRule, Terms
from weaktie.kit.clock import DAY_US
from weaktie.kit.errors import Refused

FIFTY = Terms("amount", "CNY", amount_minor=5_000)
TENTH = Terms("percent", "CNY", percent=10, most_off_minor=3_000, stacking="others")


def basket(*amounts: int, channel: str = "", currency: str = "CNY") -> Basket:
    return Basket(currency, tuple(BasketLine(f"p{n}", a) for n, a in enumerate(amounts)), channel)


def code_of(terms: Terms, what: Basket) -> str:
    with pytest.raises(Refused) as refused:
        logic.off(terms, what)
    return refused.value.code


def test_an_amount_never_exceeds_what_is_eligible() -> None:
    assert logic.off(FIFTY, basket(20_000)) == 5_000
    assert logic.off(FIFTY, basket(3_000, 999)) == 3_999


def test_a_percentage_rounds_down_and_stops_at_its_cap() -> None:
    assert logic.off(TENTH, basket(1_999)) == 199
    assert logic.off(TENTH, basket(90_000)) == 3_000
    assert logic.off(TENTH, basket(5)) == 1, "a coupon that applies takes something off"


def test_what_a_coupon_is_for() -> None:
    narrow = Terms("amount", "CNY", amount_minor=100, products=("p1",), channels=("app",))
    assert logic.off(narrow, basket(5_000, 60, channel="app")) == 60
    assert code_of(narrow, basket(5_000, 60, channel="web")) == "not_for_channel"
    assert code_of(narrow, basket(5_000, channel="app")) == "no_product"
    assert code_of(FIFTY, basket(5_000, currency="USD")) == "wrong_currency"


def test_a_minimum_names_exactly_what_is_missing() -> None:
    terms = Terms("amount", "CNY", amount_minor=500, minimum_minor=9_900)
    with pytest.raises(MinimumNotMet) as refused:
        logic.off(terms, basket(9_000, 899))
    assert refused.value.lacks_minor == 1
    assert "0.01" in refused.value.words.zh
    assert logic.off(terms, basket(9_000, 900)) == 500


@given(
    st.integers(1, 10**9), st.integers(1, 99), st.integers(0, 10**6), st.lists(st.integers(1, 10**7), min_size=1, max_size=5),
)  # fmt: skip
def test_coupons_together_never_take_more_than_the_basket(
    amount: int, percent: int, cap: int, lines: list[int]
) -> None:
    one = Terms("amount", "CNY", amount_minor=amount, stacking="others")
    two = Terms("percent", "CNY", percent=percent, most_off_minor=cap, stacking="others")
    what = basket(*lines)
    try:
        found = logic.quote([one, two], what)
    except Refused as refused:
        assert refused.code == "not_together"
        assert amount >= sum(lines)
        return
    assert all(part > 0 for part in found.off_minor)
    assert found.total_minor <= sum(lines)
    assert found.off_minor[0] == logic.off(one, what), "what stands first is not changed by what comes after"


def test_a_coupon_for_itself_stands_alone() -> None:
    with pytest.raises(Refused, match="not_together"):
        logic.quote([TENTH, FIFTY], basket(90_000))
    with pytest.raises(Refused, match="too_many_coupons"):
        logic.quote([TENTH] * 6, basket(90_000))


def test_a_price_cannot_know_who_asks() -> None:
    """算法规定 21: what a coupon takes off is a function of terms and basket, and neither has a field for a person or a tag."""
    assert list(inspect.signature(logic.off).parameters) == ["terms", "basket"]
    assert list(inspect.signature(logic.quote).parameters) == ["terms", "basket"]
    for fields in (Terms.__annotations__, Basket.__annotations__, BasketLine.__annotations__):
        assert not {"user", "user_id", "person", "tag", "tags", "segment", "alias_no"} & set(fields)
    assert TermsBody.model_config["extra"] == "forbid"


@pytest.mark.parametrize(
    "event",
    [
        "Product Shared",
        "Content Shared",
        "share",
        "$MPShare",
        "WechatForward",
        "Invite Sent",
        "分享商品",
        "邀请好友",
        "助力",
    ],
)
def test_sharing_earns_nothing(event: str) -> None:
    with pytest.raises(Refused, match="no_reward_for_sharing"):
        logic.check_rule(event, 10, 0, "CNY", 365)


def test_what_events_earn() -> None:
    rule = PointsRule("r", "", "Order Completed", 2, 1_000, "CNY", 50, 365, 0, "", None)
    assert logic.earned(rule, 9_999, "CNY", 0) == 18
    assert logic.earned(rule, 999, "CNY", 0) == 0
    assert logic.earned(rule, 90_000, "CNY", 45) == 5, "the day's cap"
    assert logic.earned(rule, 90_000, "USD", 0) == 0
    assert logic.earned(rule, None, None, 0) == 0
    logic.check_rule("Review Submitted", 5, 0, "CNY", 30)
    post = PointsRule("r", "", "Content Published", 5, 0, "CNY", 0, 365, 0, "", None)
    assert logic.earned(post, None, None, 10_000) == 5


def test_points_are_taken_from_one_account_after_the_other() -> None:
    assert logic.split(50, [(1, 20), (2, 0), (3, 40)]) == [(1, 20), (3, 30)]
    assert logic.split(61, [(1, 20), (3, 40)]) is None


def test_a_coupon_ends_with_its_template() -> None:
    assert logic.expiry(0, 30 * DAY_US, 7) == 7 * DAY_US
    assert logic.expiry(29 * DAY_US, 30 * DAY_US, 7) == 30 * DAY_US
    assert logic.expiry(0, 30 * DAY_US, 0) == 30 * DAY_US


def test_codes_are_sound_and_new_ones_differ() -> None:
    assert logic.check_codes([" ABCD-1 ", "x_y_9"]) == ["ABCD-1", "x_y_9"]
    for bad in (["abc"], ["=SUM(1)"], ["ABCD", "ABCD"], []):
        with pytest.raises(Refused, match="bad_codes"):
            logic.check_codes(bad)
    assert len({logic.new_code() for _ in range(1_000)}) == 1_000


def test_a_signature_counts_for_its_time_and_body_alone() -> None:
    now_us, body = 1_790_000_000_000_000, b'{"code":"A"}'
    stamp = "1790000000"
    sign = logic.signature_of("s1", stamp, body)
    nonce = logic.check_signed(["s1"], stamp, sign, body, now_us)
    assert logic.check_signed(["s2", "s1"], stamp, sign.upper(), body, now_us) == nonce
    for stamped, signed, sent, at, why in (
        (stamp, sign, body + b" ", now_us, "bad_signature"),
        ("1790000001", sign, body, now_us, "bad_signature"),
        (stamp, "", body, now_us, "bad_signature"),
        (stamp, sign, body, now_us + 301_000_000, "old_timestamp"),
        (stamp, sign, body, now_us - 301_000_000, "old_timestamp"),
    ):
        with pytest.raises(Refused, match=why):
            logic.check_signed(["s1"], stamped, signed, sent, at)
    with pytest.raises(Refused, match="old_timestamp"):
        logic.check_signed(["s1"], "soon", logic.signature_of("s1", "soon", body), body, now_us)


def test_rules_are_said_in_both_languages() -> None:
    words = logic.rules_of(Terms("amount", "CNY", amount_minor=5_000), 7, 1)
    assert "CNY 50.00" in words.zh
    assert "无最低消费" in words.zh
    assert "no minimum spend" in words.en

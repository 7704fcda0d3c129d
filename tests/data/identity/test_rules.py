"""Which values can be a key, and in which form they are compared."""

import pytest

from weaktie.data.identity.contracts import IdentifierKind
from weaktie.data.identity.rules import former_forms, is_personal, is_usable, normalised, shown

HIDDEN = (
    "186******05", "138****1234", "138xxxx1234", "张**", "张*", "***@qq.com", "１８６＊＊＊＊＊＊０５", "~AbCdEf12345678==~",
    "~AbCdEf12345678==~1~", "$Zt8s0dEkq1Lm$Ab12==$1$$", "$AbCdEf0123456==$", "#AbCdEf0123456==#", "#aBcDe12345#1##",
    "null", "NULL", "undefined", "unknown", "None", "nan", "0", "-1", "", "   ", "未知", "[object Object]",
    "00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}", "000000000000000",
    "U2FsdGVkX19AbCdEf0123456789A==", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "x" * 201,
)  # fmt: skip


@pytest.mark.parametrize("kind", ["user", "unionid", "phone", "email", "openid", "anonymous", "device"])
@pytest.mark.parametrize("value", HIDDEN)
def test_hidden_and_empty_values_are_never_keys(kind: IdentifierKind, value: str) -> None:
    assert not is_usable((kind, value))


@pytest.mark.parametrize(
    "value",
    ["11111111111", "00000000000", "13800138000", "13800000000", "13888888888", "12345678901", "12345", "not a phone",
     "+86 138 0013 8000", "13800138000abc"],
)  # fmt: skip
def test_placeholders_are_no_phones(value: str) -> None:
    assert not is_usable(("phone", value))


@pytest.mark.parametrize(
    "value", ["nobody", "a@b", "null@qq.com", "unknown@example.com", "@qq.com", "a b@qq.com"]
)
def test_placeholders_are_no_addresses(value: str) -> None:
    assert not is_usable(("email", value))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("user", "u-1001"), ("user", "张三"), ("user", "13912345670"), ("phone", "13912345670"), ("phone", "+86 139-1234-5670"),
        ("phone", "+44 20 7946 0958"), ("phone", "021-6234 5678"), ("email", "Some.One@Example.com"),
        ("openid", "wx1234567890abcdef/oABCD-0123456789abcdefghijkl"), ("unionid", "o6_bmasdasdsad6_2sgVt7hMZOPfL"),
        ("anonymous", "0b8f2f6e-4d2a-4c3e-9a44-6f2f1a7d9e10"), ("device", "9f86d081884c7d65"), ("user", "1000000"),
        ("user", "$vip"), ("user", "#1"), ("anonymous", "187d1f5a2b3c4-0d5e6f7a8b9c0d-26031d51-1296000-187d1f5a2b5"),
    ],
)  # fmt: skip
def test_real_ones_are_keys(kind: IdentifierKind, value: str) -> None:
    assert is_usable((kind, value))


@pytest.mark.parametrize(
    "value",
    ["13912345670", "+86 139-1234-5670", "+8613912345670", "0086 13912345670", "8613912345670", " 139 1234 5670 ",
     "１３９１２３４５６７０", "(139)12345670", "＋86 139 1234 5670"],
)  # fmt: skip
def test_all_ways_of_writing_a_phone_are_one(value: str) -> None:
    assert normalised("phone", value) == "13912345670"


def test_addresses_are_compared_without_case_and_space_and_logins_as_they_are() -> None:
    assert (
        normalised("email", " A.B@Example.COM ")
        == normalised("email", "ａ.b@example.com")
        == "a.b@example.com"
    )
    assert normalised("user", " Ab ") == "Ab"


def test_personal_identifiers_are_told_and_shown_masked() -> None:
    assert is_personal("user", "13912345670")
    assert is_personal("user", "someone@example.com")
    assert not is_personal("user", "u-1001")
    assert not is_personal("openid", "wx1/oABC")
    assert shown("phone", "13912345670") == "139******70"
    assert shown("user", "13912345670") == "139******70"
    assert shown("email", "someone@example.com") == "s***@example.com"


def test_kinds_that_were_anonymous_once_are_known_in_their_former_form() -> None:
    assert former_forms(("openid", "wx1/oABC"))[1] == ("anonymous", "$identity_mp_openid+oABC")
    assert former_forms(("user", "u1")) == (("user", "u1"),)

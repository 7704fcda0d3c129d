"""Rules that all protocols share."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaktie.data.collect.badrows import BAD_ROWS, Bad
from weaktie.data.collect.bodies import checksum, form_fields, from_base64, gunzip
from weaktie.data.collect.logic import channel_of, is_suspicious, parse_time, platform_of, scrub
from weaktie.data.collect.refusals import REFUSALS
from weaktie.data.collect.splitting import LARGEST_DEPTH, TooDeep, split
from weaktie.data.collect.traits import usual
from weaktie.kit.errors import Refused


@pytest.mark.parametrize(
    ("value", "expected_us"),
    [
        ("2026-01-01T00:00:00.123Z", 1_767_225_600_123_000),
        ("2026-01-01T08:00:00+08:00", 1_767_225_600_000_000),
        ("2026-01-01T00:00:00", 1_767_225_600_000_000),
        ("2024-02-29T12:00:00.000001Z", 1_709_208_000_000_001),
        (1_767_225_600, 1_767_225_600_000_000),
        (1_767_225_600_123, 1_767_225_600_123_000),
        ("1767225600123", 1_767_225_600_123_000),
        (1_767_225_600_123_456, 1_767_225_600_123_456),
        (None, None),
        ("", None),
    ],
)
def test_times(value: object, expected_us: int | None) -> None:
    assert parse_time(value) == expected_us


@pytest.mark.parametrize(
    "value", ["soon", [], True, float("inf"), "nan", 10**30, "2026-02-30T00:00:00Z", True]
)
def test_times_that_are_none(value: object) -> None:
    with pytest.raises(Bad, match="bad_time"):
        parse_time(value)


@pytest.mark.parametrize(
    ("given_", "source", "medium", "scene", "referrer", "channel"),
    [
        ("Douyin_Ads", "weibo", None, None, None, "douyin_ads"),
        (None, "抖音", "cpc", None, None, "douyin_ads"),
        (None, "dy", None, None, None, "douyin"),
        (None, "anything", "invite", None, None, "referral"),
        (None, None, "kol", None, None, "kol"),
        (None, None, None, "1047", None, "qr_code"),
        (None, None, None, None, "https://m.weibo.cn/x?y", "weibo"),
        (None, None, None, None, "https://notweibo.cn/", None),
        (None, None, None, "9999", "https://shop.example/", None),
        (None, None, None, None, None, None),
    ],
)
def test_channels(
    given_: str | None,
    source: str | None,
    medium: str | None,
    scene: str | None,
    referrer: str | None,
    channel: str | None,
) -> None:
    assert channel_of(given_, source, medium, scene, referrer) == channel


@pytest.mark.parametrize(
    ("given_", "library", "system", "platform"),
    [
        ("mini-program", None, None, "mini_program"),
        (None, "MiniProgram", "iOS", "mini_program"),
        (None, "analytics.js", "Mac OS X", "web"),
        (None, "analytics-android", None, "Android"),
        (None, "analytics-python", None, "server"),
        (None, "weaktie-simulate", "iOS", "iOS"),
        (None, None, None, None),
        ("tv", None, None, "tv"),
    ],
)
def test_platforms(given_: str | None, library: str | None, system: str | None, platform: str | None) -> None:
    assert platform_of(given_, library, system, None) == platform


CANARIES = ["13812345678", "+86 138-1234-5678", "11010519491231002X", "li.lei@example.com"]


@pytest.mark.parametrize("canary", CANARIES)
def test_personal_texts_are_put_out_wherever_they_stand(canary: str) -> None:
    value = {"note": f"打给 {canary} 谢谢", "deep": [{"x": canary}], canary: 1, "n": 5}
    assert is_suspicious(json.dumps(value, ensure_ascii=False).encode())
    text = json.dumps(scrub(value), ensure_ascii=False)
    assert canary[-8:] not in text
    assert '"n": 5' in text


def test_personal_names_are_put_out_whatever_they_hold() -> None:
    value = {
        "Real_Name": "李雷",
        "address": {"city": "x"},
        "$password": "p",
        "name": "锅",
        "phone": None,
        "list": [{"mobile": 1}],
    }
    assert scrub(value) == {
        "Real_Name": "‹name›",
        "address": "‹address›",
        "$password": "‹secret›",
        "name": "锅",
        "phone": None,
        "list": [{"mobile": "‹phone›"}],
    }


def test_ordinary_events_are_passed_by() -> None:
    assert not is_suspicious(
        b'{"time":1767225600123,"id":"3f1c2d3e-1b1c-4d2a","url":"/p?utm_source=x","price":59.9}'
    )
    assert scrub("订单 2025112400001 共 3 件") == "订单 2025112400001 共 3 件"


def test_traits_have_one_name_each_and_only_the_vaults_are_personal() -> None:
    traits = {
        "Mobile": "13800000000",
        "phone": "13900000000",
        "real_name": "李雷",
        "signup_time": "2026-01-01T00:00:00Z",
        "$city": "杭州",
        "sex": "女",
        "openid": "oX123",
        "note": "call 13812345678",
        "size": {"shoe": 38, "mobile": "13812345678"},
    }
    assert usual(traits) == {
        "phone": "13800000000",
        "name": "李雷",
        "registered_us": 1_767_225_600_000_000,
        "city": "杭州",
        "gender": "女",
        "openid": "‹id›",
        "note": "call ‹phone›",
        "size": {"shoe": 38, "mobile": "‹phone›"},
    }
    with pytest.raises(Bad, match="nul_character"):
        usual({"name": "a\x00"})


def test_forms_and_base64() -> None:
    assert form_fields(b"data=a%2Bb%3D&gzip=1&data=second&plain=a+b") == {
        "data": b"a+b=",
        "gzip": b"1",
        "plain": b"a+b",
    }
    assert from_base64(b"Pz8_Pj4-") == from_base64(b"Pz8/Pj4+") == b"???>>>"
    assert from_base64(b"YQ") == b"a"
    with pytest.raises(Refused, match="bad_base64"):
        from_base64(b"a!b")


@given(st.text(alphabet="abcXYZ019+/=", max_size=60))
def test_the_checksum_is_the_one_of_the_browser(text: str) -> None:
    value = 0
    for character in text:
        value = (31 * value + ord(character)) & 0xFFFFFFFF
    assert checksum(text.encode()) == (value - (1 << 32) if value >> 31 else value)


def test_gzip_in_several_members_and_its_cap() -> None:
    two = gzip.compress(b"a" * 50) + gzip.compress(b"b" * 50)
    assert gunzip(two, 100) == b"a" * 50 + b"b" * 50
    with pytest.raises(Refused, match="body_too_large"):
        gunzip(two, 99)
    with pytest.raises(Refused, match="bad_gzip"):
        gunzip(b"plain", 100)


@given(
    st.lists(
        st.recursive(
            st.integers() | st.text(max_size=9),
            lambda x: st.lists(x) | st.dictionaries(st.text(), x),
            max_leaves=6,
        )
    ),
    st.dictionaries(st.sampled_from(["sentAt", "x", "context"]), st.text(max_size=9)),
)
def test_splitting_agrees_with_json(items: list[object], members: dict[str, str]) -> None:
    outline = split(json.dumps({"a": [1], "batch": items} | members).encode(), "batch")
    assert outline is not None
    assert [json.loads(i) for i in outline.items] == json.loads(json.dumps(items))
    assert {k: json.loads(outline.members[k]) for k in members} == members
    alone = split(json.dumps(items).encode(), None)
    assert alone is not None
    assert len(alone.items) == len(items)


@given(st.binary(max_size=200))
def test_splitting_takes_any_bytes(body: bytes) -> None:
    split(b'{"batch":[' + body, "batch")
    split(body, None)
    split(b'"' + b'\\"' * 1000 + body, None)


def test_splitting_goes_only_so_deep() -> None:
    with pytest.raises(TooDeep):
        split(b"[" * (LARGEST_DEPTH + 1), None)


def test_every_code_is_documented(request: pytest.FixtureRequest) -> None:
    page = (request.config.rootpath / "docs/reference/errors.md").read_text("utf-8")
    missing = [code for code in [*REFUSALS, *BAD_ROWS] if f"| `{code}` |" not in page]
    assert missing == []

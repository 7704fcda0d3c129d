"""Rules that every protocol shares: times, channels, platforms, identifiers, and keeping personal data out of properties."""

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from weaktie.data.collect.badrows import Bad
from weaktie.data.collect.contracts import HIDDEN_PERSON, LATE, TIME_CORRECTED, Event
from weaktie.data.identity.service import is_hidden
from weaktie.kit.clock import DAY_US, SECOND_US

SKEW_TOLERANCE_US: Final = 60 * SECOND_US
EARLIEST_US: Final = 946_684_800 * SECOND_US
"""2000-01-01: a client's time before it is a clock that was never set."""
LONGEST_IDENTIFIER: Final = 200
LONGEST_NAME: Final = 255
LARGEST_DEPTH: Final = 32


# ---- time


def parse_time(value: object) -> int | None:
    """A client's time as microseconds since 1970 UTC; None where it wrote none.

    Texts are ISO 8601 (without a zone: UTC) or digits; numbers are seconds, milliseconds or microseconds by their
    size. Raises Bad `bad_time`.
    """
    if value is None or value == "":
        return None
    if type(value) is str:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            value = _number(value)
        else:
            try:
                return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1e6)
            except OverflowError:
                raise Bad("bad_time") from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Bad("bad_time")
    size = abs(value)
    if size >= 1e17:
        raise Bad("bad_time")
    return round(value * (1_000_000 if size < 1e11 else 1_000 if size < 1e14 else 1))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Bad("bad_time") from None


def corrected_time(client_us: int | None, sent_us: int | None, received_us: int) -> tuple[int, int]:
    """When it happened, and flags: the client's time, shifted by how far its clock was off when it sent.

    Within a minute the clock counts as right, so that a second sending of an event has the same time as the first.
    Times over a day ahead and before 2000 become the time of receipt. Flags are TIME_CORRECTED and LATE (over a day).
    """
    if client_us is None:
        return received_us, 0
    event_us, flags = client_us, 0
    if sent_us is not None and abs(received_us - sent_us) > SKEW_TOLERANCE_US:
        event_us += received_us - sent_us
        flags = TIME_CORRECTED
    if event_us > received_us + DAY_US or event_us < EARLIEST_US:
        event_us, flags = received_us, TIME_CORRECTED
    if event_us < received_us - DAY_US:
        flags |= LATE
    return event_us, flags


def settle_times(events: Iterable[Event], received_us: int) -> None:
    """Times that another system's clock gave, held to the same bounds as a client's."""
    for event in events:
        event.event_us, flags = corrected_time(event.client_us, None, received_us)
        event.flags |= flags


# ---- identifiers

# What clients write when they have no id; as a key it would make one person of thousands.
_NOBODY: Final = frozenset(
    {"", "null", "nil", "none", "undefined", "nan", "unknown", "anonymous", "guest", "0", "-1", "true", "false",
     "[object object]"}
)  # fmt: skip


def clean_id(value: object, place: str) -> str | None:
    """An identifier as text, or None where it names nobody (empty, `null`, masked). Raises Bad `bad_identifier`."""
    if value is None:
        return None
    if type(value) is not str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Bad("bad_identifier", place)
        value = str(int(value)) if isinstance(value, int) or value.is_integer() else str(value)
    text = value.strip()
    if len(text) > LONGEST_IDENTIFIER:
        raise Bad("bad_identifier", place)
    return None if text.lower() in _NOBODY or is_hidden(text) else text


def hidden_flag(*values: object) -> int:
    """HIDDEN_PERSON where a value that would name somebody is masked or encrypted; for events that nobody else is named in."""
    return HIDDEN_PERSON if any(isinstance(v, str) and is_hidden(v.strip()) for v in values) else 0


def keep_hidden(event: Event, place: str) -> None:
    """An order whose buyer is masked or encrypted is kept, and is nobody's until somebody names them; of anything else a
    masked person is an error of the client. Raises Bad `no_identifier`."""
    if event.order is None:
        raise Bad("no_identifier", place)
    event.flags |= HIDDEN_PERSON


def text_or_none(value: object, longest: int = LONGEST_NAME) -> str | None:
    """A text or number as text, cut at `longest`; None for anything else and for the empty text."""
    if value is None:
        return None
    if type(value) is str:
        return value[:longest] or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)[:longest]
    return None


# ---- channel and platform

_SOURCES: Final = {
    "tiktok": "douyin", "dy": "douyin", "抖音": "douyin", "ks": "kuaishou", "快手": "kuaishou", "xhs": "xiaohongshu",
    "rednote": "xiaohongshu", "小红书": "xiaohongshu", "weixin": "wechat", "wx": "wechat", "微信": "wechat",
    "channels": "wechat_channels", "视频号": "wechat_channels", "wxwork": "wecom", "企业微信": "wecom", "weibo": "weibo",
    "微博": "weibo", "bili": "bilibili", "b站": "bilibili",
}  # fmt: skip
_PAID: Final = frozenset(
    {"cpc", "ppc", "cpm", "cpa", "ocpc", "ocpm", "oCPX", "paid", "ads", "ad", "feed", "feeds", "display"}
)
_BY_MEDIUM: Final = {
    "referral": "referral", "invite": "referral", "invitation": "referral", "fission": "referral", "kol": "kol",
    "koc": "kol", "influencer": "kol", "creator": "kol", "email": "email", "edm": "email", "sms": "sms", "push": "push",
    "organic": "organic",
}  # fmt: skip
# Scenes of WeChat's mini-programs, as its documentation numbers them.
_SCENES: Final = {
    "1007": "wechat_chat", "1008": "wechat_chat", "1036": "wechat_chat", "1044": "wechat_chat", "1011": "qr_code",
    "1012": "qr_code", "1013": "qr_code", "1047": "qr_code", "1048": "qr_code", "1049": "qr_code",
    "1020": "wechat_official", "1035": "wechat_official", "1043": "wechat_official", "1058": "wechat_official",
    "1074": "wechat_official", "1005": "wechat_search", "1006": "wechat_search", "1053": "wechat_search",
    "1175": "wechat_channels", "1176": "wechat_channels", "1177": "wechat_channels", "1045": "wechat_ads",
    "1046": "wechat_ads", "1067": "wechat_ads",
}  # fmt: skip
_HOSTS: Final = (
    ("douyin.com", "douyin"), ("tiktok.com", "douyin"), ("kuaishou.com", "kuaishou"),
    ("xiaohongshu.com", "xiaohongshu"), ("weibo.com", "weibo"), ("weibo.cn", "weibo"), ("bilibili.com", "bilibili"),
    ("zhihu.com", "zhihu"), ("mp.weixin.qq.com", "wechat_official"), ("weixin.qq.com", "wechat"),
    ("baidu.com", "search"), ("google.com", "search"), ("bing.com", "search"), ("sogou.com", "search"),
    ("so.com", "search"), ("sm.cn", "search"),
)  # fmt: skip


@lru_cache(8192)
def channel_of(
    given: str | None, source: str | None, medium: str | None, scene: str | None, referrer: str | None
) -> str | None:
    """The channel of an event, by the first of these rules that says something:

    1. the client's own `channel`; 2. UTM: the medium where it names one (referral, kol, email, sms, push, organic),
    else the source under its usual name, with `_ads` where the medium is paid; 3. the mini-program's scene;
    4. the host of the referrer, where it is a known platform or search engine. Otherwise None: an event within a
    visit says nothing about where the visit came from.
    """
    if given:
        return given.strip().lower()[:64] or None
    if source or medium:
        way = (medium or "").strip().lower()
        if way in _BY_MEDIUM:
            return _BY_MEDIUM[way]
        name = (source or "").strip().lower()[:60]
        name = _SOURCES.get(name, name)
        if name:
            return f"{name}_ads" if way in _PAID and not name.endswith("_ads") else name
    if scene and scene in _SCENES:
        return _SCENES[scene]
    if referrer:
        host = _host(referrer)
        for suffix, name in _HOSTS:
            if host == suffix or host.endswith("." + suffix):
                return name
    return None


def _host(address: str) -> str:
    rest = address.partition("://")[2] or address
    return re.split(r"[/?#:]", rest, maxsplit=1)[0].lower()


@lru_cache(4096)
def platform_of(given: str | None, library: str | None, system: str | None, device: str | None) -> str | None:
    """`web`, `iOS`, `Android`, `mini_program` or `server`, from what the SDK says of itself; None where it says nothing."""
    for text in (given, library, system, device):
        name = (text or "").lower().replace("-", "").replace("_", "").replace(" ", "")
        for mark, platform in _PLATFORMS:
            if mark in name if len(mark) > 3 else mark == name:
                return platform
    return given[:32] if given else None


_PLATFORMS: Final = (
    ("miniprogram", "mini_program"), ("miniapp", "mini_program"), ("mp", "mini_program"), ("weapp", "mini_program"),
    ("ios", "iOS"), ("iphone", "iOS"), ("ipad", "iOS"), ("analyticsios", "iOS"), ("swift", "iOS"),
    ("android", "Android"), ("kotlin", "Android"), ("harmony", "HarmonyOS"), ("analytics.js", "web"),
    ("analyticsnext", "web"), ("web", "web"), ("js", "web"), ("javascript", "web"), ("h5", "web"),
    ("python", "server"), ("node", "server"), ("java", "server"), ("golang", "server"), ("go", "server"),
    ("php", "server"), ("ruby", "server"), ("server", "server"), ("net", "server"),
)  # fmt: skip


# ---- personal data

_PERSONAL_NAMES: Final = {
    "phone": "phone", "mobile": "phone", "mobilephone": "phone", "phonenumber": "phone", "telephone": "phone",
    "tel": "phone", "userphone": "phone", "contactphone": "phone", "receiverphone": "phone", "手机": "phone", "手机号": "phone",
    "email": "e-mail", "mail": "e-mail", "useremail": "e-mail", "邮箱": "e-mail",
    "idcard": "id card", "idcardno": "id card", "identitycard": "id card", "身份证": "id card", "身份证号": "id card",
    "realname": "name", "truename": "name", "firstname": "name", "lastname": "name", "fullname": "name",
    "receiver": "name", "receivername": "name", "consignee": "name", "contactname": "name", "姓名": "name",
    "收货人": "name", "nickname": "name",
    "address": "address", "shippingaddress": "address", "billingaddress": "address", "receiveraddress": "address",
    "detailaddress": "address", "street": "address", "地址": "address", "收货地址": "address",
    "birthday": "birthday", "birthdate": "birthday", "ip": "ip", "ipaddress": "ip", "imei": "device",
    "latitude": "location", "longitude": "location", "lnglat": "location", "latlng": "location", "geolocation": "location",
    "idfa": "device", "oaid": "device", "bankcard": "bank card", "cardnumber": "bank card", "银行卡": "bank card",
    "password": "secret", "passwd": "secret", "pwd": "secret", "token": "secret", "accesstoken": "secret",
    "refreshtoken": "secret", "secret": "secret", "authorization": "secret", "cookie": "secret", "sessionkey": "secret",
    "sessiontoken": "secret", "apikey": "secret", "writekey": "secret", "openid": "id", "unionid": "id",
}  # fmt: skip
_MASKS: Final = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "‹e-mail›"),
    (re.compile(r"(?<![0-9A-Za-z])[1-9]\d{5}(?:18|19|20)\d{9}[\dXx](?![0-9A-Za-z])"), "‹id card›"),
    (re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"), "‹phone›"),
)
_TELLTALES: Final = r"access_token|token|session|sid|password|pwd|secret|code|key|auth"
_SECRETS: Final = re.compile(rf"(?i)([?&#](?:{_TELLTALES})=)[^&#\s]+")
_SECRET_BYTES: Final = re.compile(rf"(?i)[?&#](?:{_TELLTALES})=".encode())
_SHAPE: Final = bytes.maketrans(b"123456789", b"000000000")
_PHONE: Final = re.compile(rb"1[3-9]\d{9}(?!\d)")
_MAYBE: Final = re.compile(r"[@=\x00]|\d{3}[- ]?\d{4}")


def is_suspicious(raw: bytes) -> bool:
    """Whether an event may hold personal text, a large number or NUL: most events do not and skip the slow look.

    Every digit is made a zero, so that plain searches for runs of zeros find what a pattern would look for slowly.
    """
    if (
        b"@" in raw
        or (b"\\" in raw and b"\\u00" in raw)
        or (b"=" in raw and _SECRET_BYTES.search(raw) is not None)
    ):
        return True
    shape = raw.translate(_SHAPE)
    return (
        (b"00000000000" in shape and (b"00000000000000000" in shape or _PHONE.search(raw) is not None))
        or b"000-0000-0000" in shape
        or b"000 0000 0000" in shape
    )


@lru_cache(8192)
def personal_kind(name: str) -> str | None:
    """What a property of this name holds where that is personal or secret, else None."""
    key = name.lower().replace("_", "").replace("-", "").replace("$", "").replace(" ", "")
    return _PERSONAL_NAMES.get(key)


def scrub_text(text: str) -> str:
    """The text with phone numbers, e-mail addresses, identity card numbers and secrets in URLs put out."""
    if _MAYBE.search(text) is None:
        return text
    if "\x00" in text:
        raise Bad("nul_character")
    for pattern, put in _MASKS:
        text = pattern.sub(put, text)
    return _SECRETS.sub(r"\1‹secret›", text)


def scrub(value: Any, depth: int = 1) -> Any:
    """A JSON value without personal data, secrets and what the lake cannot hold. Raises Bad."""
    kind = type(value)
    if kind is str:
        return scrub_text(value)
    if kind is int:
        if not -(1 << 63) <= value < 1 << 63:
            raise Bad("number_out_of_range")
        return value
    if kind is dict:
        if depth > LARGEST_DEPTH:
            raise Bad("too_deep")
        return {
            scrub_text(k): f"‹{hidden}›"
            if (hidden := personal_kind(k)) and v is not None
            else scrub(v, depth + 1)
            for k, v in value.items()
        }
    if kind is list:
        if depth > LARGEST_DEPTH:
            raise Bad("too_deep")
        return [scrub(v, depth + 1) for v in value]
    return value


def check(value: Any, depth: int = 1) -> None:
    """Refuse what no store can hold: NUL, integers over 64 bits, deep nesting. Personal data stays. Raises Bad."""
    kind = type(value)
    if kind is str:
        if "\x00" in value:
            raise Bad("nul_character")
    elif kind is int:
        if not -(1 << 63) <= value < 1 << 63:
            raise Bad("number_out_of_range")
    elif kind is dict or kind is list:
        if depth > LARGEST_DEPTH:
            raise Bad("too_deep")
        if kind is dict:
            for name in value:
                check(name, depth)
        for item in value.values() if kind is dict else value:
            check(item, depth + 1)

"""What an identifier's value means: its normal form, whether it is personal, whether it can name one person. Pure."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from weaktie.data.identity.contracts import Identifier

PHONE: Final = re.compile(r"(?:\+?86[- ]?)?1[3-9]\d{9}|\+\d{8,15}")
EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
ID_CARD: Final = re.compile(r"[1-9]\d{5}(?:18|19|20)\d{9}[\dXx]")
LONGEST: Final = 200

_DIALLED: Final = re.compile(r"\+?\d{7,15}")
_ONE_DIGIT: Final = re.compile(r"\+?(\d)\1+|1[3-9]\d(\d)\2{7}")
_TEST_PHONES: Final = frozenset({"13800138000", "12345678901", "12345678910", "1234567"})
# 抖店 writes ~…~, 淘宝 $…$ and 拼多多 #…# around what it encrypts, each with a version or a hash inside.
_SEALED: Final = re.compile(r"([~$#]).{6,}\1(?:\d+\1{0,2})?", re.DOTALL)
_BASE64: Final = re.compile(
    r"[A-Za-z0-9+/]{16,}={1,2}|(?=[^+/]*[+/])(?=.*[A-Z])(?=.*[a-z])(?=.*\d)[A-Za-z0-9+/]{32,}"
)
_TOKEN: Final = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
_HIDDEN_DIGITS: Final = re.compile(r"\d{2,}[xX]{3,}\d*")
_PLAIN: Final = re.compile(r"(?!eyJ)[0-9A-WYZa-wyz_.:-]{1,64}")
"""Letters (without x), digits and the usual marks: nothing in it can be masked or encrypted. Most values are like this."""
_ZEROS: Final = re.compile(r"[0{}:.-]*")
_NOBODY: Final = frozenset(
    {"null", "nil", "none", "undefined", "nan", "unknown", "anonymous", "guest", "-1", "true", "false", "n/a", "na",
     "[object object]", "未知", "无", "匿名", "-", "--"}
)  # fmt: skip
_NO_DEVICE: Final = frozenset(
    {"9774d56d682e549c", "02:00:00:00:00:00", "ffffffff-ffff-ffff-ffff-ffffffffffff"}
)
"""The id that a range of old Android devices all report, and what systems report that hide the address."""
_FORMER: Final = {
    "openid": "$identity_mp_openid", "unionid": "$identity_mp_unionid", "wecom": "wecom_external_userid",
}  # fmt: skip


def normalised(kind: str, value: str) -> str:
    """The form in which a value is compared: phones as digits without the Chinese prefix, e-mail in lower case."""
    value = value.strip()
    if kind == "phone":
        digits = re.sub(r"[\s().\-\u2010-\u2015]", "", unicodedata.normalize("NFKC", value))
        return re.sub(r"^(?:\+86|0086|86(?=1[3-9]\d{9}$))", "", digits)
    return unicodedata.normalize("NFKC", value).lower() if kind == "email" else value


def is_personal(kind: str, value: str) -> bool:
    """Whether the identifier itself is personal data: a phone number, an e-mail address, an identity card number."""
    if kind in ("phone", "email"):
        return True
    return bool(PHONE.fullmatch(value) or EMAIL.fullmatch(value) or ID_CARD.fullmatch(value))


def is_masked(value: str) -> bool:
    """Whether parts of the value are hidden (`186******05`, `张**`, `138xxxx1234`): many people share such a value."""
    return "*" in value or "＊" in value or "●" in value or _HIDDEN_DIGITS.fullmatch(value) is not None


def is_sealed(value: str) -> bool:
    """Whether the value is a cipher text or a token: a shop's export, a session; another one stands for the same person
    the next time."""
    return (
        _SEALED.fullmatch(value) is not None
        or _TOKEN.fullmatch(value) is not None
        or (len(value) >= 20 and _BASE64.fullmatch(value) is not None)
    )


def is_hidden(value: str) -> bool:
    """Whether the value is masked or encrypted: it stands for somebody and can be nobody's key."""
    return _PLAIN.fullmatch(value) is None and (is_masked(value) or is_sealed(value))


@lru_cache(1 << 18)
def is_usable(identifier: Identifier) -> bool:
    """Whether a value can name one person: not empty, masked, encrypted, a placeholder, or over 200 characters."""
    kind, value = identifier[0], normalised(*identifier)
    if not 0 < len(value) <= LONGEST or is_hidden(value):
        return False
    low = value.lower()
    if low in _NOBODY or _ZEROS.fullmatch(low) is not None:
        return False
    if kind == "phone":
        return (
            _DIALLED.fullmatch(value) is not None
            and not _ONE_DIGIT.fullmatch(value)
            and value not in _TEST_PHONES
        )
    if kind == "email":
        return EMAIL.fullmatch(value) is not None and value.partition("@")[0] not in _NOBODY
    return low not in _NO_DEVICE


def former_forms(identifier: Identifier) -> tuple[Identifier, ...]:
    """The identifier, and how it was written before its kind had a name of its own."""
    kind, value = identifier
    key = _FORMER.get(kind)
    return (identifier,) if key is None else (identifier, ("anonymous", f"{key}+{value.rpartition('/')[2]}"))


def shown(kind: str, value: str) -> str:
    """A personal identifier as everybody with access may see it: five digits of a phone, the first letter of a name."""
    value = normalised(kind, value)
    if kind == "email" or "@" in value:
        name, _, host = value.partition("@")
        return f"{name[:1]}***@{host}" if host else "***"
    if kind == "phone" or PHONE.fullmatch(value):
        return f"{value[:3]}******{value[-2:]}" if len(value) >= 7 else "***"
    return f"{value[:1]}***" if value else ""

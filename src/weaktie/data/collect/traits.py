"""What clients say of people, under one set of names: personal values where the vault takes them, the rest scrubbed."""

from functools import lru_cache
from typing import Any, Final

from weaktie.data.collect.badrows import Bad
from weaktie.data.collect.logic import check, parse_time, personal_kind, scrub

REGISTERED: Final = "registered_us"
_NAMES: Final = {
    "name": "name", "username": "nickname", "nickname": "nickname", "昵称": "nickname", "firstname": "firstName",
    "lastname": "lastName", "avatar": "avatar", "headimgurl": "avatar", "头像": "avatar", "gender": "gender",
    "sex": "gender", "性别": "gender", "province": "province", "state": "province", "省份": "province", "city": "city",
    "城市": "city", "ageband": "age_band", "年龄段": "age_band", "channel": "channel", "utmsource": "channel",
    "createdat": REGISTERED, "registeredat": REGISTERED, "registeredtime": REGISTERED, "signuptime": REGISTERED,
    "注册时间": REGISTERED,
}  # fmt: skip
_BY_KIND: Final = {
    "phone": "phone", "e-mail": "email", "id card": "id_card", "name": "name", "address": "address",
    "birthday": "birthday",
}  # fmt: skip
_PERSONAL: Final = frozenset({*_BY_KIND.values(), "nickname", "firstName", "lastName", "avatar"})


@lru_cache(4096)
def _name_of(given: str) -> tuple[str, str | None]:
    """The usual name of a trait, and what to put in place of its value where it must not be kept at all."""
    key = given.lower().replace("_", "").replace("-", "").replace("$", "").replace(" ", "")
    if key in _NAMES:
        return _NAMES[key], None
    kind = personal_kind(given)
    if kind in _BY_KIND:
        return _BY_KIND[kind], None
    return given.removeprefix("$"), kind


def trait_name(given: str) -> str:
    """The name under which the lake, or for personal ones the vault, keeps a trait."""
    return _name_of(given)[0]


def is_registration_time(given: str) -> bool:
    """Whether a trait of this name says when somebody registered."""
    return _name_of(given)[0] == REGISTERED


def usual(traits: dict[str, Any] | None) -> dict[str, object]:
    """The traits under their usual names. Of two that mean the same the first counts.

    Personal ones (`phone`, `email`, `name` …) are as they came: they are for the vault. `registered_us` is a time.
    In all others personal texts are put out. Raises Bad for values that no store can hold.
    """
    found: dict[str, object] = {}
    for given, value in (traits or {}).items():
        check(given)
        name, hidden = _name_of(given)
        if name in found:
            continue
        if hidden is not None and value is not None:
            found[name] = f"‹{hidden}›"
        elif name == REGISTERED:
            try:
                found[name] = parse_time(value)
            except Bad:
                continue
        elif name in _PERSONAL:
            check(value)
            found[name] = value
        else:
            found[name] = scrub(value)
    return found

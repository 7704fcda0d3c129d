"""Keeping personal data out of what the lake stores in the clear, and masking what a preview shows."""

from collections.abc import Mapping
from typing import Any

import msgspec
import polars as pl

from weaktie.data.imports.fields import USERS, plain
from weaktie.kit.logs import mask

PERSONAL_HEADERS = frozenset(
    {plain(name) for f in USERS if f.personal for name in (f.name, *f.names) if name != "name"}
    | {"address", "addr", "birthday", "idcard", "idcardno", "realname", "wechat", "wechatid", "avatar", "ip"}
    | {
        "password",
        "token",
        "地址",
        "收货地址",
        "详细地址",
        "生日",
        "身份证",
        "身份证号",
        "真实姓名",
        "收货人",
        "收货人姓名",
        "微信号",
    }
)
"""Headers, as `plain` writes them, of columns that never go into properties or traits."""

_SUSPECT = (
    r"1[3-9]\d{9}|\d{17}[\dXx]|@|wk[a-z]*_|(?i:\"("
    + "|".join(sorted(PERSONAL_HEADERS | {"id_card", "phone_number", "real_name", "mobile_phone"}, key=len))
    + r")\")"
)
_ENCODER = msgspec.json.Encoder(order="deterministic")


def is_personal(header: str) -> bool:
    """Whether a column is personal by its header."""
    return plain(header) in PERSONAL_HEADERS


def object_text(values: Mapping[str, Any]) -> str | None:
    """A JSON object of the filled values, None where there are none."""
    kept = {name: value for name, value in values.items() if value is not None and value != ""}
    return _ENCODER.encode(kept).decode() if kept else None


def scrubbed(objects: pl.Series) -> pl.Series:
    """JSON objects without personal keys; phone numbers, e-mails and card numbers within other values are masked."""
    if objects.dtype != pl.String or objects.null_count() == len(objects):
        return objects
    suspect = objects.str.contains(_SUSPECT).fill_null(False)
    if not suspect.any():
        return objects
    rows = suspect.arg_true()
    cleaned = [
        msgspec.json.encode(_clean(msgspec.json.decode(text))).decode() for text in objects.gather(rows)
    ]
    return objects.scatter(rows, pl.Series(cleaned, dtype=pl.String))


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items() if not is_personal(key)}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, int) and not isinstance(value, bool):
        masked = mask(str(value))
        return value if masked == str(value) else masked
    return value


def masked(field: str, value: str | None) -> str | None:
    """What a preview shows of a personal field: enough to recognise a column, too little to recognise a person."""
    if not value:
        return value
    if field == "email":
        name, _, domain = value.partition("@")
        return f"{name[:1]}***@{domain}" if domain else "***"
    if field == "phone":
        return f"{value[:3]}****{value[-2:]}" if len(value) >= 8 else "***"
    return value[:1] + "**"

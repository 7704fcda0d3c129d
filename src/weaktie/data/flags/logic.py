"""Assignment: the same unit and salt give the same bucket everywhere and for ever."""

import hashlib
import re

from weaktie.data.flags.contracts import BUCKETS, HOLDOUT, Assignment, BadFlag, Flag
from weaktie.kit.words import Words

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")


def bucket_of(salt: str, unit: str) -> int:
    """0–9,999: the first eight bytes of SHA-256 over salt and unit, by remainder (its bias is under 10,000 / 2^64)."""
    digest = hashlib.sha256(f"{salt}\0{unit}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % BUCKETS


def assign(flag: Flag, unit: str) -> Assignment:
    """Where a unit belongs. Whether it is held out is drawn apart from the variant, so that a larger holdout moves nobody
    between variants."""
    held = flag.holdout / BUCKETS
    bucket = bucket_of(flag.salt, unit)
    if bucket_of(f"{flag.salt}\0{HOLDOUT}", unit) < flag.holdout:
        return Assignment(flag.key, flag.version, HOLDOUT, bucket, held)
    rise = 0
    for variant in flag.variants:
        rise += variant.share
        if bucket < rise:
            chance = (1 - held) * variant.share / BUCKETS
            return Assignment(flag.key, flag.version, variant.name, bucket, chance)
    raise AssertionError("shares add up to all buckets")


def checked(flag: Flag) -> Flag:
    """The flag, if it can assign; raises BadFlag."""
    names = [variant.name for variant in flag.variants]
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", flag.key):
        raise BadFlag(
            "key", Words("名称只能用字母、数字、点、横线。", "A key has letters, digits, dots and dashes.")
        )
    if not 1 <= len(flag.salt) <= 80:
        raise BadFlag("salt", Words("盐值长度须为 1–80。", "A salt has 1 to 80 characters."))
    if (
        not names
        or len(set(names)) != len(names)
        or not all(_NAME.fullmatch(n) for n in names)
        or HOLDOUT in names
    ):
        raise BadFlag("variants", Words("各组须有不重复的名称。", "Variants need names that differ."))
    if any(v.share < 0 for v in flag.variants) or sum(v.share for v in flag.variants) != BUCKETS:
        raise BadFlag("variants", Words("各组比例之和须为 100%。", "The shares have to add up to 100 %."))
    if not 0 <= flag.holdout < BUCKETS:
        raise BadFlag(
            "holdout", Words("对照比例须在 0 到 100% 之间。", "The holdout is between 0 and 100 %.")
        )
    return flag

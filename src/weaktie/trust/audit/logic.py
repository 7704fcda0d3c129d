"""The chain's arithmetic, and the masking of what enters it."""

import hashlib
import json
import re

from weaktie.kit.logs import mask

FIRST_PREVIOUS = "0" * 64
_SECRET_NAMES = re.compile(r"(?i)password|secret|token|phone|mobile|e-?mail|id_?card|address|cookie|^key$")


def entry_hash(
    id: int,  # noqa: A002  the row's own name
    at_us: int,
    actor: str,
    action: str,
    object_kind: str,
    object_id: str,
    detail_json: str,
    previous_hash: str,
) -> str:
    """SHA-256 over the row as a JSON array without spaces, with the hash of the row before it, in hex."""
    row = [id, at_us, actor, action, object_kind, object_id, detail_json, previous_hash]
    return hashlib.sha256(json.dumps(row, separators=(",", ":"), ensure_ascii=True).encode()).hexdigest()


def masked(value: object) -> object:
    """The value with personal texts replaced by their kind, and whatever stands under a telling name hidden."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {
            mask(str(name)): "‹hidden›"
            if _SECRET_NAMES.search(str(name)) and held is not None
            else masked(held)
            for name, held in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked(held) for held in value]
    return value

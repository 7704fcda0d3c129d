"""Taking a request apart that is not JSON as a whole, so that one poisoned event does not take its neighbours along."""

import json
import re
from dataclasses import dataclass, field

LARGEST_DEPTH = 64

# Possessive, and with an end for a text that is never closed: one pass over the bytes, whatever they are.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[{}\[\],:]', re.DOTALL)


@dataclass(slots=True)
class Outline:
    """The items of the list and the other members of the object, as bytes."""

    items: list[bytes] = field(default_factory=list)
    members: dict[str, bytes] = field(default_factory=dict)


class TooDeep(ValueError):
    """Brackets are nested beyond LARGEST_DEPTH."""


def split(body: bytes, member: str | None) -> Outline | None:
    """Items of the list under `member` of the top object, or of the top list where `member` is None.

    Only quotes and brackets must be in balance. None where there is no such list; raises TooDeep.
    """
    outline = Outline()
    depth, list_depth, found = 0, -1, False
    name = ""
    start = 0
    for token in _TOKEN.finditer(body):
        sign = body[token.start()]
        if sign == 0x22:  # a text: at the top it may be the name of a member
            if depth == 1 and member is not None and not name:
                name = token.group()[1:-1].decode("utf-8", "replace")
            continue
        if sign == 0x3A:  # :
            if depth == 1 and member is not None:
                start = token.end()
        elif sign in b"{[":
            depth += 1
            if depth > LARGEST_DEPTH:
                raise TooDeep
            if (
                sign == 0x5B
                and not found
                and (depth == 1 if member is None else depth == 2 and name == member)
            ):
                list_depth, found, start = depth, True, token.end()
        elif sign == 0x2C or sign in b"}]":
            if depth == list_depth:
                item = body[start : token.start()].strip()
                if item:
                    outline.items.append(item)
                start = token.end()
            elif depth == 1 and member is not None:
                if name and name != member:
                    outline.members[name] = body[start : token.start()].strip()
                name = ""
            if sign != 0x2C:
                if depth == list_depth:
                    list_depth = -1
                depth -= 1
    return outline if found else None


def why_unreadable(raw: bytes) -> str:
    """The code of the reason for which an event cannot be read, by a slow and patient parser."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return "not_utf8"
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except _Constant:
        return "not_a_number"
    except RecursionError:
        return "too_deep"
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Invalid control character"):
            return "not_json"
        return "nul_character" if "\x00" in text else "control_character"
    except ValueError:
        return "number_out_of_range"
    if re.search(r"\\u[dD][89a-fA-F]", text):
        return "lone_surrogate"
    return "number_out_of_range"


class _Constant(ValueError):
    pass


def _refuse_constant(name: str) -> None:
    raise _Constant(name)


def sending_time(body: bytes) -> str | None:
    """When a request says that it was sent (`sentAt`, `sent_at` of the outer object), as the client wrote it."""
    try:
        outline = split(body, "batch")
    except TooDeep:
        return None
    if outline is None:
        return None
    text = outline.members.get("sentAt") or outline.members.get("sent_at") or b""
    return text.strip(b' "').decode("utf-8", "replace")[:64] or None

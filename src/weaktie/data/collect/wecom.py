"""企业微信's callbacks: the XML of a decrypted message as events. Pure."""

import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Final

from weaktie.data.collect.badrows import Bad
from weaktie.data.collect.commerce import fill
from weaktie.data.collect.contracts import BadRow, Event, Identifier, RawRequest
from weaktie.data.collect.logic import clean_id, parse_time, settle_times

CONTACTS: Final = {
    "add_external_contact": ("Friend Added", ""),
    "add_half_external_contact": ("Friend Added", "half"),
    "del_external_contact": ("Friend Removed", "staff"),
    "del_follow_user": ("Friend Removed", "customer"),
    "transfer_fail": ("Transfer Failed", ""),
}
"""Changes of an external contact, and which side or form it was."""
ACCOUNT: Final = {"subscribe": "Account Followed", "unsubscribe": "Account Unfollowed"}
MEMBERS: Final = {"add_member": "Group Joined", "del_member": "Group Left"}
MOST_MEMBERS: Final = 1000


def decode(request: RawRequest) -> tuple[list[Event], list[BadRow]]:
    """Events of a callback, or the reason why it cannot be stored."""
    try:
        events = _events(read_xml(request.body), request)
        settle_times(events, request.received_us)
        return events, []
    except Bad as reason:
        return [], [reason.row(request.body)]


def without_person(body: bytes) -> bytes | None:  # noqa: ARG001  the port's signature
    """A callback is about a person and nothing else."""
    return None


def read_xml(body: bytes) -> dict[str, list[str]]:
    """The texts of a callback by the name of their element, every `Item` under `MemChangeList`. Raises Bad.

    A document type is refused: nothing in the protocol has one, and entities are how XML is made to explode.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Bad("not_utf8") from None
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Bad("bad_shape", "xml")
    try:
        root = ET.fromstring(text)  # noqa: S314  without a document type there are no entities
    except (ET.ParseError, ValueError):
        raise Bad("bad_shape", "xml") from None
    found: dict[str, list[str]] = {}
    for element in root:
        texts = [(child.text or "").strip() for child in element] or [(element.text or "").strip()]
        found[element.tag] = [text for text in texts if text]
    return found


def _events(fields: dict[str, list[str]], request: RawRequest) -> list[Event]:
    kind, change = _one(fields, "Event"), _one(fields, "ChangeType")
    at_us = parse_time(_one(fields, "CreateTime")) or request.received_us
    if kind == "change_external_contact":
        if change not in CONTACTS:
            return []
        return [_contact(fields, change, at_us)]
    if kind == "change_external_chat":
        return _members(fields, at_us)
    if kind in ACCOUNT:
        who: Identifier = ("anonymous", f"wecom_userid+{_name(fields, 'FromUserName')}")
        return [_made(fields, ACCOUNT[kind], (who,), at_us, {})]
    return []


def _contact(fields: dict[str, list[str]], change: str, at_us: int) -> Event:
    name, detail = CONTACTS[change]
    customer: Identifier = ("wecom", _name(fields, "ExternalUserID"))
    staff = _name(fields, "UserID")
    properties = {"friend_id": f"wecom:{staff}", "staff_id": staff, "channel": "wecom"}
    for member, prop in (("State", "state"), ("Source", "source"), ("FailReason", "fail_reason")):
        if value := _one(fields, member):
            properties[prop] = value
    if detail:
        properties["form" if detail == "half" else "removed_by"] = detail
    return _made(fields, name, (customer,), at_us, properties)


def _members(fields: dict[str, list[str]], at_us: int) -> list[Event]:
    """One event for each member that came or went; where the callback names nobody, one that counts them."""
    change = _one(fields, "UpdateDetail")
    if _one(fields, "ChangeType") != "update" or change not in MEMBERS:
        return []
    name = MEMBERS[change]
    properties: dict[str, object] = {"group_id": _name(fields, "ChatId"), "channel": "wecom"}
    for member, prop in (("JoinScene", "join_scene"), ("QuitScene", "quit_scene")):
        if value := _one(fields, member):
            properties[prop] = value
    members = fields.get("MemChangeList", [])[:MOST_MEMBERS]
    if not members:
        count = _one(fields, "MemChangeCnt")
        properties["members"] = int(count) if count.isdigit() else 0
        return [_made(fields, name, (), at_us, properties)]
    return [_made(fields, name, (_member(m),), at_us, properties, part=m) for m in members]


def _member(given: str) -> Identifier:
    """External people's ids begin with wm or wo; others are the company's own members."""
    outside = given.startswith(("wm", "wo"))
    name = clean_id(given, "MemChangeList")
    if name is None:
        raise Bad("no_identifier", "MemChangeList")
    return ("wecom", name) if outside else ("anonymous", f"wecom_userid+{name}")


def _made(
    fields: dict[str, list[str]],
    name: str,
    who: tuple[Identifier, ...],
    at_us: int,
    properties: Mapping[str, object],
    part: str = "",
) -> Event:
    """The protocol has no id: it is a hash of what the callback says, which is the same when it is sent again."""
    said = sorted((k, tuple(v)) for k, v in fields.items() if k != "WelcomeCode")
    digest = hashlib.blake2b(repr((said, part)).encode(), digest_size=16).hexdigest()
    event = Event(f"wecom:{digest}", name, who, at_us, at_us, digest.encode())
    event.platform, event.channel = "server", "wecom"
    fill(event, dict(properties), suspicious=True)
    return event


def _one(fields: dict[str, list[str]], name: str) -> str:
    return next(iter(fields.get(name, [])), "")


def _name(fields: dict[str, list[str]], name: str) -> str:
    found = clean_id(_one(fields, name), name)
    if found is None:
        raise Bad("no_identifier", name)
    return found

"""Tags that people set on people: one by one, or by a file of ids."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from sqlalchemy import Connection

from weaktie.data.behaviour.service import Behaviour
from weaktie.data.identity.service import Identity
from weaktie.data.profiles.contracts import ANALYTICS, Grounds, Permits
from weaktie.data.tags import logic, state
from weaktie.data.tags.contracts import LONGEST_DAYS, BadTagDefinition, CustomTag, Mark, Uploaded
from weaktie.kit.clock import DAY_US, Clock
from weaktie.kit.errors import NotFound
from weaktie.kit.words import Words
from weaktie.store.runs.service import Jobs
from weaktie.trust.audit.service import record


class TagParts(Grounds, Protocol):
    """What tags work with."""

    @property
    def identity(self) -> Identity: ...
    @property
    def permits(self) -> Permits: ...
    @property
    def behaviour(self) -> Behaviour: ...
    @property
    def jobs(self) -> Jobs: ...


class ByHand:
    """Setting and taking values. `refuse` raises ForbiddenTag where one of the texts, by place, may be no tag."""

    def __init__(self, parts: TagParts, refuse: Callable[[Connection, Mapping[str, str]], None]) -> None:
        self.parts, self._refuse = parts, refuse

    def set(self, key: str, user_id: str, text: str, expires_us: int | None, actor: str) -> Mark:
        """Set a value on one person; raises NoSuchTag, BadTagDefinition, ForbiddenTag, NotFound or the refusal of a person who
        deleted the tag from themselves."""
        parts, now_us = self.parts, self.parts.clock.now_us()
        with parts.database.begin() as tx:
            tag = _by_hand(state.one(tx, key), now_us)
            value = logic.parsed(tag.dtype, text)
            if value is None:
                raise BadTagDefinition("value", _does_not_fit(tag))
            self._refuse(tx, {"value": text})
            alias_no, members = self._person(tx, user_id)
            if key in parts.permits.deleted_tags(tx, members):
                raise BadTagDefinition(
                    "user_id",
                    Words(
                        "该用户已删除此标签，不能再次设置。",
                        "The person deleted this tag; it may not be set again.",
                    ),
                )
            until = _lapse(tag, expires_us, now_us)
            state.mark(tx, key, members, alias_no, logic.written(value), "hand", actor, now_us, until)
            note(tx, parts.clock, actor, "tag_set", key, {"person": min(members), "expires_us": until})
        return Mark(key, alias_no, logic.written(value), "hand", actor, now_us, until)

    def take(self, key: str, user_id: str, actor: str) -> None:
        """Take a value that was set on one person; raises NoSuchTag or NotFound."""
        parts = self.parts
        with parts.database.begin() as tx:
            state.one(tx, key)
            _, members = self._person(tx, user_id)
            if state.unmark(tx, key, members):
                note(tx, parts.clock, actor, "tag_taken", key, {"person": min(members)})

    def _person(self, connection: Connection, user_id: str) -> tuple[int, list[int]]:
        identity = self.parts.identity
        numbered = re.fullmatch(r"@([0-9]{1,9})", user_id)
        alias_no = int(numbered[1]) if numbered else identity.find(connection, user_id)
        members = identity.component(connection, alias_no) if alias_no is not None else []
        if alias_no is None or alias_no not in members:
            raise NotFound("no_such_user", Words("没有这个用户。", "There is no such user."), place="user_id")
        allowed = self.parts.permits.granted_many(connection, [members])[0]
        if not allowed & ANALYTICS:
            raise NotFound(
                "purpose_not_granted",
                Words("该用户未授权统计分析，不能设置标签。", "The person has not granted analytics: no tag."),
                place="user_id",
            )  # fmt: skip
        return alias_no, members

    def upload(
        self, key: str, rows: Iterable[tuple[str, str]], expires_us: int | None, actor: str
    ) -> Uploaded:
        """Set values of a file (id, value); people who are unknown or may not be analysed are not matched. Raises NoSuchTag,
        BadTagDefinition or ForbiddenTag (then nothing of the file is kept)."""
        parts, now_us = self.parts, self.parts.clock.now_us()
        given = list(rows)
        crowd = parts.behaviour.crowd()
        with parts.database.begin() as tx:
            tag = _by_hand(state.one(tx, key), now_us)
            until = _lapse(tag, expires_us, now_us)
            read = [(user_id, logic.parsed(tag.dtype, text), text) for user_id, text in given]
            self._refuse(tx, {"value": " ; ".join({t for _, v, t in read if v is not None})})
            numbers = parts.identity.find_many(tx, [u for u, v, _ in read if v is not None])
            gone = {n for n, k in parts.permits.all_deleted_tags(tx) if k == key}
            refused = {int(crowd.persons[n]) for n in gone if n < len(crowd.persons)}
            chosen: dict[int, str] = {}
            matched = 0
            for user_id, value, _ in read:
                number = numbers.get(user_id)
                if value is None or number is None or number >= len(crowd.persons):
                    continue
                person = int(crowd.persons[number])
                if person >= 0 and person not in refused:
                    matched += 1
                    chosen[person] = logic.written(value)
            for person, kept in chosen.items():
                state.mark(tx, key, [person], person, kept, "file", actor, now_us, until)
            bad = sum(1 for _, v, _ in read if v is None)
            note(
                tx,
                parts.clock,
                actor,
                "tag_uploaded",
                key,
                {"rows": len(given), "matched": matched, "bad": bad},
            )
        unknown = [u for u, v, _ in read if v is not None and u not in numbers]
        return Uploaded(len(given), matched, len(given) - matched - bad, bad, tuple(unknown[:5]))


def note(tx: Connection, clock: Clock, actor: str, action: str, key: str, detail: dict[str, object]) -> None:
    """One line about a tag in the audit chain."""
    record(tx, clock, actor=actor, action=action, object_kind="tag", object_id=key, detail=detail)


def _by_hand(tag: CustomTag, now_us: int) -> CustomTag:
    if tag.kind != "manual":
        raise BadTagDefinition(
            "key", Words("此标签由计算得出，不能手工设置。", "This tag is computed; it is not set by hand.")
        )
    if tag.is_over(now_us):
        raise BadTagDefinition("key", Words("此标签已过期。", "This tag has lapsed."))
    return tag


def _lapse(tag: CustomTag, expires_us: int | None, now_us: int) -> int:
    """When a mark lapses: as asked, at the latest with its tag."""
    latest = tag.expires_us or now_us + LONGEST_DAYS * DAY_US
    until = min(expires_us or latest, latest)
    if until <= now_us:
        raise BadTagDefinition("expires_time", Words("有效期须在今天之后。", "It has to lapse after now."))
    return until


def _does_not_fit(tag: CustomTag) -> Words:
    names = {
        "text": ("文本（最长 100 字符）", "a text of at most 100 characters"),
        "number": ("数字", "a number"),
        "bool": ("是或否", "yes or no"),
    }
    zh, en = names[tag.dtype]
    return Words(f"值必须是{zh}。", f"The value has to be {en}.")

"""The door of profiles: one person, the list of users, tags, RFM. Reads only, from any thread."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import Connection

from weaktie.data.identity.contracts import Alias
from weaktie.data.profiles import lineage, show, state, timeline
from weaktie.data.profiles import rules as rfm_rules
from weaktie.data.profiles.asof import End, buyers_as_of, rfm_table
from weaktie.data.profiles.catalogue import BY_KEY, TAGS, USER_TAGS
from weaktie.data.profiles.contracts import (
    ANALYTICS,
    I32,
    BuildParts,
    Generation,
    LeftOut,
    NobodyThere,
    NotAnalysable,
    Standing,
    UserFilter,
)
from weaktie.data.profiles.erase import ProfileEraser, ProfileExporter
from weaktie.data.profiles.logic import CLASS_WORDS, DEFINITION, TIER_WORDS, eight_of, masked
from weaktie.data.profiles.logic import CLASS_WORDS as RFM_CLASSES
from weaktie.data.profiles.logic import EIGHTS as RFM_EIGHTS
from weaktie.data.profiles.permits import ConsentPermits
from weaktie.data.profiles.publish import Body
from weaktie.data.profiles.published import Published, UserRow
from weaktie.data.profiles.queries import orders_now, owned
from weaktie.data.profiles.state import kept_rates
from weaktie.data.profiles.tables import RFM
from weaktie.data.profiles.tables import RFM as RFM_TABLE
from weaktie.data.profiles.tags import DIMENSION_WORDS
from weaktie.data.profiles.withdraw import Withdrawals
from weaktie.kit.clock import to_iso
from weaktie.kit.pages import Page
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.lake.contracts import Snapshot
from weaktie.trust.consent.contracts import PurposeState, ShownTag

__all__ = [
    "BUILT_IN_NAMES",
    "BY_KEY",
    "CLASS_WORDS",
    "DIMENSION_WORDS",
    "RFM",
    "RFM_CLASSES",
    "RFM_EIGHTS",
    "RFM_TABLE",
    "TIER_WORDS",
    "USER_TAGS",
    "ConsentPermits",
    "End",
    "ProfileEraser",
    "ProfileExporter",
    "Profiles",
    "UserRow",
    "Withdrawals",
    "buyers_as_of",
    "eight_of",
    "kept_rates",
    "orders_now",
    "owned",
    "rfm_rules",
    "rfm_table",
    "tag_value_words",
]
Json = dict[str, Any]
BUILT_IN_NAMES: dict[str, str] = {
    f"{t.key}.{lang}": name for t in TAGS for lang, name in t.words.as_dict().items()
}
"""Names of the built-in tags in both languages: no other tag may be called so."""
COLUMN_TAGS = {"channel": "acquisition_channel", "province": "province", "city": "city", "gender": "gender"}
"""Columns of the list of users that show a tag."""


def tag_value_words(key: str, value: object) -> Words:
    """A value of a tag as pages show it."""
    tag = BY_KEY.get(key)
    if isinstance(value, bool):
        return Words("是", "Yes") if value else Words("否", "No")
    text = str(value) or "—"
    return (tag.labels or {}).get(text, Words(text, text)) if tag is not None else Words(text, text)


@dataclass(frozen=True, slots=True)
class Found:
    """A person whom a request named: identifiers now, and the published row where there is one."""

    person_no: int
    alias_nos: list[int]
    body: Body | None


class Profiles:
    """Reads of profiles, over the published generation, the live overlay and the lake."""

    def __init__(self, parts: BuildParts) -> None:
        self.parts = parts
        self.published = Published(parts.settings.home, parts.database, parts.clock)

    @property
    def database(self) -> Database:
        """The database that the reads use."""
        return self.parts.database

    def current(self) -> Generation | None:
        """The generation that is read now; None before the first build."""
        return self.published.newest()

    def left_out(self) -> LeftOut:
        """The people whom the current generation leaves out; nobody before the first build."""
        generation = self.current()
        return state.left_out(generation) if generation is not None else LeftOut()

    def find(self, connection: Connection, user_id: str) -> Found:
        """The person of any identifier, or of `@number`; raises NobodyThere. Erased people are gone at once."""
        people = self.parts.people
        if numbered := re.fullmatch(r"@([0-9]{1,9})", user_id):
            alias: int | None = int(numbered[1])
        else:
            alias = people.find(connection, user_id)
        if alias is None:
            raise NobodyThere
        generation = self.current()
        published = self.published.body_of(alias) if generation is not None else None
        if published is not None and generation is not None:
            person_no, body = published
            numbers = [a.alias_no for a in body.aliases]
            if numbered and not people.described(connection, numbers):
                raise NobodyThere
            if not people.decided_after(connection, numbers, _decided(generation)):
                return Found(person_no, numbers, body)
        members = people.component(connection, alias)
        if not members or not people.described(connection, members):
            raise NobodyThere
        return self._since_then(members) if generation is not None else Found(min(members), members, None)

    def _since_then(self, members: list[int]) -> Found:
        """Somebody whom the generation does not know as they are now: who came since, and who was joined or parted by
        hand. The row is the one that was published under an identifier of theirs, without what is another's now."""
        for member in members:
            known = self.published.body_of(member)
            if known is not None and known[0] in members:
                person_no, body = known
                mine = [a for a in body.aliases if a.alias_no in members]
                return Found(
                    person_no,
                    members,
                    body if len(mine) == len(body.aliases) else msgspec.structs.replace(body, aliases=mine),
                )
        return Found(min(members), members, None)

    def analysable(self, connection: Connection, user_id: str) -> tuple[Found, list[PurposeState]]:
        """The person and their purposes; raises NotAnalysable unless analytics is granted now."""
        found = self.find(connection, user_id)
        states = self.parts.permits.states(connection, found.alias_nos)
        if not any(s.granted and s.purpose == ANALYTICS for s in states):
            raise NotAnalysable
        return found, states

    def profile(self, user_id: str) -> bytes:
        """The person's page as JSON; raises NobodyThere or NotAnalysable."""
        with self.parts.database.connect() as connection:
            found, states = self.analysable(connection, user_id)
            current = self.current()
            since = current.snapshot_version if current is not None else 0
            live = self.parts.live.seen(connection, found.alias_nos, since)
            if found.body is None:
                return self._unpublished(connection, found, states, live)
            body = self._as_wanted(connection, found.alias_nos, found.body)
        generation = self.published.need()
        head = show.ENCODE(
            {
                "person_no": found.person_no,
                "user_id": body.user_id,
                "aliases": [
                    {"kind": a.kind, "value": a.value, "first_seen_time": to_iso(a.first_seen_us)}
                    for a in body.aliases
                ],
                "generation": generation.number,
                "built_time": to_iso(generation.built_us),
                "live": show.live(live, body.last_us),
                "names": _names(body.names),
                "rfm": show.rfm(body.rfm, body.currency),
                "counts": {
                    "events": body.events + (live.events if live else 0),
                    "orders": body.orders,
                },
                "purposes": show.purposes(states),
            }
        )
        return head[:-1] + b',"tags":' + show.tags(self.published.tag_keys(), body) + b"}"

    def _as_wanted(self, connection: Connection, alias_nos: list[int], body: Body) -> Body:
        """The published row with what the person deleted or had corrected since the build."""
        deleted = self.parts.permits.deleted_tags(connection, alias_nos)
        corrected = self.parts.permits.corrections(connection, alias_nos)
        if not deleted and not corrected:
            return body
        tags = [
            None if key in deleted else corrected.get(key, value)
            for key, value in zip(self.published.tag_keys(), body.tags, strict=True)
        ]
        names = body.names | {
            n: masked(n, v) for n, v in corrected.items() if n in ("nickname", "phone", "email")
        }
        return msgspec.structs.replace(body, tags=tags, names=names)

    def own_tags(self, alias_nos: list[int]) -> list[ShownTag]:
        """The tags of one person as the person is shown them, whatever they have granted: they see what is kept of them."""
        if self.current() is None:
            return []
        published = next((b for n in alias_nos if (b := self.published.body_of(n)) is not None), None)
        if published is None:
            return []
        with self.parts.database.connect() as connection:
            body = self._as_wanted(connection, alias_nos, published[1])
        return [
            ShownTag(
                key,
                BY_KEY[key].words,
                show.display(BY_KEY[key], value, body.currency),
                BY_KEY[key].definition,
            )
            for key, value in zip(self.published.tag_keys(), body.tags, strict=True)
            if value is not None and key in BY_KEY
        ]

    def _unpublished(
        self, connection: Connection, found: Found, states: list[PurposeState], live: Any
    ) -> bytes:
        """Somebody who came after the last build: what identity and the overlay know."""
        aliases = self.parts.people.described(connection, found.alias_nos)
        personal = self.parts.personal.open(connection, found.alias_nos)
        shown = [_shown(a, personal.get(a.alias_no, {})) for a in aliases]
        names = {
            n: masked(n, v) for fields in personal.values() for n, v in fields.items() if n != "identifier"
        }
        plain = next((a.value for a in aliases if a.value), f"@{found.person_no}")
        return show.ENCODE(
            {
                "person_no": found.person_no, "user_id": plain, "aliases": shown, "generation": None,
                "built_time": None, "live": show.live(live, None), "names": _names(names), "rfm": None,
                "counts": {"events": live.events if live else 0, "orders": 0},
                "purposes": show.purposes(states), "tags": [],
            }
        )  # fmt: skip

    def timeline(
        self, user_id: str, *, event: str | None, cursor: str | None, limit: int | None
    ) -> Page[Json]:
        """What the person did, newest first; raises NobodyThere or NotAnalysable."""
        found, snapshot = self._with_files(user_id, "events")
        return timeline.events(self.parts.engine, snapshot, found.alias_nos, event, cursor, limit)

    def orders(self, user_id: str, *, cursor: str | None, limit: int | None) -> Page[Json]:
        """The person's orders as they stand, newest first, with their lines."""
        found, snapshot = self._with_files(user_id, "orders", "order_items")
        return timeline.orders(self.parts.engine, snapshot, found.alias_nos, cursor, limit)

    def relations(self, user_id: str) -> list[Json]:
        """The people whom the person is tied to, the newest ties first, at most 500. Who may not be shown has no id."""
        found, snapshot = self._with_files(user_id, "relations")
        ties = timeline.relations(self.parts.engine, snapshot, found.alias_nos)
        with self.parts.database.connect() as connection:
            others = sorted({int(t["other_alias"]) for t in ties})
            known = {a.alias_no: a for a in self.parts.people.described(connection, others)}
            groups = [self.parts.people.component(connection, n) or [n] for n in others]
            masks = self.parts.permits.granted_many(connection, groups)
        may = {n for n, mask in zip(others, masks, strict=True) if mask & ANALYTICS}
        shown = []
        for tie in ties:
            other = known.get(tie.pop("other_alias"))
            if other is not None:
                visible = other.alias_no in may
                tie["user_id"] = (other.value or f"@{other.alias_no}") if visible else None
                shown.append(tie)
        return shown

    def users(
        self, wanted: UserFilter, cursor: str | None, limit: int | None, among: I32 | None = None
    ) -> Page[UserRow]:
        """A page of the list, of these people where `among` names some; people erased or who withdrew since the build are
        not in it."""
        if self.current() is None:
            return Page([], None, 0)
        only = self._exact(wanted.search)
        page = self.published.users(wanted, cursor, limit, only, among)
        return Page(self._still(page.items, wanted), page.next_cursor, page.total)

    def standing(self, people: I32) -> Standing:
        """How many of these people the list shows, as users and as visitors, and how many it does not know."""
        users, visitors = self.published.standing(people) if self.current() is not None else (0, 0)
        return Standing(len(people), users, visitors)

    def ids_of(self, people: I32) -> Iterator[list[tuple[int, str]]]:
        """(person_no, user_id) of those of these people who are published, in pages; nobody before the first build."""
        if self.current() is not None:
            yield from self.published.ids_of(people)

    def every_user(self, wanted: UserFilter, among: I32 | None = None) -> Iterator[list[UserRow]]:
        """All users of the filter, in pages; the same people as `users`."""
        if self.current() is None:
            return
        for rows in self.published.every(wanted, self._exact(wanted.search), among):
            yield self._still(rows, wanted)

    def facets(self) -> Json:
        """How many people have which tier, class, channel, province, gender."""
        if self.current() is None:
            return {name: [] for name in ("tiers", "rfm", "channels", "provinces", "genders")}
        found: Json = self.published.meta("facets")
        return found

    def tags(self) -> list[Json]:
        """The catalogue: declaration, coverage, freshness and distribution of each tag."""
        generation = self.current()
        figures: Json = self.published.meta("tags") if generation is not None else {}
        fresh = to_iso(generation.built_us) if generation is not None else None
        return [
            show.tag_head(tag)
            | {
                "source_tables": list(tag.source_tables),
                "window_days": tag.window_days,
                "freshness_time": fresh,
                "coverage": 0.0,
                "distribution": [],
            }
            | figures.get(tag.key, {})
            for tag in TAGS
        ]

    def rfm(self) -> Json:
        """The matrix, classes, tiers and cut-offs of the current generation; raises NothingPublished."""
        generation = self.published.need()
        figures: Json = self.published.meta("rfm")
        return figures | {
            "generation": generation.number,
            "as_of_day": generation.as_of_day,
            "rule_version": generation.details.get("rule", 0),
            "eights": _eights(figures["cells"], figures["people"]),
            "definition": DEFINITION.as_dict(),
            "left_out": self.left_out().as_dict(),
        }

    def lineage(self) -> list[Json]:
        """For each built-in tag the aggregates, columns, events and properties that it comes from."""
        return list(lineage.every())

    def contact(self, connection: Connection, user_id: str) -> tuple[Found, dict[str, str]]:
        """Nickname, phone, e-mail in the clear, for a caller whose reason is being recorded; raises NobodyThere."""
        found = self.find(connection, user_id)
        personal = self.parts.personal.open(connection, found.alias_nos)
        kinds = {a.alias_no: a.kind for a in self.parts.people.described(connection, found.alias_nos)}
        fields: dict[str, str] = {}
        for alias_no, values in personal.items():
            for name, value in values.items():
                fields.setdefault(kinds.get(alias_no, name) if name == "identifier" else name, value)
        return found, fields

    def _exact(self, search: str | None) -> int | None:
        """The person of an identifier that the search text is, if it is one."""
        if not search:
            return None
        with self.parts.database.connect() as connection:
            try:
                found = self.find(connection, search)
            except NobodyThere:
                return None
        return found.person_no if found.body is not None else None

    def _still(self, rows: list[UserRow], wanted: UserFilter) -> list[UserRow]:
        """The rows of people who are still there and still grant analysis, without what they deleted from themselves."""
        numbers = self.published.aliases_of([r.person_no for r in rows])
        every = [n for group in numbers.values() for n in group]
        with self.parts.database.connect() as connection:
            living = {a.alias_no for a in self.parts.people.described(connection, every)}
            masks = self.parts.permits.granted_many(connection, [numbers[r.person_no] for r in rows])
            kept = [
                r for r, mask in zip(rows, masks, strict=True)
                if mask & ANALYTICS and any(n in living for n in numbers[r.person_no])
            ]  # fmt: skip
            permits = self.parts.permits
            if not every or not (
                permits.deleted_tags(connection, every) or permits.corrections(connection, every)
            ):
                return kept
            wanting = [self._row_as_wanted(connection, r, numbers[r.person_no], wanted) for r in kept]
        return [r for r in wanting if r is not None]

    def _row_as_wanted(
        self, connection: Connection, row: UserRow, alias_nos: list[int], wanted: UserFilter
    ) -> UserRow | None:
        """The row with deleted tags blank and corrected values in place; None where the list was narrowed by one of these."""
        deleted = self.parts.permits.deleted_tags(connection, alias_nos)
        corrected = self.parts.permits.corrections(connection, alias_nos)
        changes: dict[str, Any] = {}
        for column, tag in COLUMN_TAGS.items():
            if tag in deleted:
                changes[column] = None
            elif tag in corrected:
                changes[column] = corrected[tag]
        if "nickname" in corrected:
            changes["name"] = masked("nickname", corrected["nickname"])
        for column, value in changes.items():
            asked = getattr(wanted, column, None)
            if asked is not None and asked != value:
                return None
        return replace(row, **changes)

    def _with_files(self, user_id: str, *tables: str) -> tuple[Found, Snapshot]:
        with self.parts.database.connect() as connection:
            found, _ = self.analysable(connection, user_id)
            return found, self.parts.lake.snapshot(connection, tables=list(tables))


def _eights(cells: list[Json], people: int) -> list[Json]:
    """The trade's eight classes from the matrix's cells; money per currency."""
    found: dict[str, Json] = {
        key: {
            "key": key,
            "words": words.as_dict(),
            "count": 0,
            "share": 0.0,
            "orders": 0,
            "spend_minor": 0,
            "spend": [],
        }
        for key, (words, _) in RFM_EIGHTS.items()
    }
    for cell in cells:
        one = found[eight_of(cell["r"], cell["f"], cell["m"])]
        for name in ("count", "orders", "spend_minor"):
            one[name] += cell[name]
        spent = {s["currency"]: s["amount_minor"] for s in one["spend"]}
        for money in cell["spend"]:
            spent[money["currency"]] = spent.get(money["currency"], 0) + money["amount_minor"]
        one["spend"] = [{"amount_minor": n, "currency": c} for c, n in sorted(spent.items())]
        one["share"] = one["count"] / people if people else 0.0
    return list(found.values())


def _decided(generation: Generation) -> int:
    """The last decision about identity that a generation knows."""
    return int(str(generation.details.get("decided", 0)))


def _names(names: dict[str, str]) -> dict[str, str | None]:
    return {name: names.get(name) for name in ("nickname", "phone", "email")}


def _shown(alias: Alias, personal: Any) -> Json:
    value = alias.value or masked(alias.kind, personal.get("identifier", "")) or "***"
    return {"kind": alias.kind, "value": value, "first_seen_time": to_iso(alias.first_seen_us)}

"""Channel links and naming rules: make, find, archive, count opens, draw QR codes."""

import csv
import io
import json
import secrets
from collections.abc import Mapping, Sequence

import segno
from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from weaktie.data.acquisition.contracts import (
    MOST_LINKS_A_FILE,
    BadLine,
    BadLink,
    BadName,
    CodeTaken,
    Link,
    NamingRule,
    NewLink,
    NoLink,
    Problem,
)
from weaktie.data.acquisition.naming import checked_rule, problems_of
from weaktie.data.acquisition.tables import links, naming_rules, opens
from weaktie.data.acquisition.targets import CODE, allowed_hosts, check_target, host_of, is_allowed
from weaktie.kit.clock import Clock, business_day
from weaktie.kit.errors import Refused
from weaktie.kit.ids import new_id
from weaktie.kit.pages import Page, read_cursor, write_cursor
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
CODE_LENGTH = 8
FIELDS = (
    "name",
    "target_kind",
    "target",
    "channel",
    "medium",
    "campaign",
    "content",
    "creator",
    "note",
    "code",
)
MOST_SHOWN = 500
QR_BORDER = 4


class Links:
    """The links of the shop. Everything that writes takes the caller's transaction."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock

    def rule(self, connection: Connection) -> NamingRule:
        """The naming rule that holds; an empty one where none was made."""
        return next(iter(self.rules(connection)), NamingRule())

    def rules(self, connection: Connection) -> list[NamingRule]:
        """Every rule that ever held, the newest first."""
        rows = connection.execute(
            select(naming_rules).order_by(naming_rules.c.version.desc()).limit(50)
        ).mappings()
        return [
            NamingRule(r["version"], r["template"], json.loads(r["choices_json"]), r["made_us"], r["made_by"])
            for r in rows
        ]

    def set_rule(
        self, tx: Connection, template: str, choices: Mapping[str, Sequence[str]], *, actor: str
    ) -> NamingRule:
        """A new rule; links that exist keep their names. Raises BadRule."""
        template, kept = checked_rule(template, choices)
        tx.execute(
            insert(naming_rules).values(
                template=template[:400], choices_json=json.dumps(kept, ensure_ascii=False),
                made_us=self._clock.now_us(), made_by=actor[:64],
            )
        )  # fmt: skip
        return self.rule(tx)

    def check_name(self, connection: Connection, name: str, fields: Mapping[str, str]) -> list[Problem]:
        """What is wrong with a name by the rule that holds."""
        return problems_of(self.rule(connection), name, fields)

    def create(self, tx: Connection, given: NewLink, *, actor: str) -> Link:
        """A new link; raises BadLink, BadName or CodeTaken."""
        row = self._checked(tx, given)
        now_us = self._clock.now_us()
        link_id = new_id("lnk", now_us)
        if tx.execute(select(links.c.link_id).where(links.c.code == row["code"])).first() is not None:
            raise CodeTaken(row["code"])
        try:
            with tx.begin_nested():
                tx.execute(insert(links).values(**row, link_id=link_id, made_us=now_us, made_by=actor[:64]))
        except IntegrityError as error:
            raise CodeTaken(row["code"]) from error
        return self.find(tx, link_id)

    def create_many(
        self, tx: Connection, text: str, *, actor: str, dry: bool = False
    ) -> tuple[list[NewLink], list[BadLine]]:
        """Links of a CSV text with a header of `FIELDS`, and the lines that cannot be made with their reasons.

        With `dry` nothing is made. Raises BadLink for a text that is no such table.
        """
        made: list[NewLink] = []
        bad: list[BadLine] = []
        for line, given in _lines(text):
            new = NewLink(**{"name": "", "target": "", "channel": "", "target_kind": "url", **given})  # type: ignore[arg-type]
            try:
                if dry:
                    code = self._checked(tx, new)["code"]
                    taken = select(links.c.link_id).where(links.c.code == code)
                    if (
                        any(m.code == new.code for m in made if new.code)
                        or tx.execute(taken).first() is not None
                    ):
                        raise CodeTaken(code)
                else:
                    self.create(tx, new, actor=actor)
                made.append(new)
            except Refused as error:
                bad.append(
                    BadLine(line, error.code, error.place, given.get(error.place, "")[:100], error.words)
                )
        return made, bad

    def find(self, connection: Connection, link_id: str) -> Link:
        """One link by its id; raises NoLink."""
        found = self._listed(connection, links.c.link_id == link_id)
        if not found:
            raise NoLink
        return found[0]

    def listed(
        self, connection: Connection, *, search: str = "", channel: str = "", archived: bool = False,
        cursor: str | None = None, limit: int = 50,
    ) -> Page[Link]:  # fmt: skip
        """A page of links, the newest first. `search` looks into names, codes, campaigns, contents and creators."""
        tests: list[ColumnElement[bool]] = [
            links.c.archived_us.is_not(None) if archived else links.c.archived_us.is_(None)
        ]
        if channel:
            tests.append(links.c.channel == channel)
        if search:
            like = "%" + search.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
            columns = (links.c.name, links.c.code, links.c.campaign, links.c.content, links.c.creator)
            tests.append(or_(*(c.ilike(like, escape="\\") for c in columns)))
        total = connection.execute(select(func.count()).select_from(links).where(*tests)).scalar_one()
        if cursor:
            made_us, link_id = read_cursor(cursor, 2)
            older = (links.c.made_us == made_us) & (links.c.link_id < link_id)
            tests.append((links.c.made_us < made_us) | older)
        found = self._listed(connection, *tests, limit=limit + 1)
        more = (
            write_cursor(found[limit - 1].made_us, found[limit - 1].link_id) if len(found) > limit else None
        )
        return Page(found[:limit], more, total)

    def everything(self, connection: Connection) -> list[Link]:
        """Every link, archived ones included."""
        return self._listed(connection)

    def archive(self, tx: Connection, link_id: str, *, archived: bool) -> Link:
        """Let a link lead nowhere, or lead again; raises NoLink."""
        self.find(tx, link_id)
        to_us = self._clock.now_us() if archived else None
        tx.execute(update(links).where(links.c.link_id == link_id).values(archived_us=to_us))
        return self.find(tx, link_id)

    def living(self, connection: Connection, code: str) -> Link:
        """The link behind a code, if it may still lead where it leads: hosts may have been forbidden since. Raises NoLink."""
        found = self._listed(connection, links.c.code == code) if CODE.fullmatch(code) else []
        if not found or found[0].archived_us is not None:
            raise NoLink
        link = found[0]
        if link.target_kind == "url":
            host = host_of(link.target)
            if host is None or not is_allowed(host, allowed_hosts(self._settings.acquisition.hosts)):
                raise NoLink
        return link

    def count_open(self, tx: Connection, link_id: str) -> None:
        """Count that a link was opened today."""
        day = business_day(self._clock.now_us(), self._settings.zone)
        mine = (opens.c.link_id == link_id) & (opens.c.day == day)
        if not tx.execute(update(opens).where(mine).values(opens=opens.c.opens + 1)).rowcount:
            try:
                with tx.begin_nested():
                    tx.execute(insert(opens).values(link_id=link_id, day=day, opens=1))
            except IntegrityError:  # another process was first
                tx.execute(update(opens).where(mine).values(opens=opens.c.opens + 1))

    def opens_of(self, connection: Connection, from_day: int, to_day: int) -> dict[str, int]:
        """Opens of these days by code."""
        rows = connection.execute(
            select(links.c.code, func.sum(opens.c.opens).label("n"))
            .join(opens, opens.c.link_id == links.c.link_id)
            .where(opens.c.day >= from_day, opens.c.day <= to_day)
            .group_by(links.c.code)
        )
        return {row.code: int(row.n) for row in rows}

    def channel_of_code(self, connection: Connection) -> dict[str, str]:
        """The channel that each code was given for; archived links still say where people came from."""
        return {r.code: r.channel for r in connection.execute(select(links.c.code, links.c.channel))}

    def _checked(self, connection: Connection, given: NewLink) -> dict[str, str]:
        row = {field: str(getattr(given, field)).strip() for field in FIELDS}
        row["channel"] = row["channel"].lower()
        for field, what in (("name", "名称"), ("channel", "渠道"), ("target", "目标地址")):
            if not row[field]:
                raise BadLink(field, Words(f"请填写{what}。", f"The {field} is missing."))
        if row["target_kind"] not in ("url", "mini_program"):
            raise BadLink(
                "target_kind",
                Words("目标类型应为 url 或 mini_program。", "The kind of target is url or mini_program."),
            )
        for field in FIELDS:
            if any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF for c in row[field]):
                raise BadLink(field, Words("不能含控制字符。", "Control characters are not allowed."))
            column = links.c[field]
            if len(row[field]) > (getattr(column.type, "length", None) or 2000):
                raise BadLink(field, Words("内容过长。", "The text is too long."))
        check_target(row["target_kind"], row["target"], self._settings.acquisition.hosts)  # type: ignore[arg-type]
        problems = self.check_name(connection, row["name"], row)
        if problems:
            raise BadName(problems)
        row["code"] = row["code"] or "".join(secrets.choice(_LETTERS) for _ in range(CODE_LENGTH))
        if not CODE.fullmatch(row["code"]):
            raise BadLink(
                "code",
                Words(
                    "渠道码为 2 到 64 位字母、数字、- 或 _。", "A code is 2 to 64 letters, digits, - or _."
                ),
            )
        return row

    def _listed(self, connection: Connection, *tests: object, limit: int | None = None) -> list[Link]:
        counted = (
            select(opens.c.link_id, func.sum(opens.c.opens).label("opens"))
            .group_by(opens.c.link_id)
            .subquery()
        )
        query = (
            select(links, func.coalesce(counted.c.opens, 0).label("opens"))
            .outerjoin(counted, counted.c.link_id == links.c.link_id)
            .where(*tests)  # type: ignore[arg-type]
            .order_by(links.c.made_us.desc(), links.c.link_id.desc())
        )
        rows = connection.execute(query.limit(limit) if limit else query).mappings()
        return [_link(row) for row in rows]


def qr_image(address: str, kind: str, scale: int) -> bytes:
    """A QR code that says an address, as `svg` or `png`; `scale` is the size of a module in pixels."""
    out = io.BytesIO()
    code = segno.make(address, error="m", micro=False)
    if kind == "svg":
        code.save(out, kind="svg", scale=scale, border=QR_BORDER, light="white", xmldecl=False)
    else:
        code.save(out, kind="png", scale=scale, border=QR_BORDER)
    return out.getvalue()


def _lines(text: str) -> list[tuple[int, dict[str, str]]]:
    try:
        rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline="")))
    except csv.Error:
        raise BadLink("file", Words("不是有效的 CSV。", "This is no valid CSV.")) from None
    header = [h.strip().lower() for h in rows[0]] if rows else []
    unknown = [h for h in header if h not in FIELDS]
    if unknown or not {"name", "target", "channel"} <= set(header) or len(set(header)) != len(header):
        known = ", ".join(FIELDS)
        raise BadLink(
            "file",
            Words(
                f"表头应为：{known}（name、target、channel 必填）。",
                f"The header is made of: {known}; name, target and channel have to be there."),
        )  # fmt: skip
    if len(rows) > MOST_LINKS_A_FILE + 1:
        raise BadLink(
            "file", Words(f"一次最多 {MOST_LINKS_A_FILE} 行。", f"At most {MOST_LINKS_A_FILE} lines at once.")
        )
    found = []
    for number, cells in enumerate(rows[1:], 2):
        if any(c.strip() for c in cells):
            given = {h: cells[at].strip() if at < len(cells) else "" for at, h in enumerate(header)}
            found.append((number, {h: v for h, v in given.items() if v or h != "target_kind"}))
    return found


def _link(row: RowMapping) -> Link:
    return Link(
        row["link_id"], row["code"], row["name"], row["target_kind"], row["target"], row["channel"], row["medium"],
        row["campaign"], row["content"], row["creator"], row["note"], row["made_us"], row["made_by"], row["archived_us"],
        int(row["opens"]),
    )  # fmt: skip

"""Copies of everything that is kept about a person: made when fetched, for one ticket, and kept nowhere."""

import hashlib
import html
import io
import json
import secrets
import zipfile
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, insert, select, update

from weaktie.kit.clock import DAY_US, Clock, to_iso
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.trust.rights.contracts import CopyGone
from weaktie.trust.rights.corrections import Corrections
from weaktie.trust.rights.requests import Requests
from weaktie.trust.rights.tables import rights_copies, rights_corrections, rights_requests, rights_steps
from weaktie.trust.vault.service import Vault

Data = Mapping[str, Mapping[str, Sequence[Mapping[str, object]]]]
TICKET_US = DAY_US
HEADS: dict[str, Words] = {
    "vault": Words("个人信息（加密保存）", "Personal values (kept encrypted)"),
    "consent": Words("授权与选择", "Consent and choices"),
    "rights": Words("权利请求", "Requests"),
    "profiles": Words("画像与标签", "Profile and tags"),
    "collect": Words("行为、订单与属性", "Events, orders and attributes"),
    "imports": Words("导入文件", "Imported files"),
    "webhooks": Words("店铺平台转来的请求", "Requests that shop platforms passed on"),
    "quality": Words("内部人员标记", "Marks as the shop's own people"),
    "identity": Words("标识与关联", "Identifiers and links"),
}


class Copies:
    """Tickets: good for one download within a day."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def make(self, tx: Connection, request_id: str, alias_no: int, *, made_by: str) -> tuple[str, int]:
        """(ticket in the clear, when it expires)."""
        ticket, now_us = secrets.token_urlsafe(24), self._clock.now_us()
        tx.execute(
            insert(rights_copies).values(
                ticket_hash=_hash(ticket), request_id=request_id, alias_no=alias_no, made_by=made_by[:64], made_us=now_us,
                expires_us=now_us + TICKET_US,
            )
        )  # fmt: skip
        return ticket, now_us + TICKET_US

    def take(self, tx: Connection, ticket: str) -> str:
        """Use a ticket up; returns its request. Raises CopyGone for one that is unknown, used or too old."""
        found = tx.execute(
            update(rights_copies)
            .where(
                rights_copies.c.ticket_hash == _hash(ticket), rights_copies.c.used_us.is_(None),
                rights_copies.c.expires_us > self._clock.now_us(),
            )
            .values(used_us=self._clock.now_us())
            .returning(rights_copies.c.request_id)
        ).scalar()  # fmt: skip
        if found is None:
            raise CopyGone
        return str(found)


class VaultExporter:
    """Sealed values in the clear."""

    name = "vault"

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """Every value of every identifier."""
        opened = self._vault.open(connection, alias_nos)
        return {
            "values": [
                {"alias_no": n, "field": field, "value": value}
                for n, fields in sorted(opened.items())
                for field, value in sorted(fields.items())
            ]
        }


class RightsEraser:
    """Removes tickets and the notes of corrections. Requests and their steps stay as evidence: they name a number only."""

    name = "rights"

    def __init__(self, database: Database, corrections: Corrections) -> None:
        self._database, self._corrections = database, corrections

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Remove them; what the person wrote went with the vault's key."""
        with self._database.begin() as tx:
            gone = tx.execute(delete(rights_copies).where(rights_copies.c.alias_no.in_(alias_nos))).rowcount
            return {"rights_copies": gone, "rights_corrections": self._corrections.forget(tx, alias_nos)}


class RightsExporter:
    """The person's requests with every step, and what was corrected."""

    name = "rights"

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """Requests, steps, corrections, tickets."""
        mine = rights_requests.c.alias_no.in_(alias_nos)
        ids = select(rights_requests.c.request_id).where(mine)
        found = {
            "rights_requests": select(rights_requests).where(mine).order_by(rights_requests.c.request_id),
            "rights_steps": select(rights_steps).where(rights_steps.c.request_id.in_(ids)),
            "rights_corrections": select(rights_corrections).where(rights_corrections.c.alias_no.in_(alias_nos)),
            "rights_copies": select(rights_copies.c.request_id, rights_copies.c.made_us, rights_copies.c.used_us).where(
                rights_copies.c.alias_no.in_(alias_nos)
            ),
        }  # fmt: skip
        return {
            table: [dict(row) for row in connection.execute(query).mappings()]
            for table, query in found.items()
        }


def archive(data: Data, *, company: str, made_us: int, subject: str) -> bytes:
    """The copy as a zip: `data.json` for machines, `index.zh.html` and `index.en.html` for people."""
    out = io.BytesIO()
    whole = {"company": company, "made_time": to_iso(made_us), "subject": subject, "data": data}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("data.json", json.dumps(whole, ensure_ascii=False, indent=1, default=str))
        for language, name in (("zh-CN", "index.zh.html"), ("en", "index.en.html")):
            file.writestr(name, _page(data, company, made_us, language))
    return out.getvalue()


def proof_page(document: Mapping[str, object], digest: str, company: str) -> str:
    """The proof of a closed request as a page to print, in both languages."""
    rows = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(json.dumps(value, ensure_ascii=False))}</td></tr>"
        for name, value in document.items()
    )
    title = "个人权利请求处理证明 · Proof of a request"
    return (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>'
        f"<p>{html.escape(company)}</p><table border=1 cellpadding=6>{rows}</table><p>SHA-256 {digest}</p></html>"
    )


def _page(data: Data, company: str, made_us: int, language: str) -> str:
    title = Words("我的个人信息副本", "A copy of my personal data").in_language(language)
    nothing = Words("没有记录", "Nothing is kept").in_language(language)
    parts = []
    for capability, tables in data.items():
        head = HEADS.get(capability, Words(capability, capability)).in_language(language)
        parts.append(f"<h2>{html.escape(head)}</h2>")
        filled = {name: rows for name, rows in tables.items() if rows}
        parts += [_table(name, rows) for name, rows in filled.items()] or [f"<p>{nothing}</p>"]
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<style>body{font:15px/1.6 system-ui,sans-serif;margin:24px;max-width:1100px}.box{overflow-x:auto}"
        "table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:4px 8px;text-align:left;vertical-align:top}</style>"
        f"<title>{title}</title><h1>{title}</h1><p>{html.escape(company)} · {to_iso(made_us)}</p>{''.join(parts)}</html>"
    )


def _table(name: str, rows: Sequence[Mapping[str, object]]) -> str:
    columns = list(dict.fromkeys(c for row in rows for c in row if any(r.get(c) is not None for r in rows)))
    head = "".join(f"<th>{html.escape(c)}</th>" for c in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(_shown(c, row.get(c)))}</td>" for c in columns) + "</tr>"
        for row in rows
    )
    return (
        f"<h3>{html.escape(name)} ({len(rows)})</h3><div class=box><table><tr>{head}</tr>{body}</table></div>"
    )


def _shown(column: str, value: object) -> str:
    if value is None:
        return ""
    if column.endswith("_us") and isinstance(value, int) and abs(value) < 4e15:
        return to_iso(value)
    return str(value)


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode("utf-8", "replace")).hexdigest()

"""The door of sources."""

import json
from collections.abc import Mapping

from sqlalchemy import Connection, RowMapping, insert, select, update

from weaktie.data.sources.contracts import DEFAULT_SOURCE_ID, SOURCE_KINDS, Source
from weaktie.data.sources.tables import source_bases, sources
from weaktie.kit.clock import Clock
from weaktie.kit.errors import NotFound, Refused
from weaktie.kit.ids import new_id
from weaktie.kit.words import Words
from weaktie.trust.consent.contracts import PURPOSE_NAMES
from weaktie.trust.consent.service import checked_basis, purposes_of_basis

OWN_SERVICE_BASIS = {
    "analytics": "contract",
    "personalisation": "consented_upstream",
    "marketing": "ask_us",
    "social": "ask_us",
}
"""What the default source declares until somebody says otherwise."""


def create(
    tx: Connection,
    clock: Clock,
    *,
    name: str,
    kind: str,
    basis: Mapping[str, object],
    actor: str,
    simulated: bool = False,
    source_id: str | None = None,
) -> Source:
    """Make a source with its basis per purpose; raises Refused `bad_basis`, `bad_name` or `bad_source_kind`."""
    if kind not in SOURCE_KINDS:
        raise Refused(
            "bad_source_kind",
            Words("来源类型只能是 " + "、".join(SOURCE_KINDS) + "。", f"A source is one of {', '.join(SOURCE_KINDS)}."),
            place="kind",
        )  # fmt: skip
    now_us = clock.now_us()
    made = source_id or new_id("src", now_us)
    sound = json.dumps(checked_basis(basis))
    tx.execute(
        insert(sources).values(
            source_id=made, name=_name(name), kind=kind, simulated=simulated, basis_json=sound, basis_version=1,
            created_us=now_us,
        )
    )  # fmt: skip
    _keep_basis(tx, made, 1, sound, now_us, actor)
    return find(tx, made)


def ensure_default(
    tx: Connection, clock: Clock, *, simulated: bool = False, basis: Mapping[str, object] | None = None
) -> Source:
    """The source that keys without a source belong to; made at the home's beginning, found later."""
    known = tx.execute(select(sources).where(sources.c.source_id == DEFAULT_SOURCE_ID)).mappings().first()
    if known is not None:
        return _source(known)
    return create(
        tx, clock, name="默认来源 Default", kind="demo" if simulated else "server", basis=basis or OWN_SERVICE_BASIS,
        actor="system", simulated=simulated, source_id=DEFAULT_SOURCE_ID,
    )  # fmt: skip


def list_sources(connection: Connection, *, archived: bool = True) -> list[Source]:
    """Every source, oldest first; without the archived ones where these are not wanted."""
    query = select(sources).order_by(sources.c.created_us, sources.c.source_id)
    if not archived:
        query = query.where(sources.c.archived_us.is_(None))
    return [_source(row) for row in connection.execute(query).mappings()]


def find(connection: Connection, source_id: str) -> Source:
    """One source; raises NotFound `no_source`."""
    row = connection.execute(select(sources).where(sources.c.source_id == source_id)).mappings().first()
    if row is None:
        raise NotFound(
            "no_source", Words("没有这个数据来源。", "There is no such source."), place="source_id"
        )
    return _source(row)


def patch(
    tx: Connection,
    clock: Clock,
    source_id: str,
    *,
    actor: str,
    name: str | None = None,
    basis: Mapping[str, object] | None = None,
    archived: bool | None = None,
) -> Source:
    """Change what is given. Another basis becomes a new version, the former stays as evidence; purposes that `basis` does not
    name keep theirs."""
    before = find(tx, source_id)
    now_us = clock.now_us()
    values: dict[str, object] = {}
    if name is not None:
        values["name"] = _name(name)
    if archived is not None and archived != (before.archived_us is not None):
        values["archived_us"] = now_us if archived else None
    sound = checked_basis({**before.basis, **(basis or {})})
    if sound != before.basis:
        values |= {"basis_json": json.dumps(sound), "basis_version": before.basis_version + 1}
        _keep_basis(tx, source_id, before.basis_version + 1, json.dumps(sound), now_us, actor)
    if values:
        tx.execute(update(sources).where(sources.c.source_id == source_id).values(**values))
    return find(tx, source_id)


def purposes(connection: Connection) -> dict[str, int]:
    """The mask that each source's basis grants, the archived sources' too: their data is still here."""
    return {source.source_id: source.purposes for source in list_sources(connection)}


def basis_versions(connection: Connection, source_id: str) -> list[tuple[int, dict[str, str], int, str]]:
    """(version, basis, since_us, actor) of every basis the source has declared, oldest first."""
    rows = connection.execute(
        select(source_bases).where(source_bases.c.source_id == source_id).order_by(source_bases.c.version)
    )
    return [(row.version, json.loads(row.basis_json), row.since_us, row.actor) for row in rows]


def _keep_basis(
    tx: Connection, source_id: str, version: int, basis_json: str, now_us: int, actor: str
) -> None:
    tx.execute(
        insert(source_bases).values(
            source_id=source_id, version=version, basis_json=basis_json, since_us=now_us, actor=actor[:64]
        )
    )


def _name(name: str) -> str:
    if not 1 <= len(name.strip()) <= 120:
        raise Refused(
            "bad_name",
            Words("名称长度应为 1 到 120 个字符。", "A name has 1 to 120 characters."),
            place="name",
        )
    return name.strip()


def _source(row: RowMapping) -> Source:
    basis = json.loads(row["basis_json"])
    assert set(basis) == set(PURPOSE_NAMES)
    return Source(
        row["source_id"], row["name"], row["kind"], bool(row["simulated"]), basis, row["basis_version"],
        purposes_of_basis(basis), row["created_us"], row["archived_us"],
    )  # fmt: skip

"""Saved queries: names, owners, versions."""

import json
from collections.abc import Mapping

from sqlalchemy import Connection, RowMapping, Select, and_, insert, or_, select, update

from weaktie.data.sql.contracts import Chart, NoSuchQuery, NotYourQuery, SavedQuery, Value
from weaktie.data.sql.logic import chart_of, chart_text
from weaktie.data.sql.tables import sql_queries, sql_query_versions
from weaktie.kit.clock import Clock
from weaktie.kit.ids import new_id


def _joined() -> Select[tuple[object, ...]]:
    version = sql_query_versions.c
    return select(sql_queries, version.sql, version.values_json, version.chart_json, version.made_us, version.made_by).join(
        sql_query_versions,
        and_(version.query_id == sql_queries.c.query_id, version.version == sql_queries.c.version),
    )  # fmt: skip


def list_queries(connection: Connection, actor: str, *, archived: bool = False) -> list[SavedQuery]:
    """The person's own queries and the shared ones, by name."""
    query = _joined().where(or_(sql_queries.c.owner == actor, sql_queries.c.shared))
    if not archived:
        query = query.where(sql_queries.c.archived_us.is_(None))
    return [_saved(r) for r in connection.execute(query.order_by(sql_queries.c.name)).mappings()]


def find_query(connection: Connection, actor: str | None, query_id: str) -> SavedQuery:
    """One that the person may see (None: whoever), archived ones too; raises NoSuchQuery."""
    row = connection.execute(_joined().where(sql_queries.c.query_id == query_id)).mappings().one_or_none()
    if row is None or (actor is not None and row["owner"] != actor and not row["shared"]):
        raise NoSuchQuery
    return _saved(row)


def create(
    tx: Connection, clock: Clock, *, actor: str, name: str, sql: str, values: Mapping[str, Value], chart: Chart,
    shared: bool,
) -> SavedQuery:  # fmt: skip
    """Save a query as its first version."""
    now_us = clock.now_us()
    query_id = new_id("qry", now_us)
    tx.execute(
        insert(sql_queries).values(
            query_id=query_id,
            name=name,
            owner=actor,
            shared=shared,
            version=1,
            created_us=now_us,
            changed_us=now_us,
        )
    )
    _keep(tx, query_id, 1, actor, now_us, sql, values, chart)
    return find_query(tx, actor, query_id)


def change(
    tx: Connection, clock: Clock, query_id: str, *, actor: str, name: str | None = None, shared: bool | None = None,
    archived: bool | None = None, sql: str | None = None, values: Mapping[str, Value] | None = None,
    chart: Chart | None = None,
) -> SavedQuery:  # fmt: skip
    """Change what is given; another text, value or chart is a new version. Raises NoSuchQuery or NotYourQuery."""
    before = find_query(tx, actor, query_id)
    if before.owner != actor:
        raise NotYourQuery
    now_us = clock.now_us()
    changed: dict[str, object] = {"changed_us": now_us}
    if name is not None:
        changed["name"] = name
    if shared is not None:
        changed["shared"] = shared
    if archived is not None:
        changed["archived_us"] = now_us if archived else None
    after = (
        before.sql if sql is None else sql,
        before.values if values is None else values,
        before.chart if chart is None else chart,
    )
    if after != (before.sql, before.values, before.chart):
        last = _last(tx, query_id)
        _keep(tx, query_id, last + 1, actor, now_us, *after)
        changed["version"] = last + 1
    tx.execute(update(sql_queries).where(sql_queries.c.query_id == query_id).values(**changed))
    return find_query(tx, actor, query_id)


def versions(connection: Connection, actor: str, query_id: str) -> list[SavedQuery]:
    """Every version of a query, newest first; raises NoSuchQuery."""
    find_query(connection, actor, query_id)
    query = (
        select(
            *(c for c in sql_queries.c if c.name != "version"),
            *(c for c in sql_query_versions.c if c.name != "query_id"),
        )
        .join(sql_query_versions, sql_query_versions.c.query_id == sql_queries.c.query_id)
        .where(sql_queries.c.query_id == query_id)
        .order_by(sql_query_versions.c.version.desc())
    )
    return [_saved(r) for r in connection.execute(query).mappings()]


def restore(tx: Connection, clock: Clock, query_id: str, version: int, *, actor: str) -> SavedQuery:
    """Bring an earlier version back, as a new one; raises NoSuchQuery or NotYourQuery."""
    wanted = next((v for v in versions(tx, actor, query_id) if v.version == version), None)
    if wanted is None:
        raise NoSuchQuery
    return change(tx, clock, query_id, actor=actor, sql=wanted.sql, values=wanted.values, chart=wanted.chart)


def _last(tx: Connection, query_id: str) -> int:
    query = select(sql_query_versions.c.version).where(sql_query_versions.c.query_id == query_id)
    return int(max(tx.execute(query).scalars()))


def _keep(
    tx: Connection, query_id: str, version: int, actor: str, now_us: int, sql: str, values: Mapping[str, Value],
    chart: Chart,
) -> None:  # fmt: skip
    tx.execute(
        insert(sql_query_versions).values(
            query_id=query_id, version=version, sql=sql, values_json=json.dumps(dict(values)),
            chart_json=chart_text(chart), made_us=now_us, made_by=actor[:64],
        )
    )  # fmt: skip


def _saved(row: RowMapping) -> SavedQuery:
    return SavedQuery(
        row["query_id"], row["name"], row["owner"], bool(row["shared"]), row["version"], row["sql"],
        json.loads(row["values_json"]), chart_of(row["chart_json"]), row["created_us"], row["changed_us"],
        row["archived_us"], row["made_us"], row["made_by"],
    )  # fmt: skip

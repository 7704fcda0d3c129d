"""The door of the audit log."""

import csv
import io
import json
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, RowMapping, insert, or_, select, text, update

from weaktie.kit.clock import Clock, to_iso
from weaktie.kit.logs import mask
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.trust.audit.contracts import ChainCheck, Entry
from weaktie.trust.audit.logic import FIRST_PREVIOUS, entry_hash, masked
from weaktie.trust.audit.tables import audit_head, audit_log

ROWS_A_READ = 2_000


def record(
    tx: Connection,
    clock: Clock,
    *,
    actor: str,
    action: str,
    object_kind: str,
    object_id: str,
    detail: Mapping[str, object] | None = None,
) -> int:
    """Append one act in the caller's transaction, so that it stands there exactly when the act does; returns its id.

    Texts are masked; pass ids and counts, not payloads.
    """
    # The head row is locked until the caller's transaction ends: the chain stays linear with several writers.
    tx.execute(
        text(
            "INSERT INTO audit_head (head, last_id, last_hash) VALUES (1, 0, :first) ON CONFLICT (head) DO NOTHING"
        ),
        {"first": FIRST_PREVIOUS},
    )
    last_id, last_hash = tx.execute(
        select(audit_head.c.last_id, audit_head.c.last_hash).where(audit_head.c.head == 1).with_for_update()
    ).one()
    row = {
        "id": last_id + 1,
        "at_us": clock.now_us(),
        "actor": mask(actor)[:64],
        "action": action,
        "object_kind": object_kind,
        "object_id": mask(object_id)[:128],
        "detail_json": json.dumps(masked(dict(detail or {})), sort_keys=True, ensure_ascii=True, default=str),
        "previous_hash": last_hash,
    }
    digest = entry_hash(**row)
    tx.execute(insert(audit_log).values(**row, hash=digest))
    tx.execute(update(audit_head).values(last_id=row["id"], last_hash=digest))
    return int(row["id"])


def verify(connection: Connection, *, most: int = 20) -> ChainCheck:
    """Read the whole chain; a changed row is reported by its id, a removed one by the id that is missing."""
    bad: list[int] = []
    checked, expected_id, previous = 0, 1, FIRST_PREVIOUS
    before: int | None = None
    for row in _rows(connection):
        checked += 1
        while expected_id < row["id"] and len(bad) < most:
            bad.append(expected_id)
            expected_id += 1
            before = None
        sound = row["hash"] == entry_hash(**{name: row[name] for name in row if name != "hash"})
        if not sound or row["id"] < expected_id:
            bad.append(row["id"])
        elif row["previous_hash"] != previous and (before is None or before not in bad):
            # This row agrees with itself, so the one before it was rewritten together with its hash.
            missing_known = bool(bad) and bad[-1] == row["id"] - 1
            if not missing_known:
                bad.append(before if before is not None else row["id"])
        expected_id, previous, before = row["id"] + 1, row["hash"], row["id"]
        if len(bad) >= most:
            return ChainCheck(checked, sorted(set(bad))[:most])
    head = connection.execute(select(audit_head.c.last_id, audit_head.c.last_hash)).first()
    last_id, last_hash = (0, FIRST_PREVIOUS) if head is None else head
    if expected_id <= last_id:
        bad += range(expected_id, min(last_id + 1, expected_id + most))
    elif previous != last_hash and before is not None and before not in bad:
        bad.append(before)
    return ChainCheck(checked, sorted(set(bad))[:most])


def page(
    connection: Connection, *, search: str = "", cursor: str | None = None, limit: int | None = None
) -> Page[Entry]:
    """Entries, newest first; `search` is looked for in actor, action and object."""
    size = page_size(limit)
    query = select(audit_log).order_by(audit_log.c.id.desc()).limit(size + 1)
    if search:
        columns = (audit_log.c.actor, audit_log.c.action, audit_log.c.object_kind, audit_log.c.object_id)
        query = query.where(or_(*(column.icontains(search, autoescape=True) for column in columns)))
    if cursor:
        (last,) = read_cursor(cursor, 1)
        query = query.where(audit_log.c.id < _number(last))
    items = [_entry(row) for row in connection.execute(query).mappings()]
    more = write_cursor(items[size - 1].id) if len(items) > size else None
    return Page(items[:size], more)


def export(connection: Connection) -> Iterator[str]:
    """The whole log as CSV, line by line, oldest first; cells that a spreadsheet would run are neutralised."""
    names = ["id", "time", "actor", "action", "object_kind", "object_id", "detail", "previous_hash", "hash"]
    yield _csv_line(names)
    for row in _rows(connection):
        yield _csv_line(
            [
                str(row["id"]), to_iso(row["at_us"]), row["actor"], row["action"], row["object_kind"], row["object_id"],
                row["detail_json"], row["previous_hash"], row["hash"],
            ]
        )  # fmt: skip


def _rows(connection: Connection) -> Iterator[RowMapping]:
    last = -(2**62)
    while True:
        rows = (
            connection.execute(
                select(audit_log).where(audit_log.c.id > last).order_by(audit_log.c.id).limit(ROWS_A_READ)
            )
            .mappings()
            .all()
        )
        yield from rows
        if len(rows) < ROWS_A_READ:
            return
        last = rows[-1]["id"]


def _entry(row: RowMapping) -> Entry:
    fields = {name: row[name] for name in row if name != "detail_json"}
    return Entry(**fields, detail=json.loads(row["detail_json"]))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _csv_line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(
        "'" + c if c[:1] in "=+-@\t\r" and c else c for c in cells
    )
    return out.getvalue()

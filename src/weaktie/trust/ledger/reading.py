"""Reading what the ledger holds."""

from collections.abc import Sequence

from sqlalchemy import Connection, Row, and_, case, func, select
from sqlalchemy.sql import Select

from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.store.database.service import read_among
from weaktie.trust.ledger.contracts import (
    STATE_OF,
    Account,
    AccountState,
    Balance,
    Move,
    NoAccount,
    NoTransfer,
    Transfer,
)
from weaktie.trust.ledger.logic import key_digest, name_of
from weaktie.trust.ledger.tables import (
    ledger_accounts,
    ledger_balances,
    ledger_entries,
    ledger_memos,
    ledger_rows,
)

_ROWS = "SELECT row_no, step, kind, at_us, actor, refers, until_us, reason FROM ledger_rows"
_ENTRIES = (
    "SELECT e.row_no, e.place, e.amount, a.kind, a.owner, a.unit FROM ledger_entries e "
    "JOIN ledger_accounts a ON a.account_id = e.account_id"
)
_MEMOS = "SELECT row_no, name, value FROM ledger_memos"
_OWNERS = "SELECT account_id, owner FROM ledger_accounts"


def id_of(row_no: int) -> str:
    """The id of the transfer in a row."""
    return f"tr_{row_no}"


def row_of(transfer_id: str) -> int:
    """The row of a transfer; raises NoTransfer for what is no id."""
    number = transfer_id.removeprefix("tr_")
    if not (transfer_id.startswith("tr_") and number.isascii() and number.isdigit() and len(number) <= 18):
        raise NoTransfer
    return int(number)


def load(connection: Connection, row_nos: Sequence[int]) -> dict[int, Transfer]:
    """The transfers in these rows; those that are not there are missing."""
    if not row_nos:
        return {}
    wanted = sorted(set(row_nos))
    rows = read_among(connection, _ROWS, "row_no", "bigint", wanted)
    entries: dict[int, list[tuple[int, int, Account]]] = {}
    for e in read_among(connection, _ENTRIES, "e.row_no", "bigint", wanted):
        entries.setdefault(e.row_no, []).append((e.place, e.amount, Account(e.kind, e.owner, e.unit)))
    memos: dict[int, dict[str, str]] = {}
    for m in read_among(connection, _MEMOS, "row_no", "bigint", wanted):
        memos.setdefault(m.row_no, {})[m.name] = m.value
    owners = _owners(
        connection, [v for memo in memos.values() for v in memo.values()] + [r.actor for r in rows]
    )
    return {
        r.row_no: Transfer(
            id_of(r.row_no), r.step, STATE_OF[r.step], r.kind, _moves(entries.get(r.row_no, [])),
            {name: owners.get(v, v) for name, v in sorted(memos.get(r.row_no, {}).items())}, owners.get(r.actor, r.actor),
            r.at_us, None if r.refers is None else id_of(r.refers), r.until_us, r.reason,
        )
        for r in rows
    }  # fmt: skip


def _moves(entries: list[tuple[int, int, Account]]) -> tuple[Move, ...]:
    entries.sort(key=lambda e: e[0])
    return tuple(
        Move(out[2], into[2], into[1]) for out, into in zip(entries[::2], entries[1::2], strict=True)
    )


def _owners(connection: Connection, values: Sequence[str]) -> dict[str, str]:
    numbers = sorted({int(v[1:]) for v in values if v.startswith("@")})
    if not numbers:
        return {}
    rows = read_among(connection, _OWNERS, "account_id", "bigint", numbers)
    return {f"@{row.account_id}": row.owner for row in rows}


def find(connection: Connection, transfer_id: str) -> Transfer:
    """One transfer as it was written; raises NoTransfer."""
    number = row_of(transfer_id)
    found = load(connection, [number]).get(number)
    if found is None:
        raise NoTransfer
    return found


def by_key(connection: Connection, key: str) -> Transfer | None:
    """What a key wrote; None where it wrote nothing yet."""
    query = select(ledger_rows.c.row_no).where(ledger_rows.c.key_digest == key_digest(key))
    number = connection.execute(query).scalar()
    return None if number is None else load(connection, [number])[number]


def known_keys(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Which of these keys wrote something."""
    digests = {key_digest(key): key for key in keys}
    source = "SELECT key_digest FROM ledger_rows"
    return {
        digests[r.key_digest] for r in read_among(connection, source, "key_digest", "text", list(digests))
    }


def following(connection: Connection, transfer_id: str) -> list[Transfer]:
    """What refers to a transfer: its settlement or voiding, and reversals; oldest first."""
    rows = connection.execute(
        select(ledger_rows.c.row_no).where(ledger_rows.c.refers == row_of(transfer_id))
    ).scalars()
    return [t for _, t in sorted(load(connection, list(rows)).items())]


def balance(connection: Connection, account: Account) -> Balance:
    """What an account has; one that does not exist yet has nothing."""
    b = ledger_balances.c
    row = connection.execute(
        select(b.posted, b.pending_in, b.pending_out)
        .join(ledger_accounts, ledger_accounts.c.account_id == b.account_id)
        .where(ledger_accounts.c.name == name_of(account))
    ).first()
    return Balance(0, 0, 0) if row is None else Balance(row.posted, row.pending_in, row.pending_out)


def _states() -> Select[tuple[object, ...]]:
    b = ledger_balances.c
    return select(ledger_accounts, b.posted, b.pending_in, b.pending_out).join(
        ledger_balances, b.account_id == ledger_accounts.c.account_id
    )


def _state(row: Row[tuple[object, ...]]) -> AccountState:
    r = row._mapping  # noqa: SLF001  the public name of a row's mapping
    return AccountState(
        r["account_id"], Account(r["kind"], r["owner"], r["unit"]),
        Balance(r["posted"], r["pending_in"], r["pending_out"]), r["opened_us"], r["erased_us"],
    )  # fmt: skip


def account(connection: Connection, account_id: int) -> AccountState:
    """One account by its number; raises NoAccount."""
    row = connection.execute(_states().where(ledger_accounts.c.account_id == account_id)).first()
    if row is None:
        raise NoAccount
    return _state(row)


def accounts(
    connection: Connection,
    *,
    kind: str = "",
    unit: str = "",
    owner: str = "",
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[AccountState]:
    """Accounts in the order in which they were opened, newest first."""
    size, table = page_size(limit), ledger_accounts.c
    query = _states().order_by(table.account_id.desc()).limit(size + 1)
    for column, value in ((table.kind, kind), (table.unit, unit), (table.owner, owner)):
        if value:
            query = query.where(column == value)
    if cursor:
        (last,) = read_cursor(cursor, 1)
        query = query.where(table.account_id < (last if isinstance(last, int) else 0))
    found = [_state(row) for row in connection.execute(query)]
    more = write_cursor(found[size - 1].account_id) if len(found) > size else None
    return Page(found[:size], more)


def transfers(
    connection: Connection,
    account: Account | None = None,
    *,
    memo: tuple[str, str] | None = None,
    kind: str = "",
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Transfer]:
    """Transfers, newest first: of one account, with one memo (name, value), of one kind; each filter narrows."""
    size, row_no = page_size(limit), ledger_rows.c.row_no
    query = select(row_no).order_by(row_no.desc()).limit(size + 1)
    if account is not None:
        of = select(ledger_entries.c.row_no).join(
            ledger_accounts, ledger_accounts.c.account_id == ledger_entries.c.account_id
        )
        query = query.where(row_no.in_(of.where(ledger_accounts.c.name == name_of(account))))
    if memo is not None:
        m = ledger_memos.c
        values = [memo[1]]
        own = select(ledger_accounts.c.account_id).where(ledger_accounts.c.owner == memo[1])
        values += [f"@{n}" for n in connection.execute(own).scalars()]
        query = query.where(row_no.in_(select(m.row_no).where(and_(m.name == memo[0], m.value.in_(values)))))
    if kind:
        query = query.where(ledger_rows.c.kind == kind)
    if cursor:
        (last,) = read_cursor(cursor, 1)
        query = query.where(row_no < (last if isinstance(last, int) else 0))
    numbers = list(connection.execute(query).scalars())
    found = load(connection, numbers[:size])
    more = write_cursor(numbers[size - 1]) if len(numbers) > size else None
    return Page([found[n] for n in numbers[:size]], more)


def open_holds(connection: Connection, *, before_us: int, limit: int = 500) -> list[str]:
    """Holds whose time has passed and that are neither settled nor voided, oldest first."""
    later = ledger_rows.alias()
    closed = select(later.c.row_no).where(
        later.c.refers == ledger_rows.c.row_no, later.c.step.in_(("settle", "void"))
    )
    query = (
        select(ledger_rows.c.row_no)
        .where(ledger_rows.c.step == "hold", ledger_rows.c.until_us <= before_us, ~closed.exists())
        .order_by(ledger_rows.c.row_no)
        .limit(limit)
    )
    return [id_of(n) for n in connection.execute(query).scalars()]


def totals(connection: Connection, *, living: bool = False) -> list[tuple[str, str, int, Balance]]:
    """(kind, unit, accounts, what they have together) of each kind and unit; with `living` without accounts of erased people."""
    a, b = ledger_accounts.c, ledger_balances.c
    query = (
        select(
            a.kind, a.unit, func.count(), func.sum(b.posted), func.sum(b.pending_in), func.sum(b.pending_out)
        )
        .join(ledger_balances, b.account_id == a.account_id)
        .group_by(a.kind, a.unit)
        .order_by(a.unit, a.kind)
    )
    rows = connection.execute(query.where(a.erased_us.is_(None)) if living else query)
    return [(k, u, int(n), Balance(int(p), int(i), int(o))) for k, u, n, p, i, o in rows]


def lapsed(
    connection: Connection, unit: str, memo: str, after: str, default_since_us: int
) -> list[tuple[int, Account, int]]:
    """See `Ledger.lapsed`."""
    a, b, e, r, m = ledger_accounts.c, ledger_balances.c, ledger_entries.c, ledger_rows.c, ledger_memos.c
    good = case((m.value.is_(None), r.at_us >= default_since_us), else_=m.value > after)
    alive = func.coalesce(func.sum(case((good, e.amount), else_=0)), 0)
    rest = b.posted - b.pending_out - alive
    query = (
        select(a.account_id, a.kind, a.owner, a.unit, rest.label("rest"))
        .join(ledger_balances, b.account_id == a.account_id)
        .join(ledger_entries, and_(e.account_id == a.account_id, e.amount > 0))
        .join(ledger_rows, and_(r.row_no == e.row_no, r.step.in_(("post", "settle", "reverse"))))
        .outerjoin(ledger_memos, and_(m.row_no == e.row_no, m.name == memo))
        .where(a.kind == "user", a.unit == unit, a.erased_us.is_(None), b.posted - b.pending_out > 0)
        .group_by(a.account_id, a.kind, a.owner, a.unit, b.posted, b.pending_out)
        .having(rest > 0)
        .order_by(a.account_id)
    )
    return [(x.account_id, Account(x.kind, x.owner, x.unit), int(x.rest)) for x in connection.execute(query)]


def sums_by_memo(
    connection: Connection, name: str, values: Sequence[str], by: str, among: Sequence[str]
) -> dict[tuple[str, str, str], int]:
    """See `Ledger.sums_by_memo`."""
    if not values or not among:
        return {}
    first, second = ledger_memos.alias().c, ledger_memos.alias().c
    e, a = ledger_entries.c, ledger_accounts.c
    query = (
        select(first.value, a.owner, second.value.label("by"), func.sum(e.amount).label("total"))
        .join(second.row_no.table, and_(second.row_no == first.row_no, second.name == by))
        .join(ledger_entries, and_(e.row_no == first.row_no, e.amount > 0))
        .join(ledger_accounts, and_(a.account_id == e.account_id, a.kind == "user"))
        .where(first.name == name, first.value.in_(values), second.value.in_(among))
        .group_by(first.value, a.owner, second.value)
    )
    return {(x.value, x.owner, x.by): int(x.total) for x in connection.execute(query)}

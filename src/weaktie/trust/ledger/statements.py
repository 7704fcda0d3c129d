"""Statements of accounts, exports, and the month-end workbook that ties to the ledger."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from sqlalchemy import Connection, case, func, select

from weaktie.kit.clock import to_iso
from weaktie.kit.money import to_major
from weaktie.kit.pages import page_size, read_cursor, write_cursor
from weaktie.kit.sheets import Cell, Sheet, workbook
from weaktie.kit.words import Words
from weaktie.trust.ledger.contracts import KIND_WORDS, Account, AccountState
from weaktie.trust.ledger.reading import account as read_account
from weaktie.trust.ledger.reading import id_of, load
from weaktie.trust.ledger.tables import ledger_accounts, ledger_entries, ledger_rows

POSTED = ("post", "settle", "reverse")
MOST_ACCOUNTS = 100_000
"""Accounts of one kind that a sheet lists; the others are one line together."""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a statement: `amount` below zero left the account, `after` is its posted balance then."""

    transfer_id: str
    kind: str
    step: str
    other: tuple[Account, ...]
    memo: dict[str, str]
    at_us: int
    amount: int
    after: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What was posted to an account between two instants: `opening` plus the lines is `closing`."""

    account: AccountState
    opening: int
    closing: int
    lines: list[Line]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class MonthLine:
    """An account's month: `opening + came - went = closing`."""

    account_id: int
    account: Account
    opening: int
    came: int
    went: int

    @property
    def closing(self) -> int:
        """What it had at the end."""
        return self.opening + self.came - self.went


def statement(
    connection: Connection,
    account_id: int,
    from_us: int,
    to_us: int,
    *,
    cursor: str | None = None,
    limit: int | None = None,
) -> Statement:
    """Posted entries with `from_us <= time < to_us`, oldest first, a page at a time. Raises NoAccount."""
    held, size = read_account(connection, account_id), page_size(limit)
    after = 0
    if cursor:
        (last,) = read_cursor(cursor, 1)
        after = last if isinstance(last, int) else 0
    e, r = ledger_entries.c, ledger_rows.c
    base = (
        select(func.coalesce(func.sum(e.amount), 0))
        .join(ledger_rows, r.row_no == e.row_no)
        .where(e.account_id == account_id, r.step.in_(POSTED))
    )
    within = (r.at_us >= from_us, r.at_us < to_us)
    opening = int(connection.execute(base.where(r.at_us < from_us)).scalar_one())
    closing = int(connection.execute(base.where(r.at_us < to_us)).scalar_one())
    running = opening + int(connection.execute(base.where(*within, r.row_no <= after)).scalar_one())
    query = (
        select(e.row_no, func.sum(e.amount).label("amount"))
        .join(ledger_rows, r.row_no == e.row_no)
        .where(e.account_id == account_id, r.step.in_(POSTED), *within, r.row_no > after)
        .group_by(e.row_no)
        .order_by(e.row_no)
        .limit(size + 1)
    )
    rows = connection.execute(query).all()
    found = load(connection, [row.row_no for row in rows[:size]])
    lines = []
    for row in rows[:size]:
        t = found[row.row_no]
        running += int(row.amount)
        others = (b if a == held.account else a for a, b in ((m.src, m.dst) for m in t.moves))
        other = tuple(dict.fromkeys(o for o in others if o != held.account and o.unit == held.account.unit))
        lines.append(
            Line(id_of(row.row_no), t.kind, t.step, other, t.memo, t.at_us, int(row.amount), running)
        )
    more = write_cursor(rows[size - 1].row_no) if len(rows) > size else None
    return Statement(held, opening, closing, lines, more)


def statement_csv(connection: Connection, account_id: int, from_us: int, to_us: int) -> Iterator[str]:
    """A statement as CSV, line by line; cells that a spreadsheet would run are neutralised."""
    yield _csv(["transfer_id", "time", "kind", "step", "other", "memo", "amount", "balance", "unit"])
    cursor: str | None = None
    while True:
        page = statement(connection, account_id, from_us, to_us, cursor=cursor, limit=500)
        unit = page.account.account.unit
        for one in page.lines:
            others = " ".join(f"{o.kind}:{o.owner}" for o in one.other)
            memo = " ".join(f"{n}={v}" for n, v in one.memo.items())
            yield _csv(
                [one.transfer_id, to_iso(one.at_us), one.kind, one.step, others, memo, str(shown(one.amount, unit)),
                 str(shown(one.after, unit)), unit]
            )  # fmt: skip
        cursor = page.next_cursor
        if cursor is None:
            return


def shown(amount: int, unit: str) -> Decimal | int:
    """An amount as people write it: major units of a currency, whole pieces or points otherwise."""
    return to_major(amount, unit) if len(unit) == 3 and unit.isupper() else amount


def _csv(cells: Sequence[str]) -> str:
    out = io.StringIO()
    # a negative amount is a number, not a formula
    csv.writer(out, lineterminator="\r\n").writerow(
        "'" + c if c[:1] in "=+-@\t\r" and c and not _is_number(c) else c for c in cells
    )
    return out.getvalue()


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()


# ---- month-end


def month(connection: Connection, from_us: int, to_us: int) -> list[MonthLine]:
    """Every account that had or moved anything until `to_us`, by unit, kind and number."""
    e, r, a = ledger_entries.c, ledger_rows.c, ledger_accounts.c
    inside = r.at_us >= from_us
    sums = (
        select(
            e.account_id,
            func.sum(case((inside, 0), else_=e.amount)).label("opening"),
            func.sum(case((inside & (e.amount > 0), e.amount), else_=0)).label("came"),
            func.sum(case((inside & (e.amount < 0), -e.amount), else_=0)).label("went"),
        )
        .join(ledger_rows, r.row_no == e.row_no)
        .where(r.at_us < to_us, r.step.in_(POSTED))
        .group_by(e.account_id)
        .subquery()
    )
    rows = connection.execute(
        select(sums, a.kind, a.owner, a.unit)
        .join(ledger_accounts, a.account_id == sums.c.account_id)
        .order_by(a.unit, a.kind, a.account_id)
    )
    return [
        MonthLine(x.account_id, Account(x.kind, x.owner, x.unit), int(x.opening), int(x.came), int(x.went))
        for x in rows
    ]


def month_book(connection: Connection, from_us: int, to_us: int, language: str) -> bytes:
    """The month as a workbook: a summary that sums to zero, what it was for, and a sheet for each kind of account."""

    def t(zh: str, en: str) -> str:
        return Words(zh, en).in_language(language)

    lines = month(connection, from_us, to_us)
    head = [t("期初", "Opening"), t("增加", "In"), t("减少", "Out"), t("期末", "Closing")]
    summary: list[list[Cell]] = [[t("账户类别", "Kind"), t("单位", "Unit"), t("账户数", "Accounts"), *head]]
    for unit, of_unit in groupby(lines, lambda x: x.account.unit):
        together = list(of_unit)
        for kind, group in groupby(together, lambda x: x.account.kind):
            of_kind = list(group)
            summary.append(
                [KIND_WORDS[kind].in_language(language), unit, len(of_kind), *_sums(of_kind, unit)]
            )
        total = t("合计（必为 0）", "Total (must be 0)")
        summary.append([total, unit, len(together), *_sums(together, unit)])
    sheets = [
        Sheet(t("汇总", "Summary"), summary, (22, 28, 10, 16, 16, 16, 16)),
        _purposes(connection, from_us, to_us, t),
    ]
    by_kind = sorted(lines, key=lambda x: x.account.kind)
    for kind, group in groupby(by_kind, lambda x: x.account.kind):
        of_kind = list(group)
        rows: list[list[Cell]] = [[t("账户", "Account"), t("归属", "Owner"), t("单位", "Unit"), *head]]
        rows += [
            [x.account_id, x.account.owner, x.account.unit, *_sums([x], x.account.unit)]
            for x in of_kind[:MOST_ACCOUNTS]
        ]
        for unit, rest in groupby(of_kind[MOST_ACCOUNTS:], lambda x: x.account.unit):
            others = list(rest)
            rows.append([t("其余", "Others"), str(len(others)), unit, *_sums(others, unit)])
        for unit, same in groupby(sorted(of_kind, key=lambda x: x.account.unit), lambda x: x.account.unit):
            rows.append([t("合计", "Total"), "", unit, *_sums(list(same), unit)])
        sheets.append(Sheet(KIND_WORDS[kind].in_language(language), rows, (12, 30, 28, 16, 16, 16, 16)))
    return workbook(sheets)


def _sums(lines: Sequence[MonthLine], unit: str) -> list[Cell]:
    parts = (
        sum(x.opening for x in lines), sum(x.came for x in lines), sum(x.went for x in lines), sum(x.closing for x in lines),
    )  # fmt: skip
    return [shown(part, unit) for part in parts]


def _purposes(connection: Connection, from_us: int, to_us: int, t: Callable[[str, str], str]) -> Sheet:
    e, r, a = ledger_entries.c, ledger_rows.c, ledger_accounts.c
    rows = connection.execute(
        select(r.kind, r.step, a.unit, func.count(func.distinct(r.row_no)), func.sum(e.amount))
        .join(ledger_rows, r.row_no == e.row_no)
        .join(ledger_accounts, a.account_id == e.account_id)
        .where(r.at_us >= from_us, r.at_us < to_us, r.step.in_(POSTED), e.amount > 0)
        .group_by(r.kind, r.step, a.unit)
        .order_by(r.kind, r.step, a.unit)
    )
    lines: list[list[Cell]] = [
        [
            t("用途", "Purpose"),
            t("步骤", "Step"),
            t("单位", "Unit"),
            t("笔数", "Transfers"),
            t("金额", "Amount"),
        ]
    ]
    lines += [[kind, step, unit, int(n), shown(int(total), unit)] for kind, step, unit, n, total in rows]
    return Sheet(t("用途", "Purposes"), lines, (28, 12, 28, 12, 18))

"""HTTP: accounts, transfers, statements, the state of the ledger, budgets."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from weaktie.kit.clock import DAY_US, Clock, date_to_day, from_datetime, iso_to_day, to_datetime
from weaktie.kit.errors import Refused
from weaktie.kit.money import MINOR_DIGITS
from weaktie.kit.web import app_part
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller
from weaktie.trust.audit.service import record
from weaktie.trust.ledger import bodies as b
from weaktie.trust.ledger import statements
from weaktie.trust.ledger.contracts import BadPosting
from weaktie.trust.ledger.invariants import check_now, last_check
from weaktie.trust.ledger.service import Ledger, budget_account, following, totals

router = APIRouter(prefix="/api/ledger", tags=["ledger"])
View = Annotated[Caller, Depends(require("view"))]
Books = Annotated[Caller, Depends(require("operate", "query", "comply"))]
Operate = Annotated[Caller, Depends(require("operate"))]
Check = Annotated[Caller, Depends(require("operate", "comply", "develop"))]
Text = Annotated[str, Query(max_length=120, pattern=r"^[^\x00-\x1f]*$")]
Cursor = Annotated[str | None, Query(max_length=200)]
Day = Annotated[str, Query(pattern=r"^\d{4}-\d\d-\d\d$")]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/state")
def ledger_state(request: Request, _caller: View) -> b.LedgerStateBody:
    """What lies where, by kind and unit, and what the last check found."""
    with _database(request).connect() as connection:
        found, check = totals(connection), last_check(connection)
    return b.LedgerStateBody(
        totals=[b.total_body(*one) for one in found], check=None if check is None else b.check_body(check)
    )


@router.get("/alarm")
def ledger_alarm(request: Request, _caller: View) -> b.LedgerAlarmBody:
    """How many invariants the last check found broken: small enough to be asked on every page."""
    with _database(request).connect() as connection:
        check = last_check(connection)
    return b.LedgerAlarmBody(problems=0 if check is None else len(check.problems))


@router.post("/verify")
def verify_ledger(request: Request, caller: Check) -> b.LedgerCheckBody:
    """Read the whole ledger now: hash chain, sums, balances, holds, coupons and points."""
    more = app_part(request, "ledger_invariants")
    found = check_now(_database(request), _clock(request), more)
    with _database(request).begin() as tx:
        record(
            tx, _clock(request), actor=caller.actor, action="ledger.verify", object_kind="ledger", object_id="all",
            detail={"rows": found.rows, "problems": [p.code for p in found.problems]},
        )  # fmt: skip
    return b.check_body(found)


@router.get("/accounts")
def list_ledger_accounts(
    request: Request, _caller: View, kind: Text = "", unit: Text = "", owner: Text = "", cursor: Cursor = None,
    limit: int | None = None,
) -> b.LedgerAccountsBody:  # fmt: skip
    """Accounts, the newest first; `owner` is exact (`p` and a number for a person)."""
    with _database(request).connect() as connection:
        page = _ledger(request).accounts(
            connection, kind=kind, unit=unit, owner=owner.strip(), cursor=cursor, limit=limit
        )
    return b.LedgerAccountsBody(items=[b.account_body(a) for a in page.items], next_cursor=page.next_cursor)


@router.get("/accounts/{account_id}")
def one_ledger_account(request: Request, _caller: View, account_id: int) -> b.LedgerAccountBody:
    """One account with its balance."""
    with _database(request).connect() as connection:
        return b.account_body(_ledger(request).account(connection, account_id))


@router.get("/accounts/{account_id}/statement")
def account_statement(
    request: Request, _caller: View, account_id: int, first_day: Day = "1970-01-01", last_day: Day = "2199-12-31",
    cursor: Cursor = None, limit: int | None = None,
) -> b.LedgerStatementBody:  # fmt: skip
    """What was posted on the days from first to last, oldest first, with the balance after each."""
    between = _between(request, first_day, last_day)
    with _database(request).connect() as connection:
        found = statements.statement(connection, account_id, *between, cursor=cursor, limit=limit)
    return b.statement_body(found)


@router.get("/accounts/{account_id}/statement.csv", response_class=StreamingResponse)
def account_statement_csv(
    request: Request, caller: Books, account_id: int, first_day: Day = "1970-01-01", last_day: Day = "2199-12-31"
) -> StreamingResponse:  # fmt: skip
    """The statement as CSV; the export itself is recorded first."""
    between = _between(request, first_day, last_day)
    database = _database(request)
    with database.begin() as tx:
        _ledger(request).account(tx, account_id)
        _note(request, tx, caller, "ledger.export", str(account_id), {"days": [first_day, last_day]})

    def lines() -> Iterator[str]:
        yield "\ufeff"  # so that spreadsheets read UTF-8
        with database.connect() as connection:
            yield from statements.statement_csv(connection, account_id, *between)

    headers = {"Content-Disposition": f'attachment; filename="statement-{account_id}.csv"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/months/{month}", response_class=Response)
def month_workbook(
    request: Request, caller: Books, month: str, language: Literal["zh-CN", "en"] = "zh-CN"
) -> Response:
    """A month (YYYY-MM) as an Excel workbook whose totals tie to the ledger; the export is recorded."""
    from_us, to_us = _month(request, month)
    with _database(request).begin() as tx:
        _note(request, tx, caller, "ledger.month", month, {"language": language})
    with _database(request).connect() as connection:
        data = statements.month_book(connection, from_us, to_us, language)
    headers = {"Content-Disposition": f'attachment; filename="ledger-{month}.xlsx"'}
    return Response(data, media_type=XLSX, headers=headers)


@router.get("/transfers")
def list_transfers(
    request: Request, _caller: View, account_id: int | None = None, kind: Text = "", memo: Text = "", value: Text = "",
    cursor: Cursor = None, limit: int | None = None,
) -> b.TransfersBody:  # fmt: skip
    """Transfers, newest first; `memo` and `value` together are what one is about (`order_id` and the order)."""
    ledger = _ledger(request)
    with _database(request).connect() as connection:
        account = None if account_id is None else ledger.account(connection, account_id).account
        about = (memo, value.strip()) if memo and value.strip() else None
        page = ledger.transfers(connection, account, memo=about, kind=kind, cursor=cursor, limit=limit)
    names = _names(request)
    return b.TransfersBody(
        items=[b.transfer_body(t, names) for t in page.items], next_cursor=page.next_cursor
    )


@router.get("/transfers/{transfer_id}")
def one_transfer(request: Request, _caller: View, transfer_id: str) -> b.TransferDetailBody:
    """One transfer, and what settled, voided or reversed it."""
    with _database(request).connect() as connection:
        found = _ledger(request).find(connection, transfer_id)
        after = following(connection, transfer_id)
    names = _names(request)
    return b.TransferDetailBody(
        transfer=b.transfer_body(found, names), following=[b.transfer_body(t, names) for t in after]
    )


@router.post("/transfers/{transfer_id}/reverse")
def reverse_transfer(
    request: Request, caller: Operate, transfer_id: str, given: b.ReverseRequest
) -> b.TransferBody:
    """Take a transfer back as a whole, by new entries; `key` makes it happen once."""
    with _database(request).begin() as tx:
        done = _ledger(request).reverse(
            tx, key=f"console:{given.key}", transfer_id=transfer_id, reason=given.reason, actor=caller.actor
        )
        _note(
            request,
            tx,
            caller,
            "ledger.reverse",
            transfer_id,
            {"reason": given.reason, "by": done.transfer_id},
        )
    return b.transfer_body(done, _names(request))


# ---- budgets


@router.get("/budgets")
def list_budgets(request: Request, _caller: View) -> list[b.BudgetBody]:
    """Every budget and what is left of it."""
    ledger = _ledger(request)
    with _database(request).connect() as connection:
        return [
            b.budget_body(one, ledger.balance(connection, budget_account(one)))
            for one in ledger.budgets(connection)
        ]


@router.post("/budgets", status_code=201)
def create_budget(request: Request, caller: Operate, given: b.BudgetRequest) -> b.BudgetBody:
    """Make a budget, with money in it where an amount is given."""
    if given.currency not in MINOR_DIGITS:
        raise Refused("bad_currency", Words("不支持该货币。", "The currency is not known."), place="currency")
    ledger = _ledger(request)
    with _database(request).begin() as tx:
        made = ledger.create_budget(tx, name=given.name.strip(), currency=given.currency, actor=caller.actor)
        if given.amount_minor:
            ledger.fund(tx, made.budget_id, given.amount_minor, key="opening", actor=caller.actor)
        detail = {"name": made.name, "currency": made.currency, "amount_minor": given.amount_minor}
        _note(request, tx, caller, "ledger.budget", made.budget_id, detail)
        return b.budget_body(made, ledger.balance(tx, budget_account(made)))


@router.post("/budgets/{budget_id}/fund")
def fund_budget(request: Request, caller: Operate, budget_id: str, given: b.FundRequest) -> b.BudgetBody:
    """Bring money in, or take it out (an amount below zero); `key` makes it happen once."""
    ledger = _ledger(request)
    if given.amount_minor == 0:
        raise BadPosting("amount")
    with _database(request).begin() as tx:
        found = ledger.budget(tx, budget_id)
        ledger.fund(tx, budget_id, given.amount_minor, key=given.key, actor=caller.actor)
        _note(request, tx, caller, "ledger.fund", budget_id, {"amount_minor": given.amount_minor})
        return b.budget_body(found, ledger.balance(tx, budget_account(found)))


# ---- inside


def _between(request: Request, first_day: str, last_day: str) -> tuple[int, int]:
    try:
        first, last = iso_to_day(first_day), iso_to_day(last_day)
    except ValueError:
        raise BadPosting("day") from None
    return _start(request, first), _start(request, last + 1)


def _start(request: Request, day: int) -> int:
    """The instant at which a business day begins."""
    zone = app_part(request, "settings").zone
    noon = to_datetime(day * DAY_US + DAY_US // 2)
    local = noon.replace(hour=0, minute=0, tzinfo=zone)
    return from_datetime(local)


def _month(request: Request, month: str) -> tuple[int, int]:
    try:
        first = date.fromisoformat(f"{month}-01")
        following_month = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    except ValueError:
        raise BadPosting("month") from None
    return _start(request, date_to_day(first)), _start(request, date_to_day(following_month))


def _note(
    request: Request, tx: Connection, caller: Caller, action: str, object_id: str, detail: dict[str, object]
) -> None:  # fmt: skip
    record(
        tx, _clock(request), actor=caller.actor, action=action, object_kind="ledger", object_id=object_id, detail=detail
    )  # fmt: skip


def _names(request: Request) -> dict[str, str]:
    with _database(request).connect() as connection:
        found: dict[str, str] = dict(app_part(request, "accounts").names(connection))
    return found


def _ledger(request: Request) -> Ledger:
    found: Ledger = app_part(request, "ledger")
    return found


def _database(request: Request) -> Database:
    found: Database = app_part(request, "database")
    return found


def _clock(request: Request) -> Clock:
    found: Clock = app_part(request, "clock")
    return found

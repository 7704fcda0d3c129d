"""People in the ledger: taking their name off their accounts, and a copy of what moved on them.

Transfers themselves stay: the law asks for them for three years, and what others have depends on them. A person is named in one
place only, the owner of their accounts, and the chain knows of that name nothing but a salted hash whose salt is destroyed here.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, select, update

from weaktie.store.database.service import Database
from weaktie.trust.ledger.contracts import Account, Move
from weaktie.trust.ledger.service import Ledger
from weaktie.trust.ledger.tables import ledger_accounts, ledger_balances, ledger_entries, ledger_rows


class LedgerEraser:
    """What is left on a person's accounts lapses, then the accounts lose their name."""

    name = "ledger"

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database, self._ledger = database, ledger

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Take these identifiers' names off; returns how many accounts had one. Doing it twice changes nothing more."""
        table = ledger_accounts
        with self._database.begin() as tx:
            mine = _accounts(tx, alias_nos)
            for a in mine:
                self._lapse(tx, a)
                owner = f"erased:{a['account_id']}"
                gone = {
                    "owner": owner, "name": f"{a['kind']}|{owner}|{a['unit']}", "salt": None,
                    "erased_us": self._ledger.now_us(),
                }  # fmt: skip
                tx.execute(update(table).where(table.c.account_id == a["account_id"]).values(**gone))
        return {"ledger_accounts": len(mine)}

    def _lapse(self, tx: Connection, row: RowMapping) -> None:
        account = Account(row["kind"], row["owner"], row["unit"])
        left = self._ledger.balance(tx, account).available
        if left > 0:
            self._ledger.post(
                tx, key=f"lapse:{row['account_id']}", kind="lapse", actor="system",
                moves=[Move(account, Account("expired", "", account.unit), left)],
            )  # fmt: skip


class LedgerExporter:
    """The person's accounts and every entry on them."""

    name = "ledger"

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """Rows of these identifiers' accounts."""
        mine = _accounts(connection, alias_nos)
        numbers = [a["account_id"] for a in mine]
        units = {a["account_id"]: a["unit"] for a in mine}
        b, e, r = ledger_balances, ledger_entries, ledger_rows
        balances = connection.execute(select(b).where(b.c.account_id.in_(numbers))).mappings()
        lines = connection.execute(
            select(e.c.row_no, e.c.account_id, e.c.amount, r.c.kind, r.c.step, r.c.at_us)
            .join(r, r.c.row_no == e.c.row_no)
            .where(e.c.account_id.in_(numbers))
            .order_by(e.c.row_no)
        ).mappings()
        shown = ("account_id", "kind", "owner", "unit", "opened_us")
        return {
            "ledger_accounts": [{name: a[name] for name in shown} for a in mine],
            "ledger_balances": [dict(row) for row in balances],
            "ledger_entries": [dict(row) | {"unit": units[row["account_id"]]} for row in lines],
        }


def _accounts(connection: Connection, alias_nos: Sequence[int]) -> list[RowMapping]:
    found: list[RowMapping] = []
    for start in range(0, len(alias_nos), 500):
        owners = [f"p{n}" for n in alias_nos[start : start + 500]]
        query = select(ledger_accounts).where(
            ledger_accounts.c.kind == "user", ledger_accounts.c.owner.in_(owners)
        )
        found += connection.execute(query).mappings().all()
    return found

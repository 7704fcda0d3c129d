"""People in risk: taking them out, and a copy for them."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select, update

from weaktie.business.risk.contracts import SIGHTED
from weaktie.business.risk.tables import risk_accounts, risk_cases, risk_sightings
from weaktie.store.database.service import Database


class RiskEraser:
    """Deletes what was seen of somebody and the cases about them; of others' cases and accounts only the name of the inviter
    goes."""

    name = "risk"

    def __init__(self, database: Database) -> None:
        self._database = database

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Take these identifiers out; returns how many rows of each table went or changed."""
        gone: dict[str, int] = {}
        with self._database.begin() as tx:
            for table in (risk_sightings, risk_accounts, risk_cases):
                gone[table.name] = tx.execute(delete(table).where(table.c.account_no.in_(alias_nos))).rowcount
            for table in (risk_accounts, risk_cases):
                left = update(table).where(table.c.inviter_no.in_(alias_nos)).values(inviter_no=None)
                gone[table.name] += tx.execute(left).rowcount
        return gone


class RiskExporter:
    """What was seen of somebody, and how they were judged: with the reasons, so that they can be answered."""

    name = "risk"

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """Rows about these identifiers: sightings without the hashes, cases without who else is in them or who decided."""
        kinds = list(SIGHTED)
        seen = connection.execute(
            select(risk_sightings.c.kind, risk_sightings.c.at_us).where(
                risk_sightings.c.account_no.in_(alias_nos)
            )
        )
        hidden = {"account_no", "inviter_no", "decided_by"}
        mine = risk_cases.c.account_no.in_(alias_nos)
        cases = connection.execute(
            select(*(c for c in risk_cases.c if c.name not in hidden)).where(mine)
        ).mappings()
        accounts = connection.execute(
            select(*(c for c in risk_accounts.c if c.name != "inviter_no")).where(
                risk_accounts.c.account_no.in_(alias_nos)
            )
        ).mappings()
        return {
            risk_sightings.name: [{"kind": kinds[row.kind], "at_us": row.at_us} for row in seen],
            risk_accounts.name: [dict(row) for row in accounts],
            risk_cases.name: [dict(row) for row in cases],
        }

"""People in coupons and points: taking them out, and a copy for them. What was used stays as a transaction without a name."""

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from weaktie.business.loyalty.service import Coupons
from weaktie.business.loyalty.tables import coupons, points_redemptions
from weaktie.store.database.service import Database

NUMBERS_A_STATEMENT = 500


class LoyaltyEraser:
    """Ends the coupons that a person holds and takes the person off all of them, and off what was had for points."""

    name = "loyalty"

    def __init__(self, database: Database, book: Coupons) -> None:
        self._database, self._book = database, book

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Returns how many rows named these identifiers; doing it twice changes nothing more."""
        gone = {"coupons": 0, "points_redemptions": 0}
        for at in range(0, len(alias_nos), NUMBERS_A_STATEMENT):
            part = alias_nos[at : at + NUMBERS_A_STATEMENT]
            while True:
                with self._database.begin() as tx:
                    some = self._book.forget(tx, part)
                gone["coupons"] += some
                if some == 0:
                    break
            with self._database.begin() as tx:
                r = points_redemptions
                done = tx.execute(update(r).where(r.c.alias_no.in_(part)).values(alias_no=None))
                gone["points_redemptions"] += done.rowcount
        return gone


class LoyaltyExporter:
    """The person's coupons, and what they had for points."""

    name = "loyalty"

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """Rows of these identifiers."""
        return {
            table.name: [
                dict(row)
                for row in connection.execute(select(table).where(table.c.alias_no.in_(alias_nos))).mappings()
            ]
            for table in (coupons, points_redemptions)
        }

"""People in referral: taking them out, and a copy for them. Sums, orders and states stay; who it was goes."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, delete, or_, select, update

from weaktie.business.referral.rewards import RewardBook
from weaktie.business.referral.tables import friends, invitations, inviters, members, orders, rewards, touches
from weaktie.store.database.service import Database

_NAMED = (
    (invitations, (invitations.c.inviter,)), (friends, (friends.c.friend, friends.c.inviter)), (orders, (orders.c.buyer,)),
    (rewards, (rewards.c.payee,)), (members, (members.c.person,)),
)  # fmt: skip


class ReferralEraser:
    """Gives back what was set aside for a person, then takes their numbers and hashes out of every row. What was paid stays paid:
    transactions are kept as the law says, without whose they were."""

    name = "referral"

    def __init__(self, database: Database, book: Callable[[], RewardBook]) -> None:
        self._database, self._book = database, book

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Take these identifiers out; returns how many rows of each table held one. Doing it twice changes nothing more."""
        changed: dict[str, int] = {}
        with self._database.begin() as tx:
            book = self._book()
            for reward in book.rows(
                tx, rewards.c.payee.in_(alias_nos), rewards.c.state.in_(("pending", "held"))
            ):
                book.take_back(tx, reward, "erased", actor="erasure")
            plain = {"ip_hash": "", "device_hash": "", "account_hash": ""}
            tx.execute(update(friends).where(friends.c.friend.in_(alias_nos)).values(**plain))
            for table, columns in _NAMED:
                changed[table.name] = sum(
                    tx.execute(
                        update(table).where(column.in_(alias_nos)).values({column.name: None})
                    ).rowcount
                    for column in columns
                )
            changed[touches.name] = tx.execute(
                delete(touches).where(touches.c.visitor.in_(alias_nos))
            ).rowcount
            changed[inviters.name] = tx.execute(
                delete(inviters).where(inviters.c.alias_no.in_(alias_nos))
            ).rowcount
        return changed


class ReferralExporter:
    """What somebody sent, whom it brought (by number only), how they were brought, their rewards, orders and groups."""

    name = "referral"

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """Rows of these identifiers; hashes and the scorer's evidence stay here, other people's numbers too."""
        found: dict[str, list[dict[str, object]]] = {}
        hidden = {
            "friend",
            "inviter",
            "ip_hash",
            "device_hash",
            "account_hash",
            "evidence_json",
            "decided_by",
            "score",
        }
        for table, columns in (*_NAMED, (touches, (touches.c.visitor,)), (inviters, (inviters.c.alias_no,))):
            mine = or_(*(column.in_(alias_nos) for column in columns))
            shown = [c for c in table.c if c.name not in hidden]
            found[table.name] = [dict(r) for r in connection.execute(select(*shown).where(mine)).mappings()]
        return found

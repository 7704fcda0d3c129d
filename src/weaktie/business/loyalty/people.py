"""Who stands behind a shop's user id: one lasting number for each person, and all the numbers that are the same person now."""

from sqlalchemy import Connection

from weaktie.business.loyalty.contracts import refuse
from weaktie.data.identity.contracts import Identifier
from weaktie.data.identity.service import Identity, Registry, is_usable
from weaktie.kit.clock import Clock


class People:
    """People as coupons and points need them."""

    def __init__(self, identity: Identity, registry: Registry, clock: Clock) -> None:
        self._identity, self._registry, self._clock = identity, registry, clock

    def find(self, connection: Connection, user_id: str) -> int | None:
        """The number of a known person: the smallest of their identifiers' numbers."""
        alias_no = self._identity.find(connection, user_id)
        return None if alias_no is None else self.members(connection, alias_no)[0]

    def number(self, tx: Connection, user_id: str) -> int:
        """The number of a person, made where the shop names somebody who was never seen; raises Refused `no_user`."""
        found = self.find(tx, user_id)
        if found is not None:
            return found
        identifier: Identifier = ("user", user_id.strip())
        if not is_usable(identifier):
            raise refuse("no_user", "user_id")
        return self._registry.number_in(tx, identifier, self._clock.now_us())

    def members(self, connection: Connection, person_no: int) -> list[int]:
        """All living numbers of the person, ascending; accounts may stand under any of them, because people are merged later."""
        return self._identity.component(connection, person_no) or [person_no]

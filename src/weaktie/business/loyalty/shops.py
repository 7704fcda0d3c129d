"""Shop systems that sign what they ask: their secrets, the check of a request, and that none is taken twice (R31)."""

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from weaktie.business.loyalty import logic
from weaktie.business.loyalty.contracts import NoGoods, Shop, refuse
from weaktie.business.loyalty.tables import loyalty_nonces, loyalty_shops
from weaktie.kit.clock import DAY_US, MINUTE_US, Clock
from weaktie.kit.errors import Refused
from weaktie.kit.ids import new_id, new_secret
from weaktie.store.database.service import Database
from weaktie.trust.vault.service import Vault

FORMER_SECRET_US = DAY_US
NONCES_KEPT_US = 60 * MINUTE_US
"""Beyond ten minutes no request of that time is taken any more; kept longer for clocks that step."""


class Shops:
    """Shop systems over one database."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database, self._vault, self._clock = database, vault, clock

    def create(self, tx: Connection, name: str) -> tuple[Shop, str]:
        """A shop system and its secret, which is shown this once."""
        now_us, secret = self._clock.now_us(), new_secret("wks")
        made = new_id("shp", now_us)
        tx.execute(
            insert(loyalty_shops).values(
                shop_id=made, name=name, sealed=self._sealed(made, secret), created_us=now_us, rotated_us=now_us,
                accepted=0, refused=0,
            )
        )  # fmt: skip
        return self.find(tx, made), secret

    def rotate(self, tx: Connection, shop_id: str) -> tuple[Shop, str]:
        """Another secret; the former one counts for a day more."""
        before, secret, now_us = self._row(tx, shop_id), new_secret("wks"), self._clock.now_us()
        values = {
            "sealed": self._sealed(shop_id, secret), "sealed_before": before["sealed"],
            "before_until_us": now_us + FORMER_SECRET_US, "rotated_us": now_us,
        }  # fmt: skip
        tx.execute(update(loyalty_shops).where(loyalty_shops.c.shop_id == shop_id).values(**values))
        return self.find(tx, shop_id), secret

    def end(self, tx: Connection, shop_id: str) -> Shop:
        """Take nothing more from it, and forget its secrets."""
        self._row(tx, shop_id)
        gone = {
            "ended_us": self._clock.now_us(),
            "sealed": b"",
            "sealed_before": None,
            "before_until_us": None,
        }
        tx.execute(update(loyalty_shops).where(loyalty_shops.c.shop_id == shop_id).values(**gone))
        return self.find(tx, shop_id)

    def find(self, connection: Connection, shop_id: str) -> Shop:
        """One; raises NoGoods."""
        return _shop(self._any(connection, shop_id))

    def all(self, connection: Connection) -> list[Shop]:
        """Every one, the newest first, the ended ones too."""
        query = select(loyalty_shops).order_by(loyalty_shops.c.shop_id.desc())
        return [_shop(row) for row in connection.execute(query).mappings()]

    def check(self, shop_id: str, timestamp: str, signature: str, body: bytes) -> str:
        """The nonce of a request that is rightly signed and fresh; raises Refused, one answer for an unknown shop and a wrong
        signature. It counts as taken only with `take`, in the transaction of what it asks."""
        with self._database.connect() as connection:
            row = (
                connection.execute(select(loyalty_shops).where(loyalty_shops.c.shop_id == shop_id))
                .mappings()
                .first()
            )
        if row is None or row["ended_us"] is not None:
            raise refuse("bad_signature", "X-Weaktie-Signature")
        try:
            return logic.check_signed(self._secrets(row), timestamp, signature, body, self._clock.now_us())
        except Refused:
            with self._database.begin() as tx:
                counted = {"refused": loyalty_shops.c.refused + 1}
                tx.execute(update(loyalty_shops).where(loyalty_shops.c.shop_id == shop_id).values(**counted))
            raise

    def take(self, tx: Connection, shop_id: str, nonce: str) -> None:
        """Take a request now; raises Refused `request_repeated` where the very same one was taken before."""
        now_us = self._clock.now_us()
        try:
            with tx.begin_nested():
                tx.execute(insert(loyalty_nonces).values(shop_id=shop_id, nonce=nonce, at_us=now_us))
        except IntegrityError:
            raise refuse("request_repeated", "X-Weaktie-Signature") from None
        counted = {"accepted": loyalty_shops.c.accepted + 1, "last_us": now_us}
        tx.execute(update(loyalty_shops).where(loyalty_shops.c.shop_id == shop_id).values(**counted))

    def forget_nonces(self, tx: Connection) -> None:
        """Drop those that are too old to be taken again."""
        before = self._clock.now_us() - NONCES_KEPT_US
        tx.execute(delete(loyalty_nonces).where(loyalty_nonces.c.at_us < before))

    def _any(self, connection: Connection, shop_id: str) -> RowMapping:
        row = (
            connection.execute(select(loyalty_shops).where(loyalty_shops.c.shop_id == shop_id))
            .mappings()
            .first()
        )
        if row is None:
            raise NoGoods("shop_id")
        return row

    def _row(self, connection: Connection, shop_id: str) -> RowMapping:
        row = self._any(connection, shop_id)
        if row["ended_us"] is not None:
            raise NoGoods("shop_id")
        return row

    def _sealed(self, shop_id: str, secret: str) -> bytes:
        return self._vault.seal_secret(secret, f"loyalty_shops|sealed|{shop_id}")

    def _secrets(self, row: RowMapping) -> list[str]:
        sealed = [row["sealed"]]
        if row["sealed_before"] is not None and self._clock.now_us() < row["before_until_us"]:
            sealed.append(row["sealed_before"])
        place = f"loyalty_shops|sealed|{row['shop_id']}"
        return [self._vault.open_secret(bytes(one), place) for one in sealed]


def _shop(row: RowMapping) -> Shop:
    return Shop(
        row["shop_id"], row["name"], row["created_us"], row["rotated_us"], row["ended_us"], row["last_us"], row["accepted"],
        row["refused"],
    )  # fmt: skip

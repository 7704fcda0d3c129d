"""Messages to the shop: each event once for each address, signed, sent until it was taken, with nothing personal at rest.

A delivery keeps what it is about by id and is written when it is sent, so that an erasure reaches what still waits.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from weaktie.business.referral.contracts import HOOK_EVENTS, Hook
from weaktie.business.referral.logic import signature, wait_us
from weaktie.business.referral.tables import deliveries, hooks
from weaktie.kit.clock import DAY_US, Clock, to_iso
from weaktie.kit.errors import NotFound, Refused
from weaktie.kit.ids import new_id
from weaktie.kit.outbound import Outbound
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.trust.vault.service import Vault

MOST_HOOKS, MOST_TRIES, MOST_AT_ONCE = 10, 12, 50
KEPT_US = 30 * DAY_US
LARGEST_ANSWER_BYTES = 64 * 1024
Write = Callable[[Connection, str, str], Mapping[str, Any]]
"""Event and id to the message's `data`, as things stand now."""


class Hooks:
    """The shop's addresses and what waits for them."""

    def __init__(self, clock: Clock, vault: Vault, outbound: Outbound) -> None:
        self._clock, self._vault, self._outbound = clock, vault, outbound

    def create(self, tx: Connection, url: str, events: Sequence[str], *, actor: str) -> tuple[Hook, str]:
        """A new address and its secret, which is shown only now. Raises OutboundRefused for one that leads inside, Refused
        `bad_hook`."""
        unknown = set(events) - set(HOOK_EVENTS)
        if unknown or not events:
            raise Refused(
                "bad_hook", Words("请选择要接收的事件。", "Choose events that exist."), place="events"
            )
        if len(self.listed(tx)) >= MOST_HOOKS:
            raise Refused(
                "bad_hook",
                Words(f"最多 {MOST_HOOKS} 个地址。", f"At most {MOST_HOOKS} addresses."),
                place="url",
            )
        if len(url) > 2000:
            raise Refused("bad_hook", Words("地址过长。", "The address is too long."), place="url")
        self._outbound.look_at(url)
        now_us, secret = self._clock.now_us(), "whs_" + secrets.token_hex(24)
        hook_id = new_id("rhk", now_us)
        tx.execute(
            insert(hooks).values(
                hook_id=hook_id, url=url, sealed=self._vault.seal_secret(secret, _place(hook_id)),
                events_json=json.dumps(sorted(set(events))), enabled=True, made_us=now_us, made_by=actor[:64],
            )
        )  # fmt: skip
        return self.find(tx, hook_id), secret

    def switch(self, tx: Connection, hook_id: str, *, enabled: bool) -> Hook:
        """Let an address be told, or not; what waits keeps waiting."""
        self.find(tx, hook_id)
        tx.execute(update(hooks).where(hooks.c.hook_id == hook_id).values(enabled=enabled))
        return self.find(tx, hook_id)

    def remove(self, tx: Connection, hook_id: str) -> None:
        """Forget an address and what waits for it."""
        self.find(tx, hook_id)
        tx.execute(delete(deliveries).where(deliveries.c.hook_id == hook_id))
        tx.execute(delete(hooks).where(hooks.c.hook_id == hook_id))

    def find(self, connection: Connection, hook_id: str) -> Hook:
        """One address; raises NotFound `no_hook`."""
        found = next((h for h in self.listed(connection) if h.hook_id == hook_id), None)
        if found is None:
            raise NotFound("no_hook", Words("没有这个地址。", "There is no such address."), place="hook_id")
        return found

    def listed(self, connection: Connection) -> list[Hook]:
        """Every address with what waits and what was given up."""
        counts: dict[tuple[str, str], int] = {}
        query = select(deliveries.c.hook_id, deliveries.c.state, func.count().label("n"))
        for row in connection.execute(query.group_by(deliveries.c.hook_id, deliveries.c.state)):
            counts[row.hook_id, row.state] = int(row.n)
        worst = select(deliveries.c.hook_id, func.max(deliveries.c.error).label("error")).where(
            deliveries.c.state != "sent", deliveries.c.error != ""
        )
        errors = {r.hook_id: r.error for r in connection.execute(worst.group_by(deliveries.c.hook_id))}
        return [
            Hook(
                r["hook_id"], r["url"], tuple(json.loads(r["events_json"])), bool(r["enabled"]), r["made_us"],
                counts.get((r["hook_id"], "waiting"), 0), counts.get((r["hook_id"], "failed"), 0), errors.get(r["hook_id"], ""),
            )
            for r in connection.execute(select(hooks).order_by(hooks.c.made_us)).mappings()
        ]  # fmt: skip

    def tell(self, tx: Connection, event: str, ref: str) -> None:
        """Put an event into the queue of each address that wants it, in the transaction of what happened."""
        assert event in HOOK_EVENTS, event
        now_us = self._clock.now_us()
        for row in tx.execute(select(hooks.c.hook_id, hooks.c.events_json).where(hooks.c.enabled.is_(True))):
            if event in json.loads(row.events_json):
                tx.execute(
                    insert(deliveries).values(
                        delivery_id=new_id("rdl", now_us), hook_id=row.hook_id, event=event, ref=ref, made_us=now_us,
                        state="waiting", tries=0, next_us=now_us, error="",
                    )
                )  # fmt: skip

    def retry(self, tx: Connection, hook_id: str) -> int:
        """Send again what was given up for an address; returns how many."""
        again = {"state": "waiting", "tries": 0, "next_us": self._clock.now_us()}
        mine = (deliveries.c.hook_id == hook_id) & (deliveries.c.state == "failed")
        return int(tx.execute(update(deliveries).where(mine).values(**again)).rowcount)

    def send_due(self, database: Database, write: Write) -> int:
        """Send what is due; returns how many were taken. No transaction is open while a receiver is waited for."""
        now_us = self._clock.now_us()
        query = (
            select(deliveries, hooks.c.url, hooks.c.sealed)
            .join(hooks, hooks.c.hook_id == deliveries.c.hook_id)
            .where(deliveries.c.state == "waiting", deliveries.c.next_us <= now_us, hooks.c.enabled.is_(True))
            .order_by(deliveries.c.next_us)
            .limit(MOST_AT_ONCE)
        )
        with database.connect() as connection:
            due = connection.execute(query).mappings().all()
            bodies = {
                row["delivery_id"]: self._body(row, write(connection, row["event"], row["ref"]))
                for row in due
            }
        taken = 0
        for row in due:
            error = self._post(row, bodies[row["delivery_id"]])
            with database.begin() as tx:
                self._note(tx, row, error)
            taken += not error
        return taken

    def forget(self, tx: Connection) -> int:
        """Drop deliveries that were sent a month ago."""
        old = (deliveries.c.state == "sent") & (deliveries.c.made_us < self._clock.now_us() - KEPT_US)
        return int(tx.execute(delete(deliveries).where(old)).rowcount)

    def _body(self, row: RowMapping, data: Mapping[str, Any]) -> bytes:
        whole = {
            "id": row["delivery_id"],
            "event": row["event"],
            "made_time": to_iso(row["made_us"]),
            "data": dict(data),
        }
        return json.dumps(whole, ensure_ascii=False, sort_keys=True).encode()

    def _post(self, row: RowMapping, body: bytes) -> str:
        secret = self._vault.open_secret(bytes(row["sealed"]), _place(row["hook_id"]))
        headers = {
            "Content-Type": "application/json", "Weaktie-Event": row["event"], "Weaktie-Delivery": row["delivery_id"],
            "Weaktie-Signature": signature(secret, self._clock.now_us() // 1_000_000, body),
        }  # fmt: skip
        try:
            answer = self._outbound.request(
                "POST", row["url"], headers=headers, body=body, largest_bytes=LARGEST_ANSWER_BYTES
            )
        except Refused as refused:
            return refused.code
        return "" if 200 <= answer.status < 300 else f"http_{answer.status}"

    def _note(self, tx: Connection, row: RowMapping, error: str) -> None:
        tries = row["tries"] + 1
        state = "sent" if not error else "failed" if tries >= MOST_TRIES else "waiting"
        tx.execute(
            update(deliveries)
            .where(deliveries.c.delivery_id == row["delivery_id"], deliveries.c.state == "waiting")
            .values(state=state, tries=tries, error=error[:64], next_us=self._clock.now_us() + wait_us(tries))
        )


def _place(hook_id: str) -> str:
    return f"referral_hooks|sealed|{hook_id}"

"""The door of webhooks: their secrets, what a delivery says, and that none is taken twice."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import unquote_plus

import msgspec
from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from weaktie.data.collect.contracts import Blocked, Decoder, Event, RawRequest
from weaktie.data.sources import service as sources
from weaktie.data.webhooks import logic
from weaktie.data.webhooks.contracts import (
    Delivery,
    Kind,
    PrivacyRequest,
    Strip,
    SubjectOf,
    Webhook,
    refuse,
)
from weaktie.data.webhooks.tables import privacy_requests, webhook_nonces, webhooks
from weaktie.kit.clock import DAY_US, Clock
from weaktie.kit.errors import NotFound, Refused
from weaktie.kit.ids import new_id
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.trust.vault.service import Vault

NONCES_KEPT_US = 35 * DAY_US
OLDEST_US = 30 * DAY_US
"""What is older than this is refused: within it every repeated delivery is still known by its nonce."""
FORMER_SECRET_US = DAY_US
"""How long the former secret still counts after a change, so that no delivery is lost in between."""
DUE_US = 30 * DAY_US
Secrets = dict[str, str]


class _Envelope(msgspec.Struct):
    """有赞's push: of it only `msg` is signed."""

    msg: str
    sign: str
    type: str = ""
    test: bool = False


class Webhooks:
    """Webhooks over one database. `decoders`, `strips` and `subject_of` are those of the protocols, from the wiring."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        blocked: Blocked,
        decoders: Mapping[str, Decoder],
        strips: Mapping[str, Strip],
        subject_of: SubjectOf,
    ) -> None:
        self._database, self._vault, self._clock, self._blocked = database, vault, clock, blocked
        self._decoders, self._strips, self._subject_of = decoders, strips, subject_of
        self._in_hand: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._noted_us = 0

    # ---- what is set up

    def create(self, tx: Connection, source_id: str, kind: Kind, secrets: Secrets) -> Webhook:
        """Make an address for a source; raises NotFound `no_source`, Refused `bad_secret` or `webhook_kind`."""
        sources.find(tx, source_id)
        sound = logic.checked_secrets(kind, secrets)
        same = (webhooks.c.source_id == source_id, webhooks.c.kind == kind, webhooks.c.ended_us.is_(None))
        if tx.execute(select(webhooks.c.webhook_id).where(*same)).first() is not None:
            raise refuse("webhook_kind", "kind")
        now_us = self._clock.now_us()
        made = new_id("whk", now_us)
        tx.execute(
            insert(webhooks).values(
                webhook_id=made, source_id=source_id, kind=kind, sealed=self._sealed(made, sound), created_us=now_us,
                rotated_us=now_us, accepted=0, repeated=0,
            )
        )  # fmt: skip
        return self.find(tx, made)

    def rotate(self, tx: Connection, webhook_id: str, secrets: Secrets) -> Webhook:
        """Set other secrets; the former ones count for a day more."""
        before = self._living(tx, webhook_id)
        now_us = self._clock.now_us()
        sound = logic.checked_secrets(before["kind"], secrets)
        tx.execute(
            update(webhooks)
            .where(webhooks.c.webhook_id == webhook_id)
            .values(
                sealed=self._sealed(webhook_id, sound), sealed_before=before["sealed"],
                before_until_us=now_us + FORMER_SECRET_US, rotated_us=now_us,
            )
        )  # fmt: skip
        return self.find(tx, webhook_id)

    def end(self, tx: Connection, webhook_id: str) -> Webhook:
        """Take nothing more in at this address, and forget its secrets."""
        self._living(tx, webhook_id)
        gone = {
            "ended_us": self._clock.now_us(),
            "sealed": b"",
            "sealed_before": None,
            "before_until_us": None,
        }
        tx.execute(update(webhooks).where(webhooks.c.webhook_id == webhook_id).values(**gone))
        return self.find(tx, webhook_id)

    def find(self, connection: Connection, webhook_id: str) -> Webhook:
        """One webhook; raises Refused `no_webhook`."""
        return _webhook(self._row(connection, webhook_id))

    def of_source(self, connection: Connection, source_id: str) -> list[Webhook]:
        """The webhooks of a source, oldest first, the ended ones too."""
        query = select(webhooks).where(webhooks.c.source_id == source_id).order_by(webhooks.c.created_us)
        return [_webhook(row) for row in connection.execute(query).mappings()]

    # ---- a delivery

    def echo(self, webhook_id: str, query: Mapping[str, str]) -> str:
        """企业微信's verification of the address: the plain text of `echostr`. Raises Refused."""
        with self._database.connect() as connection:
            row = self._living(connection, webhook_id, kind="wecom")
        encrypted = query.get("echostr", "")
        return self._wecom(row, query, encrypted).decode("utf-8", "replace")

    def check(
        self, webhook_id: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> Delivery:
        """A delivery whose signature and age are right, and whether it was taken before. Raises Refused.

        It is in hand from here until `taken` or `dropped`: a second copy meanwhile is asked to come again.
        """
        with self._database.connect() as connection:
            row = self._living(connection, webhook_id)
            source = sources.find(connection, row["source_id"])
        if source.archived_us is not None:
            raise refuse("no_webhook")
        try:
            plain, signed, endpoint = self._opened(row, headers, query, body)
            nonce = logic.digest_of(signed)
            self._take_in_hand(webhook_id, nonce)
        except Refused as error:
            self._note_refusal(webhook_id, error.code)
            raise
        found = Delivery(_webhook(row), source.purposes, nonce, plain, endpoint)
        try:
            with self._database.connect() as connection:
                if self._known(connection, webhook_id, nonce):
                    return replace(found, body=None, repeated=True)
            return found if plain is None else self._read(found, plain)
        except BaseException as error:
            self.dropped(found)
            if isinstance(error, Refused):
                self._note_refusal(webhook_id, error.code)
            raise

    def taken(self, delivery: Delivery) -> None:
        """Remember a delivery that is durable now; a request about a person is put down with it."""
        now_us, webhook_id = self._clock.now_us(), delivery.webhook.webhook_id
        counted = "repeated" if delivery.repeated else "accepted"
        try:
            with self._database.begin() as tx:
                if not delivery.repeated:
                    row = {"webhook_id": webhook_id, "nonce": delivery.nonce, "at_us": now_us}
                    tx.execute(insert(webhook_nonces).values(**row))
                    if delivery.privacy is not None:
                        self._put_down(tx, delivery, delivery.privacy, now_us)
                changed = {counted: webhooks.c[counted] + 1, "last_us": now_us}
                tx.execute(update(webhooks).where(webhooks.c.webhook_id == webhook_id).values(**changed))
        except IntegrityError:
            pass  # another process took the same delivery at the same time; the lake keeps one of the two
        finally:
            self.dropped(delivery)

    def dropped(self, delivery: Delivery) -> None:
        """The delivery is in hand no more."""
        with self._lock:
            self._in_hand.discard((delivery.webhook.webhook_id, delivery.nonce))

    def _take_in_hand(self, webhook_id: str, nonce: str) -> None:
        with self._lock:
            if (webhook_id, nonce) in self._in_hand:
                raise refuse("delivery_in_hand")
            self._in_hand.add((webhook_id, nonce))

    # ---- requests about people

    def privacy_page(
        self, connection: Connection, cursor: str | None, limit: int | None
    ) -> Page[PrivacyRequest]:
        """Requests of shop platforms about people, the newest first."""
        size, table = page_size(limit), privacy_requests
        query = select(table).order_by(table.c.request_id.desc()).limit(size + 1)
        if cursor:
            query = query.where(table.c.request_id < str(read_cursor(cursor, 1)[0]))
        rows = [_request(row) for row in connection.execute(query).mappings()]
        more = write_cursor(rows[size - 1].request_id) if len(rows) > size else None
        return Page(rows[:size], more, None)

    def settle(self, tx: Connection, request_id: str, actor: str) -> PrivacyRequest:
        """Say that a request was answered; raises NotFound. Saying it twice changes nothing."""
        table = privacy_requests
        open_one = (table.c.request_id == request_id, table.c.done_us.is_(None))
        tx.execute(update(table).where(*open_one).values(done_us=self._clock.now_us(), done_by=actor[:64]))
        row = tx.execute(select(table).where(table.c.request_id == request_id)).mappings().first()
        if row is None:
            raise NotFound("no_privacy_request", Words("没有这个请求。", "There is no such request."))
        return _request(row)

    # ---- inside

    def _row(self, connection: Connection, webhook_id: str) -> RowMapping:
        found = (
            connection.execute(select(webhooks).where(webhooks.c.webhook_id == webhook_id)).mappings().first()
        )
        if found is None:
            raise refuse("no_webhook")
        return found

    def _living(self, connection: Connection, webhook_id: str, *, kind: str | None = None) -> RowMapping:
        row = self._row(connection, webhook_id)
        if row["ended_us"] is not None or (kind is not None and row["kind"] != kind):
            raise refuse("no_webhook")
        return row

    def _sealed(self, webhook_id: str, secrets: Secrets) -> bytes:
        return self._vault.seal_secret(json.dumps(secrets), f"webhooks|sealed|{webhook_id}")

    def _secrets(self, row: RowMapping) -> list[Secrets]:
        """The secrets that count now: the present ones, and for a day after a change the former ones."""
        sealed = [row["sealed"]]
        if row["sealed_before"] is not None and self._clock.now_us() < row["before_until_us"]:
            sealed.append(row["sealed_before"])
        place = f"webhooks|sealed|{row['webhook_id']}"
        return [json.loads(self._vault.open_secret(bytes(one), place)) for one in sealed]

    def _opened(
        self, row: RowMapping, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> tuple[bytes | None, bytes, str]:
        """What is kept of a delivery, what of it was signed, and the endpoint it is kept under."""
        if row["kind"] == "wecom":
            encrypted = logic.wecom_encrypted(body)
            plain = self._wecom(row, query, encrypted)
            return plain, query.get("msg_signature", "").lower().encode(), "/webhooks/wecom"
        if row["kind"] == "youzan":
            return self._youzan(row, body)
        signature = headers.get("x-shopify-hmac-sha256", "")
        self._any_secret(row, lambda secrets: logic.check_shopify(secrets, signature, body))
        topic = headers.get("x-shopify-topic", "")[:64].strip("/")
        return body, body, f"/webhooks/shopify/{topic}"

    def _youzan(self, row: RowMapping, body: bytes) -> tuple[bytes | None, bytes, str]:
        try:
            envelope = msgspec.json.decode(body, type=_Envelope)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise refuse("unreadable_delivery", "body") from None
        self._any_secret(row, lambda secrets: logic.check_youzan(secrets, envelope.sign, envelope.msg))
        plain = unquote_plus(envelope.msg).encode("utf-8", "surrogatepass")
        kept = None if envelope.test else plain
        return kept, envelope.msg.encode("utf-8", "surrogatepass"), f"/webhooks/youzan/{envelope.type[:64]}"

    def _wecom(self, row: RowMapping, query: Mapping[str, str], encrypted: str) -> bytes:
        signature, stamp, nonce = (query.get(name, "") for name in ("msg_signature", "timestamp", "nonce"))
        good = self._any_secret(row, lambda s: logic.check_wecom(s, signature, stamp, nonce, encrypted))
        logic.check_age(stamp, self._clock.now_us())
        return logic.wecom_plain(good, encrypted)

    def _any_secret(self, row: RowMapping, check: Callable[[Secrets], None]) -> Secrets:
        """The first secrets with which the check passes; raises what the last one raised."""
        *earlier, last = self._secrets(row)
        for secrets in earlier:
            try:
                check(secrets)
            except Refused:
                continue
            return secrets
        check(last)
        return last

    def _read(self, found: Delivery, plain: bytes) -> Delivery:
        """What of a delivery is kept: nothing of people of whom nothing may be, and no request about a person."""
        kind = found.webhook.kind
        privacy = self._subject_of(plain) if kind == "shopify" else None
        if privacy is not None:
            return replace(found, body=None, privacy=privacy)
        now_us = self._clock.now_us()
        raw = RawRequest(kind, found.endpoint, found.webhook.source_id, found.purposes, now_us, plain)
        events, bad = self._decoders[kind](raw)
        if events and all(event.event_us < now_us - OLDEST_US for event in events):
            raise refuse("old_delivery")
        if not events and not bad:
            return replace(found, body=None)
        if self._blocked.any() and any(self._is_blocked(event) for event in events):
            return replace(found, body=self._strips[kind](plain))
        return found

    def _is_blocked(self, event: Event) -> bool:
        named = [*event.identifiers, *(link.a for link in event.links)]
        for kind in ("phone", "email"):
            value = (event.traits or {}).get(kind)
            if isinstance(value, str):
                named.append((kind, value))
        return any(self._blocked.blocks(kind, value) for kind, value in named)

    def _known(self, connection: Connection, webhook_id: str, nonce: str) -> bool:
        where = (webhook_nonces.c.webhook_id == webhook_id, webhook_nonces.c.nonce == nonce)
        return connection.execute(select(webhook_nonces.c.at_us).where(*where)).first() is not None

    def _put_down(
        self, tx: Connection, delivery: Delivery, privacy: tuple[str, str | None, str], now_us: int
    ) -> None:
        kind, subject, digest = privacy
        tx.execute(
            insert(privacy_requests).values(
                request_id=new_id("prv", now_us), webhook_id=delivery.webhook.webhook_id,
                source_id=delivery.webhook.source_id, kind=kind, subject=subject, digest=digest, received_us=now_us,
                due_us=now_us + DUE_US,
            )
        )  # fmt: skip

    def _note_refusal(self, webhook_id: str, code: str) -> None:
        """Keep the last refusal for the console, at most once a second: refusing must stay cheap."""
        now_us = self._clock.now_us()
        if now_us - self._noted_us < 1_000_000:
            return
        self._noted_us = now_us
        seen = {"last_refusal": code, "last_refused_us": now_us}
        with self._database.begin() as tx:
            tx.execute(update(webhooks).where(webhooks.c.webhook_id == webhook_id).values(**seen))


def forget_nonces(database: Database, clock: Clock) -> None:
    """Drop the nonces of deliveries that are too old to be accepted again."""
    before = clock.now_us() - NONCES_KEPT_US
    with database.begin() as tx:
        tx.execute(delete(webhook_nonces).where(webhook_nonces.c.at_us < before))


def _webhook(row: RowMapping) -> Webhook:
    return Webhook(
        row["webhook_id"], row["source_id"], row["kind"], row["created_us"], row["rotated_us"], row["ended_us"],
        row["accepted"], row["repeated"], row["last_us"], row["last_refusal"], row["last_refused_us"],
    )  # fmt: skip


def _request(row: RowMapping) -> PrivacyRequest:
    return PrivacyRequest(
        row["request_id"], row["source_id"], row["kind"], row["subject"], row["received_us"], row["due_us"],
        row["done_us"], row["done_by"],
    )  # fmt: skip

"""Personal links: signed, expiring, for one person, good for the consent page alone; and how often they are followed."""

import base64
import hmac
import secrets
import struct
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from weaktie.kit.clock import HOUR_US, Clock
from weaktie.kit.errors import Forbidden, Refused, TooMany
from weaktie.kit.words import Words
from weaktie.trust.consent.tables import consent_links
from weaktie.trust.vault.service import Vault

_HEAD = struct.Struct(">BQ")
_NONCE_BYTES = 16
_MAC_BYTES = 20
_VERSION = 1
MOST_HOURS = 24 * 30
WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class PersonalLink:
    """A link that was made. `token` is in the clear only here."""

    link_id: str
    token: str
    expires_us: int


class LinkDead(Forbidden):
    """A personal link that is forged, expired, revoked, or of somebody who is gone: one answer for all."""

    def __init__(self) -> None:
        super().__init__(
            "link_dead",
            Words(
                "链接无效或已过期，请回到商城重新打开。",
                "The link is not valid or has expired; open it anew from the shop.",
            ),
            place="token",
        )


class Links:
    """Makes links and tells whose they are. A token is version, expiry, nonce and a MAC over them under the vault's master
    key: a forged one is refused without asking the database. It holds nothing about the person."""

    def __init__(self, clock: Clock, vault: Vault) -> None:
        self._clock, self._vault = clock, vault

    def make(self, tx: Connection, alias_no: int, *, hours: int, made_by: str) -> PersonalLink:
        """A new link for the person who has this identifier; raises Refused `bad_hours` outside 1 to 720."""
        if not 1 <= hours <= MOST_HOURS:
            raise Refused(
                "bad_hours", Words("有效期应为 1 到 720 小时。", "A link lasts 1 to 720 hours."), place="hours"
            )  # fmt: skip
        now_us = self._clock.now_us()
        expires_us = now_us + hours * HOUR_US
        nonce = secrets.token_bytes(_NONCE_BYTES)
        body = _HEAD.pack(_VERSION, expires_us) + nonce
        token = base64.urlsafe_b64encode(body + self._mac(body)).decode().rstrip("=")
        tx.execute(
            insert(consent_links).values(
                link_id=_id(nonce), alias_no=alias_no, made_by=made_by[:64], made_us=now_us, expires_us=expires_us, opened=0
            )
        )  # fmt: skip
        return PersonalLink(_id(nonce), token, expires_us)

    def whose(self, connection: Connection, token: str) -> tuple[str, int]:
        """(link, identifier) of a living token; raises LinkDead."""
        nonce = self._opened(token)
        row = connection.execute(
            select(consent_links.c.alias_no, consent_links.c.revoked_us).where(
                consent_links.c.link_id == _id(nonce)
            )
        ).first()
        if row is None or row.revoked_us is not None:
            raise LinkDead
        return _id(nonce), int(row.alias_no)

    def note_opened(self, tx: Connection, link_id: str) -> None:
        """Count that the page was shown."""
        tx.execute(
            update(consent_links)
            .where(consent_links.c.link_id == link_id)
            .values(opened=consent_links.c.opened + 1)
        )

    def revoke(self, tx: Connection, link_id: str) -> None:
        """Make a link useless from now on."""
        tx.execute(
            update(consent_links)
            .where(consent_links.c.link_id == link_id, consent_links.c.revoked_us.is_(None))
            .values(revoked_us=self._clock.now_us())
        )

    def _opened(self, token: str) -> bytes:
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)) if len(token) < 200 else b""
        except (ValueError, UnicodeEncodeError):
            raw = b""
        length = _HEAD.size + _NONCE_BYTES
        body, given = raw[:length], raw[length:]
        if len(raw) != length + _MAC_BYTES or not hmac.compare_digest(given, self._mac(body)):
            raise LinkDead
        version, expires_us = _HEAD.unpack(body[: _HEAD.size])
        if version != _VERSION or expires_us <= self._clock.now_us():
            raise LinkDead
        return body[_HEAD.size :]

    def _mac(self, body: bytes) -> bytes:
        return bytes.fromhex(self._vault.master.mac("link", body.hex()))[:_MAC_BYTES]


def _id(nonce: bytes) -> str:
    return "lnk_" + nonce.hex()


class Limiter:
    """Counts requests of the last minute by a hash of the client's address; it remembers nothing longer."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str, most: int, now: float) -> None:
        """Count one; raises TooMany over `most` in a minute."""
        with self._lock:
            times = self._seen.setdefault(key, deque())
            self._seen.move_to_end(key)
            while times and times[0] <= now - WINDOW_S:
                times.popleft()
            if len(times) >= most:
                wait = max(1, round(times[0] + WINDOW_S - now))
                raise TooMany(
                    "too_many_requests", Words("操作过于频繁，请稍后再试。", "Too many requests; try again later."),
                    retry_after_s=wait,
                )  # fmt: skip
            times.append(now)
            while len(self._seen) > 10_000:
                self._seen.popitem(last=False)

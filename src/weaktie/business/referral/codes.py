"""Codes of invitations, addresses of personal pages, and keyed hashes: all under the vault's master key."""

import base64
import hmac
import secrets
import struct

from weaktie.business.referral.contracts import NoInvitation, PageDead
from weaktie.business.referral.logic import is_signed, plain_code, pseudonym, signed_code
from weaktie.kit.clock import Clock
from weaktie.trust.vault.service import Vault

_HEAD = struct.Struct(">BQI")
_VERSION, _MAC_BYTES = 1, 16


class Codes:
    """Makes and reads what people carry around; none of it says anything about a person."""

    def __init__(self, clock: Clock, vault: Vault) -> None:
        self._clock, self._vault = clock, vault

    def mac(self, value: str) -> str:
        """HMAC-SHA256 in hex under referral's own key."""
        return self._vault.master.mac("referral", value)

    def new(self) -> str:
        """A code for an invitation."""
        return signed_code(secrets.randbits(64), self.mac)

    def checked(self, given: str) -> str:
        """A code as it is stored; raises NoInvitation for one that was never made here, without a look at the database."""
        code = plain_code(given)
        if not is_signed(code, self.mac):
            raise NoInvitation
        return code

    def hashed(self, what: str, value: str) -> str:
        """A keyed hash of something a registration came with; empty for nothing."""
        return self.mac(f"{what}:{value.strip().lower()}") if value.strip() else ""

    def called(self, campaign_id: str, person: int) -> str:
        """What a person is called on boards of the campaign."""
        return pseudonym(self.mac, campaign_id, person)

    def page(self, campaign_id: str, alias_no: int, expires_us: int) -> str:
        """The token of somebody's own page of a campaign."""
        body = _HEAD.pack(_VERSION, expires_us, alias_no) + campaign_id.encode()
        return base64.urlsafe_b64encode(body + self._page_mac(body)).decode().rstrip("=")

    def whose_page(self, token: str) -> tuple[str, int]:
        """(campaign, identifier) of a living token; raises PageDead."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)) if len(token) < 200 else b""
        except (ValueError, UnicodeEncodeError):
            raw = b""
        body, given = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if len(body) <= _HEAD.size or not hmac.compare_digest(given, self._page_mac(body)):
            raise PageDead
        version, expires_us, alias_no = _HEAD.unpack(body[: _HEAD.size])
        if version != _VERSION or expires_us <= self._clock.now_us():
            raise PageDead
        return body[_HEAD.size :].decode(), int(alias_no)

    def _page_mac(self, body: bytes) -> bytes:
        return bytes.fromhex(self.mac(f"page:{body.hex()}"))[:_MAC_BYTES]

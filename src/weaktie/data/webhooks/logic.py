"""Signatures and ciphers of the senders. Pure.

Sources: Shopify's and 有赞's developer documentation; 企业微信's 回调加解密方案, checked against `wechatpy`.
"""

import base64
import binascii
import hashlib
import hmac
import re
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from weaktie.data.webhooks.contracts import FIELDS, Kind, refuse

AGE_S: Final = 300
"""How far a signed time may be from ours, in seconds, either way."""
LONGEST_SECRET: Final = 512
_ENCRYPTED: Final = re.compile(
    rb"<Encrypt>\s*(?:<!\[CDATA\[)?\s*([A-Za-z0-9+/=\s]+?)\s*(?:\]\]>)?\s*</Encrypt>"
)
_AES_KEY: Final = re.compile(r"[A-Za-z0-9+/]{43}")


def checked_secrets(kind: Kind, given: dict[str, str]) -> dict[str, str]:
    """The secrets of a kind, all there and of the right form; raises Refused `bad_secret` with the field."""
    for field in FIELDS[kind]:
        value = given.get(field, "").strip()
        if not 0 < len(value) <= LONGEST_SECRET or (field == "aes_key" and not _AES_KEY.fullmatch(value)):
            raise refuse("bad_secret", field)
    return {field: given[field].strip() for field in FIELDS[kind]}


def digest_of(*parts: bytes) -> str:
    """SHA-256 over the parts, each with its length before it."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)
    return whole.hexdigest()


def check_shopify(secrets: dict[str, str], signature: str, body: bytes) -> None:
    """Base64 of HMAC-SHA256 over the raw body; raises Refused `bad_signature`."""
    expected = base64.b64encode(hmac.digest(secrets["secret"].encode(), body, "sha256"))
    _same(signature.strip().encode("latin-1", "replace"), expected)


def check_youzan(secrets: dict[str, str], signature: str, message: str) -> None:
    """MD5 over client_id, message and client_secret, in hex; raises Refused `bad_signature`."""
    text = secrets["client_id"] + message + secrets["client_secret"]
    expected = hashlib.md5(text.encode("utf-8", "surrogatepass")).hexdigest()  # noqa: S324  the sender's protocol
    _same(signature.strip().lower().encode("latin-1", "replace"), expected.encode())


def check_wecom(secrets: dict[str, str], signature: str, timestamp: str, nonce: str, encrypted: str) -> None:
    """SHA-1 over token, timestamp, nonce and ciphertext, sorted; raises Refused `bad_signature`."""
    text = "".join(sorted((secrets["token"], timestamp, nonce, encrypted)))
    expected = hashlib.sha1(text.encode("utf-8", "surrogatepass")).hexdigest()  # noqa: S324  the sender's protocol
    _same(signature.strip().lower().encode("latin-1", "replace"), expected.encode())


def check_age(timestamp: str, now_us: int) -> None:
    """Raises Refused `old_timestamp` for a time in seconds that is over five minutes from now, or none."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise refuse("old_timestamp", "timestamp")
    if abs(now_us - int(timestamp) * 1_000_000) > AGE_S * 1_000_000:
        raise refuse("old_timestamp", "timestamp")


def wecom_encrypted(body: bytes) -> str:
    """The ciphertext in the XML of a callback; raises Refused `unreadable_delivery`."""
    found = _ENCRYPTED.search(body)
    if found is None:
        raise refuse("unreadable_delivery", "Encrypt")
    return found[1].decode("ascii")


def wecom_plain(secrets: dict[str, str], encrypted: str) -> bytes:
    """What is in a ciphertext: AES-256-CBC, 16 random bytes, the length, the text, the receiver's id.

    Raises Refused `unreadable_delivery` or `wrong_receiver`.
    """
    key = base64.b64decode(secrets["aes_key"] + "=")
    try:
        data = binascii.a2b_base64(encrypted)
        opened = Cipher(AES(key), CBC(key[:16])).decryptor()
        padded = opened.update(data) + opened.finalize()
    except (binascii.Error, ValueError):
        raise refuse("unreadable_delivery", "Encrypt") from None
    pad = padded[-1] if padded else 0
    plain = padded[:-pad] if 1 <= pad <= 32 else b""
    length = int.from_bytes(plain[16:20], "big")
    if len(plain) < 20 + length:
        raise refuse("unreadable_delivery", "Encrypt")
    if not hmac.compare_digest(plain[20 + length :], secrets["receive_id"].encode()):
        raise refuse("wrong_receiver", "receiveid")
    return plain[20 : 20 + length]


def _same(given: bytes, expected: bytes) -> None:
    if not hmac.compare_digest(given, expected):
        raise refuse("bad_signature", "signature")

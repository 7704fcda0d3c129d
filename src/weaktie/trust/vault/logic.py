"""The arithmetic of sealing: derived keys, wrapped keys, blind indexes. No I/O."""

import hashlib
import hmac
import re
import secrets
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from weaktie.trust.vault.contracts import WrongMasterKey

KEY_BYTES = 32
NONCE_BYTES = 12
_VERSION = b"\x01"
_HEAD = struct.Struct(">c4s12s")
_FILE_HEAD = "weaktie master key 1"


class MasterKey:
    """The root secret of a home, and the keys derived from it, one for each use (HKDF-SHA256, RFC 5869)."""

    def __init__(self, secret: bytes) -> None:
        assert len(secret) == KEY_BYTES
        self.fingerprint = _derive(secret, "fingerprint").hex()
        self.key_id = bytes.fromhex(self.fingerprint[:8])
        self._wrapping = AESGCM(_derive(secret, "wrap"))
        self._uses = {use: _derive(secret, use) for use in ("lookup", "journal", "link", "referral")}
        self.backup_key = _derive(secret, "backup")

    def mac(self, use: str, value: str) -> str:
        """HMAC-SHA256 of the value under the key of that use, in hex."""
        return hmac.digest(self._uses[use], value.encode("utf-8", "surrogatepass"), "sha256").hex()

    def wrap(self, key: bytes, bound: bytes) -> bytes:
        """A data key, encrypted for its row."""
        return encrypt(self._wrapping, self.key_id, key, bound)

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        """The data key of a row; raises WrongMasterKey when it was wrapped by another key or for another row."""
        try:
            return decrypt(self._wrapping, wrapped, bound)
        except ValueError as error:
            raise WrongMasterKey from error


def _derive(secret: bytes, use: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"weaktie {use} 1".encode()).derive(secret)


def encrypt(cipher: AESGCM, key_id: bytes, plain: bytes, bound: bytes) -> bytes:
    """version + key id + nonce + ciphertext, bound to `table|column|row`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return b"".join((_VERSION, key_id, nonce, cipher.encrypt(nonce, plain, bound)))


def decrypt(cipher: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    """The plain bytes; raises ValueError when the value was altered, moved to another row, or sealed by another key."""
    if len(sealed) < _HEAD.size or sealed[:1] != _VERSION:
        raise ValueError("not a sealed value")
    try:
        return cipher.decrypt(sealed[5 : _HEAD.size], sealed[_HEAD.size :], bound)
    except InvalidTag as error:
        raise ValueError("the value does not open with its key") from error


def write_master(secret: bytes) -> str:
    """The text of a master key file, with a checksum that finds a mistyped copy."""
    return f"{_FILE_HEAD}\n{secret.hex()}\n{hashlib.sha256(secret).hexdigest()[:8]}\n"


def read_master(text: str) -> bytes:
    """The secret of a master key file; raises WrongMasterKey when it is no sound one."""
    lines = text.split()
    head, rest = " ".join(lines[:4]), lines[4:]
    if head != _FILE_HEAD or len(rest) != 2 or not re.fullmatch(r"[0-9a-f]{64}", rest[0]):
        raise WrongMasterKey
    secret = bytes.fromhex(rest[0])
    if hashlib.sha256(secret).hexdigest()[:8] != rest[1]:
        raise WrongMasterKey
    return secret


def normal_form(kind: str, value: str) -> str:
    """The form in which equal values of a kind are equal texts.

    phone: digits without separators and without the Chinese country code; email: lower case; others as they are.
    """
    if kind == "phone":
        digits = re.sub(r"[^\d+]", "", value)
        return re.sub(r"^(\+|00)?86(?=1\d{10}$)", "", digits)
    if kind == "email":
        return value.strip().lower()
    return value

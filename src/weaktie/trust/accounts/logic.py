"""Rules of accounts: who may do what, what a password must be. No I/O."""

import hashlib
import hmac
import ipaddress
import re

from weaktie.kit.errors import Refused
from weaktie.kit.words import Words
from weaktie.trust.accounts.contracts import PERMISSION_NAMES, Permission, Role

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(PERMISSION_NAMES),
    Role.OPERATOR: frozenset({"view", "operate"}),
    Role.ANALYST: frozenset({"view", "query"}),
    Role.DEVELOPER: frozenset({"view", "develop"}),
    Role.COMPLIANCE: frozenset({"view", "comply"}),
}
READ_KEY_PERMISSIONS: frozenset[Permission] = frozenset({"view"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200


def checked_password(password: str, *about: str) -> str:
    """The password when it is long enough, not one character repeated, and not the name or address it belongs to.

    Length is what counts (NIST SP 800-63B); no classes of characters are asked for. Raises Refused `weak_password`.
    """
    own = {part.lower() for text in about for part in (text, text.partition("@")[0]) if part}
    if (
        not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD
        or len(set(password)) < 4
        or password.lower() in own
    ):
        raise Refused(
            "weak_password",
            Words(
                f"密码至少需要 {SHORTEST_PASSWORD} 个字符，且不能与姓名或邮箱相同，也不能过于简单。",
                f"A password has at least {SHORTEST_PASSWORD} characters, is not the name or address, and is not a simple one.",
            ),
            place="password",
        )
    return password


def checked_email(email: str) -> str:
    """The address in lower case; raises Refused `bad_email` when it cannot be one."""
    sound = email.strip().lower()
    if len(sound) > 254 or not re.fullmatch(
        r"[^\s@\x00-\x1f]{1,64}@[^\s@\x00-\x1f]+\.[^\s@\x00-\x1f.]{2,}", sound
    ):
        raise Refused("bad_email", Words("邮箱格式不正确。", "This is no e-mail address."), place="email")
    return sound


def checked_name(name: str) -> str:
    """The name without surrounding space; raises Refused `bad_name` when it is empty or longer than 120."""
    if not 1 <= len(name.strip()) <= 120:
        raise Refused(
            "bad_name",
            Words("名称长度应为 1 到 120 个字符。", "A name has 1 to 120 characters."),
            place="name",
        )
    return name.strip()


def checked_role(role: str) -> Role:
    """The role of that name; raises Refused `bad_role`."""
    try:
        return Role(role)
    except ValueError:
        raise Refused("bad_role", Words("没有这个角色。", "There is no such role."), place="role") from None


def hash_token(token: str) -> str:
    """How session and link tokens are kept: SHA-256 in hex; they have 192 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def csrf_of(session_token: str) -> str:
    """The token that an unsafe request of this session must carry: it needs the session's secret to be made."""
    return hmac.digest(session_token.encode("utf-8", "replace"), b"weaktie csrf 1", "sha256").hex()


def buckets_of(email: str, ip: str) -> tuple[str, str]:
    """What tries are counted by: the account asked for and the client's address (a /64 for IPv6), as hashes."""
    try:
        address = ipaddress.ip_address(ip)
        network = ip if address.version == 4 else str(ipaddress.ip_network((ip, 64), strict=False))
    except ValueError:
        network = ip
    return (
        "account:" + hash_token("account\0" + email.strip().lower()),
        "ip:" + hash_token("ip\0" + network),
    )

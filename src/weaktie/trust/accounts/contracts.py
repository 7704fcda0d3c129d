"""People, keys and permissions, as callers see them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from weaktie.kit.errors import Forbidden, NotSignedIn
from weaktie.kit.words import Words

Permission = Literal["view", "operate", "query", "develop", "comply", "own"]
PERMISSION_NAMES: tuple[Permission, ...] = ("view", "operate", "query", "develop", "comply", "own")
KeyKind = Literal["write", "read"]
KEY_PREFIXES: dict[str, str] = {"write": "wkw", "read": "wkr"}
SESSION_COOKIE = "weaktie_session"
CSRF_HEADER = "X-CSRF-Token"


class Role(StrEnum):
    """What a person of the console is."""

    OWNER = "owner"
    OPERATOR = "operator"
    ANALYST = "analyst"
    DEVELOPER = "developer"
    COMPLIANCE = "compliance"


ROLE_WORDS: dict[Role, Words] = {
    Role.OWNER: Words("所有者", "Owner"),
    Role.OPERATOR: Words("运营", "Operator"),
    Role.ANALYST: Words("分析师", "Analyst"),
    Role.DEVELOPER: Words("开发者", "Developer"),
    Role.COMPLIANCE: Words("合规", "Compliance"),
}


@dataclass(frozen=True, slots=True)
class Account:
    """A person of the console. `invited` until a password was set through the one-time link."""

    account_id: str
    name: str
    email: str
    role: Role
    created_us: int
    last_sign_in_us: int | None
    disabled: bool
    invited: bool


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A program's key; the key itself is kept as its SHA-256 only. `hint` is its first letters, for recognising it."""

    key_id: str
    kind: str
    name: str
    hash: str
    hint: str
    source_id: str | None
    created_us: int
    last_used_us: int | None
    revoked_us: int | None


@dataclass(frozen=True, slots=True)
class Session:
    """A valid sign-in."""

    account: Account
    expires_us: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that was let through the limits and still has to show its password."""

    attempt_ids: tuple[int, ...]
    account_id: str | None
    password_hash: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who stands behind a request: a person of the console, or a program with a read key."""

    actor: str
    kind: Literal["person", "key"]
    role: Role | None
    permissions: frozenset[Permission]


class SignInRefused(NotSignedIn):
    """Unknown account, wrong password or disabled account: one answer for all three."""

    def __init__(self) -> None:
        super().__init__(
            "sign_in_refused", Words("邮箱或密码不正确。", "The e-mail address or the password is not right.")
        )


class LinkRefused(Forbidden):
    """A one-time link that is unknown, used or too old: one answer for all three."""

    def __init__(self) -> None:
        super().__init__(
            "link_refused",
            Words(
                "链接无效、已使用或已过期，请联系所有者重新获取。",
                "The link is not valid, was used, or is too old; ask an owner for a new one.",
            ),
            place="token",
        )


class NoPermission(Forbidden):
    """The caller is known and lacks the permission; `place` names it."""

    def __init__(self, permission: str) -> None:
        super().__init__(
            "no_permission",
            Words("没有执行此操作的权限。", "You do not have the permission for this."),
            place=permission,
        )

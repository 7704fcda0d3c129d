"""HTTP: set-up, sign-in, accounts, keys."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from weaktie.kit.clock import Clock, to_iso
from weaktie.kit.errors import Forbidden
from weaktie.kit.settings import Settings
from weaktie.kit.web import PlainText, app_part, client_ip, networks, same_origin
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.trust.accounts.contracts import (
    PERMISSION_NAMES,
    Account,
    Caller,
    KeyKind,
    KeyRecord,
    Role,
    SignInRefused,
)
from weaktie.trust.accounts.gate import check_csrf, cookie_name, require, session_token, write_key
from weaktie.trust.accounts.logic import ROLE_PERMISSIONS
from weaktie.trust.accounts.service import Accounts
from weaktie.trust.audit.service import record

__all__ = ["PUBLIC_ROUTES", "Caller", "require", "router", "write_key"]

router = APIRouter(prefix="/api", tags=["accounts"])
Owner = Annotated[Caller, Depends(require("own"))]
Developer = Annotated[Caller, Depends(require("develop"))]
View = Annotated[Caller, Depends(require("view"))]

PUBLIC_ROUTES: frozenset[tuple[str, str]] = frozenset(
    {
        ("GET", "/api/setup"),
        ("POST", "/api/setup"),
        ("POST", "/api/invitation"),
        ("GET", "/api/session"),
        ("POST", "/api/session"),
        ("DELETE", "/api/session"),
    }
)
"""Routes that ask for no permission on purpose: they are how one gets in and out."""

Name = Annotated[PlainText, Field(min_length=1, max_length=120)]
Email = Annotated[PlainText, Field(min_length=3, max_length=254)]
Secret = Annotated[PlainText, Field(min_length=1, max_length=200)]


class SetupBody(BaseModel):
    """Whether the first owner is still to be made."""

    needed: bool


class SetupRequest(BaseModel):
    """The first owner, by the one-time link of the first start."""

    token: Secret
    name: Name
    email: Email
    password: Secret


class InvitationRequest(BaseModel):
    """Setting a password by a one-time link."""

    token: Secret
    name: Name | None = None
    password: Secret


class SignInRequest(BaseModel):
    """A sign-in."""

    email: Email
    password: Secret


class PersonBody(BaseModel):
    """Who is signed in, and what they may do."""

    account_id: str
    name: str
    email: str
    role: Role
    permissions: list[str]


class WorkspaceBody(BaseModel):
    """What the company is."""

    name: str
    timezone: str
    currency: str
    language: str
    simulated: bool


class SessionBody(BaseModel):
    """The session: `csrf` goes into the X-CSRF-Token header of every unsafe request; empty while nobody is signed in."""

    person: PersonBody | None
    csrf: str
    workspace: WorkspaceBody


class AccountBody(BaseModel):
    """A person of the console."""

    account_id: str
    name: str
    email: str
    role: Role
    disabled: bool
    invited: bool
    created_time: str
    last_sign_in_time: str | None


class InviteRequest(BaseModel):
    """Somebody new."""

    name: Name
    email: Email
    role: Role


class InvitedBody(BaseModel):
    """The new account and its one-time link, shown this once."""

    link: str
    account: AccountBody


class AccountPatch(BaseModel):
    """What changes of an account."""

    role: Role | None = None
    disabled: bool | None = None


class KeyBody(BaseModel):
    """A program's key; never the key itself."""

    key_id: str
    kind: str
    name: str
    hint: str
    source_id: str | None
    created_time: str
    last_used_time: str | None
    revoked_time: str | None


class KeyRequest(BaseModel):
    """A key to make; a write key belongs to a source."""

    kind: KeyKind
    name: Name
    source_id: Annotated[PlainText, Field(max_length=40)] | None = None


class NewKeyBody(BaseModel):
    """The key in the clear, shown this once."""

    key: str


@router.get("/setup")
def setup_state(request: Request) -> SetupBody:
    """Whether the first owner is still to be made."""
    with _database(request).connect() as connection:
        return SetupBody(needed=_accounts(request).setup_needed(connection))


@router.post("/setup", status_code=201)
def set_up(request: Request, response: Response, given: SetupRequest) -> SessionBody:
    """Make the first owner by the one-time link, and sign them in."""
    accounts = _accounts(request)
    _check_own_page(request)
    with _database(request).connect() as connection:
        accounts.check_link(connection, "setup", given.token)
    hashed = accounts.hash_password(given.password, given.name, given.email)
    with _database(request).begin() as tx:
        account = accounts.use_setup(
            tx, given.token, name=given.name, email=given.email, password_hash=hashed
        )
        _record(request, tx, account.account_id, "account.set_up", "account", account.account_id)
        token = accounts.start_session(tx, account.account_id)
    return _signed_in(request, response, account, token)


@router.post("/invitation", status_code=201)
def accept(request: Request, response: Response, given: InvitationRequest) -> SessionBody:
    """Set the invited account's password by the one-time link, and sign it in."""
    accounts = _accounts(request)
    _check_own_page(request)
    with _database(request).connect() as connection:
        invited = accounts.check_link(connection, "invitation", given.token)
    about = () if invited is None else (invited.name, invited.email)
    hashed = accounts.hash_password(given.password, *about)
    with _database(request).begin() as tx:
        account = accounts.use_invitation(tx, given.token, name=given.name, password_hash=hashed)
        _record(request, tx, account.account_id, "account.accept", "account", account.account_id)
        token = accounts.start_session(tx, account.account_id)
    return _signed_in(request, response, account, token)


@router.get("/session")
def session(request: Request) -> SessionBody:
    """Who is signed in, the CSRF token, and the workspace."""
    token = session_token(request)
    if token:
        with _database(request).connect() as connection:
            found = _accounts(request).session_of(connection, token)
        if found is not None:
            return _session_body(request, found.account, token)
    return _session_body(request, None, "")


@router.post("/session")
def sign_in(request: Request, response: Response, given: SignInRequest) -> SessionBody:
    """Sign in. Unknown account, wrong password and disabled account get the same answer after the same work."""
    accounts, database = _accounts(request), _database(request)
    _check_own_page(request)
    ip = client_ip(request, networks(_settings(request).door.trusted_proxies))
    with database.begin() as tx:
        attempt = accounts.begin_sign_in(tx, given.email, ip)
    matches = accounts.password_matches(attempt, given.password)
    if not matches:
        with database.begin() as tx:
            who = attempt.account_id or "unknown"
            _record(request, tx, who, "session.refused", "account", who)
        raise SignInRefused
    with database.begin() as tx:
        before = session_token(request)
        if before:
            accounts.end_session(tx, before)
        token, account = accounts.finish_sign_in(tx, attempt, matches=matches)
        _record(request, tx, account.account_id, "session.start", "account", account.account_id)
    return _signed_in(request, response, account, token)


@router.delete("/session", status_code=204)
def sign_out(request: Request) -> Response:
    """Sign out; without a session there is nothing to do."""
    token = session_token(request)
    if token:
        with _database(request).begin() as tx:
            found = _accounts(request).session_of(tx, token)
            if found is not None:
                check_csrf(request, token)
                _accounts(request).end_session(tx, token)
                who = found.account.account_id
                _record(request, tx, who, "session.end", "account", who)
    response = Response(status_code=204)
    secure = _settings(request).security.secure_cookies
    response.delete_cookie(cookie_name(secure=secure), path="/", secure=secure, httponly=True, samesite="lax")
    return response


@router.get("/accounts")
def list_accounts(request: Request, _caller: Owner) -> list[AccountBody]:
    """Everybody who can or could sign in."""
    with _database(request).connect() as connection:
        return [_account_body(a) for a in _accounts(request).list_accounts(connection)]


@router.get("/accounts/names")
def list_names(request: Request, _caller: View) -> dict[str, str]:
    """What to call everybody who does something: ids of accounts and keys with their names. Colleagues know each other."""
    with _database(request).connect() as connection:
        return dict(_accounts(request).names(connection))


@router.post("/accounts", status_code=201)
def invite(request: Request, caller: Owner, given: InviteRequest) -> InvitedBody:
    """Invite somebody; the link is shown once and lasts three days. Inviting them again makes a new link."""
    accounts = _accounts(request)
    with _database(request).begin() as tx:
        account, token = accounts.invite(tx, name=given.name, email=given.email, role=given.role)
        _record(
            request,
            tx,
            caller.actor,
            "account.invite",
            "account",
            account.account_id,
            {"role": account.role.value},
        )
    return InvitedBody(link=f"/invite?token={token}", account=_account_body(account))


@router.patch("/accounts/{account_id}")
def patch_account(request: Request, caller: Owner, account_id: str, given: AccountPatch) -> AccountBody:
    """Change a role or disable an account; both sign it out everywhere at once."""
    with _database(request).begin() as tx:
        account = _accounts(request).patch_account(tx, account_id, role=given.role, disabled=given.disabled)
        detail = given.model_dump(mode="json", exclude_none=True)
        _record(request, tx, caller.actor, "account.change", "account", account_id, detail)
    return _account_body(account)


@router.get("/keys")
def list_keys(request: Request, _caller: Developer) -> list[KeyBody]:
    """Every key, the revoked too, newest first."""
    with _database(request).connect() as connection:
        return [_key_body(key) for key in _accounts(request).list_keys(connection)]


@router.post("/keys", status_code=201)
def make_key(request: Request, caller: Developer, given: KeyRequest) -> NewKeyBody:
    """Make a key; it is shown once. A write key without a source feeds the default one."""
    made: str = request.app.state.weaktie.create_key(
        given.kind, given.name, source_id=given.source_id, actor=caller.actor
    )
    return NewKeyBody(key=made)


@router.delete("/keys/{key_id}")
def revoke_key(request: Request, caller: Developer, key_id: str) -> KeyBody:
    """Make a key useless, everywhere within seconds."""
    with _database(request).begin() as tx:
        revoked = _accounts(request).revoke_key(tx, key_id)
        _record(request, tx, caller.actor, "key.revoke", "key", key_id, {"kind": revoked.kind})
    return _key_body(revoked)


def _accounts(request: Request) -> Accounts:
    found: Accounts = app_part(request, "accounts")
    return found


def _database(request: Request) -> Database:
    found: Database = app_part(request, "database")
    return found


def _settings(request: Request) -> Settings:
    found: Settings = app_part(request, "settings")
    return found


def _record(
    request: Request,
    tx: Connection,
    actor: str,
    action: str,
    object_kind: str,
    object_id: str,
    detail: dict[str, object] | None = None,
) -> None:
    clock: Clock = app_part(request, "clock")
    record(tx, clock, actor=actor, action=action, object_kind=object_kind, object_id=object_id, detail=detail)


def _check_own_page(request: Request) -> None:
    """Nobody is signed in by a form on somebody else's page."""
    if not same_origin(request):
        raise Forbidden(
            "csrf",
            Words("请求不是来自本控制台。", "The request does not come from this console."),
            place="Origin",
        )


def _signed_in(request: Request, response: Response, account: Account, token: str) -> SessionBody:
    security = _settings(request).security
    response.set_cookie(
        cookie_name(secure=security.secure_cookies), token, max_age=security.session_hours * 3600, path="/",
        secure=security.secure_cookies, httponly=True, samesite="lax",
    )  # fmt: skip
    return _session_body(request, account, token)


def _session_body(request: Request, account: Account | None, token: str) -> SessionBody:
    workspace = _settings(request).workspace
    person = None
    if account is not None:
        held = ROLE_PERMISSIONS[account.role]
        person = PersonBody(
            account_id=account.account_id, name=account.name, email=account.email, role=account.role,
            permissions=[name for name in PERMISSION_NAMES if name in held],
        )  # fmt: skip
    return SessionBody(
        person=person,
        csrf=_accounts(request).csrf_token(token) if account is not None else "",
        workspace=WorkspaceBody(
            name=workspace.name, timezone=workspace.timezone, currency=workspace.currency,
            language=workspace.language, simulated=workspace.simulated,
        ),
    )  # fmt: skip


def _account_body(account: Account) -> AccountBody:
    return AccountBody(
        account_id=account.account_id, name=account.name, email=account.email, role=account.role,
        disabled=account.disabled, invited=account.invited, created_time=to_iso(account.created_us),
        last_sign_in_time=_time(account.last_sign_in_us),
    )  # fmt: skip


def _key_body(key: KeyRecord) -> KeyBody:
    return KeyBody(
        key_id=key.key_id, kind=key.kind, name=key.name, hint=key.hint, source_id=key.source_id,
        created_time=to_iso(key.created_us), last_used_time=_time(key.last_used_us),
        revoked_time=_time(key.revoked_us),
    )  # fmt: skip


def _time(instant_us: int | None) -> str | None:
    return None if instant_us is None else to_iso(instant_us)

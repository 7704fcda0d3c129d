"""The door of accounts."""

import threading
from collections.abc import Mapping

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, insert, select, text, update

from weaktie.kit.clock import HOUR_US, MINUTE_US, SECOND_US, Clock
from weaktie.kit.errors import Conflict, NotFound, TooMany
from weaktie.kit.ids import new_id, new_secret
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.trust.accounts import keys
from weaktie.trust.accounts.contracts import (
    Account,
    Attempt,
    KeyRecord,
    LinkRefused,
    Role,
    Session,
    SignInRefused,
)
from weaktie.trust.accounts.keys import hash_key, key_book, key_version
from weaktie.trust.accounts.logic import (
    buckets_of,
    checked_email,
    checked_name,
    checked_password,
    checked_role,
    csrf_of,
    hash_token,
)
from weaktie.trust.accounts.tables import account_links, accounts, sessions, sign_in_tries

__all__ = ["Accounts", "hash_key", "key_book", "key_version"]

TRIES_WITHIN_US = 15 * MINUTE_US
LINK_LASTS_US = 72 * HOUR_US
KEY_REMEMBERED_S = 5.0
HASHES_AT_ONCE = 2


class Accounts:
    """People, their sessions, and keys. Methods with `tx` write in the caller's transaction and never commit."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self.database = database
        self.clock = clock
        self.security = settings.security
        # OWASP's floor for argon2id; a few at once, so that a rush of sign-ins does not take the memory.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._hashing = threading.BoundedSemaphore(HASHES_AT_ONCE)
        self._nobody = self._hasher.hash("a password that nobody has")
        self._keys: dict[tuple[str, str], tuple[KeyRecord, float]] = {}

    # --- passwords

    def hash_password(self, password: str, *about: str) -> str:
        """Argon2id of a password that may be used; slow on purpose: never inside a transaction. Raises `weak_password`."""
        sound = checked_password(password, *about)
        with self._hashing:
            return self._hasher.hash(sound)

    def password_matches(self, attempt: Attempt, password: str) -> bool:
        """Whether the password is the account's; takes as long for an account that does not exist. Slow on purpose."""
        try:
            with self._hashing:
                self._hasher.verify(attempt.password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
        return attempt.account_id is not None

    # --- signing in

    def begin_sign_in(self, tx: Connection, email: str, ip: str) -> Attempt:
        """Count a try against the account and the address; raises TooMany `too_many_tries` beyond the limit.

        The try is counted before the password is looked at, so that parallel guessing is counted too; `finish_sign_in` takes
        a successful one back.
        """
        now_us = self.clock.now_us()
        buckets = buckets_of(email, ip)
        tx.execute(delete(sign_in_tries).where(sign_in_tries.c.at_us <= now_us - TRIES_WITHIN_US))
        if not self.database.is_sqlite:
            for bucket in sorted(buckets):
                tx.execute(
                    text("SELECT pg_advisory_xact_lock(hashtextextended(:bucket, 0))"), {"bucket": bucket}
                )
        for bucket in buckets:
            tries, first_us = tx.execute(
                select(func.count(), func.min(sign_in_tries.c.at_us)).where(
                    sign_in_tries.c.bucket == bucket, sign_in_tries.c.at_us <= now_us
                )
            ).one()
            if tries >= self.security.login_tries:
                wait_s = max(1, -(-(first_us + TRIES_WITHIN_US - now_us) // SECOND_US))
                raise TooMany(
                    "too_many_tries",
                    Words("尝试次数过多，请稍后再试。", "Too many tries; wait a while and try again."),
                    retry_after_s=int(wait_s),
                )
        numbers = [
            tx.execute(insert(sign_in_tries).values(bucket=b, at_us=now_us)).inserted_primary_key
            for b in buckets
        ]
        row = tx.execute(
            select(accounts.c.account_id, accounts.c.password_hash).where(
                accounts.c.email == email.strip().lower(), accounts.c.disabled_us.is_(None)
            )
        ).first()
        known = row is not None and row.password_hash is not None
        return Attempt(
            tuple(int(n[0]) for n in numbers if n is not None),
            row.account_id if row is not None and known else None,
            row.password_hash if row is not None and known else self._nobody,
        )

    def finish_sign_in(self, tx: Connection, attempt: Attempt, *, matches: bool) -> tuple[str, Account]:
        """A new session's token (never an old one) and its account; raises SignInRefused, one answer for every cause."""
        if not matches or attempt.account_id is None:
            raise SignInRefused
        account = self._find_account(tx, attempt.account_id)
        if account is None or account.disabled:
            raise SignInRefused
        tx.execute(delete(sign_in_tries).where(sign_in_tries.c.try_id.in_(attempt.attempt_ids)))
        now_us = self.clock.now_us()
        tx.execute(
            update(accounts).where(accounts.c.account_id == account.account_id).values(last_sign_in_us=now_us)
        )
        return self.start_session(tx, account.account_id), account

    def start_session(self, tx: Connection, account_id: str) -> str:
        """A session for somebody who has just shown who they are; returns its token, kept as a hash only."""
        token = new_secret("wks")
        now_us = self.clock.now_us()
        tx.execute(delete(sessions).where(sessions.c.expires_us <= now_us))
        tx.execute(
            insert(sessions).values(
                token_hash=hash_token(token), account_id=account_id, created_us=now_us,
                expires_us=now_us + self.security.session_hours * HOUR_US,
            )
        )  # fmt: skip
        return token

    def session_of(self, connection: Connection, token: str) -> Session | None:
        """The session of a token while it lasts and its account is not disabled."""
        row = connection.execute(
            select(sessions.c.expires_us, accounts)
            .join(accounts, accounts.c.account_id == sessions.c.account_id)
            .where(
                sessions.c.token_hash == hash_token(token),
                sessions.c.expires_us > self.clock.now_us(),
                accounts.c.disabled_us.is_(None),
            )
        ).mappings().first()  # fmt: skip
        return None if row is None else Session(_account(row), row["expires_us"])

    def end_session(self, tx: Connection, token: str) -> None:
        """Sign out: the token is worth nothing from now on."""
        tx.execute(delete(sessions).where(sessions.c.token_hash == hash_token(token)))

    def end_sessions(self, tx: Connection, account_id: str) -> None:
        """Sign an account out everywhere."""
        tx.execute(delete(sessions).where(sessions.c.account_id == account_id))

    def csrf_token(self, session_token: str) -> str:
        """What an unsafe request of the session must carry in its header."""
        return csrf_of(session_token)

    # --- one-time links

    def setup_needed(self, connection: Connection) -> bool:
        """Whether nobody can sign in yet."""
        found = connection.execute(
            select(accounts.c.account_id).where(accounts.c.password_hash.is_not(None)).limit(1)
        )
        return found.first() is None

    def setup_link(self, tx: Connection) -> str | None:
        """The token of a new set-up link for the first owner, replacing former ones; None once somebody can sign in."""
        if not self.setup_needed(tx):
            return None
        tx.execute(delete(account_links).where(account_links.c.kind == "setup"))
        return self._make_link(tx, "setup", None)

    def link_for(self, tx: Connection, account_id: str) -> str:
        """The token of a new link by which the account sets a password, replacing former ones: an invitation, or the way back
        in for who lost theirs."""
        tx.execute(delete(account_links).where(account_links.c.account_id == account_id))
        return self._make_link(tx, "invitation", account_id)

    def check_link(self, connection: Connection, kind: str, token: str) -> Account | None:
        """Whom the link is for (None for set-up); raises LinkRefused when it is unknown, used or too old."""
        row = connection.execute(
            select(account_links.c.account_id).where(*self._living_link(kind, token))
        ).first()
        if row is None:
            raise LinkRefused
        return None if row.account_id is None else self._find_account(connection, row.account_id)

    def use_setup(self, tx: Connection, token: str, *, name: str, email: str, password_hash: str) -> Account:
        """Make the first owner; the link is used up. Raises LinkRefused, also when somebody else was first."""
        self._use_link(tx, "setup", token)
        if not self.setup_needed(tx):
            raise LinkRefused
        return self._add(tx, name, email, Role.OWNER, password_hash)

    def use_invitation(self, tx: Connection, token: str, *, name: str | None, password_hash: str) -> Account:
        """Set the invited account's password and, if given, its name; the link is used up, other sessions end."""
        account_id = self._use_link(tx, "invitation", token)
        values: dict[str, object] = {"password_hash": password_hash}
        if name:
            values["name"] = checked_name(name)
        tx.execute(
            update(accounts)
            .where(accounts.c.account_id == account_id, accounts.c.disabled_us.is_(None))
            .values(**values)
        )
        account = self._find_account(tx, account_id or "")
        if account is None or account.disabled:
            raise LinkRefused
        self.end_sessions(tx, account.account_id)
        return account

    # --- people

    def invite(self, tx: Connection, *, name: str, email: str, role: str) -> tuple[Account, str]:
        """Add an account without a password and the token of its link; somebody invited before gets a new link.

        Raises Conflict `email_taken` when the address can already sign in.
        """
        sound = checked_email(email)
        row = tx.execute(select(accounts).where(accounts.c.email == sound)).mappings().first()
        if row is not None and (row["password_hash"] is not None or row["disabled_us"] is not None):
            raise Conflict(
                "email_taken",
                Words("该邮箱已有账号。", "This address has an account already."),
                place="email",
            )
        if row is None:
            account = self._add(tx, name, sound, checked_role(role), None)
        else:
            account = self.patch_account(tx, row["account_id"], role=role)
        return account, self.link_for(tx, account.account_id)

    def list_accounts(self, connection: Connection) -> list[Account]:
        """Every account, oldest first."""
        rows = connection.execute(select(accounts).order_by(accounts.c.created_us, accounts.c.account_id))
        return [_account(row) for row in rows.mappings()]

    def patch_account(
        self, tx: Connection, account_id: str, *, role: str | None = None, disabled: bool | None = None
    ) -> Account:
        """Change role or disable; both sign the account out everywhere. Raises NotFound `no_account`, and Conflict `last_owner`
        when nobody would be left who can manage accounts."""
        before = self._find_account(tx, account_id)
        if before is None:
            raise NotFound(
                "no_account", Words("没有这个账号。", "There is no such account."), place="account_id"
            )
        after_role = before.role if role is None else checked_role(role)
        after_disabled = before.disabled if disabled is None else disabled
        was_owner = before.role is Role.OWNER and not before.disabled and not before.invited
        if was_owner and (after_role is not Role.OWNER or after_disabled) and self._owners(tx) <= 1:
            raise Conflict(
                "last_owner",
                Words("不能停用或降级最后一位所有者。", "The last owner cannot be disabled or demoted."),
                place="role",
            )
        if (after_role, after_disabled) != (before.role, before.disabled):
            now_us = self.clock.now_us()
            tx.execute(
                update(accounts)
                .where(accounts.c.account_id == account_id)
                .values(role=after_role.value, disabled_us=now_us if after_disabled else None)
            )
            self.end_sessions(tx, account_id)
        found = self._find_account(tx, account_id)
        assert found is not None
        return found

    def names(self, connection: Connection) -> Mapping[str, str]:
        """What to call each actor: account and key ids with their names."""
        people = connection.execute(select(accounts.c.account_id, accounts.c.name)).all()
        return {row[0]: row[1] for row in people} | {k.key_id: k.name for k in keys.list_keys(connection)}

    # --- keys

    def create_key(self, tx: Connection, kind: str, name: str, *, source_id: str | None = None) -> str:
        """Make a key of kind `write` or `read`; returned in the clear this once."""
        return keys.create_key(tx, self.clock, kind, name, source_id=source_id)

    def find_key(self, connection: Connection, plaintext: str, kind: str) -> KeyRecord | None:
        """The living key of that kind, or None."""
        return keys.find_key(connection, plaintext, kind)

    def list_keys(self, connection: Connection) -> list[KeyRecord]:
        """Every key, newest first."""
        return keys.list_keys(connection)

    def revoke_key(self, tx: Connection, key_id: str) -> KeyRecord:
        """Make a key useless; here at once, in other processes within seconds."""
        revoked = keys.revoke_key(tx, self.clock, key_id)
        self._keys.clear()
        return revoked

    def known_key(self, plaintext: str, kind: str) -> KeyRecord | None:
        """The key as it was seen within the last seconds, without asking the database; None when it must be asked."""
        held = self._keys.get((hash_key(plaintext), kind))
        if held is None or self.clock.monotonic() - held[1] > KEY_REMEMBERED_S:
            return None
        return held[0]

    def look_up_key(self, plaintext: str, kind: str) -> KeyRecord | None:
        """Ask the database in its own transaction, remember the answer, and note the use."""
        with self.database.connect() as connection:
            found = keys.find_key(connection, plaintext, kind)
        if found is None:
            return None
        now_us = self.clock.now_us()
        if (found.last_used_us or 0) <= now_us - keys.USE_NOTED_EVERY_US:
            with self.database.begin() as tx:
                keys.note_use(tx, found.key_id, now_us)
        if len(self._keys) > 1_000:
            self._keys.clear()
        self._keys[found.hash, kind] = (found, self.clock.monotonic())
        return found

    # --- parts

    def _add(self, tx: Connection, name: str, email: str, role: Role, password_hash: str | None) -> Account:
        now_us = self.clock.now_us()
        account_id = new_id("acc", now_us)
        sound = checked_email(email)
        if tx.execute(select(accounts.c.account_id).where(accounts.c.email == sound)).first() is not None:
            raise Conflict(
                "email_taken",
                Words("该邮箱已有账号。", "This address has an account already."),
                place="email",
            )
        tx.execute(
            insert(accounts).values(
                account_id=account_id, name=checked_name(name), email=sound, role=role.value,
                password_hash=password_hash, created_us=now_us,
            )
        )  # fmt: skip
        found = self._find_account(tx, account_id)
        assert found is not None
        return found

    def _find_account(self, connection: Connection, account_id: str) -> Account | None:
        row = (
            connection.execute(select(accounts).where(accounts.c.account_id == account_id)).mappings().first()
        )
        return None if row is None else _account(row)

    def _owners(self, tx: Connection) -> int:
        if not self.database.is_sqlite:  # two owners must not demote each other at the same moment
            tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('owners', 0))"))
        rows = tx.execute(
            select(func.count()).select_from(accounts).where(
                accounts.c.role == Role.OWNER.value, accounts.c.disabled_us.is_(None),
                accounts.c.password_hash.is_not(None),
            )
        )  # fmt: skip
        return int(rows.scalar_one())

    def _make_link(self, tx: Connection, kind: str, account_id: str | None) -> str:
        token = new_secret("wkl")
        now_us = self.clock.now_us()
        tx.execute(
            insert(account_links).values(
                token_hash=hash_token(token), kind=kind, account_id=account_id, created_us=now_us,
                expires_us=now_us + LINK_LASTS_US,
            )
        )  # fmt: skip
        return token

    def _living_link(self, kind: str, token: str) -> tuple[ColumnElement[bool], ...]:
        links = account_links.c
        return (
            links.token_hash == hash_token(token), links.kind == kind, links.used_us.is_(None),
            links.expires_us > self.clock.now_us(),
        )  # fmt: skip

    def _use_link(self, tx: Connection, kind: str, token: str) -> str | None:
        conditions = self._living_link(kind, token)
        row = tx.execute(select(account_links.c.account_id).where(*conditions)).first()
        used = tx.execute(
            update(account_links).where(*conditions).values(used_us=self.clock.now_us())
        ).rowcount
        if row is None or used != 1:
            raise LinkRefused
        return None if row.account_id is None else str(row.account_id)


def _account(row: RowMapping) -> Account:
    return Account(
        row["account_id"], row["name"], row["email"], Role(row["role"]), row["created_us"], row["last_sign_in_us"],
        row["disabled_us"] is not None, row["password_hash"] is None,
    )  # fmt: skip

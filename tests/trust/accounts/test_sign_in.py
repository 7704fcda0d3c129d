"""Signing in: limits, sessions, CSRF, one-time links (R28, R29)."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.suites.consoles import ORIGIN, PASSWORD, Console
from weaktie.kit.errors import TooMany
from weaktie.store.database.service import Database
from weaktie.trust.accounts.contracts import Attempt
from weaktie.trust.accounts.service import Accounts
from weaktie.trust.audit import service as audit


@pytest.fixture
def console(database: Database, tmp_path: Path) -> Console:
    return Console(database, tmp_path)


def setup_token(console: Console) -> str:
    with console.database.begin() as tx:
        token = console.accounts.setup_link(tx)
    assert token is not None
    return token


def given(token: str, **more: str) -> dict[str, str]:
    return {"token": token, "name": "Owner", "email": "Owner@Example.com", "password": PASSWORD} | more


def test_the_first_owner_is_made_by_the_link_once(console: Console) -> None:
    token = setup_token(console)
    with console.browser() as browser:
        assert browser.send("GET", "/api/setup").json() == {"needed": True}
        made = browser.send("POST", "/api/setup", given(token))
        assert made.status_code == 201
        assert made.json()["person"]["role"] == "owner"
        assert browser.send("GET", "/api/session").json()["person"]["email"] == "owner@example.com"
        assert browser.send("GET", "/api/setup").json() == {"needed": False}
    with console.browser() as other:
        again = other.send("POST", "/api/setup", given(token, email="x@example.com"))
        assert (again.status_code, again.json()["error"]["code"]) == (403, "link_refused")
    with console.database.begin() as tx:
        assert console.accounts.setup_link(tx) is None


def test_a_new_set_up_link_replaces_the_former_and_links_age(console: Console) -> None:
    first, second = setup_token(console), setup_token(console)
    with console.browser() as browser:
        assert browser.send("POST", "/api/setup", given(first)).status_code == 403
        console.clock.move(73 * 3600)
        assert browser.send("POST", "/api/setup", given(second)).status_code == 403
        assert browser.send("POST", "/api/setup", given(setup_token(console))).status_code == 201


def test_two_at_once_make_one_owner(console: Console) -> None:
    token = setup_token(console)

    def use(number: int) -> int:
        with console.browser() as browser:
            return int(
                browser.send("POST", "/api/setup", given(token, email=f"o{number}@example.com")).status_code
            )

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(use, range(4))) == [201, 403, 403, 403]


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "owner@example.com", "Owner@example.com"])
def test_weak_passwords_are_refused(console: Console, password: str) -> None:
    with console.browser() as browser:
        answer = browser.send("POST", "/api/setup", given(setup_token(console), password=password))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "weak_password")


def test_unknown_wrong_and_disabled_look_the_same(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    console.person("owner")
    console.person("analyst")
    console.person("developer")
    with console.database.begin() as tx:
        accounts = {a.email: a for a in console.accounts.list_accounts(tx)}
        console.accounts.patch_account(tx, accounts["developer@example.com"].account_id, disabled=True)
        console.accounts.invite(tx, name="new", email="invited@example.com", role="analyst")
    checked: list[str] = []
    real = Accounts.password_matches

    def counted(self: Accounts, attempt: Attempt, password: str) -> bool:
        checked.append(attempt.password_hash[:30])
        return real(self, attempt, password)

    monkeypatch.setattr(Accounts, "password_matches", counted)
    answers = []
    with console.browser() as browser:
        for email, password in [
            ("nobody@example.com", PASSWORD),
            ("analyst@example.com", "wrong password"),
            ("developer@example.com", PASSWORD),
            ("invited@example.com", PASSWORD),
        ]:
            answer = browser.sign_in(email, password)
            names = sorted(set(answer.headers) - {"content-length"})
            answers.append((answer.status_code, answer.json(), names, answer.cookies.get("weaktie_session")))
    assert answers[0][0] == 401
    assert all(answer == answers[0] for answer in answers)
    # Each of them costs one argon2 verification with the same parameters: that is what takes the time.
    assert len(checked) == 4
    assert {hashed.rsplit("$", 1)[0] for hashed in checked} == {checked[0].rsplit("$", 1)[0]}


def tries(console: Console, number: int, email: str, ip: str) -> list[int]:
    with console.browser(ip) as browser:
        return [browser.sign_in(email, "wrong password").status_code for _ in range(number)]


def test_an_account_is_limited_from_every_address(console: Console) -> None:
    email = console.person("owner")
    statuses = [s for n in range(12) for s in tries(console, 1, email, f"10.0.{n}.1")]
    assert statuses == [401] * 10 + [429] * 2
    with console.browser("10.9.9.9") as browser:
        refused = browser.sign_in(email)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 900
        console.clock.move(15 * 60)
        assert browser.sign_in(email).status_code == 200


def test_an_address_is_limited_over_all_accounts(console: Console) -> None:
    statuses = [s for n in range(12) for s in tries(console, 1, f"u{n}@example.com", "10.0.0.7")]
    assert statuses == [401] * 10 + [429] * 2
    assert tries(console, 1, "u1@example.com", "10.0.0.8") == [401]


def test_limits_survive_a_restart(console: Console) -> None:
    tries(console, 10, "a@example.com", "10.0.0.1")
    fresh = Accounts(console.database, console.clock, console.settings)
    with pytest.raises(TooMany), console.database.begin() as tx:
        fresh.begin_sign_in(tx, "a@example.com", "10.0.0.2")


def test_guessing_in_parallel_is_counted(console: Console) -> None:
    def guess(number: int) -> bool:
        try:
            with console.database.begin() as tx:
                console.accounts.begin_sign_in(tx, "a@example.com", f"10.0.{number}.1")
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(30))) == 10


def test_right_passwords_do_not_use_the_limit_up(console: Console) -> None:
    email = console.person("owner")
    with console.browser() as browser:
        assert [browser.sign_in(email).status_code for _ in range(15)] == [200] * 15


def test_neither_addresses_nor_tokens_are_stored(console: Console) -> None:
    email = console.person("owner")
    with console.browser("203.0.113.9") as browser:
        browser.sign_in("someone@example.com", "wrong password")
        browser.sign_in(email)
        token = browser.client.cookies["weaktie_session"]
    with console.database.connect() as connection:
        held = str(
            [
                *connection.execute(text("SELECT * FROM sign_in_tries")),
                *connection.execute(text("SELECT * FROM sessions")),
            ]
        )
    assert "someone@example.com" not in held
    assert "203.0.113.9" not in held
    assert token not in held


def test_a_session_is_new_at_each_sign_in(console: Console) -> None:
    email = console.person("owner")
    with console.browser() as browser:
        browser.client.cookies.set("weaktie_session", "planted", domain="testserver.local")
        browser.sign_in(email)
        first = browser.client.cookies.get("weaktie_session", domain="testserver.local")
        assert first not in (None, "planted")
        browser.sign_in(email)
    with console.browser() as thief:
        thief.client.cookies.set("weaktie_session", "planted")
        assert thief.send("GET", "/api/session").json()["person"] is None
        thief.client.cookies.set("weaktie_session", str(first))
        assert thief.send("GET", "/api/session").json()["person"] is None


def test_sessions_end_on_sign_out_and_in_time(console: Console) -> None:
    email = console.person("owner")
    with console.browser() as browser, console.browser() as copy:
        browser.sign_in(email)
        copy.client.cookies.set("weaktie_session", browser.client.cookies["weaktie_session"])
        assert copy.send("GET", "/api/accounts").status_code == 200
        assert browser.send("DELETE", "/api/session").status_code == 204
        assert copy.send("GET", "/api/accounts").status_code == 401
        browser.sign_in(email)
        console.clock.move(12 * 3600 + 1)
        assert browser.send("GET", "/api/accounts").status_code == 401


def test_a_demoted_or_disabled_account_is_out_at_once(console: Console) -> None:
    owner, other = console.person("owner"), console.person("developer")
    with console.browser() as boss, console.browser() as browser:
        boss.sign_in(owner)
        browser.sign_in(other)
        accounts = {a["email"]: a["account_id"] for a in boss.send("GET", "/api/accounts").json()}
        assert browser.send("GET", "/api/keys").status_code == 200
        changed = boss.send("PATCH", f"/api/accounts/{accounts[other]}", {"role": "analyst"})
        assert changed.json()["role"] == "analyst"
        assert browser.send("GET", "/api/keys").status_code == 401
        browser.sign_in(other)
        assert browser.send("GET", "/api/keys").status_code == 403
        boss.send("PATCH", f"/api/accounts/{accounts[other]}", {"disabled": True})
        assert browser.send("GET", "/api/session").json()["person"] is None


@pytest.mark.parametrize(
    "headers",
    [
        {"X_CSRF_Token": ""},
        {"X_CSRF_Token": "0" * 64},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site", "Origin": ""},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_unsafe_requests_need_token_and_origin(console: Console, headers: dict[str, str]) -> None:
    email = console.person("owner")
    body = {"name": "x", "email": "x@example.com", "role": "analyst"}
    with console.browser() as browser:
        browser.sign_in(email)
        refused = browser.send("POST", "/api/accounts", body, **headers)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "csrf")
        assert browser.send("DELETE", "/api/session", **headers).status_code == 403
        assert browser.send("POST", "/api/accounts", body).status_code == 201


def test_a_token_of_another_session_is_refused(console: Console) -> None:
    owner, other = console.person("owner"), console.person("owner", "second@example.com")
    with console.browser() as one, console.browser() as two:
        one.sign_in(owner)
        two.sign_in(other)
        one.csrf = two.csrf
        assert one.send("DELETE", "/api/session").status_code == 403


def test_nobody_is_signed_in_by_another_page(console: Console) -> None:
    email = console.person("owner")
    with console.browser() as browser:
        body = {"email": email, "password": PASSWORD}
        assert browser.send("POST", "/api/session", body, Origin="https://evil.example").status_code == 403
        form = browser.client.post("/api/session", data=body, headers={"Origin": ORIGIN})
        assert form.status_code == 422


def cookie_of(answer: Any) -> str:
    return str(answer.headers["set-cookie"])


def test_cookies_are_closed_to_scripts_and_other_sites(console: Console) -> None:
    email = console.person("owner")
    with console.browser() as browser:
        plain = cookie_of(browser.sign_in(email))
        console.secure()
        secure = cookie_of(browser.sign_in(email))
    for cookie in (plain, secure):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
    assert "Secure" not in plain
    assert secure.startswith("__Host-weaktie_session=")
    assert "; Secure" in secure


def test_the_last_owner_stays(console: Console) -> None:
    owner = console.person("owner")
    with console.browser() as browser:
        me = browser.sign_in(owner).json()["person"]["account_id"]
        for change in ({"role": "analyst"}, {"disabled": True}):
            refused = browser.send("PATCH", f"/api/accounts/{me}", change)
            assert (refused.status_code, refused.json()["error"]["code"]) == (409, "last_owner")
        console.person("owner", "second@example.com")
        assert browser.send("PATCH", f"/api/accounts/{me}", {"role": "analyst"}).status_code == 200


def test_two_owners_cannot_demote_each_other_at_once(console: Console) -> None:
    console.person("owner")
    console.person("owner", "second@example.com")
    with console.database.connect() as connection:
        people = console.accounts.list_accounts(connection)

    def demote(account_id: str) -> str:
        try:
            with console.database.begin() as tx:
                console.accounts.patch_account(tx, account_id, role="analyst")
        except Exception as error:  # noqa: BLE001  its name is what the test looks at
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, [p.account_id for p in people])) == ["Conflict", "done"]


def test_invitations_set_a_password_once(console: Console) -> None:
    owner = console.person("owner")
    with console.browser() as boss, console.browser() as browser:
        boss.sign_in(owner)
        invited = {"name": "New", "email": "new@example.com", "role": "operator"}
        first = boss.send("POST", "/api/accounts", invited).json()
        second = boss.send("POST", "/api/accounts", invited).json()
        assert first["account"]["account_id"] == second["account"]["account_id"]
        assert second["account"]["invited"] is True
        old, token = (body["link"].partition("token=")[2] for body in (first, second))
        chosen = {"name": "Newer", "password": PASSWORD}
        assert browser.send("POST", "/api/invitation", chosen | {"token": old}).status_code == 403
        accepted = browser.send("POST", "/api/invitation", chosen | {"token": token})
        assert (accepted.status_code, accepted.json()["person"]["name"]) == (201, "Newer")
        assert browser.send("POST", "/api/invitation", chosen | {"token": token}).status_code == 403
        assert boss.send("POST", "/api/accounts", invited).json()["error"]["code"] == "email_taken"


def test_colleagues_know_each_others_names_and_no_more(console: Console) -> None:
    console.person("owner")
    email = console.person("operator", "second@example.com")
    with console.database.connect() as connection:
        accounts = {a.account_id: a.name for a in console.accounts.list_accounts(connection)}
    with console.browser() as browser:
        browser.sign_in(email)
        assert browser.client.get("/api/accounts/names").json() == accounts
        assert browser.client.get("/api/accounts").status_code == 403


def test_a_lost_password_comes_back_by_a_link(console: Console) -> None:
    email = console.person("owner")
    with console.browser() as browser:
        browser.sign_in(email)
        with console.database.begin() as tx:
            (account,) = console.accounts.list_accounts(tx)
            token = console.accounts.link_for(tx, account.account_id)
        body = {"token": token, "password": "another long password"}
        assert browser.send("POST", "/api/invitation", body).status_code == 201
        assert browser.sign_in(email).status_code == 401
        assert browser.sign_in(email, "another long password").status_code == 200


def test_acts_are_recorded_without_personal_data(console: Console) -> None:
    email = console.person("owner")
    with console.browser() as browser:
        browser.sign_in(email, "wrong password")
        browser.sign_in(email)
        browser.send("DELETE", "/api/session")
    with console.database.connect() as connection:
        entries = audit.page(connection).items
        assert audit.verify(connection).ok
    assert [e.action for e in entries] == ["session.end", "session.start", "session.refused"]
    assert email not in str(entries)

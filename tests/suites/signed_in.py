"""A browser that is signed in to the whole application over a home."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from weaktie.app.http import make_api
from weaktie.app.wiring import App


@contextmanager
def signed_in(wt: App, role: str = "operator") -> Iterator[Browser]:
    """Somebody of this role, who came by an invitation."""
    with wt.database.begin() as tx:
        _, token = wt.accounts.invite(tx, name=role, email=f"{role}@example.com", role=role)
    hashed = wt.accounts.hash_password(PASSWORD)
    with wt.database.begin() as tx:
        wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
    with TestClient(make_api(wt), base_url=ORIGIN) as http:
        browser = Browser(http)
        assert browser.sign_in(f"{role}@example.com").status_code == 200
        yield browser

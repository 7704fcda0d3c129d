"""Sources: their bases as versions, their keys, and the routes."""

from pathlib import Path

import pytest

from tests.suites.consoles import Console
from weaktie.data.sources import api as sources_api
from weaktie.data.sources import service as sources
from weaktie.data.sources.contracts import DEFAULT_SOURCE_ID
from weaktie.kit.clock import FixedClock
from weaktie.kit.errors import NotFound, Refused
from weaktie.store.database.service import Database
from weaktie.trust.accounts.service import hash_key, key_book, key_version
from weaktie.trust.audit import service as audit

BASIS = {"analytics": "contract", "marketing": "consented_upstream"}


def test_the_default_source_is_made_once(database: Database) -> None:
    clock = FixedClock()
    with database.begin() as tx:
        made = sources.ensure_default(tx, clock)
        assert sources.ensure_default(tx, clock, simulated=True) == made
        assert [s.source_id for s in sources.list_sources(tx)] == [DEFAULT_SOURCE_ID]
    assert made.purposes == 3


def test_another_basis_is_a_new_version_and_the_former_stays(database: Database) -> None:
    clock = FixedClock()
    with database.begin() as tx:
        made = sources.create(tx, clock, name=" web ", kind="web", basis=BASIS, actor="acc_1")
        clock.move(60)
        same = sources.patch(tx, clock, made.source_id, actor="acc_2", basis=BASIS)
        after = sources.patch(tx, clock, made.source_id, actor="acc_2", basis={"marketing": "ask_us"})
        versions = sources.basis_versions(tx, made.source_id)
    assert (made.name, made.basis_version, made.purposes) == ("web", 1, 5)
    assert same == made
    assert (after.basis_version, after.purposes) == (2, 1)
    assert [(v, b["marketing"], actor) for v, b, _, actor in versions] == [
        (1, "consented_upstream", "acc_1"),
        (2, "ask_us", "acc_2"),
    ]


def test_archived_sources_keep_their_ground_and_can_come_back(database: Database) -> None:
    clock = FixedClock()
    with database.begin() as tx:
        made = sources.create(tx, clock, name="web", kind="web", basis=BASIS, actor="a")
        assert (
            sources.patch(tx, clock, made.source_id, actor="a", archived=True).archived_us == clock.now_us()
        )
        assert sources.list_sources(tx, archived=False) == []
        assert sources.purposes(tx) == {made.source_id: 5}
        assert sources.patch(tx, clock, made.source_id, actor="a", archived=False).archived_us is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": " "}, "bad_name"),
        ({"kind": "carrier pigeon"}, "bad_source_kind"),
        ({"basis": {"sale": "contract"}}, "bad_basis"),
    ],
)
def test_unsound_sources_are_refused(database: Database, change: dict[str, object], code: str) -> None:
    values: dict[str, object] = {"name": "web", "kind": "web", "basis": BASIS} | change
    with pytest.raises(Refused, match=code), database.begin() as tx:
        sources.create(tx, FixedClock(), actor="a", **values)  # type: ignore[arg-type]
    with database.connect() as connection, pytest.raises(NotFound):
        sources.find(connection, "src_nothing")


def test_sources_over_http(database: Database, tmp_path: Path) -> None:
    console = Console(
        database, tmp_path, sources_api.router, source_traffic=lambda: {DEFAULT_SOURCE_ID: (12, 1_000_000)}
    )
    with database.begin() as tx:
        sources.ensure_default(tx, console.clock)
    developer, analyst = console.person("developer"), console.person("analyst")
    with console.browser() as browser, console.browser() as other:
        browser.sign_in(developer)
        other.sign_in(analyst)
        with database.connect() as connection:
            before = key_version(connection)
        body = {"name": "小程序", "kind": "miniprogram", "basis": BASIS}
        assert other.send("POST", "/api/sources", body).status_code == 403
        made = browser.send("POST", "/api/sources", body)
        assert made.status_code == 201
        key, source = made.json()["write_key"], made.json()["source"]
        with database.connect() as connection:
            assert key_book(connection)[hash_key(key)].source_id == source["source_id"]
            assert key_version(connection) != before
        listed = other.send("GET", "/api/sources").json()
        assert [(s["events_24h"], s["last_event_time"]) for s in listed] == [
            (12, "1970-01-01T00:00:01.000Z"), (0, None),
        ]  # fmt: skip
        assert key not in str(listed)
        path = f"/api/sources/{source['source_id']}"
        patched = browser.send("PATCH", path, {"basis": {"social": "contract"}}).json()
        assert patched["basis"] == BASIS | {"personalisation": "ask_us", "social": "contract"}
        assert patched["basis_version"] == 2
        assert browser.send("PATCH", path, {"archived": True}).json()["archived_time"] is not None
        assert browser.send("PATCH", "/api/sources/default", {"archived": True}).status_code == 409
        assert browser.send("PATCH", "/api/sources/none", {"name": "x"}).status_code == 404
        assert browser.send("POST", "/api/sources", body | {"basis": {"sale": "contract"}}).status_code == 422
    with database.connect() as connection:
        actions = [e.action for e in audit.page(connection, search="source").items]
    assert actions == ["source.change", "source.change", "source.create"]

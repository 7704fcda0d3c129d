"""Erasing a person end to end: afterwards no store of the home holds anything planted about them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.suites.homes import bring_in, fresh_app, put, stored, track
from weaktie.app.cli_data import build_once
from weaktie.app.wiring import App
from weaktie.app.worker import housekeeping
from weaktie.data.imports.contracts import ImportSpec
from weaktie.data.profiles.contracts import NobodyThere
from weaktie.kit.clock import FixedClock
from weaktie.trust.rights.service import sweep

USER, PHONE, MAIL, NICK = "canary-user-7431", "19955550123", "canary.7431@example.com", "金丝雀七四三一"
ANONYMOUS = "canary-anonymous-7431"
NEEDLES = [USER, PHONE, MAIL, NICK, ANONYMOUS]


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield app


def plant(wt: App, tmp_path: Path) -> None:
    """The person in every way in: events, traits, an order, a relation, a file, a bad row, a profile."""
    traits = {"phone": PHONE, "email": MAIL, "nickname": NICK, "city": "杭州"}
    order = {
        "order_id": "o1",
        "total": 99,
        "currency": "CNY",
        "products": [{"product_id": "p1", "quantity": 1, "price": 99}],
    }
    put(
        wt,
        track(1, None, anonymous=ANONYMOUS),
        track(2, USER, type="identify", event=None, traits=traits, anonymousId=ANONYMOUS),
        track(3, USER, event="Order Completed", properties=order),
        track(4, "friend", event="Invite Accepted", properties={"referrer_id": USER}),
        track(5, USER, event=None),
        track(6, "friend"),
    )
    bring_in(wt)
    file = tmp_path / "users.csv"
    file.write_text(
        f"user_id,nickname,phone,registered_time\n{USER},{NICK},{PHONE},2026-01-01\n{USER},{NICK},{PHONE},never\n",
        "utf-8",
    )
    wt.importer.import_file(ImportSpec(path=file, kind="users"), actor="test", progress=lambda *_: None)
    build_once(wt, lambda *_: None)


def hits(wt: App) -> set[tuple[str, str]]:
    found = sweep(wt.settings.home, [n.encode() for n in NEEDLES], log=wt.log, database=wt.database)
    return {(NEEDLES[hit.needle], hit.store) for hit in found}


def test_nothing_of_an_erased_person_is_left_in_any_store(wt: App, tmp_path: Path) -> None:
    plant(wt, tmp_path)
    before = hits(wt)
    assert {needle for needle, _ in before} == set(NEEDLES), "the sweep can see what is planted"
    assert wt.profiles.profile(USER)
    sales_before = wt.metrics.overview().gmv

    erasure = wt.rights.begin(USER, reason="asked by phone", actor="test")
    with pytest.raises(NobodyThere):
        wt.profiles.profile(USER)
    done = wt.rights.finish(erasure.erasure_id)
    assert done.state == "done"
    assert wt.rights.verify(done.erasure_id)
    clock = wt.clock
    assert isinstance(clock, FixedClock)
    for _ in range(2):
        clock.move(9 * 86_400)
        put(wt, track(7, "friend", messageId=f"later-{clock.at_us}", at_us=clock.at_us))
        bring_in(wt)
        housekeeping(wt)
    assert hits(wt) == set()
    clock.elapsed_s += 60
    assert wt.metrics.overview().gmv == sales_before, "the shop keeps its sales, without the buyer"
    assert {row["event_id"] for row in stored(wt)} >= {"m6"}
    with wt.database.connect() as connection:
        assert wt.identity.find(connection, USER) is None
        assert wt.identity.find(connection, "friend") is not None


def test_the_journal_erases_again_what_a_restore_brings_back(wt: App, tmp_path: Path) -> None:
    plant(wt, tmp_path)
    with wt.database.connect() as connection:
        saved = connection.connection.driver_connection
        assert saved is not None
        copy = tmp_path / "backup.db"
        import sqlite3

        with sqlite3.connect(copy) as target:
            saved.backup(target)
    wt.rights.erase(USER, reason="test", actor="test")
    wt.database.close()
    for name in ("weaktie.db-wal", "weaktie.db-shm"):
        (wt.settings.home / name).unlink(missing_ok=True)
    (wt.settings.home / "weaktie.db").write_bytes(copy.read_bytes())
    with wt.database.connect() as connection:
        assert wt.identity.find(connection, USER) is not None, "the backup holds the person"
    replayed = wt.rights.replay(everything=True)
    assert len(replayed.again) == 1
    with wt.database.connect() as connection:
        assert wt.identity.find(connection, USER) is None

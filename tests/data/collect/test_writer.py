"""The lake writer: each event once, whatever is repeated, torn or interrupted (R1, R5, R6, R20)."""

import random
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy import select

from tests.suites.homes import START_US, bring_in, fresh_app, put, stored, track
from weaktie.app.cli_data import build_once
from weaktie.app.wiring import App
from weaktie.data.collect import jobs
from weaktie.data.collect.contracts import OTHER_PAYLOAD_FLAG, Event, Identifier, RawRequest
from weaktie.data.collect.rows import Decoded, assemble
from weaktie.data.collect.tables import dead_letters
from weaktie.data.identity.erase import IdentityEraser
from weaktie.data.identity.tables import links
from weaktie.store.log.contracts import Place
from weaktie.store.runs.contracts import Busy
from weaktie.store.runs.service import Lease


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield app


def ids(wt: App) -> list[str]:
    return [row["event_id"] for row in stored(wt)]


def test_what_was_appended_is_stored_once_with_its_people(wt: App) -> None:
    put(wt, track(1), track(2, None, anonymous="a1"), track(3, "u1", anonymous="a1"))
    done = bring_in(wt)
    rows = stored(wt)
    assert (done.stored, done.duplicates, done.letters) == (3, 0, 0)
    assert [r["event_id"] for r in rows] == ["m1", "m2", "m3"]
    assert rows[0]["alias_no"] == rows[2]["alias_no"] != rows[1]["alias_no"]
    assert rows[2]["anon_alias_no"] == rows[1]["alias_no"]
    assert {r["day"] for r in rows} == {(START_US // 1_000_000 + 8 * 3600) // 86_400}
    with wt.database.connect() as connection:
        assert len(wt.identity.component(connection, rows[0]["alias_no"])) == 2


def test_a_link_remembers_its_first_and_last_sighting_whatever_the_batches(wt: App) -> None:
    held = Lease(wt.database, wt.clock, "consumer:lake")
    assert held.acquire()
    writer = wt.lake_writer(held)
    hour = 3_600_000_000
    for number, at_us in enumerate((START_US, START_US - hour, START_US + 60_000_000, START_US + 3 * hour)):
        put(wt, track(number, "u1", anonymous="a1", at_us=at_us))
        writer.catch_up()
    with wt.database.connect() as connection:
        found = connection.execute(select(links.c.event_us, links.c.last_us)).all()
    assert [tuple(row) for row in found] == [(START_US - hour, START_US + 3 * hour)]
    held.release()


def test_two_logins_in_one_event_are_no_proof_that_they_are_one_person() -> None:
    who: tuple[Identifier, ...] = (("user", "a"), ("user", "b"), ("phone", "13912345670"), ("anonymous", "c"))
    event = Event("e", "Seen", who, START_US, START_US, b"{}")
    request = RawRequest("sensors", "/sa", "s", 15, START_US, b"")
    numbers = {identifier: n for n, identifier in enumerate(who, 1)}
    batch = assemble([Decoded(Place(0, 0), 0, request, event)], numbers, ZoneInfo("Asia/Shanghai"), "CNY")
    assert [(f.a_alias, f.b_alias, f.kind) for f in batch.links] == [(1, 3, "trait"), (1, 4, "login")]


def test_the_same_batch_ten_times_counts_once_also_across_a_restart(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        for _ in range(5):
            put(wt, *(track(i) for i in range(20)))
        bring_in(wt)
        home, clock = wt.settings.home, wt.clock
    from weaktie.app.wiring import open_app

    with open_app(home, clock) as again:
        for _ in range(5):
            put(again, *(track(i) for i in range(20)))
        done = bring_in(again)
        assert (done.stored, done.duplicates) == (0, 100)
        assert len(ids(again)) == 20
        assert again.arrivals.totals() == {"events": 20, "duplicates": 180}


def test_the_same_id_with_another_payload_is_kept_and_flagged(wt: App) -> None:
    put(wt, track(1), track(1, properties={"product_id": "other"}), track(1))
    put(wt, track(1, properties={"product_id": "other"}))
    bring_in(wt)
    rows = stored(wt)
    assert [r["event_id"] for r in rows] == ["m1", "m1"]
    assert sorted(r["flags"] & OTHER_PAYLOAD_FLAG for r in rows) == [0, OTHER_PAYLOAD_FLAG]


@pytest.mark.parametrize("seed", range(6))
def test_a_crash_anywhere_in_a_batch_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    steps = ["identifiers_of", "assemble", "add_links", "set_offset", "_add_seen", "_count"]
    with fresh_app(tmp_path) as wt:
        sent = []
        for batch in range(8):
            numbers = [batch * 10 + i for i in range(10)]
            sent += [f"m{n}" for n in numbers]
            put(wt, *(track(n, f"u{n % 5}", anonymous=f"a{n % 3}") for n in numbers))
            if chance.random() < 0.7:
                name = chance.choice(steps)
                with monkeypatch.context() as broken:
                    broken.setattr(jobs, name, _power_cut)
                    with pytest.raises(PowerCut):
                        bring_in(wt)
            else:
                bring_in(wt)
        bring_in(wt)
        assert ids(wt) == sorted(sent)
        assert wt.arrivals.totals()["events"] == len(sent)
        assert wt.status.lag() == 0


class PowerCut(Exception):
    """What the broken step raises."""


def _power_cut(*_args: object, **_more: object) -> None:
    raise PowerCut


def test_poison_goes_to_the_dead_letters_and_its_neighbours_go_on(wt: App) -> None:
    poison = [
        track(2, properties={"price": 2**63}),
        track(3, event=None),
        track(4, None),
        {"type": "nonsense", "messageId": "m5"},
    ]
    put(wt, track(1), *poison, track(6))
    put(wt, track(7))
    done = bring_in(wt)
    kept = ids(wt)
    assert {"m1", "m6", "m7"} <= set(kept)
    assert done.letters + len(kept) == 7
    assert done.letters >= 3
    with wt.database.connect() as connection:
        letters = connection.execute(select(dead_letters)).mappings().all()
    assert len(letters) == done.letters
    assert all(letter["code"] and letter["message_zh"] and letter["message_en"] for letter in letters)
    assert all(b"nonsense" not in bytes(letter["sample"]) for letter in letters), "samples are encrypted"
    assert bring_in(wt).letters == 0


def test_a_record_that_no_protocol_knows_becomes_a_letter_and_the_log_goes_on(wt: App) -> None:
    writer = wt.log.writer()
    writer.append_now([b"\xff not a request"])
    writer.close()
    put(wt, track(1))
    assert bring_in(wt).letters == 1
    assert ids(wt) == ["m1"]


def test_only_the_holder_of_the_lease_commits(wt: App) -> None:
    put(wt, track(1))
    mine = Lease(wt.database, wt.clock, "consumer:lake")
    assert mine.acquire()
    writer = wt.lake_writer(mine)
    wt.clock.move(60)  # type: ignore[attr-defined]
    other = Lease(wt.database, wt.clock, "consumer:lake")
    assert other.acquire()
    with pytest.raises(Busy):
        writer.run_once()
    assert ids(wt) == []
    assert wt.lake_writer(other).run_once().stored == 1


def test_late_copies_of_an_erased_person_do_not_come_back(wt: App) -> None:
    put(wt, track(1, "gone"), track(2, "stays"))
    bring_in(wt)
    with wt.database.begin() as tx:
        alias = wt.identity.find(tx, "gone")
        assert alias is not None
        IdentityEraser(wt.database, wt.vault).bury(tx, [alias], wt.clock.now_us())
    put(wt, track(3, "gone"), track(4, "stays"))
    done = bring_in(wt)
    assert (done.stored, done.refused) == (1, 1)
    wt.clock.move(3600)  # type: ignore[attr-defined]
    put(
        wt,
        track(5, "gone", at_us=wt.clock.now_us()),
        track(6, "stays", event="Invite Sent", properties={"to_user_id": "gone"}),
    )
    assert bring_in(wt).stored == 1, "going on as if nothing had happened is no registration"
    with wt.database.connect() as connection:
        assert wt.identity.find(connection, "gone") is None, "nor is being mentioned by somebody else"
    put(
        wt,
        track(7, "gone", event="Signed Up", at_us=wt.clock.now_us()),
        track(8, "gone", at_us=wt.clock.now_us()),
    )
    assert bring_in(wt).stored == 2
    with wt.database.connect() as connection:
        assert wt.identity.find(connection, "gone") not in (None, alias), "whoever comes back is somebody new"


def test_personal_traits_reach_the_vault_and_never_the_lake(wt: App) -> None:
    phone, mail = "19900001234", "somebody@example.com"
    traits = {"phone": phone, "email": mail, "nickname": "小明", "city": "上海", "vip": True}
    put(wt, track(1, type="identify", traits=traits, event=None))
    bring_in(wt)
    (row,) = stored(wt, "users")
    assert row["city"] == "上海"
    for file in (wt.settings.home / "lake").rglob("*.parquet"):
        assert phone.encode() not in file.read_bytes()
    text = str(stored(wt)) + str(stored(wt, "users"))
    assert phone not in text
    assert mail not in text
    with wt.database.connect() as connection:
        assert wt.identity.find(connection, phone) is not None
        opened = wt.vault.open(connection, [row["alias_no"]])
    assert opened[row["alias_no"]]["phone"] == phone
    assert (wt.settings.home / "weaktie.db").read_bytes().find(phone.encode()) < 0


def test_the_overlay_counts_exactly_what_came_after_the_build(wt: App) -> None:
    put(wt, *(track(i, "u1") for i in range(5)))
    bring_in(wt)
    build_once(wt, lambda *_: None)
    put(wt, track(10, "u1"), track(11, "u1", event="Content Liked", at_us=START_US + 1_000_000))
    bring_in(wt)
    page = msgspec.json.decode(wt.profiles.profile("u1"))
    assert page["live"]["events_since_build"] == 2
    assert page["live"]["last_event"] == "Content Liked"
    assert page["counts"]["events"] == 7
    build_once(wt, lambda *_: None)
    wt.clock.move(5)  # type: ignore[attr-defined]
    page = msgspec.json.decode(wt.profiles.profile("u1"))
    assert (page["live"]["events_since_build"], page["counts"]["events"]) == (0, 7)

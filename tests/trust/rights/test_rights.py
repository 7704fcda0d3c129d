"""Erasure: hidden at once, removed everywhere, proven, and re-applied after a restore."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from tests.suites.consoles import Console
from weaktie.kit.clock import FixedClock
from weaktie.kit.errors import Conflict
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.trust.audit import service as audit
from weaktie.trust.consent.service import Consent
from weaktie.trust.rights import api as rights_api
from weaktie.trust.rights.contracts import NoPerson, Person
from weaktie.trust.rights.journal import JOURNAL
from weaktie.trust.rights.logic import JournalLine, read_lines, write_line
from weaktie.trust.rights.service import Rights
from weaktie.trust.vault.service import Vault

PHONE = "13812345678"


@dataclass
class People:
    """Stands in for identity: alias number -> look-up text of the living."""

    living: dict[int, str] = field(default_factory=lambda: {1: "user:u1", 2: "anonymous:a1", 3: "user:u2"})

    def person_of(self, _connection: Connection, user_id: str) -> Person | None:
        """u1 is the person with identifiers 1 and 2."""
        group = {"u1": (1, 2), "a1": (1, 2), "u2": (3,)}.get(user_id, ())
        left = tuple(n for n in group if n in self.living)
        return Person(left[0], left) if left else None

    def bury(self, _tx: Connection, alias_nos: Sequence[int], _now_us: int) -> Mapping[int, str]:
        """Take them out."""
        return {n: self.living.pop(n) for n in alias_nos if n in self.living}

    def lookups(self, _connection: Connection) -> Iterable[tuple[int, str]]:
        """Everybody."""
        return list(self.living.items())


@dataclass
class Shelf:
    """An eraser over a set of identifiers; `trouble` is raised instead while it is set."""

    name: str
    rows: set[int]
    trouble: Exception | None = None
    calls: int = 0

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Remove them."""
        self.calls += 1
        if self.trouble is not None:
            raise self.trouble
        gone = self.rows & set(alias_nos)
        self.rows -= gone
        return {"rows": len(gone)}

    def export(self, _connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """A row each."""
        return {"rows": [{"alias_no": n} for n in alias_nos if n in self.rows]}


class Shop:
    """A rights service with two shelves."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database, self.home = database, home
        self.clock = FixedClock()
        self.vault = Vault.create(database, home)
        self.consent = Consent(self.clock, self.vault)
        self.people = People()
        self.shelves = [Shelf("lake", {1, 2, 3}), Shelf("profiles", {1, 3})]
        self.rights = self.make()
        with database.begin() as tx:
            self.vault.seal_many(tx, [(1, "phone", PHONE), (3, "phone", PHONE)])
            self.consent.record_receipt(tx, alias_no=1, purpose="social", granted=True, how="api")

    def make(self) -> Rights:
        """The service as a fresh process makes it."""
        return Rights(
            self.database, self.clock, self.home, self.vault, self.consent,
            person_of=self.people.person_of, bury=self.people.bury, lookups_of=self.people.lookups,
            erasers=self.shelves, exporters=self.shelves,
        )  # fmt: skip

    def journal(self) -> list[JournalLine]:
        """The lines that are durable."""
        path = self.home / JOURNAL
        return read_lines(path.read_bytes())[0] if path.exists() else []

    def sealed(self) -> dict[int, dict[str, str]]:
        """What the vault opens."""
        with self.database.connect() as connection:
            return self.vault.open(connection, [1, 2, 3])


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Shop:
    return Shop(database, tmp_path)


def test_an_erasure_reaches_every_store_and_is_proven(shop: Shop) -> None:
    done = shop.rights.erase("u1", reason="asked by letter", actor="acc_1")
    assert (done.state, done.identifiers) == ("done", 2)
    assert [(s.name, s.rows) for s in done.steps] == [
        ("vault", 1),
        ("consent", 1),
        ("lake", 2),
        ("profiles", 1),
    ]
    assert shop.shelves[0].rows == {3}
    assert shop.sealed() == {3: {"phone": PHONE}}
    with shop.database.connect() as connection:
        assert shop.rights.person_of(connection, "a1") is None
        assert f"user#{shop.vault.lookup_key('user', 'u1')}" in shop.consent.blocked(connection)
        assert [e.action for e in audit.page(connection).items] == ["erasure.done", "erasure.ask"]
    assert shop.rights.verify(done.erasure_id)


def test_the_proof_shows_an_altered_outcome(shop: Shop) -> None:
    done = shop.rights.erase("u1", reason="r", actor="a")
    with shop.database.begin() as tx:
        tx.execute(
            text("UPDATE erasure_steps SET removed_json = :r WHERE name = 'lake'"), {"r": '{"rows": 9}'}
        )
    assert not shop.rights.verify(done.erasure_id)


def test_hiding_comes_first(shop: Shop) -> None:
    begun = shop.rights.begin("u1", reason="r", actor="a")
    assert begun.state == "running"
    assert {s.state for s in begun.steps} == {"waiting"}
    assert shop.people.living == {3: "user:u2"}
    assert [line.erasure_id for line in shop.journal()] == [begun.erasure_id]
    with pytest.raises(NoPerson):
        shop.rights.begin("u1", reason="r", actor="a")


def test_nothing_that_stays_names_the_person(shop: Shop) -> None:
    shop.rights.erase("u1", reason=f"wrote from {PHONE}", actor="a")
    with shop.database.connect() as connection:
        held = str(
            [
                connection.execute(text(f"SELECT * FROM {table}")).all()
                for table in ("erasures", "erasure_steps", "audit_log", "consent_blocks")
            ]
        )
    held += (shop.home / JOURNAL).read_text()
    for plain in (PHONE, "user:u1", "'u1'", '"u1"', "'a1'"):
        assert plain not in held


@pytest.mark.parametrize("trouble", [Conflict("busy", Words("忙", "busy")), OSError("disk")])
def test_a_step_that_cannot_run_is_tried_again(shop: Shop, trouble: Exception) -> None:
    shop.shelves[0].trouble = trouble
    first = shop.rights.erase("u1", reason="r", actor="a")
    assert first.state == "running"
    assert first.proof is None
    assert {s.name: s.state for s in first.steps if s.state != "done"} == {
        "lake": "failed" if isinstance(trouble, OSError) else "waiting"
    }
    assert shop.shelves[1].rows == {3}, "the other stores do not wait"
    shop.shelves[0].trouble = None
    (second,) = shop.make().finish_open()
    assert (second.erasure_id, second.state) == (first.erasure_id, "done")
    assert shop.shelves[1].calls == 1, "what is done is not done again"
    assert shop.rights.finish_open() == []


def test_a_crash_before_the_journal_is_made_good(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_line: JournalLine) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(shop.rights.journal, "append", full)
        with pytest.raises(OSError, match="no space"):
            shop.rights.begin("u1", reason="r", actor="a")
    assert shop.journal() == []
    assert shop.people.living == {3: "user:u2"}, "hidden all the same"
    (done,) = shop.make().finish_open()
    assert done.state == "done"
    assert len(shop.journal()) == 1


def restored(shop: Shop) -> None:
    """Put the state of a backup back that was taken before the erasure; the journal lies outside of it."""
    shop.people.living |= {1: "user:u1", 2: "anonymous:a1"}
    shop.shelves[0].rows |= {1, 2}
    with shop.database.begin() as tx:
        for table in ("erasures", "erasure_steps", "consent_blocks", "vault_keys", "vault_items"):
            tx.execute(text(f"DELETE FROM {table}"))
        shop.vault.seal(tx, 1, "phone", PHONE)


def test_a_restored_backup_forgets_again(shop: Shop) -> None:
    done = shop.rights.erase("u1", reason="r", actor="a")
    restored(shop)
    fresh = shop.make()
    replayed = fresh.replay()
    assert (replayed.lines, replayed.damaged, replayed.again) == (1, 0, [done.erasure_id])
    assert shop.people.living == {3: "user:u2"}
    assert shop.shelves[0].rows == {3}
    assert shop.sealed() == {}
    assert fresh.find(done.erasure_id).state == "done"
    assert fresh.verify(done.erasure_id)
    assert fresh.replay().again == []
    assert len(shop.journal()) == 1


def test_stores_older_than_the_database_are_cleaned_again(shop: Shop) -> None:
    done = shop.rights.erase("u1", reason="r", actor="a")
    shop.shelves[0].rows |= {1, 2}
    assert shop.rights.replay().again == []
    assert shop.rights.replay(everything=True).again == [done.erasure_id]
    assert shop.shelves[0].rows == {3}


def test_without_an_erasure_there_is_nothing_to_replay(shop: Shop) -> None:
    assert shop.rights.replay().lines == 0


def test_a_torn_or_altered_line_harms_no_neighbour(shop: Shop) -> None:
    first = shop.rights.erase("u1", reason="r", actor="a")
    path = shop.home / JOURNAL
    path.write_bytes(path.read_bytes() + write_line(JournalLine("era_x", 1, ("ab" * 32,)))[:40])
    second = shop.rights.erase("u2", reason="r", actor="a")
    lines, damaged = read_lines(path.read_bytes())
    assert [line.erasure_id for line in lines] == [first.erasure_id, second.erasure_id]
    assert damaged == 1
    sound = write_line(JournalLine("era_1", 5, ("ab",)))
    assert read_lines(sound.replace(b"era_1", b"era_2")) == ([], 1)
    assert read_lines(b"[]\n1\nnull\n{}\n\xff\n") == ([], 5)


def test_pages_are_newest_first(shop: Shop) -> None:
    first = shop.rights.erase("u1", reason="r", actor="a")
    shop.clock.move(1)
    second = shop.rights.erase("u2", reason="r", actor="a")
    page = shop.rights.page(limit=1)
    rest = shop.rights.page(limit=1, cursor=page.next_cursor)
    assert [e.erasure_id for e in page.items + rest.items] == [second.erasure_id, first.erasure_id]
    assert rest.next_cursor is None


def test_a_person_gets_a_copy(shop: Shop) -> None:
    assert shop.rights.export("u1") == {
        "lake": {"rows": [{"alias_no": 1}, {"alias_no": 2}]},
        "profiles": {"rows": [{"alias_no": 1}]},
    }
    with pytest.raises(NoPerson):
        shop.rights.export("nobody")


def test_over_http(database: Database, tmp_path: Path) -> None:
    shop = Shop(database, tmp_path)
    console = Console(database, tmp_path, rights_api.router, rights=shop.rights)
    compliance, operator = console.person("compliance"), console.person("operator")
    with console.browser() as browser, console.browser() as other:
        browser.sign_in(compliance)
        other.sign_in(operator)
        path, body = "/api/profiles/u1/erasure", {"reason": "asked", "confirm": "u1"}
        assert other.send("POST", path, body).status_code == 403
        assert browser.send("POST", path, body | {"confirm": "u2"}).json()["error"]["code"] == "not_confirmed"
        assert shop.people.living.keys() == {1, 2, 3}
        asked = browser.send("POST", path, body)
        assert (asked.status_code, asked.json()["state"]) == (202, "running")
        assert browser.send("POST", path, body).status_code == 404
        proof = browser.send("GET", f"/api/erasures/{asked.json()['erasure_id']}").json()
        assert proof["state"] == "done"
        assert {s["store"]: s["removed"] for s in proof["steps"]}["lake"] == 2
        assert json.dumps(proof).count("u1") == 0
        assert len(browser.send("GET", "/api/erasures").json()["items"]) == 1
        assert browser.send("GET", "/api/erasures/none").status_code == 404
        assert other.send("GET", "/api/erasures").status_code == 403

"""The vault: sealed values, keyed look-ups, keys that can be destroyed."""

import os
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from weaktie.store.database.service import Database
from weaktie.trust.vault.contracts import MASTER_KEY_FILE, MissingMasterKey, WrongMasterKey
from weaktie.trust.vault.logic import MasterKey, normal_form, read_master, write_master
from weaktie.trust.vault.service import Vault
from weaktie.trust.vault.tables import vault_day_keys, vault_items, vault_keys

PHONE = "13812345678"


@pytest.fixture
def vault(database: Database, tmp_path: Path) -> Vault:
    return Vault.create(database, tmp_path)


def test_sealed_values_open_again(database: Database, vault: Vault) -> None:
    with database.begin() as tx:
        vault.seal(tx, 7, "phone", PHONE)
        vault.seal_many(tx, [(7, "nickname", "小王"), (8, "phone", "1"), (8, "phone", "2")])
    with database.connect() as connection:
        assert vault.open(connection, [7, 8, 9]) == {
            7: {"phone": PHONE, "nickname": "小王"},
            8: {"phone": "2"},
        }


def test_a_later_value_replaces_the_former(database: Database, vault: Vault) -> None:
    for value in ("old", "new"):
        with database.begin() as tx:
            vault.seal(tx, 1, "nickname", value)
    with database.connect() as connection:
        assert vault.open(connection, [1]) == {1: {"nickname": "new"}}


def test_nothing_stored_holds_the_plain_value(database: Database, vault: Vault) -> None:
    with database.begin() as tx:
        vault.seal(tx, 1, "phone", PHONE)
    with database.connect() as connection:
        rows = [*connection.execute(select(vault_items)), *connection.execute(select(vault_keys))]
    assert rows
    for row in rows:
        for value in row:
            raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
            assert PHONE.encode() not in raw


def test_forgetting_destroys_key_and_values(database: Database, vault: Vault) -> None:
    with database.begin() as tx:
        vault.seal_many(tx, [(1, "phone", PHONE), (1, "email", "a@b.cn"), (2, "phone", PHONE)])
    with database.connect() as connection:
        copies = {row.alias_no: bytes(row.sealed) for row in connection.execute(select(vault_items))}
    with database.begin() as tx:
        assert vault.forget(tx, [1]) == 2
    with database.connect() as connection:
        assert vault.open(connection, [1, 2]) == {2: {"phone": PHONE}}
    # A copy of the value from a backup stays shut under the key that the identifier gets later.
    with database.begin() as tx:
        vault.seal(tx, 1, "phone", "new")
        tx.execute(update(vault_items).where(vault_items.c.alias_no == 1).values(sealed=copies[1]))
    with database.connect() as connection, pytest.raises(ValueError, match="does not open"):
        vault.open(connection, [1])


def test_a_value_moved_to_another_row_does_not_open(database: Database, vault: Vault) -> None:
    with database.begin() as tx:
        vault.seal_many(tx, [(1, "phone", PHONE), (1, "email", "a@b.cn")])
        sealed = tx.execute(select(vault_items.c.sealed).where(vault_items.c.field == "phone")).scalar_one()
        tx.execute(update(vault_items).where(vault_items.c.field == "email").values(sealed=bytes(sealed)))
    with database.connect() as connection, pytest.raises(ValueError, match="does not open"):
        vault.open(connection, [1])


def test_a_key_moved_to_another_row_does_not_unwrap(database: Database, vault: Vault, tmp_path: Path) -> None:
    with database.begin() as tx:
        vault.seal_many(tx, [(1, "phone", PHONE), (2, "phone", PHONE)])
        wrapped = tx.execute(select(vault_keys.c.wrapped).where(vault_keys.c.alias_no == 1)).scalar_one()
        tx.execute(update(vault_keys).where(vault_keys.c.alias_no == 2).values(wrapped=bytes(wrapped)))
    with database.connect() as connection, pytest.raises(WrongMasterKey):
        Vault(database, tmp_path).open(connection, [2])


def test_the_key_file_is_private_and_made_once(database: Database, vault: Vault, tmp_path: Path) -> None:
    path = tmp_path / MASTER_KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_text()
    Vault.create(database, tmp_path)
    assert path.read_text() == before


def test_a_missing_master_key_is_named_and_never_replaced(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    (tmp_path / MASTER_KEY_FILE).unlink()
    with pytest.raises(MissingMasterKey):
        Vault(database, tmp_path)
    with pytest.raises(MissingMasterKey):
        Vault.create(database, tmp_path)
    assert not (tmp_path / MASTER_KEY_FILE).exists()


def test_a_wrong_master_key_is_named(database: Database, vault: Vault, tmp_path: Path) -> None:
    with database.begin() as tx:
        vault.seal(tx, 1, "phone", PHONE)
    (tmp_path / MASTER_KEY_FILE).write_text(write_master(os.urandom(32)))
    wrong = Vault(database, tmp_path)
    with database.connect() as connection:
        with pytest.raises(WrongMasterKey):
            wrong.check(connection)
        with pytest.raises(WrongMasterKey):
            wrong.open(connection, [1])
    with pytest.raises(WrongMasterKey), database.begin() as tx:
        wrong.seal(tx, 2, "phone", PHONE)
    with pytest.raises(WrongMasterKey):
        wrong.day_keys().day_key(20_000)


@pytest.mark.parametrize("content", ["", "weaktie master key 1\n", "x" * 90, "密"])
def test_a_damaged_key_file_is_named(sqlite_database: Database, tmp_path: Path, content: str) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / MASTER_KEY_FILE).write_text(content, "utf-8")
    with pytest.raises(WrongMasterKey):
        Vault(sqlite_database, tmp_path)


def test_one_mistyped_digit_of_the_key_file_is_found() -> None:
    written = write_master(bytes(range(32)))
    assert read_master(written) == bytes(range(32))
    with pytest.raises(WrongMasterKey):
        read_master(written.replace("0a0b", "0a1b"))


def test_look_ups_are_keyed_and_normalised(sqlite_database: Database, tmp_path: Path) -> None:
    one = Vault.create(sqlite_database, tmp_path)
    assert one.lookup_key("phone", "+86 138-1234-5678") == one.lookup_key("phone", PHONE)
    assert one.lookup_key("email", " A@B.cn") == one.lookup_key("email", "a@b.cn")
    assert one.lookup_key("phone", PHONE) != one.lookup_key("user", PHONE)
    assert one.lookup_key("user", "a") != one.lookup_key("user", "A")
    assert one.blind(f"phone#{one.lookup_key('phone', PHONE)}") == one.blind(f"phone:{PHONE}")
    other = MasterKey(os.urandom(32))
    assert other.mac("lookup", f"phone\0{PHONE}") != one.lookup_key("phone", PHONE)
    assert one.journal_mac(f"phone:{PHONE}") != one.lookup_key("phone", PHONE)


@given(st.sampled_from(["phone", "email", "user", "device"]), st.text(max_size=40))
def test_the_normal_form_is_stable(kind: str, value: str) -> None:
    once = normal_form(kind, value)
    assert normal_form(kind, once) == once


def test_day_keys_are_the_same_in_every_process(database: Database, vault: Vault, tmp_path: Path) -> None:
    key = vault.day_keys().day_key(20_000)
    assert len(key) == 32
    assert Vault(database, tmp_path).day_keys().day_key(20_000) == key
    assert vault.day_keys().day_key(20_001) != key


def test_a_destroyed_day_key_is_gone(database: Database, vault: Vault) -> None:
    keys = vault.day_keys()
    old, kept = keys.day_key(20_000), keys.day_key(20_005)
    keys.destroy(20_000)
    assert keys.day_key(20_000) != old
    keys.destroy_before(20_005)
    with database.connect() as connection:
        assert connection.execute(select(vault_day_keys.c.day)).scalars().all() == [20_005]
    assert keys.day_key(20_005) == kept


def test_two_writers_agree_on_one_key(database: Database, vault: Vault, tmp_path: Path) -> None:
    other = Vault(database, tmp_path)
    with database.begin() as tx:
        vault.seal(tx, 5, "phone", PHONE)
    with database.begin() as tx:
        other.seal(tx, 5, "email", "a@b.cn")
    with database.connect() as connection:
        assert vault.open(connection, [5]) == {5: {"phone": PHONE, "email": "a@b.cn"}}


def test_nothing_is_kept_of_a_transaction_that_fails(database: Database, vault: Vault) -> None:
    with pytest.raises(RuntimeError, match="power"), database.begin() as tx:
        vault.seal(tx, 1, "phone", PHONE)
        raise RuntimeError("power")
    with database.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM vault_keys")).scalar() == 0


def test_many_values_are_sealed_quickly(database: Database, vault: Vault) -> None:
    rows = [(n, "phone", f"138{n:08d}") for n in range(100_000)]
    started = time.process_time()  # our own work: the machine may do other things beside
    with database.begin() as tx:
        vault.seal_many(tx, rows)
    spent_s = time.process_time() - started
    with database.connect() as connection:
        assert vault.open(connection, [99_999]) == {99_999: {"phone": "13800099999"}}
    assert spent_s < 6, f"{spent_s:.1f} s of CPU: twice the goal"

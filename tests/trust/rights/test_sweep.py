"""The canary sweep finds a planted value in every coding in which a home keeps bytes."""

import base64
import gzip
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from weaktie.kit.clock import FixedClock
from weaktie.store.database.service import Database
from weaktie.store.log.service import open_log
from weaktie.trust.rights.contracts import Hit
from weaktie.trust.rights.service import sweep, sweep_database
from weaktie.trust.vault.service import Vault

PHONE = b"13812345678"
NAME = "欧阳某某".encode()


def parquet(path: Path, codec: str = "zstd") -> None:
    # Neighbours that share beginnings make the pages delta-coded: the raw bytes do not hold the value in one piece.
    values = [f"{n:011d}" for n in range(13812345000, 13812346000)]
    pq.write_table(
        pa.table({"day": list(range(1000)), "phone": values}), path, compression=codec, use_dictionary=False,
        column_encoding={"phone": "DELTA_BYTE_ARRAY", "day": "PLAIN"},
    )  # fmt: skip


def nested_parquet(path: Path) -> None:
    pq.write_table(
        pa.table({"properties": [[{"k": "phone", "v": PHONE.decode()}]]}), path, compression="zstd"
    )


def database_file(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE profiles (body BLOB)")
    connection.execute("INSERT INTO profiles VALUES (?)", (zstandard.compress(b'{"phone":"%s"}' % PHONE),))
    connection.commit()
    connection.close()


def archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("sheet1.xml", "<v>13812345678</v>" * 50)


PLANTS: dict[str, Callable[[Path], object]] = {
    "plain.txt": lambda p: p.write_bytes(b"x" * 5_000_000 + PHONE),
    "across.bin": lambda p: p.write_bytes(b"x" * (4 * 1024 * 1024 - 5) + PHONE + b"y" * 100),
    "utf16.txt": lambda p: p.write_bytes(PHONE.decode().encode("utf-16")),
    "hex.txt": lambda p: p.write_bytes(PHONE.hex().encode()),
    "a.csv.gz": lambda p: p.write_bytes(gzip.compress(b"name,phone\n" + PHONE * 3)),
    "b.zst": lambda p: p.write_bytes(zstandard.compress(b"x" * 100 + PHONE)),
    "c.xlsx": archive,
    "d.parquet": parquet,
    "e.parquet": nested_parquet,
    "f.sqlite": database_file,
}


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_value_is_found_in_every_coding(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "home" / "deep"
    folder.mkdir(parents=True)
    PLANTS[name](folder / name)
    hits = sweep(tmp_path / "home", [b"not there", PHONE])
    assert {(hit.needle, hit.store) for hit in hits} == {(1, f"deep/{name}")}


@pytest.mark.parametrize("coding", ["utf-8", "gb18030", "utf-16-le"])
def test_a_name_is_found_in_every_character_set(tmp_path: Path, coding: str) -> None:
    (tmp_path / "names").write_bytes(b"x " + NAME.decode().encode(coding))
    assert sweep(tmp_path, [NAME]) == [Hit(0, "names", "bytes")]


def test_a_clean_home_has_no_hits(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "broken.gz").write_bytes(b"\x1f\x8b\x08 not really")
    (tmp_path / "broken.zst").write_bytes(b"\x28\xb5\x2f\xfd not really")
    (tmp_path / "half").write_bytes(PHONE[:6])
    assert sweep(tmp_path, [PHONE, NAME]) == []


def test_a_needle_that_chance_would_find_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        sweep(tmp_path, [b"abc"])


def test_the_log_is_opened(sqlite_database: Database, tmp_path: Path) -> None:
    home = tmp_path / "home"
    vault = Vault.create(sqlite_database, home)
    log = open_log("file:", home, vault.day_keys(), FixedClock(), segment_bytes=1 << 20)
    zipped = gzip.compress(b'{"userId":"u1","traits":{"phone":"%s"}}' % PHONE)
    coded = b"data=" + base64.b64encode(gzip.compress(b'[{"phone":"%s"}]' % PHONE)).replace(b"+", b"%2B")
    writer = log.writer()
    writer.append_now([b"clean", b"\x93msgpack" + zipped, b"\x93msgpack" + coded])
    writer.close()
    assert sweep(home, [PHONE]) == [], "the file itself is encrypted"
    hits = sweep(home, [PHONE], log=log)
    records = [record.place.record for record in log.read(0, 0)]
    assert [hit.place for hit in hits] == [f"partition 0 record {number}" for number in records[1:]]


def test_every_table_of_a_database_is_read(database: Database, tmp_path: Path) -> None:
    vault = Vault.create(database, tmp_path)
    with database.begin() as tx:
        vault.seal(tx, 1, "phone", PHONE.decode())
    assert sweep_database(database, [PHONE]) == []
    with database.begin() as tx:
        tx.exec_driver_sql("INSERT INTO accounts (account_id, name, email, role, created_us) VALUES "
                           "('a', '13812345678', 'e', 'owner', 1)")  # fmt: skip
    assert sweep_database(database, [PHONE]) == [Hit(0, "database.accounts", "name")]


def test_what_sqlite_deletes_is_gone_from_the_file(sqlite_database: Database, tmp_path: Path) -> None:
    with sqlite_database.begin() as tx:
        tx.exec_driver_sql("INSERT INTO vault_items VALUES (1, 'phone', ?)", (PHONE * 200,))
    assert sweep(tmp_path, [PHONE])
    with sqlite_database.begin() as tx:
        tx.exec_driver_sql("DELETE FROM vault_items")
    with sqlite_database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert sweep(tmp_path, [PHONE]) == []


def test_a_file_that_vanishes_meanwhile_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert sweep(tmp_path, [PHONE]) == []

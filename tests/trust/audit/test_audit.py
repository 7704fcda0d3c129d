"""The audit chain: every later change of a row shows at that row."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from weaktie.kit.clock import FixedClock
from weaktie.store.database.service import Database
from weaktie.trust.audit import service as audit
from weaktie.trust.audit.contracts import ChainCheck
from weaktie.trust.audit.logic import entry_hash, masked

ROWS = 6


@pytest.fixture
def chain(database: Database) -> Database:
    clock = FixedClock()
    for number in range(ROWS):
        clock.move(1)
        with database.begin() as tx:
            audit.record(
                tx, clock, actor=f"acc_{number % 2}", action="key.create", object_kind="key", object_id=f"key_{number}",
                detail={"kind": "write", "number": number},
            )  # fmt: skip
    return database


def bad(database: Database) -> list[int]:
    with database.connect() as connection:
        return audit.verify(connection).bad


def tamper(database: Database, sql: str, **values: object) -> None:
    with database.begin() as tx:
        assert tx.execute(text(sql), values).rowcount >= 1


def test_an_untouched_chain_holds(chain: Database) -> None:
    with chain.connect() as connection:
        check = audit.verify(connection)
    assert (check.ok, check.checked, check.bad) == (True, ROWS, [])


def test_an_empty_log_holds(database: Database) -> None:
    assert bad(database) == []


@pytest.mark.parametrize("row", [1, 3, ROWS])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at_us", 1),
        ("actor", "somebody"),
        ("action", "key.revoke"),
        ("object_kind", "account"),
        ("object_id", "key_x"),
        ("detail_json", "{}"),
        ("previous_hash", "f" * 64),
        ("hash", "f" * 64),
    ],
)
def test_an_updated_row_is_found_at_that_row(chain: Database, row: int, column: str, value: object) -> None:
    tamper(chain, f"UPDATE audit_log SET {column} = :value WHERE id = :row", value=value, row=row)
    assert bad(chain) == [row]


@pytest.mark.parametrize("row", [1, 3, ROWS])
def test_a_deleted_row_is_found_at_that_row(chain: Database, row: int) -> None:
    tamper(chain, "DELETE FROM audit_log WHERE id = :row", row=row)
    assert bad(chain) == [row]


@pytest.mark.parametrize("row", [1, 3, ROWS])
def test_a_row_rewritten_with_its_hash_is_found(chain: Database, row: int) -> None:
    with chain.begin() as tx:
        held = tx.execute(text("SELECT * FROM audit_log WHERE id = :row"), {"row": row}).mappings().one()
        forged = {name: held[name] for name in held if name != "hash"} | {"actor": "somebody"}
        tx.execute(
            text("UPDATE audit_log SET actor = 'somebody', hash = :hash WHERE id = :row"),
            {"hash": entry_hash(**forged), "row": row},
        )
    assert bad(chain) == [row]


def test_a_cut_end_is_found(chain: Database) -> None:
    tamper(chain, "DELETE FROM audit_log WHERE id > 4")
    assert bad(chain) == [5, 6]


def test_an_emptied_log_is_found(chain: Database) -> None:
    tamper(chain, "DELETE FROM audit_log")
    assert bad(chain) == [1, 2, 3, 4, 5, 6]


def test_a_row_put_in_is_found(chain: Database) -> None:
    tamper(
        chain,
        "INSERT INTO audit_log SELECT 7, at_us, actor, action, object_kind, object_id, detail_json, hash, hash "
        "FROM audit_log WHERE id = 6",
    )
    assert bad(chain) == [7]


def test_an_act_that_fails_leaves_no_row(chain: Database) -> None:
    with pytest.raises(RuntimeError, match="power"), chain.begin() as tx:
        audit.record(tx, FixedClock(), actor="a", action="b", object_kind="c", object_id="d")
        raise RuntimeError("power")
    with chain.connect() as connection:
        assert audit.verify(connection).checked == ROWS
    assert bad(chain) == []


def test_writers_at_once_make_one_chain(database: Database) -> None:
    def write(number: int) -> None:
        for _ in range(10):
            with database.begin() as tx:
                audit.record(
                    tx, FixedClock(), actor=f"acc_{number}", action="a", object_kind="k", object_id="o"
                )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with database.connect() as connection:
        assert audit.verify(connection) == ChainCheck(40, [])


def test_personal_texts_are_masked(database: Database) -> None:
    with database.begin() as tx:
        audit.record(
            tx, FixedClock(), actor="acc_1", action="reveal", object_kind="person", object_id="13812345678",
            detail={"note": "called 13812345678", "email": "a@b.cn", "password": "open sesame", "list": ["a@b.cn"], "n": 3},
        )  # fmt: skip
    with database.connect() as connection:
        row = connection.execute(text("SELECT object_id, detail_json FROM audit_log")).one()
    for personal in ("13812345678", "a@b.cn", "open sesame"):
        assert personal not in row.object_id + row.detail_json
    assert masked({"count": 3, "phone": None}) == {"count": 3, "phone": None}


def test_pages_are_newest_first_and_searchable(chain: Database) -> None:
    with chain.connect() as connection:
        first = audit.page(connection, limit=4)
        second = audit.page(connection, limit=4, cursor=first.next_cursor)
        assert [e.id for e in first.items + second.items] == [6, 5, 4, 3, 2, 1]
        assert second.next_cursor is None
        assert [e.id for e in audit.page(connection, search="KEY_3").items] == [4]
        assert audit.page(connection, search="%").items == []
        assert first.items[0].detail == {"kind": "write", "number": 5}


def test_the_export_neutralises_formulas(database: Database) -> None:
    with database.begin() as tx:
        audit.record(tx, FixedClock(), actor="=cmd()", action="a", object_kind="k", object_id="@x")
    with database.connect() as connection:
        lines = list(audit.export(connection))
    assert lines[0].startswith("id,time,actor")
    assert "'=cmd()" in lines[1]
    assert "'@x" in lines[1]

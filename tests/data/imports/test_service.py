"""Imports end to end over a lake that keeps each id once."""

import csv
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tests.data.imports.conftest import Bench, silent
from weaktie.data.imports import orders, readers, staging
from weaktie.data.imports.contracts import BadImport, ImportSpec, Kind
from weaktie.data.imports.jobs import sweep
from weaktie.data.imports.mapping import shipped
from weaktie.data.imports.service import display_name, get
from weaktie.kit.clock import DAY_US
from weaktie.kit.errors import Conflict

RETAIL = "online_retail/online_retail.csv.gz"


def test_online_retail_to_the_penny(bench: Bench, data_dir: Path) -> None:
    path = data_dir / RETAIL
    if not path.exists():
        pytest.skip(f"{RETAIL} is not among the data sets")
    result = bench.run(path, "orders", "online-retail")
    assert (result.rows_done, result.rows_bad) == (541_909, 0)
    assert result.stored == {"orders": 25_900, "order_items": 541_909, "products": 4_070, "users": 4_372}
    made, items = bench.lake.table("orders"), bench.lake.table("order_items")
    assert made["amount_minor"].sum() == items["amount_minor"].sum() == 974_774_793
    assert set(made["currency"]) == {"GBP"}
    assert Counter(made["status"]) == {"paid": 22_061, "cancelled": 3_836, "adjustment": 3}
    assert made["user_id"].drop_nulls().n_unique() == 4_372 and made["user_id"].count() == 22_190
    assert items["user_id"].null_count() == 135_080
    assert made.filter(order_id="536365")["user_id"].to_list() == ["17850"]
    # 14:50 in London in August, 12:50 there in December.
    assert made.filter(order_id="A563185")["paid_time"].item() == datetime(2011, 8, 12, 13, 50, tzinfo=UTC)
    assert made.filter(order_id="581587")["paid_time"].item() == datetime(2011, 12, 9, 12, 50, tzinfo=UTC)
    again = bench.run(path, "orders", "online-retail")
    assert sum(again.stored.values()) == 0 and again.rows_duplicate == 25_900


ORDERS = """订单号,用户ID,付款时间,订单状态,商品ID,商品名称,数量,单价
A1,u1,2024-01-05 08:00:00,交易成功,p1,茶杯,2,"1,234.565"
A2,u2,2024-01-05 09:00:00,已退款,p1,茶杯,1,¥10
A1,u1,2024-01-05 07:59:00,交易成功,p2,茶壶,1,0.005
"""


def test_scattered_lines_become_whole_orders(bench: Bench) -> None:
    result = bench.run(bench.write("o.csv", ORDERS.encode("gb18030")), "orders")
    assert result.stored == {"orders": 2, "order_items": 3} and result.rows_bad == 0
    first, second = bench.lake.table("orders").sort("order_id").to_dicts()
    assert (first["amount_minor"], first["items"], first["status"]) == (246_913 + 1, 2, "paid")
    assert first["paid_time"] == datetime(2024, 1, 4, 23, 59, tzinfo=UTC)
    assert (second["amount_minor"], second["refunded_minor"], second["status"]) == (1000, 1000, "refunded")
    lines = bench.lake.table("order_items").sort("order_id", "line_no")
    assert lines["line_no"].to_list() == [1, 2, 1] and lines["amount_minor"].to_list() == [246_913, 1, 1000]


def test_large_files_go_through_buckets_with_the_same_result(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"o{n % 97},u{n % 97},2024-01-01,p{n % 7},{n % 5},{n / 100:.2f}" for n in range(2000)]
    path = bench.write(
        "o.csv", "order_id,user_id,paid_time,product_id,quantity,price\n" + "\n".join(lines) + "\n"
    )
    whole = bench.run(path, "orders")
    monkeypatch.setattr(staging, "BUCKET_BYTES", 10_000)
    monkeypatch.setattr(readers, "BLOCK_BYTES", 4096)
    again = bench.run(path, "orders")
    assert whole.stored == {"orders": 97, "order_items": 2000}
    assert (again.rows_duplicate, again.rows_done) == (97, 2000)
    assert not (bench.importer.folder(again.import_id) / "work").exists()


def bad_file(path: Path | None) -> list[dict[str, str]]:
    assert path is not None
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_bad_order_lines_take_their_order_with_them(bench: Bench) -> None:
    path = bench.write(
        "o.csv",
        "order_id,user_id,paid_time,status,product_id,quantity,price,currency\n"
        "A,u1,2024-01-01,paid,p1,1,5,CNY\nA,u1,2024-01-01,paid,p2,zwei,5,CNY\n"
        "B,u1,2024-01-01,paid,p1,1,5,CNY\nB,u2,2024-01-01,paid,p1,1,5,CNY\n"
        "C,u1,2024-01-01,paid,p1,1,99999999999999999,CNY\nD,u1,2024-01-01,unheard,p1,1,5,CNY\n"
        "E,u1,2024-01-01,待付款,p1,1,5,CNY\nF,u1,2024-13-01,paid,p1,1,5,CNY\nG,u1,2024-01-01,paid,p1,1,5,XXX\n"
        ",u1,2024-01-01,paid,p1,1,5,CNY\nH,u1,2024-01-01,paid,p1,1,,CNY\nI,u3,2024-01-01,paid,p1,-1,5,CNY\n",
    )
    result = bench.run(path, "orders")
    assert bench.lake.table("orders")["order_id"].to_list() == ["I"]
    assert (result.rows_done, result.rows_bad) == (12, 11)
    found = {
        int(bad["line"]): (bad["code"], bad["column"], bad["quantity"]) for bad in bad_file(result.bad_path)
    }
    assert found == {
        2: ("order_has_bad_line", "order_id", "1"), 3: ("not_a_number", "quantity", "zwei"),
        4: ("order_disagrees", "user_id", "1"), 5: ("order_disagrees", "user_id", "1"),
        6: ("amount_out_of_range", "price", "1"), 7: ("unknown_status", "status", "1"),
        8: ("not_paid", "status", "1"), 9: ("not_a_time", "paid_time", "1"), 10: ("unknown_currency", "currency", "1"),
        11: ("missing_required", "order_id", "1"), 12: ("missing_required", "amount", "1"),
    }  # fmt: skip


def test_bad_cells_are_neutral_in_a_spreadsheet(bench: Bench) -> None:
    path = bench.write(
        "u.csv",
        'user_id,nickname,registered_time,=cmd()\nu1,"=HYPERLINK(""http://x"")",never,-5\nu2,@SUM(A1),+x,ok\n',
    )
    with path.open("ab") as file:
        file.write(
            b"u3,\xff\xfe,2024-01-01,a\nu4,nul\x00,2024-01-01,a\n" + b"u" * 300 + b",x,2024-01-01,a\nu6,a\n"
        )
    result = bench.run(path, "users")
    found = bad_file(result.bad_path)
    assert [bad["code"] for bad in found] == [
        "ragged_line", "not_a_time", "not_a_time", "lone_surrogate", "nul_character", "too_long",
    ]  # fmt: skip
    assert found[1]["nickname"].startswith("'=") and found[1]["'=cmd()"] == "-5"
    assert found[2]["nickname"].startswith("'@") and found[2]["registered_time"] == "'+x"
    assert not any((cell or "").startswith(("=", "@", "+")) for bad in found for cell in bad.values())


def test_events_keep_repeats_and_a_second_import_adds_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "BLOCK_BYTES", 128)
    line = "Product Viewed,u1,2024-01-05T08:00:00Z,p1,3\n"
    path = bench.write(
        "e.csv", "event,user_id,time,product_id,score\n" + line * 20 + "Shared,u2,1704412980,p2,\n"
    )
    result = bench.run(path, "events")
    assert result.stored == {"events": 21} and bench.lake.calls > 3
    rows = bench.lake.table("events")
    assert rows["event_id"].n_unique() == 21 and rows["log_record"].to_list() == list(range(2, 23))
    assert json.loads(rows["properties"][0]) == {"score": "3"} and rows["properties"][20] is None
    again = bench.run(path, "events")
    assert again.stored == {"events": 0} and again.rows_duplicate == 21
    more = bench.run(bench.write("f.csv", path.read_text() + line), "events")
    assert more.stored == {"events": 1}


@pytest.mark.parametrize("fail_at", [1, 2, 5])
@pytest.mark.parametrize("kind", ["events", "orders"])
def test_an_import_killed_between_parts_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, fail_at: int, kind: Kind
) -> None:
    monkeypatch.setattr(readers, "BLOCK_BYTES", 2048)
    monkeypatch.setattr(staging, "BUCKET_BYTES", 1500)
    lines = [
        f"o{n // 2},Order Completed,u{n % 9},2024-01-0{1 + n % 9},p{n % 3},{n % 8}.5" for n in range(300)
    ]
    lines[7] = lines[8] = "x,Order Completed,u1,not a time,p,1"
    path = bench.write("x.csv", "order_id,event,user_id,time,product_id,price\n" + "\n".join(lines) + "\n")
    mapping = {"user_id": ""} if kind == "orders" else None
    bench.lake.fail_at = fail_at
    with pytest.raises(KeyboardInterrupt):
        bench.run(path, kind, mapping)
    with bench.importer.database.connect() as connection:
        stopped = connection.exec_driver_sql("SELECT import_id, next_chunk, state FROM imports").one()
    assert stopped.next_chunk == fail_at - 1 and stopped.state == "running"
    bench.lake.fail_at = None
    result = bench.run(path, kind, mapping)
    assert result.import_id == stopped.import_id
    assert (result.rows_done, result.rows_duplicate) == (300, 0)
    assert len(bad_file(result.bad_path)) == result.rows_bad == 2
    table = bench.lake.table(kind)
    assert table.height == table["event_id"].n_unique() == (298 if kind == "events" else 150)
    assert bench.importer.run(result.import_id, silent) == result


def test_two_runs_of_one_import_do_not_meet(bench: Bench) -> None:
    path = bench.write("u.csv", "user_id\nu1\n")
    with bench.importer.database.begin() as tx:
        import_id = bench.importer.register(tx, ImportSpec(path, "users"), actor="test")
    with bench.importer._alone(import_id), pytest.raises(Conflict):
        bench.importer.run(import_id, silent)
    assert bench.importer.run(import_id, silent).stored == {"users": 1}


def test_users_keep_personal_data_apart(bench: Bench) -> None:
    path = bench.write(
        "u.jsonl",
        '{"user_id":"u1","nickname":"小明","phone":"13800001111","email":"a@b.cn","level":3,"id_card":"110101199003070011"'
        ',"note":"call 13900002222"}\n{"user_id":"u2","tags":["a","b"]}\n',
    )
    result = bench.run(path, "users")
    users = bench.lake.table("users").to_dicts()
    assert result.stored == {"users": 2}
    assert json.loads(users[0]["traits"]) == {"level": 3, "note": "call ‹phone›"}
    assert json.loads(users[1]["traits"]) == {"tags": ["a", "b"]}
    assert bench.lake.personal[0].to_pylist()[0] == {
        "nickname": "小明",
        "phone": "13800001111",
        "email": "a@b.cn",
    }
    preview = bench.importer.preview(path, "users")
    shown = json.dumps(preview.rows, ensure_ascii=False)
    assert (
        "13800001111" not in shown and "小明" not in shown and "138****11" in shown and "a***@b.cn" in shown
    )


def test_preview_shows_rows_as_they_will_be_stored(bench: Bench) -> None:
    path = bench.write("o.csv", ORDERS + "A3,u3,nie,交易成功,p1,茶杯,1,1\n")
    preview = bench.importer.preview(path, "orders")
    assert preview.suggested and preview.lines_read == 4
    assert (
        preview.rows[0]["amount_minor"] == 246_914
        and preview.rows[0]["paid_time"] == "2024-01-04T23:59:00.000Z"
    )
    assert [(bad.line, bad.code, bad.column) for bad in preview.bad] == [(5, "not_a_time", "付款时间")]
    assert bench.lake.calls == 0
    bench.run(path, "orders")
    stored = bench.lake.table("orders").drop("event_id").sort("order_id").to_dicts()
    assert [row["amount_minor"] for row in preview.rows] == [row["amount_minor"] for row in stored]


def test_preview_reads_a_thousand_lines_and_no_broken_order(bench: Bench) -> None:
    lines = "".join(f"o{n // 3},u1,2024-01-01,p,1\n" for n in range(5000))
    path = bench.write("o.csv", "order_id,user_id,paid_time,product_id,price\n" + lines)
    preview = bench.importer.preview(path, "orders")
    assert preview.lines_read == 999 and len(preview.rows) == 20
    assert {row["amount_minor"] for row in preview.rows} == {300}


def test_the_other_kinds(bench: Bench) -> None:
    goods = "product_id,name,price,currency,stock\np1,杯,12.345,CNY,7\np2,壶,1000,JPY,\np1,杯,12.345,CNY,7\n"
    assert bench.run(bench.write("p.csv", goods), "products").stored == {"products": 2}
    assert bench.lake.table("products")["price_minor"].to_list() == [1235, 1000]
    texts = '{"content_id":"c1","title":"t","topics":["茶","杯"],"creator_id":"u1","product_ids":["p1"],"published_time":"2024-01-01"}\n'
    assert bench.run(bench.write("c.jsonl", texts), "contents").stored == {"contents": 1}
    content = bench.lake.table("contents").row(0, named=True)
    assert json.loads(content["topics"]) == ["茶", "杯"] and content["creator_user_id"] == "u1"
    ties = "src_user_id,dst_user_id,kind,time,weight\nu1,u2,friend,2024-01-01,0.5\nu1,u2,friend,2024-01-01,0.5\nu2,u3,,2024-01-01,\n"
    assert bench.run(bench.write("r.csv", ties), "relations").stored == {"relations": 2}
    assert bench.lake.table("relations")["weight"].to_list() == [0.5, 1.0]


def test_a_changed_row_is_a_new_version(bench: Bench) -> None:
    assert bench.run(bench.write("a.csv", "product_id,price\np1,5\n"), "products").stored == {"products": 1}
    assert bench.run(bench.write("b.csv", "product_id,price\np1,6\n"), "products").stored == {"products": 1}
    assert bench.run(bench.write("c.csv", "product_id,price\np1,5.00\n"), "products").stored == {
        "products": 0
    }


def test_segment_export(bench: Bench) -> None:
    call = {
        "type": "track", "event": "Order Completed", "messageId": "m1", "userId": "u1", "anonymousId": "a1",
        "timestamp": "2024-01-05T08:00:00.123Z", "context": {"app": {"version": "1.2"}, "os": {"name": "iOS"}},
        "properties": {"order_id": "o1", "total": 12.30, "currency": "CNY", "phone": "13800001111"},
    }  # fmt: skip
    poison = '{"type":"track","event":"\\ud800","userId":"u1","timestamp":"2024-01-05T08:00:00Z"}'
    lines = [
        json.dumps(call),
        poison,
        "{broken",
        "[" * 100_000,
        '{"type":"page","userId":"u2","timestamp":1704412980}',
    ]
    result = bench.run(bench.write("s.jsonl", "\n".join(lines)), "events", "segment-tables")
    first, second = bench.lake.table("events").to_dicts()
    assert (first["event_id"], first["anonymous_id"], first["amount_minor"], first["app_version"]) == (
        "m1",
        "a1",
        1230,
        "1.2",
    )
    assert json.loads(first["properties"]) == {"order_id": "o1", "total": 12.3, "currency": "CNY"}
    assert second["event"] == "Page Viewed" and len(second["event_id"]) == 32
    assert [bad["code"] for bad in bad_file(result.bad_path)] == ["lone_surrogate", "not_json", "not_json"]


def test_parquet_types_are_read_as_they_are(bench: Bench) -> None:
    path = bench.folder / "e.parquet"
    pl.DataFrame(
        {
            "event": ["a", "b"], "user_id": [17850.0, 2.0], "amount": [0.1 + 0.2, 1e-7],
            "time": [datetime(2024, 1, 5, 8, tzinfo=UTC), None],
        }
    ).write_parquet(path)  # fmt: skip
    result = bench.run(path, "events")
    row = bench.lake.table("events").row(0, named=True)
    assert (row["user_id"], row["amount_minor"], row["event_time"].hour) == ("17850", 30, 8)
    assert [(bad["line"], bad["code"]) for bad in bad_file(result.bad_path)] == [("2", "missing_required")]


def test_a_file_without_what_is_required_is_refused(bench: Bench) -> None:
    path = bench.write("o.csv", "order_id,city\n1,x\n")
    with pytest.raises(BadImport, match="field_not_mapped") as refused:
        bench.run(path, "orders")
    assert refused.value.place == "paid_time"
    with pytest.raises(BadImport, match="no_such_column"):
        bench.run(path, "orders", {"paid_time": "when"})
    with pytest.raises(BadImport, match="mapping_of_another_kind"):
        bench.run(path, "users", "online-retail")


def test_old_bad_lines_and_forgotten_uploads_are_swept(bench: Bench) -> None:
    result = bench.run(bench.write("u.csv", "user_id,registered_time\nu1,x\n"), "users")
    assert result.bad_path is not None and sweep(bench.importer) == 0
    bench.clock.at_us += 8 * DAY_US
    assert sweep(bench.importer) == 1 and not result.bad_path.exists()
    with bench.importer.database.connect() as connection:
        assert get(connection, result.import_id)["rows_bad"] == 1


def test_file_names_are_only_shown() -> None:
    assert display_name("../../etc/passwd") == "passwd"
    assert display_name("a\\b\\订单\x00\n.csv") == "订单.csv"
    assert display_name("../") == "file" and len(display_name("x" * 999)) == 200


def test_every_shipped_mapping_is_known_by_its_file_name() -> None:
    assert {
        "douyin",
        "online-retail",
        "segment",
        "segment-tables",
        "sensors",
        "tianchi",
        "youzan",
        "events",
        "orders",
        "users",
        "products",
        "contents",
        "relations",
    } == set(shipped())
    assert all(mapping.words.zh and mapping.name == name for name, mapping in shipped().items())


def test_derived_traits_are_the_latest(bench: Bench) -> None:
    derived = orders.Derived(shipped()["online-retail"])
    assert derived.any and derived.tables("s") == []

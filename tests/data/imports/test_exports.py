"""Exports of shops and other systems, in their true shape: known by their header, exact to the cent, nobody in the clear."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.suites.homes import START_US, bring_in, fresh_app, put, stored, track
from weaktie.app.wiring import App
from weaktie.data.collect.contracts import DUPLICATE_LINE, LATE
from weaktie.data.imports.contracts import BadImport, ImportResult, ImportSpec, Kind
from weaktie.data.imports.mapping import recognised, shipped
from weaktie.kit.clock import DAY_US, to_iso
from weaktie.kit.words import Words

TIANCHI = "tianchi_ecomm/ecomm_edge_train.txt.gz"
YOUZAN_HEAD = (
    "订单号,订单状态,订单类型,订单创建时间,买家付款时间,订单实付金额,订单已退款金额,全部商品名称,买家手机号,收货人/提货人,"
    "分销员,分销员手机号,分销员,归属店铺"
)
YOUZAN = (
    (
        "E2024010508000001,交易成功,普通订单,2024-01-05 07:58:12,2024-01-05 08:00:01,129.90,0.00,"
        '"茉莉花茶 100g;玻璃壶",13800001111,张三,李导购,139****0000,李导购,旗舰店'
    ),
    "E2024010508000002,交易成功,普通订单,2024-01-05 09:00:00,2024-01-05 09:01:00,200.00,50.01,茶盘,13800001111,张三,-,-,-,旗舰店",
    "E2024010508000003,已关闭,普通订单,2024-01-05 23:50:00,2024-01-06 00:10:00,88.00,88.00,茶杯,186****0505,李四,-,-,-,旗舰店",
    "E2024010508000004,已关闭,普通订单,2024-01-06 10:00:00,,66.00,0.00,茶杯,13900002222,王五,-,-,-,旗舰店",
    "E2024010508000005,待付款,普通订单,2024-01-06 11:00:00,-,66.00,0.00,茶杯,13900002222,王五,-,-,-,旗舰店",
    "E2024010508000006,已发货,普通订单,2024-01-06 12:00:00,2024-01-06 12:00:30,\t10.10,-,茶巾,-,赵六,-,-,-,旗舰店",
)
DOUYIN_HEAD = (
    "主订单编号,子订单编号,选购商品,商品规格,商品数量,商品ID,商家编码,商品单价,订单应付金额,运费,收件人,收件人手机号,"
    "详细地址,订单提交时间,支付完成时间,订单状态,售后状态,达人ID,达人昵称,流量来源"
)
SECRET = "$c2VjcmV0LW5hbWU=$CgIgASgBMAE$1$"
DOUYIN = (
    (
        f"\t6930001,\t6930011,茉莉花茶,100g,2,\t35001,SKU-1,33.34,66.67,0,{SECRET},1********11,{SECRET},"
        "2024-01-05 07:58:12,2024-01-05 08:00:01,已完成,-,\t77001,小美,直播间"
    ),
    (
        f"\t6930001,\t6930012,玻璃壶,-,1,\t35002,-,33.33,33.33,0,{SECRET},1********11,{SECRET},"
        "2024-01-05 07:58:12,2024-01-05 08:00:01,已关闭,退款成功,\t77001,小美,直播间"
    ),
    (
        f"\t6930002,\t6930021,茶盘,-,1,\t35003,SKU-3,120.00,119.99,0,{SECRET},1********22,{SECRET},"
        "2024-01-06 07:58:12,2024-01-06 08:00:01,已关闭,退款成功,-,-,商品卡"
    ),
    (
        f"\t6930003,\t6930031,茶杯,-,1,\t35004,SKU-4,9.90,9.90,0,{SECRET},1********33,{SECRET},"
        "2024-01-07 07:58:12,-,已关闭,-,-,-,-"
    ),
    (
        f"\t6930004,\t6930041,茶杯,-,3,\t35004,SKU-4,9.90,29.70,0,{SECRET},1********33,{SECRET},"
        "2024-01-08 00:10:00,2024-01-08 00:11:00,已发货,售后关闭,0,-,-"
    ),
)


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield app


def silent(share: float, step: Words) -> None:
    """Progress that nobody watches."""


def bring(wt: App, name: str, content: str | bytes, kind: Kind, mapping: str | None = None) -> ImportResult:
    path = wt.settings.home.parent / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return wt.importer.import_file(ImportSpec(path, kind, mapping), actor="test", progress=silent)


def by_order(wt: App) -> dict[str, dict[str, Any]]:
    return {row["order_id"]: row for row in stored(wt, "orders")}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_youzan_is_known_by_its_header_and_exact(wt: App, encoding: str) -> None:
    result = bring(wt, "youzan.csv", "\r\n".join((YOUZAN_HEAD, *YOUZAN)).encode(encoding), "orders")
    assert (result.rows_done, result.rows_bad) == (6, 2)
    orders = by_order(wt)
    money = {o[-1]: (row["amount_minor"], row["refunded_minor"], row["status"]) for o, row in orders.items()}
    assert money == {
        "1": (12_990, 0, "paid"), "2": (20_000, 5_001, "paid"), "3": (8_800, 8_800, "refunded"), "6": (1_010, 0, "paid"),
    }  # fmt: skip
    one, three = orders["E2024010508000001"], orders["E2024010508000003"]
    assert to_iso(int(one["paid_time"].timestamp() * 1e6)) == to_iso(1_704_412_801_000_000)
    assert three["day"] == one["day"] + 1, "paid after midnight in Beijing"
    assert one["alias_no"] is not None and one["alias_no"] == orders["E2024010508000002"]["alias_no"]
    assert three["alias_no"] is None and orders["E2024010508000006"]["alias_no"] is None
    items = {row["order_id"]: row for row in stored(wt, "order_items")}
    assert items["E2024010508000001"]["name"] == "茉莉花茶 100g;玻璃壶"
    assert items["E2024010508000001"]["alias_no"] == one["alias_no"]
    with wt.database.connect() as connection:
        assert wt.vault.open(connection, [one["alias_no"]])[one["alias_no"]]["phone"] == "13800001111"
    assert b"13800001111" not in everything(wt), "a phone number stands nowhere in the clear"
    again = bring(wt, "again.csv", "\n".join((YOUZAN_HEAD, *YOUZAN)), "orders")
    assert again.rows_duplicate == 4 and sum(again.stored.values()) == 0


def everything(wt: App) -> bytes:
    """All files of the home as they lie on the disk, without the bad lines beside the imports."""
    home = wt.settings.home
    files = [p for p in home.rglob("*") if p.is_file() and home / "imports" not in p.parents]
    assert any(p.suffix == ".parquet" for p in files) and any(
        "db" in p.suffix or "sqlite" in p.name for p in files
    )
    return b"".join(path.read_bytes() for path in files)


def test_youzan_says_why_unpaid_orders_are_left_out(wt: App) -> None:
    result = bring(wt, "youzan.csv", "\n".join((YOUZAN_HEAD, *YOUZAN)), "orders")
    assert result.bad_path is not None
    codes = [line.split(",")[:2] for line in result.bad_path.read_text("utf-8-sig").splitlines()[1:]]
    assert codes == [["5", "not_paid"], ["6", "not_paid"]]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_douyin_sub_orders_add_up_and_name_nobody(wt: App, encoding: str) -> None:
    result = bring(wt, "douyin.csv", "\n".join((DOUYIN_HEAD, *DOUYIN)).encode(encoding), "orders")
    assert (result.rows_done, result.rows_bad) == (5, 1)
    orders = by_order(wt)
    money = {o: (row["amount_minor"], row["refunded_minor"], row["status"]) for o, row in orders.items()}
    assert money == {
        "6930001": (10_000, 3_333, "paid"), "6930002": (11_999, 11_999, "refunded"), "6930004": (2_970, 0, "paid"),
    }  # fmt: skip
    lines = stored(wt, "order_items")
    for order_id, row in orders.items():
        own = [line for line in lines if line["order_id"] == order_id]
        assert sum(line["amount_minor"] for line in own) == row["amount_minor"]
        assert row["alias_no"] is None, "a receiver who is encrypted is nobody"
    first = [line for line in lines if line["order_id"] == "6930001"]
    assert [(line["product_id"], line["quantity"]) for line in sorted(first, key=lambda x: x["line_no"])] == [
        ("SKU-1", 2), ("35002", 1),
    ]  # fmt: skip
    assert orders["6930001"]["channel"] == "直播间" and orders["6930004"]["channel"] is None
    assert (
        orders["6930001"]["referrer_alias_no"] is not None and orders["6930002"]["referrer_alias_no"] is None
    )
    with wt.database.connect() as connection:
        assert wt.identity.find(connection, "douyin:77001") == orders["6930001"]["referrer_alias_no"]
        assert wt.identity.find(connection, "77001") is None
    assert SECRET.encode() not in everything(wt) and b"1********11" not in everything(wt)


def test_a_douyin_export_without_what_is_optional(wt: App) -> None:
    head = (
        "主订单编号,子订单编号,选购商品,商家编码,订单应付金额,订单提交时间,订单状态,售后状态,达人ID,流量来源"
    )
    line = "\t1,\t11,茶,SKU-1,10.00,2024-01-05 08:00:00,已发货,-,-,商城"
    result = bring(wt, "d.csv", f"\ufeff{head}\n{line}\n", "orders")
    assert result.stored == {"orders": 1, "order_items": 1} and result.rows_bad == 0


def test_segment_history_goes_through_the_live_decoder(wt: App) -> None:
    live = track(1, at_us=START_US)
    put(wt, live)
    assert bring_in(wt).stored == 1
    then = START_US - 300 * DAY_US
    kept = {"receivedAt": to_iso(then + 3_000_000), "sentAt": to_iso(then + 90_000_000), "writeKey": "k"}
    calls = [
        live | {"receivedAt": to_iso(START_US + 1), "integrations": {}, "originalTimestamp": to_iso(START_US)},
        track(2, "u2", anonymous="a2", at_us=then, **kept),
        track(3, "u2", at_us=then, event="Order Completed", **kept) | {
            "properties": {"order_id": "o1", "total": "12.34", "currency": "CNY", "phone": "13800001111"}
        },
        {"type": "identify", "messageId": "m4", "userId": "u2", "timestamp": to_iso(then), "traits": {"email": "a@b.example"}},
        {"type": "track", "messageId": "m5", "event": "x", "timestamp": to_iso(then)},
    ]  # fmt: skip
    text = "\n".join(json.dumps(call) for call in calls) + "\n{broken\n"
    result = bring(wt, "segment.jsonl.gz", gzip.compress(text.encode()), "events")
    assert (result.rows_done, result.rows_bad, result.rows_duplicate) == (6, 2, 1)
    assert result.stored == {"events": 3, "orders": 1, "users": 1}
    events = {row["event_id"]: row for row in stored(wt)}
    assert events["m2"]["flags"] & LATE == 0 and events["m2"]["event_time"].timestamp() * 1e6 == then
    assert events["m2"]["anon_alias_no"] is not None
    assert "13800001111" not in str(events["m3"]["properties"])
    assert by_order(wt)["o1"]["amount_minor"] == 1234
    assert result.bad_path is not None
    codes = [line.split(",")[1] for line in result.bad_path.read_text("utf-8-sig").splitlines()[1:]]
    assert codes == ["no_identifier", "not_json"]
    again = bring(wt, "again.jsonl", text, "events")
    assert sum(again.stored.values()) == 0 and again.rows_duplicate == 4


def test_sensors_history_goes_through_the_live_decoder(wt: App) -> None:
    then_ms = (START_US - 300 * DAY_US) // 1000
    view = {
        "type": "track", "event": "$MPViewScreen", "distinct_id": "d1", "time": then_ms, "recv_time": then_ms + 5,
        "_flush_time": then_ms + 90_000, "user_id": -123, "project": "default", "ver": 2,
        "lib": {"$lib": "MiniProgram"}, "properties": {"$lib": "MiniProgram"},
    }  # fmt: skip
    signed = {"type": "track_signup", "event": "$SignUp", "distinct_id": "u1", "original_id": "d1", "time": then_ms,
              "_track_id": 7, "properties": {}}  # fmt: skip
    profile = {"type": "profile_set", "distinct_id": "d1", "time": then_ms, "properties": {"$city": "杭州"}}
    lines = [json.dumps(x, ensure_ascii=False) for x in (view, view, signed, signed, profile)]
    result = bring(wt, "sensors.json", "\n".join(lines), "events")
    assert (result.rows_bad, result.rows_duplicate) == (0, 1)
    rows = stored(wt)
    assert Counter(row["event"] for row in rows) == {"Screen Viewed": 2, "Signed In": 1, "Profile Set": 1}
    copies = [row["flags"] for row in rows if row["event"] == "Screen Viewed"]
    assert sorted(copies) == [0, DUPLICATE_LINE]
    assert {row["event_time"].timestamp() * 1000 for row in rows} == {then_ms}
    with wt.database.connect() as connection:
        login, anonymous = (wt.identity.find(connection, who) for who in ("u1", "d1"))
        assert login is not None and set(wt.identity.component(connection, login)) == {login, anonymous}
    again = bring(wt, "again.json", "\n".join(lines), "events")
    assert sum(again.stored.values()) == 0


def test_calls_are_previewed_as_they_will_be_stored(wt: App) -> None:
    path = wt.settings.home.parent / "s.jsonl"
    path.write_text(json.dumps(track(1, "13800001111")) + "\n{}\n", "utf-8")
    found = wt.importer.preview(path, "events")
    assert found.suggested and found.mapping.decoder == "segment"
    assert found.rows[0]["event"] == "Product Viewed" and "13800001111" not in str(found.rows)
    assert [bad.code for bad in found.bad] == ["unknown_type"] or found.bad
    with pytest.raises(BadImport, match="history_needs_json"):
        csv = path.with_suffix(".csv")
        csv.write_text("type,messageId\ntrack,1\n", "utf-8")
        wt.importer.preview(csv, "events", "segment")


def test_the_header_decides_whatever_the_kind() -> None:
    marks = {name: m.recognise for name, m in shipped().items() if m.recognise}
    assert set(marks) == {"youzan", "douyin", "segment", "sensors"}
    for name, columns in marks.items():
        found = recognised([*columns, "something else"])
        assert found is not None and found.name == name
        assert recognised(columns[1:]) is None
    youzan = YOUZAN_HEAD.split(",")
    assert youzan.count("分销员") == 2 and recognised(youzan) == shipped()["youzan"]
    assert recognised(DOUYIN_HEAD.split(",")) == shipped()["douyin"]


def test_surplus_copies_are_flagged_and_kept(wt: App) -> None:
    text = "u1\ti1\t4\t20190611\nu1\ti1\t4\t20190611\nu1\ti1\t1\t20190611\nu1\ti1\t4\t20190611\n"
    result = bring(wt, "t.txt", text, "events", "tianchi")
    assert result.stored == {"events": 4} and result.rows_duplicate == 0
    rows = stored(wt)
    assert sorted(row["flags"] for row in rows) == [0, 0, DUPLICATE_LINE, DUPLICATE_LINE]
    assert Counter(row["event"] for row in rows) == {"Order Completed": 3, "Product Clicked": 1}
    assert bring(wt, "t2.txt", text, "events", "tianchi").rows_duplicate == 4


def test_tianchi_to_the_last_behaviour(wt: App, data_dir: Path) -> None:
    path = data_dir / TIANCHI
    if not path.exists():
        pytest.skip(f"{TIANCHI} is not among the data sets")
    result = wt.importer.import_file(ImportSpec(path, "events", "tianchi"), actor="test", progress=silent)
    assert (result.rows_done, result.rows_bad, result.stored) == (85_213, 0, {"events": 85_213})
    rows = stored(wt)
    assert Counter(row["event"] for row in rows) == {
        "Product Clicked": 57_917, "Product Added to Wishlist": 5_529, "Product Added": 15_066, "Order Completed": 6_701,
    }  # fmt: skip
    flagged = [row for row in rows if row["flags"] & DUPLICATE_LINE]
    assert len(flagged) == 4_270
    assert len({row["alias_no"] for row in rows}) == 1_476

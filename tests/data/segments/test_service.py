"""Segments over a real home: members over time, access, withdrawal, erasure, lists, exports."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.data.segments.market import EVERYBODY, Shop, opened
from tests.suites.consoles import ORIGIN
from tests.suites.homes import bring_in, put, track
from weaktie.app.cli_data import build_once
from weaktie.data.segments.service import SegmentsEraser
from weaktie.trust.audit.service import page


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    yield from opened(tmp_path_factory.mktemp("segments"))


@pytest.fixture
def own_shop(tmp_path: Path) -> Iterator[Shop]:
    yield from opened(tmp_path)


# --- over HTTP ----------------------------------------------------------------------------------------------------

BUYERS = {"is": "tag", "tag": "orders_total", "op": "ge", "values": [1]}


def test_a_preview_says_size_parts_overlap_and_who_is_left_out(shop: Shop) -> None:
    women = shop.made("女性", {"is": "tag", "tag": "gender", "op": "eq", "values": ["female"]})
    rule = {"is": "all", "of": [BUYERS, {"is": "not", "of": {"is": "segment", "segment": women}}]}
    found = shop.operator.send("POST", "/api/segments/preview", {"rule": rule, "overlaps": [women]}).json()
    buyers = shop.operator.send("POST", "/api/segments/preview", {"rule": BUYERS, "overlaps": [women]}).json()
    assert found["parts"]["rule.of[0]"] == buyers["size"] > found["size"] == found["parts"]["rule"]
    assert buyers["size"] == found["size"] + buyers["overlaps"][0]["both"]
    assert found["overlaps"][0]["both"] == 0
    assert found["everybody"] == EVERYBODY and not found["sampled"]
    assert found["sentence"]["zh"] == "累计成交订单数不小于 1单，且不满足：属于分群“女性”"
    assert found["left_out"]["total"] == 0


def test_a_segment_is_versioned_undone_archived_and_every_change_is_in_the_audit_log(own_shop: Shop) -> None:
    shop = own_shop
    one = shop.made("买家", BUYERS, note="有订单")
    members = shop.ids(one)
    assert members
    nobody = {"is": "tag", "tag": "orders_total", "op": "gt", "values": [999]}
    edit = {"name": "大买家", "rule": nobody, "version": 1}
    assert shop.operator.send("PUT", f"/api/segments/{one}", edit).json() == {
        "segment_id": one,
        "version": 2,
        "size": 0,
    }
    assert (
        shop.operator.send("PUT", f"/api/segments/{one}", edit).json()["error"]["code"] == "segment_changed"
    )
    assert shop.ids(one) == set()
    runs = shop.get(f"/api/segments/{one}/history")
    assert [(r["size"], r["entered"], r["left"]) for r in runs] == [
        (len(members), len(members), 0),
        (0, 0, len(members)),
    ]
    left = shop.wt.behaviour.people({"kind": "segment_left", "segment_id": one, "run": 2})
    assert len(left) == len(members)
    people = {"kind": "segment_left", "segment_id": one, "run": 2}
    listed = shop.http.get("/api/users", params={"people": json.dumps(people)}).json()
    assert {row["user_id"] for row in listed["items"]} == members
    back = shop.operator.send("POST", f"/api/segments/{one}/versions/1/restore", {"version": 2}).json()
    assert back == {"segment_id": one, "version": 3, "size": len(members)}
    versions = shop.get(f"/api/segments/{one}/versions")
    assert [(v["version"], v["name"], v["restored_from"]) for v in versions] == [
        (3, "买家", 1),
        (2, "大买家", None),
        (1, "买家", None),
    ]
    nested = shop.made("非买家", {"is": "not", "of": {"is": "segment", "segment": one}})
    assert (
        shop.operator.send("POST", f"/api/segments/{one}/archive").json()["error"]["code"] == "segment_in_use"
    )
    cycle = {"name": "x", "rule": {"is": "segment", "segment": nested}, "version": 3}
    assert shop.operator.send("PUT", f"/api/segments/{one}", cycle).json()["error"]["code"] == "segment_cycle"
    assert shop.operator.send("POST", f"/api/segments/{nested}/archive").status_code == 204
    assert shop.operator.send("POST", f"/api/segments/{one}/archive").status_code == 204
    assert shop.get("/api/segments")["items"] == []
    assert len(shop.get("/api/segments?archived=true")["items"]) == 2
    assert shop.operator.send("POST", f"/api/segments/{one}/take-back").status_code == 204
    with shop.wt.database.connect() as connection:
        acts = [e for e in page(connection, limit=200).items if e.object_id == one]
    assert [e.action for e in reversed(acts)] == [
        "segment.create", "segment.edit", "segment.restore", "segment.archive", "segment.take_back",
    ]  # fmt: skip
    assert acts[-1].detail["rule_zh"] == "累计成交订单数不小于 1单"


def test_builds_move_the_dynamic_and_leave_the_frozen(own_shop: Shop) -> None:
    shop = own_shop
    raw = {"is": "event", "event": "Product Shared", "least": 1, "days": 2}
    moving, still = shop.made("动", raw), shop.made("定", raw, frozen=True)
    nested = shop.made("嵌", {"is": "segment", "segment": moving})
    before = shop.ids(moving)
    put(shop.wt, track("late", "fresh", event="Product Shared", at_us=shop.wt.clock.now_us()))
    bring_in(shop.wt)
    shop.later()
    build_once(shop.wt, lambda *_: None)
    shop.later()
    assert shop.ids(moving) == before | {"fresh"} == shop.ids(nested)
    assert shop.ids(still) == before
    assert [r["entered"] for r in shop.get(f"/api/segments/{moving}/history")] == [len(before), 1]
    card = next(c for c in shop.get("/api/segments")["items"] if c["segment_id"] == moving)
    assert card["trend"] == [len(before), len(before) + 1]


def test_who_withdraws_or_is_erased_is_in_no_segment_at_once(own_shop: Shop) -> None:
    shop, wt = own_shop, own_shop.wt
    one = shop.made("都", {"is": "all", "of": []})
    listed = shop.http.post(
        "/api/segments/lists",
        content="u1\nu2\n",
        headers={"X-CSRF-Token": shop.operator.csrf, "Origin": ORIGIN},
    ).json()
    upload = shop.made("名单", {"is": "list", "list": listed["list_id"]})
    assert shop.ids(upload) == {"u1", "u2"}
    assert shop.get(f"/api/segments/{one}/members/u1")["member"]
    with wt.database.begin() as tx:
        wt.permits.record(tx, [shop.number("u1")], "analytics", granted=False, how="test")
    assert not shop.get(f"/api/segments/{one}/members/u1")["member"]
    shop.later()
    assert "u1" not in shop.ids(one)
    assert "\nu1\r" not in shop.http.get(f"/api/segments/{one}/export").text
    assert shop.ids(upload) == {"u2"}
    exported = wt.rights.export("u2")["segments"]
    assert {row["name"] for row in exported["segments"]} == {"都", "名单"}
    assert exported["segment_runs"] and exported["segment_lists"]
    number = shop.number("u2")
    report = wt.segments.database
    assert SegmentsEraser(report).erase([number]) == {"segments": 2, "segment_runs": 2, "segment_lists": 1}
    assert SegmentsEraser(report).erase([number]) == {"segments": 0, "segment_runs": 0, "segment_lists": 0}


def test_a_condition_on_an_event_that_cannot_be_understood_is_refused_at_its_place(shop: Shop) -> None:
    step = {"event": "Share", "where": [{"property": "amount_minor", "op": "contains", "values": ["x"]}]}
    rule = {
        "is": "all",
        "of": [BUYERS, {"is": "order", "steps": [{"event": "A"}, step], "within_minutes": 5}],
    }
    answer = shop.operator.send("POST", "/api/segments/preview", {"rule": rule})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_condition"
    assert answer.json()["error"]["place"].startswith("rule.of[1].steps[1]")


def test_a_list_of_ids_becomes_people_and_its_lines_are_not_kept(shop: Shop) -> None:
    lines = "手机号\n" + "".join(f"u{n}\n" for n in range(1, 5)) + "19900009999\nu1\n"
    found = shop.http.post(
        "/api/segments/lists",
        content=lines.encode(),
        headers={"X-CSRF-Token": shop.operator.csrf, "Origin": ORIGIN},
    )
    assert found.status_code == 201, found.text
    body = found.json()
    assert (body["lines"], body["matched"], body["unmatched"], body["repeated"], body["people"]) == (
        6,
        5,
        1,
        1,
        4,
    )
    one = shop.made("上传", {"is": "list", "list": body["list_id"]})
    assert shop.get(f"/api/segments/{one}")["lists"][0]["rate"] == pytest.approx(5 / 6)
    home = shop.wt.settings.home
    assert not any(b"19900009999" in path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_a_person_in_a_rule_is_kept_by_number(shop: Shop) -> None:
    one = shop.made("好友", {"is": "tie", "way": "friend_of", "user": "u1"})
    assert shop.ids(one) == {"u2", "u3"}
    assert shop.get(f"/api/segments/{one}")["rule"]["user"] == f"@{shop.number('u1')}"
    gone = shop.operator.send(
        "POST", "/api/segments", {"name": "x", "rule": {"is": "tie", "way": "follows", "user": "zz"}}
    )
    assert gone.json()["error"]["place"] == "rule.user"


def test_exports_hold_ids_and_stand_in_the_audit_log(shop: Shop) -> None:
    one = shop.made("导出", BUYERS)
    ids = shop.ids(one)
    text = shop.http.get(f"/api/segments/{one}/export").text
    assert set(text.removeprefix("\ufeff").split("\r\n")) - {""} == ids | {"user_id"}
    raw = shop.http.get(f"/api/segments/{one}/export?format=parquet").content
    assert set(pq.read_table(io.BytesIO(raw))["user_id"].to_pylist()) == ids
    with shop.wt.database.connect() as connection:
        newest = page(connection, limit=1).items[0]
    assert newest.action == "segment.export"
    assert newest.detail == {"format": "parquet", "people": len(ids)}


def test_members_come_in_pages(shop: Shop) -> None:
    one = shop.made("全", {"is": "all", "of": []})
    seen: list[str] = []
    cursor = ""
    while True:
        part = shop.get(f"/api/segments/{one}/members?limit=4" + (f"&cursor={cursor}" if cursor else ""))
        seen += [m["user_id"] for m in part["items"]]
        cursor = part["next_cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == part["total"] == EVERYBODY


def test_an_analyst_reads_and_does_not_write(shop: Shop) -> None:
    assert shop.analyst.send("GET", "/api/segments").status_code == 200
    assert shop.analyst.send("POST", "/api/segments/preview", {"rule": BUYERS}).status_code == 200
    assert shop.analyst.send("POST", "/api/segments", {"name": "x", "rule": BUYERS}).status_code == 403


def test_the_vocabulary_and_the_values_of_a_tag(shop: Shop) -> None:
    known = {t["key"]: t["type"] for t in shop.get("/api/segments/vocabulary")["tags"]}
    assert (known["gender"], known["spend_total"], known["orders_total"]) == ("text", "money", "number")
    values = shop.get("/api/segments/values?tag=province")
    assert {v["value"] for v in values} == {"四川", "浙江"}
    assert sum(v["count"] for v in values) == 7

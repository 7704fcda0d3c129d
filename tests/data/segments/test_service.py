"""Segments over a real home: rules against an oracle, members over time, access, withdrawal, erasure, lists, exports."""

import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import START_US, bring_in, fresh_app, put, stored, track
from weaktie.app.cli_data import build_once
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.data.segments import rules, world
from weaktie.data.segments.contracts import Rule
from weaktie.data.segments.evaluating import evaluate
from weaktie.data.segments.world import Worlds, columns_of
from weaktie.kit.clock import DAY_US, business_day
from weaktie.store.lake.tables import RELATIONS

EVENTS = ("Product Viewed", "Product Added", "Product Shared", "Order Completed")
MINUTE = 60_000_000
PEOPLE = 14
EVERYBODY = 17
"""Thirteen users, one who was only seen, one nobody knows, and two devices that several used."""


def fill(wt: App) -> None:
    """Fourteen people with random doings over twenty days, two devices that several used, orders, ties."""
    rng = np.random.default_rng(7)
    calls = []
    for n in range(240):
        user = f"u{rng.integers(1, PEOPLE)}"
        event = EVENTS[int(rng.choice(4, p=(0.5, 0.25, 0.15, 0.1)))]
        properties: dict[str, Any] = {"product_id": f"p{rng.integers(0, 4)}"}
        if event == "Order Completed":
            price = float(rng.integers(10, 900))
            lines = [{"product_id": "p1", "price": price}]
            properties = {"order_id": f"o{n}", "total": price, "currency": "CNY", "products": lines}
        at_us = START_US - int(rng.integers(0, 20)) * DAY_US - int(rng.integers(0, 600)) * MINUTE
        device = f"d{rng.integers(0, 2)}" if n % 9 == 0 else None
        calls.append(track(n, user, anonymous=device, event=event, properties=properties, at_us=at_us))
    for n in range(1, PEOPLE, 2):
        traits = {"gender": ("male", "female")[n % 4 == 1], "province": ("四川", "浙江")[n % 3 == 0]}
        calls.append(track(f"i{n}", f"u{n}", type="identify", event=None, traits=traits))
    put(wt, *calls, track("x", "only-seen"), track("y", None, anonymous="nobody"))
    bring_in(wt)


def tie(wt: App, *ties: tuple[str, str, str]) -> None:
    """Put relations into the lake."""
    with wt.database.connect() as connection:
        number = {n: wt.identity.find(connection, n) for n in {end for a, b, _ in ties for end in (a, b)}}
    day = business_day(START_US, wt.settings.zone)
    rows = [
        {f.name: None for f in RELATIONS.schema}
        | {
            "event_id": f"r{i}", "src_alias_no": number[a], "dst_alias_no": number[b], "kind": kind, "day": day,
            "purposes": 15, "source": "default", "weight": 1.0,
        }
        for i, (a, b, kind) in enumerate(ties)
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=RELATIONS.schema)
    staged = wt.lake.stage("relations", table, part_day=day, origin="test")
    with wt.database.begin() as tx:
        wt.lake.commit(tx, [staged], reason="test")


@dataclass
class Shop:
    wt: App
    http: TestClient
    operator: Browser
    analyst: Browser

    def number(self, user: str) -> int:
        with self.wt.database.connect() as connection:
            found = self.wt.identity.find(connection, user)
        assert found is not None
        return int(self.wt.behaviour.crowd().persons[found])

    def later(self) -> None:
        self.wt.clock.move(6)  # type: ignore[attr-defined]

    def made(self, name: str, rule: Any, **more: Any) -> str:
        body = {"name": name, "rule": rule} | more
        answer = self.operator.send("POST", "/api/segments", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["segment_id"])

    def get(self, path: str) -> Any:
        answer = self.operator.send("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ids(self, segment_id: str) -> set[str]:
        return {m["user_id"] for m in self.get(f"/api/segments/{segment_id}/members?limit=500")["items"]}


def signed_in(wt: App, http: TestClient, role: str) -> Browser:
    with wt.database.begin() as tx:
        _, token = wt.accounts.invite(tx, name=role, email=f"{role}@example.com", role=role)
    hashed = wt.accounts.hash_password(PASSWORD)
    with wt.database.begin() as tx:
        wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
    browser = Browser(http)
    assert browser.sign_in(f"{role}@example.com").status_code == 200
    return browser


def opened(folder: Path) -> Iterator[Shop]:
    with fresh_app(folder) as wt:
        fill(wt)
        tie(
            wt, ("u1", "u2", "friend"), ("u3", "u1", "friend"), ("u1", "u4", "follow"), ("u5", "u1", "follow"),
            ("u2", "u6", "invite"), ("u6", "u7", "invite"), ("u7", "u7", "friend"),
        )  # fmt: skip
        build_once(wt, lambda *_: None)
        wt.clock.move(6)  # type: ignore[attr-defined]
        api = make_api(wt)
        with TestClient(api, base_url=ORIGIN) as one, TestClient(api, base_url=ORIGIN) as two:
            yield Shop(wt, one, signed_in(wt, one, "operator"), signed_in(wt, two, "analyst"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    yield from opened(tmp_path_factory.mktemp("segments"))


@pytest.fixture
def own_shop(tmp_path: Path) -> Iterator[Shop]:
    yield from opened(tmp_path)


# --- the oracle ---------------------------------------------------------------------------------------------------


class Oracle:
    """The same rules, one person after another."""

    def __init__(self, shop: Shop) -> None:
        wt = shop.wt
        self.crowd = wt.behaviour.crowd()
        self.people = self.crowd.people().tolist()
        self.today = business_day(wt.clock.now_us(), wt.settings.zone)
        self.tags = {row["person_no"]: row for row in stored_plain(wt, "user_tags")}
        self.rfm = {row["person_no"]: row for row in stored_plain(wt, "rfm")}
        self.ties = [
            (int(self.crowd.persons[r["src_alias_no"]]), int(self.crowd.persons[r["dst_alias_no"]]), r["kind"])
            for r in stored(wt, "relations")
        ]  # fmt: skip
        self.events: dict[int, list[dict[str, Any]]] = {n: [] for n in self.people}
        owner = wt.behaviour.sequences
        assert owner is not None
        from weaktie.data.identity.service import owner_of

        rows = [r for r in stored(wt, "events") if r["purposes"] % 2 and r["alias_no"] is not None]
        aliases = np.array([r["alias_no"] for r in rows], np.int32)
        times = np.array([int(r["event_time"].timestamp() * 1e6) for r in rows], np.int64)
        for row, person in zip(
            rows, owner_of(self.crowd.persons, self.crowd.spans, aliases, times), strict=True
        ):
            if int(person) in self.events:
                self.events[int(person)].append(row)
        for mine in self.events.values():
            mine.sort(key=lambda r: (r["event_time"], r["event_id"]))

    def people_of(self, raw: Any) -> list[int]:
        return [n for n in self.people if self.holds(raw, n)]

    def holds(self, raw: Any, person: int) -> bool:
        kind = raw["is"]
        if kind in ("all", "any"):
            return (all if kind == "all" else any)(self.holds(part, person) for part in raw["of"])
        if kind == "not":
            return not self.holds(raw["of"], person)
        if kind == "tag":
            value = self.tags.get(person, {}).get(raw["tag"])
            return self._compares(value, raw["op"], raw.get("values", []))
        if kind == "event":
            rows = [r for r in self._within(person, raw) if self._is(r, raw)]
            return raw.get("least", 0) <= len(rows) <= raw.get("most", 10**9)
        if kind == "order":
            return self._chain(self._within(person, raw), raw["steps"], raw["within_minutes"], None)
        if kind == "rfm":
            row = self.rfm.get(person)
            names = {"r": "r", "f": "f", "m": "m", "classes": "rfm_class", "tiers": "tier"}
            return row is not None and all(row[names[k]] in v for k, v in raw.items() if k != "is" and v)
        assert kind == "tie"
        return self._tied(raw, person)

    def _tied(self, raw: Any, person: int) -> bool:
        other = int(self.crowd.persons[int(raw["user"][1:])])
        for src, dst, kind in self.ties:
            if src == dst:
                continue
            pairs = {
                "friend_of": kind == "friend" and {src, dst} == {person, other},
                "followed_by": kind == "follow" and (src, dst) == (other, person),
                "follows": kind == "follow" and (src, dst) == (person, other),
                "invited_by": kind == "invite" and (src, dst) == (other, person),
                "invited": kind == "invite" and (src, dst) == (person, other),
            }
            if pairs[raw["way"]]:
                return True
        return False

    def _compares(self, value: Any, op: str, values: Any) -> bool:
        if value is None:
            return op in ("unset", "ne", "not_in")
        return bool(
            {
                "set": lambda: True, "unset": lambda: False, "eq": lambda: value == values[0], "ne": lambda: value != values[0],
                "in": lambda: value in values, "not_in": lambda: value not in values, "ge": lambda: value >= values[0],
                "gt": lambda: value > values[0], "le": lambda: value <= values[0], "lt": lambda: value < values[0],
                "between": lambda: min(values) <= value <= max(values), "contains": lambda: values[0] in value,
            }[op]()
        )  # fmt: skip

    def _within(self, person: int, raw: Any) -> list[dict[str, Any]]:
        first = self.today - raw["days"] + 1 if "days" in raw else 0
        return [
            r for r in self.events[person] if first <= r["day"] <= (self.today if "days" in raw else 10**6)
        ]

    def _is(self, row: dict[str, Any], raw: Any) -> bool:
        named = not raw["event"] or row["event"] == raw["event"]
        return named and all(
            self._compares(row[w["property"]], w["op"], w.get("values", [])) for w in raw.get("where", [])
        )

    def _chain(self, rows: list[Any], steps: list[Any], minutes: int, first: Any) -> bool:
        if not steps:
            return True
        return any(
            self._is(row, steps[0])
            and (first is None or (row["event_time"] - first).total_seconds() <= minutes * 60)
            and self._chain(rows[i + 1 :], steps[1:], minutes, first or row["event_time"])
            for i, row in enumerate(rows)
        )


def stored_plain(wt: App, table: str) -> list[dict[str, Any]]:
    from weaktie.store.lake.tables import TABLES

    with wt.database.connect() as connection:
        files = wt.lake.snapshot(connection).of(table)
    with wt.engine.session() as session:
        rows: list[dict[str, Any]] = session.collect(
            session.scan([f.path for f in files], TABLES[table].schema)
        ).to_pylist()
    return rows


tag_leaves = st.one_of(
    st.builds(
        lambda op, v: {"is": "tag", "tag": "gender", "op": op, "values": [v]},
        st.sampled_from(("eq", "ne", "in", "not_in", "contains")),
        st.sampled_from(("male", "female", "e", "x")),
    ),
    st.builds(
        lambda op, v: {"is": "tag", "tag": "orders_total", "op": op, "values": [v]},
        st.sampled_from(("eq", "ne", "gt", "ge", "lt", "le")),
        st.integers(0, 4),
    ),
    st.builds(
        lambda a, b: {"is": "tag", "tag": "spend_total", "op": "between", "values": [a, b]},
        st.integers(0, 200_000),
        st.integers(0, 200_000),
    ),
    st.builds(
        lambda t, op: {"is": "tag", "tag": t, "op": op},
        st.sampled_from(("province", "days_since_order", "high_quality")),
        st.sampled_from(("set", "unset")),
    ),
)
wheres = st.lists(
    st.one_of(
        st.builds(
            lambda op, v: {"property": "product_id", "op": op, "values": [v]},
            st.sampled_from(("eq", "ne", "contains")),
            st.sampled_from(("p1", "p2", "p")),
        ),
        st.builds(lambda op: {"property": "channel", "op": op}, st.sampled_from(("set", "unset"))),
    ),
    max_size=2,
)
days = st.sampled_from(({}, {"days": 3}, {"days": 10}))
names = st.sampled_from((*EVENTS, ""))
event_leaves = st.one_of(
    st.builds(
        lambda e, w, n, d: {"is": "event", "event": e, "where": w, "least": n} | d,
        names,
        wheres,
        st.integers(0, 5),
        days,
    ),
    st.builds(
        lambda e, w, n, d: {"is": "event", "event": e, "where": w, "most": n} | d,
        names,
        wheres,
        st.integers(0, 5),
        days,
    ),
    st.builds(
        lambda s, w, m, d: (
            {
                "is": "order",
                "steps": [{"event": e, "where": w if i == 0 else []} for i, e in enumerate(s)],
                "within_minutes": m,
            }
            | d
        ),
        st.lists(names, min_size=2, max_size=3),
        wheres,
        st.sampled_from((1, 60, 1440, 14400)),
        days,
    ),
)
rfm_leaves = st.one_of(
    st.builds(lambda r: {"is": "rfm", "r": [r]}, st.sampled_from(("high", "mid", "low"))),
    st.builds(
        lambda t: {"is": "rfm", "tiers": [t]},
        st.sampled_from(("high_value", "potential", "ordinary", "at_risk")),
    ),
)
tie_leaves = st.builds(
    lambda way, n: {"is": "tie", "way": way, "user": f"u{n}"},
    st.sampled_from(("friend_of", "followed_by", "follows", "invited_by", "invited")),
    st.integers(1, 7),
)
trees = st.recursive(
    st.one_of(tag_leaves, event_leaves, rfm_leaves, tie_leaves),
    lambda inner: st.one_of(
        st.builds(lambda of: {"is": "all", "of": of}, st.lists(inner, max_size=3)),
        st.builds(lambda of: {"is": "any", "of": of}, st.lists(inner, max_size=3)),
        st.builds(lambda of: {"is": "not", "of": of}, inner),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def oracle(shop: Shop) -> Oracle:
    return Oracle(shop)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=trees)
def test_random_rules_find_whom_an_oracle_finds(shop: Shop, oracle: Oracle, raw: Any) -> None:
    own = shop.wt.segments
    with shop.wt.database.connect() as connection:
        rule = own.checked(connection, raw)
        assert own.sentence(connection, rule).zh
    by_number = rules.as_json(rule)
    expected = oracle.people_of(by_number)
    assert own.compute(rule).tolist() == expected
    rows = sampled_rows(own.worlds, rule)
    assert rows.people[evaluate(rule, rows)].tolist() == [n for n in expected if n in rows.people]


def sampled_rows(worlds: Worlds, rule: Rule) -> world.Sampled:
    """A sample of about half of these few people, with the columns that the tests look at."""
    from weaktie.data.segments.service import _steps_of

    before, world.SAMPLE_PEOPLE = world.SAMPLE_PEOPLE, 8
    try:
        found = worlds.some(
            lambda _: np.empty(0, np.int32), [*columns_of(_steps_of(rule)), "product_id", "channel"]
        )
    finally:
        world.SAMPLE_PEOPLE = before
    assert found is not None
    assert 0 < len(found.people) < EVERYBODY
    return found


def test_the_oracle_itself_finds_somebody(shop: Shop, oracle: Oracle) -> None:
    sizes = Counter(len(oracle.people_of(raw)) for raw in (
        {"is": "tag", "tag": "orders_total", "op": "ge", "values": [2]}, {"is": "event", "event": "Product Viewed", "least": 9},
        {"is": "order", "steps": [{"event": "Product Viewed"}, {"event": "Order Completed"}], "within_minutes": 14400},
    ))  # fmt: skip
    assert 0 not in sizes
    assert len(oracle.people) == EVERYBODY


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
        from weaktie.trust.audit.service import page

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
    from weaktie.data.segments.service import SegmentsEraser

    assert SegmentsEraser(report).erase([number]) == {"segments": 2, "segment_runs": 2, "segment_lists": 1}
    assert SegmentsEraser(report).erase([number]) == {"segments": 0, "segment_runs": 0, "segment_lists": 0}


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
        from weaktie.trust.audit.service import page

        newest = page(connection, limit=1).items[0]
    assert newest.action == "segment.export"
    assert newest.detail == {"format": "parquet", "people": len(ids)}


def test_members_come_in_pages(shop: Shop) -> None:
    one = shop.made("全", {"is": "all", "of": []})
    seen: list[str] = []
    cursor = ""
    while True:
        page = shop.get(f"/api/segments/{one}/members?limit=4" + (f"&cursor={cursor}" if cursor else ""))
        seen += [m["user_id"] for m in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == page["total"] == EVERYBODY


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

"""A small shop of segments, and an oracle that asks each person each rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import START_US, bring_in, fresh_app, put, stored, track
from weaktie.app.cli_data import build_once
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.data.identity.service import owner_of
from weaktie.kit.clock import DAY_US, business_day
from weaktie.store.lake.tables import RELATIONS, TABLES

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
        at_us = START_US - int(rng.integers(0, 20)) * DAY_US - int(rng.integers(0, 600)) * MINUTE - n
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
    with wt.database.connect() as connection:
        files = wt.lake.snapshot(connection).of(table)
    with wt.engine.session() as session:
        rows: list[dict[str, Any]] = session.collect(
            session.scan([f.path for f in files], TABLES[table].schema)
        ).to_pylist()
    return rows

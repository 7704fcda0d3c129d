"""A withdrawal stops every reader within a minute; a reader that nobody declared fails here."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.app import worker
from weaktie.app.cli_data import build_once
from weaktie.app.http import make_api
from weaktie.app.notebook import Notebook
from weaktie.app.ports import RelayPermits
from weaktie.app.readers import NOT_READERS, READERS, WITHIN_S
from weaktie.app.wiring import App
from weaktie.data.collect.door import Door
from weaktie.data.identity.contracts import Identifier
from weaktie.data.tags.contracts import Wish
from weaktie.kit.clock import DAY_US, MINUTE_US, FixedClock, business_day, day_to_date
from weaktie.kit.words import Words
from weaktie.trust.accounts.gate import route_permissions
from weaktie.trust.consent.contracts import Purpose

SEED = {"people": {"kind": "newcomers", "from": "2026-09-01", "to": "2026-09-30"}, "reason": "look-alike"}
GONE, STAYS, PLACE = "u-withdraws", "u-stays", "西藏"


@dataclass
class Shop:
    """One home with two people; the notebook was opened and the relay ran before anybody withdrew."""

    wt: App
    http: TestClient
    operator: Browser
    key: str
    notebook: Notebook
    write_key: str
    relay: RelayPermits
    analyst: Browser
    segment: str = ""
    kept: str | None = None

    def get(self, path: str) -> str:
        """The text of an answer to a read key."""
        answer = self.http.get(path, headers={"Authorization": f"Bearer {self.key}"})
        return answer.text

    def json(self, path: str) -> object:
        return json.loads(self.get(path))

    def asked(self, path: str, question: dict[str, Any]) -> Any:
        """The answer to a question of a read key over the last 31 days, today included."""
        today = day_to_date(business_day(self.wt.clock.now_us(), self.wt.settings.zone))
        days = {"first_day": (today - timedelta(days=30)).isoformat(), "last_day": today.isoformat()}
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.http.post(path, json=days | question, headers=headers).json()

    def keeps(self, number: int) -> bool:
        """Whether the door keeps an event of the person."""
        wt = self.wt
        writer = wt.log.writer()
        door = Door(writer, wt.key_book, wt.settings.door, wt.blocked, wt.clock)
        before = sum(len(list(wt.log.read(p, 0))) for p in wt.log.partitions())

        async def send() -> None:
            from httpx import ASGITransport, AsyncClient

            async with AsyncClient(transport=ASGITransport(door), base_url="http://door") as client:
                body = {"batch": [track(number, GONE, at_us=wt.clock.now_us())], "writeKey": self.write_key}
                answer = await client.post("/v1/batch", json=body)
                assert answer.status_code == 200, answer.text

        asyncio.run(send())
        writer.close()
        return sum(len(list(wt.log.read(p, 0))) for p in wt.log.partitions()) > before


def _stock(wt: App) -> None:
    """Two people who did all that readers look at, and a build."""
    order = {
        "order_id": "o1",
        "total": 99,
        "currency": "CNY",
        "products": [{"product_id": "p", "price": 99}],
    }
    other = order | {"order_id": "o2"}
    put(
        wt,
        track(1, GONE, type="identify", event=None, traits={"nickname": "小隐", "province": PLACE}),
        track(2, GONE, event="Order Completed", properties=order),
        track(3, STAYS, event="Order Completed", properties=other),
        track(4, STAYS, event="Invite Sent", properties={"invitee_id": GONE}),
        track(5, GONE, anonymous="tablet"),
        track(7, GONE, event="Subscribed", properties={"private_channel": "wecom_group"}),
        track(6, STAYS, anonymous="tablet"),
        track(7, GONE, at_us=START_US - 3 * DAY_US),
        track("by", GONE, properties={"product_id": "p3", "sharer_id": STAYS}, at_us=START_US - MINUTE_US),
    )
    minute = (START_US - DAY_US) // MINUTE_US * MINUTE_US
    put(wt, *(track(1000 + n, GONE, at_us=minute + n) for n in range(wt.quality.limit + 1)))
    bring_in(wt)
    for user_id in (GONE, STAYS):
        with wt.database.begin() as tx:
            alias_no = wt.identity.find(tx, user_id)
            assert alias_no is not None
            wt.permits.record(tx, [alias_no], "social", granted=True, how="asked")
    build_once(wt, lambda *_: None)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with fresh_app(tmp_path) as wt:
        _stock(wt)
        words = Words("标记", "Mark")
        wt.custom_tags.make(
            Wish("x_mark", "manual", words, Words("口径", "Definition"), "basic", "text"), "test"
        )
        for user_id in (GONE, STAYS):
            wt.custom_tags.by_hand.set("x_mark", user_id, "a", None, "test")
        key = wt.create_key("read", "test", source_id=None, actor="test")
        write_key = wt.create_key("write", "test", source_id=None, actor="test")
        hashed = wt.accounts.hash_password(PASSWORD)
        for role in ("operator", "analyst"):
            with wt.database.begin() as tx:
                _, token = wt.accounts.invite(tx, name=role, email=f"{role}@example.com", role=role)
                wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
        with (
            TestClient(make_api(wt), base_url=ORIGIN) as http,
            TestClient(make_api(wt), base_url=ORIGIN) as other_http,
            TestClient(make_api(wt), base_url=ORIGIN) as third_http,
        ):
            browser, analyst = Browser(other_http), Browser(third_http)
            assert browser.sign_in("operator@example.com").status_code == 200
            assert analyst.sign_in("analyst@example.com").status_code == 200
            with Notebook(wt.settings.home, "analytics") as notebook:
                notebook.app.clock = notebook.app.serving.clock = wt.clock
                notebook.app.serving.look()
                relay = RelayPermits(wt.database, wt.blocked, wt.permits, wt.identity, wt.vault, wt.clock)
                for user_id in (GONE, STAYS):
                    agreed = {"purpose": "social", "granted": True, "how": "by phone"}
                    assert browser.send("POST", f"/api/profiles/{user_id}/consent", agreed).status_code == 200
                wt.clock.move(6)  # type: ignore[attr-defined]
                rule = {"is": "event", "event": "Order Completed", "least": 1}
                made = browser.send("POST", "/api/segments", {"name": "buyers", "rule": rule}).json()
                yield Shop(wt, http, browser, key, notebook, write_key, relay, analyst, made["segment_id"])


def in_notebook(shop: Shop) -> bool:
    with shop.wt.database.connect() as connection:
        alias = shop.wt.identity.find(connection, GONE)
    return alias in shop.notebook.events.collect()["alias_no"].to_pylist()


def in_sql(shop: Shop) -> tuple[bool, bool]:
    """Whether a result that was kept before still shows the person, and whether a new one does."""
    if shop.kept is None:
        shop.kept = ran(shop)
    rows = shop.analyst.send("GET", f"/api/sql/runs/{shop.kept}/rows").text
    return "o1" in rows, "o1" in shop.analyst.send("GET", f"/api/sql/runs/{ran(shop)}/rows").text


def ran(shop: Shop) -> str:
    """The id of a run that has ended."""
    answer = shop.analyst.send("POST", "/api/sql/runs", {"sql": "SELECT order_id FROM orders"}).json()
    ticket = shop.wt.sql_page.runner.ticket(answer["run_id"])
    assert ticket is not None
    assert ticket.future is not None
    ticket.future.result(timeout=60)
    return str(answer["run_id"])


def active(shop: Shop) -> int:
    found = shop.wt.metrics.overview().active_by_day
    return max(n for _, n in found)


def previewed(shop: Shop) -> int:
    """How many people have an order."""
    rule = {"is": "tag", "tag": "orders_total", "op": "ge", "values": [1]}
    return int(shop.operator.send("POST", "/api/segments/preview", {"rule": rule}).json()["size"])


def buyers(shop: Shop) -> int:
    found = json.loads(shop.get("/api/rfm/moves?months=1"))
    return int(sum(cell["count"] for cell in found["months"][0]["cells"]))


def new_people(life: Any) -> int:
    """People who are new on the days that have passed."""
    return sum(stage["new"] or 0 for stage in life["groups"][0]["stages"])


def entered(shop: Shop) -> int:
    step = {"event": ""}
    answer = shop.operator.send("POST", "/api/funnels/query", {"funnel": {"steps": [step, step]}})
    return int(answer.json()["groups"][0]["steps"][0]["people"])


def asked(shop: Shop) -> int:
    today = day_to_date(shop.wt.metrics.today).isoformat()
    body = {"metrics": ["active_users"], "from": "2026-09-01", "to": today, "by": "range"}
    answer = shop.operator.send("POST", "/api/metrics/query", body).json()
    return int(answer["series"][0]["points"][0]["value"])


def converted(shop: Shop) -> int:
    today = day_to_date(shop.wt.metrics.today).isoformat()
    body = {"from": "2026-09-01", "to": today}
    return int(shop.operator.send("POST", "/api/attribution/query", body).json()["conversions"])


def newcomers(shop: Shop) -> int:
    today = day_to_date(shop.wt.metrics.today).isoformat()
    found = shop.json(f"/api/aarrr?from=2026-09-01&to={today}")
    return sum(channel["newcomers"] for channel in found["channels"])  # type: ignore[index]


def near(shop: Shop) -> str:
    """Everybody with a tie, strong or weak."""
    asks = ({"audience": kind, "user_id": STAYS} for kind in ("strong", "weak"))
    return "".join(shop.operator.send("POST", "/api/graph/audience", ask).text for ask in asks)


def befriended(shop: Shop) -> str:
    return str(shop.operator.send("POST", "/api/influence/audiences/preview", {"creator": STAYS}).text)


PROBES: dict[str, Callable[[Shop], object]] = {
    "door": lambda s: s.keeps(100 + int(s.wt.clock.monotonic())),
    "notebook": in_notebook,
    "relay": lambda s: not s.relay.refuses([("user", GONE)], int(Purpose.ANALYTICS)),
    "profile": lambda s: '"tags":[{' in s.get(f"/api/profiles/{GONE}"),
    "timeline": lambda s: "Order Completed" in s.get(f"/api/profiles/{GONE}/timeline"),
    "orders": lambda s: '"o1"' in s.get(f"/api/profiles/{GONE}/orders"),
    "relations": lambda s: GONE in s.get(f"/api/profiles/{STAYS}/relations"),
    "identity": lambda s: GONE in s.get(f"/api/profiles/{GONE}/identity"),
    "identity reviews": lambda s: GONE in s.get("/api/identity/reviews?reason=shared_device"),
    "reveal": lambda s: (
        "小隐" in s.operator.send("POST", f"/api/profiles/{GONE}/reveal", {"reason": "a call"}).text
    ),
    "users": lambda s: (GONE in s.get("/api/users"), s.json("/api/users")["total"] == 2) != (False, False),  # type: ignore[index]
    "users export": lambda s: GONE in s.get("/api/users/export"),
    "facets": lambda s: PLACE in s.get("/api/users/facets"),
    "tags": lambda s: PLACE in s.get("/api/tags"),
    "rfm": lambda s: s.json("/api/rfm")["people"] == 2,  # type: ignore[index]
    "segment sizes": lambda s: previewed(s) == 2,
    "segment members": lambda s: GONE in s.get(f"/api/segments/{s.segment}/members"),
    "segment member": lambda s: s.json(f"/api/segments/{s.segment}/members/{GONE}")["member"],  # type: ignore[index]
    "segment export": lambda s: GONE in s.get(f"/api/segments/{s.segment}/export"),
    "custom tags": lambda s: s.json("/api/custom-tags")["items"][0]["people"] == 2,  # type: ignore[index]
    "rfm moves": lambda s: buyers(s) == 2,
    "live": lambda s: GONE in s.get("/api/live/events"),
    "quality": lambda s: GONE in s.get("/api/quality"),
    "sql": lambda s: in_sql(s) != (False, False),
    "overview": lambda s: active(s) == 2,
    "retention": lambda s: s.asked("/api/retention/query", {"mode": "new"})["groups"][0]["people"] == 2,
    "lifecycle": lambda s: new_people(s.asked("/api/lifecycle/query", {})) == 1,
    "paths": lambda s: s.asked("/api/paths/query", {})["people"] == 2,
    "funnels": lambda s: entered(s) == 2,
    "properties of events": lambda s: '"p3"' in s.get("/api/behaviour/properties?event=Product Viewed"),
    "acquisition": lambda s: s.json("/api/acquisition/figures")["everybody"]["newcomers"] == 2,  # type: ignore[index]
    "seeds": lambda s: s.operator.send("POST", "/api/acquisition/seeds/count", SEED).json()["people"] == 2,
    "private domain": lambda s: s.json("/api/private/figures")["members"] == 1,  # type: ignore[index]
    "metrics": lambda s: asked(s) == 2,
    "attribution": lambda s: converted(s) == 2,
    "aarrr": lambda s: newcomers(s) == 2,
    "graph": lambda s: s.json("/api/graph")["people"] == 2,  # type: ignore[index]
    "ego": lambda s: GONE in s.get(f"/api/graph/ego/{STAYS}"),
    "tie audience": lambda s: GONE in near(s),
    "creators": lambda s: '"opened":1' in s.get("/api/influence/creators"),
    "cascades": lambda s: GONE in s.get("/api/influence/cascades/tree?item=product:p3"),
    "seeds of influence": lambda s: (
        s.operator.send("POST", "/api/influence/seeds", {"most": 2}).json().get("people") == 2
    ),
    "audiences of creators": lambda s: '"friends":1' in befriended(s),
}


def test_every_route_is_a_reader_or_says_why_it_is_none(shop: Shop) -> None:
    exists = set(route_permissions(make_api(shop.wt)))
    declared = [route for reader in READERS for route in reader.routes]
    declared += [route for routes in NOT_READERS.values() for route in routes]
    assert len(declared) == len(set(declared)), "declared twice"
    assert exists - set(declared) == set(), (
        "does it answer with people's data? put it into weaktie/app/readers.py"
    )
    assert set(declared) - exists == set(), "gone"


def test_every_reader_has_a_probe() -> None:
    assert {reader.name for reader in READERS} == set(PROBES)


def test_a_withdrawal_stops_every_reader_within_a_minute(shop: Shop) -> None:
    assert worker.WITHDRAWALS_SECONDS < WITHIN_S
    assert {name: bool(probe(shop)) for name, probe in PROBES.items()} == dict.fromkeys(PROBES, True)
    clock = shop.wt.clock
    assert isinstance(clock, FixedClock)
    for purpose in ("analytics", "personalisation", "marketing", "social"):
        body = {"purpose": purpose, "granted": False, "how": "by phone"}
        assert shop.operator.send("POST", f"/api/profiles/{GONE}/consent", body).status_code == 200
    clock.move(worker.WITHDRAWALS_SECONDS)
    shop.wt.withdrawals.drop()  # what the worker does each time it looks
    shop.wt.blocked.refresh()  # what the door's thread does each second
    clock.move(WITHIN_S - worker.WITHDRAWALS_SECONDS - 1)
    assert {name: bool(probe(shop)) for name, probe in PROBES.items()} == dict.fromkeys(PROBES, False)
    left_out = shop.json("/api/rfm")["left_out"]  # type: ignore[index]
    assert [(r["code"], r["count"]) for r in left_out["reasons"] if r["count"]] == [("refused", 1)]
    assert '"o2"' in shop.get(f"/api/profiles/{STAYS}/orders"), "nobody else is touched"
    build_once(shop.wt, lambda *_: None)
    clock.move(2)
    assert shop.json("/api/rfm")["people"] == 1  # type: ignore[index]


def test_a_relay_sends_no_child_on_for_what_children_are_not_served(shop: Shop) -> None:
    person: list[Identifier] = [("user", STAYS)]
    assert not shop.relay.refuses(person, int(Purpose.MARKETING))
    with shop.wt.database.begin() as tx:
        number = shop.wt.identity.find(tx, STAYS)
        assert number is not None
        shop.wt.consent.ages.set_flag(tx, number, "child")
    clock = shop.wt.clock
    assert isinstance(clock, FixedClock)
    clock.move(31)
    assert shop.relay.refuses(person, int(Purpose.MARKETING))
    assert not shop.relay.refuses(person, int(Purpose.ANALYTICS))


def test_a_look_that_finds_nothing_new_writes_nothing(shop: Shop) -> None:
    path = shop.wt.settings.home / str(shop.wt.profiles.published.need().path)
    before = path.stat().st_ino
    assert shop.wt.withdrawals.drop() == 0
    assert path.stat().st_ino == before

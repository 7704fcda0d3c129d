"""What no customer did is marked, left out of every figure, and counted; and comes back when a mark ends."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import START_US, bring_in, fresh_app, put, stored, track
from weaktie.app.cli_data import build_once
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.data.collect.contracts import CRAWLER
from weaktie.data.collect.crawlers import crawler_of
from weaktie.data.imports.contracts import ImportSpec
from weaktie.data.profiles.contracts import UserFilter
from weaktie.data.quality.contracts import BadMark, NoMark
from weaktie.data.reconcile.service import Asked
from weaktie.kit.clock import SECOND_US, FixedClock, business_day

SPIDER = "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)"
PHONE = "Mozilla/5.0 (Linux; Android 13; wv) AppleWebKit/537.36 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0.47"


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield app


def order(number: int, user: str, total: float, product: str = "p1", **more: object) -> dict[str, object]:
    lines = [{"product_id": product, "quantity": 1, "price": total}]
    properties = {"order_id": f"o{number}", "total": total, "currency": "CNY", "products": lines} | more
    return track(number, user, event="Order Completed", properties=properties)


def seen(wt: App) -> dict[str, int]:
    """Events of each person that the last build counts."""
    rows = wt.profiles.users(UserFilter(), None, 50).items
    return {
        row.user_id: msgspec.json.decode(wt.profiles.profile(row.user_id))["counts"]["events"] for row in rows
    }


def built(wt: App) -> dict[str, object]:
    """What a build tells; later readings see what it published."""
    result = build_once(wt, lambda *_: None)
    assert isinstance(wt.clock, FixedClock)
    wt.clock.move(60)
    return result


def mark(wt: App, kind: str, *values: str) -> list[str]:
    with wt.database.begin() as tx:
        return [m.mark_id for m in wt.quality.add(tx, kind, values, note="", actor="me").marks]  # type: ignore[arg-type]


# --- crawlers


@pytest.mark.parametrize(
    "agent",
    [
        SPIDER, "Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)",
        "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0 Safari/537.36",
        "Mozilla/5.0 (compatible; YisouSpider/5.0)", "Mozilla/5.0 (compatible; GPTBot/1.2)",
    ],
)  # fmt: skip
def test_crawlers_and_automated_browsers_are_known(agent: str) -> None:
    assert crawler_of(agent)


@pytest.mark.parametrize(
    "agent",
    [
        PHONE, "", "python-requests/2.32", "analytics-python/2.3.2", "okhttp/4.12", "axios/1.7", "node-fetch",
        "Mozilla/5.0 (Linux; Android 10) Version/5.0 Mobile Safari/533.1 SogouMobileBrowser/5.28.12",
        "Mozilla/5.0 (Windows NT 10.0) Chrome/49 Safari/537.36 SE 2.X MetaSr 1.0",
        "Mozilla/5.0 (Linux; Android 11; CUBOT_X30) Chrome/87 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 12) Chrome/96 Mobile Safari/537.36 aweme_240300 BytedanceWebview/d8a21c6",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 16_0) AppleWebKit/605 Mobile/15E148 [FBAN/FBIOS;FBDV/iPhone12,1]",
        "Mozilla/5.0 (Linux; Android 11) Mobile Safari/537.36 baiduboxapp/13.10 (Baidu; P1 11)",
    ],
)  # fmt: skip
def test_people_and_the_shops_own_servers_are_none(agent: str) -> None:
    assert crawler_of(agent) is None


def test_what_a_crawler_did_is_kept_marked_and_in_no_figure(wt: App) -> None:
    put(wt, track(1, "u1"), track(2, "u1", context={"userAgent": SPIDER}), user_agent=PHONE)
    put(wt, track(3, "u2"), order(4, "u2", 9), user_agent=SPIDER)
    put(wt, track(5, "u3", context={"userAgent": PHONE}), user_agent="HeadlessChrome/120")
    bring_in(wt)
    assert {r["event_id"]: r["flags"] & CRAWLER for r in stored(wt)} == {
        "m1": 0, "m2": CRAWLER, "m3": CRAWLER, "m4": CRAWLER, "m5": 0,
    }  # fmt: skip
    built(wt)
    assert {user: n for user, n in seen(wt).items() if n} == {"u1": 1, "u3": 1}
    overview = wt.metrics.overview()
    assert (overview.orders, overview.events, overview.active_by_day[-1][1]) == (0, 5, 2)
    assert overview.top_events == [("Product Viewed", 2)]
    counts = wt.quality.counts()
    assert (counts.days[-1].crawlers, counts.crawler_orders, counts.test_orders) == (3, 1, 0)


# --- impossible rates


def test_nobody_does_more_than_the_limit_in_a_minute(wt: App, tmp_path: Path) -> None:
    """All that the identifier did that day is left out, but not its other days, nor what a file says to the hour."""
    limit = wt.quality.limit
    minute = START_US - START_US % (60 * SECOND_US)
    fast = [track(n, "fast", at_us=minute + n * 1000) for n in range(limit + 1)]
    busy = [track(10_000 + n, "busy", at_us=minute + n * 1000) for n in range(limit)]
    before = track(20_000, "fast", at_us=minute - 86_400 * SECOND_US)
    put(wt, *fast, *busy, before, track(20_001, "fast", at_us=minute + 600 * SECOND_US))
    bring_in(wt)
    file = tmp_path / "events.csv"
    file.write_text("user_id,event,time\n" + "history,view,2026-09-01 10:00:00\n" * (limit + 50))
    wt.importer.import_file(
        ImportSpec(file, "events", basis={"analytics": "contract"}), actor="me", progress=lambda *_: None
    )
    built(wt)
    assert seen(wt) == {"fast": 1, "busy": limit, "history": limit + 50}
    assert wt.metrics.overview().active_by_day[-1][1] == 1
    (found,) = wt.quality.counts().rates
    assert (found.value, found.day, found.most_a_minute, found.events) == (
        "fast", business_day(START_US, wt.settings.zone), limit + 1, limit + 2,
    )  # fmt: skip


# --- own people and test orders


def test_own_people_are_left_out_with_their_orders_until_the_mark_ends(wt: App) -> None:
    put(wt, track(1, "boss", anonymous="a1"), order(2, "boss", 500), track(3, "u1"), order(4, "u1", 20))
    put(wt, order(5, "u2", 30, referrer_id="boss"))
    built(wt)
    assert set(seen(wt)) == {"boss", "u1", "u2"}
    (made,) = mark(wt, "person", "boss")
    assert wt.metrics.overview().gmv == [(5000, "CNY")], "the overview follows at once"
    assert wt.metrics.overview().users == 2
    result = built(wt)
    assert (result["people"], result["left_out"]) == (2, 1)
    assert [(r.code, r.count) for r in wt.profiles.left_out().reasons] == [("internal", 1)]
    assert set(seen(wt)) == {"u1", "u2"}
    page = msgspec.json.decode(wt.profiles.profile("boss"))
    assert (page["generation"], page["tags"], page["rfm"]) == (None, [], None)
    assert built(wt)["unchanged"]
    with wt.database.begin() as tx:
        assert wt.quality.end(tx, made, actor="me").ended_us == wt.clock.now_us()
    assert built(wt)["people"] == 3
    assert wt.metrics.overview().gmv == [(55000, "CNY")]
    with wt.database.begin() as tx:
        wt.quality.resume(tx, made)
    assert built(wt)["people"] == 2


@pytest.mark.parametrize(
    ("kind", "value"), [("order_prefix", "o9"), ("product", "sample"), ("coupon", "STAFF100")]
)
def test_declared_test_orders_count_nowhere_and_reconcile_as_tests(wt: App, kind: str, value: str) -> None:
    put(wt, order(1, "u1", 20), order(99, "u1", 300, "sample", coupon="STAFF100"))
    bring_in(wt)
    built(wt)
    assert msgspec.json.decode(wt.profiles.profile("u1"))["counts"]["orders"] == 2
    mark(wt, kind, value)
    built(wt)
    assert msgspec.json.decode(wt.profiles.profile("u1"))["counts"]["orders"] == 1
    assert wt.metrics.overview().gmv == [(2000, "CNY")]
    assert wt.quality.counts().test_orders == 1
    day = business_day(START_US, wt.settings.zone)
    found = wt.reconciler.explain(Asked("gmv", 32_000, day, day, "Asia/Shanghai", "CNY"))
    assert (found.ours, found.reasons, found.unexplained) == (2000, [("tests", 30_000)], 0)


def test_marks_are_refused_with_a_reason_and_known_ones_stay(wt: App) -> None:
    put(wt, track(1, "u1"))
    bring_in(wt)
    with wt.database.begin() as tx:
        added = wt.quality.add(tx, "person", [" u1 ", "u1", "nobody"], note="", actor="me")
        assert ([m.value for m in added.marks], added.unknown) == (["u1"], ["nobody"])
        again = wt.quality.add(tx, "person", ["u1"], note="other", actor="me")
        assert [m.mark_id for m in again.marks] == [added.marks[0].mark_id]
        with pytest.raises(BadMark):
            wt.quality.add(tx, "product", [" "], note="", actor="me")
        with pytest.raises(NoMark):
            wt.quality.end(tx, "mark_none", actor="me")


def test_an_erased_person_leaves_no_mark(wt: App) -> None:
    put(wt, track(1, "u1"))
    bring_in(wt)
    mark(wt, "person", "u1")
    assert wt.rights.erase("u1", reason="asked", actor="test").state == "done"
    with wt.database.connect() as connection:
        assert wt.quality.listed(connection) == []


# --- over HTTP


def test_an_operator_marks_and_takes_back(wt: App) -> None:
    put(wt, track(1, "u1"), order(2, "u1", 20))
    bring_in(wt)
    with TestClient(make_api(wt), base_url=ORIGIN) as http:
        operator_marks_and_takes_back(wt, Browser(http))


def operator_marks_and_takes_back(wt: App, owner: Browser) -> None:
    with wt.database.begin() as tx:
        _, token = wt.accounts.invite(tx, name="o", email="o@example.com", role="owner")
    hashed = wt.accounts.hash_password(PASSWORD)
    with wt.database.begin() as tx:
        wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
    owner.sign_in("o@example.com")
    made = owner.send(
        "POST", "/api/quality/marks", {"kind": "person", "values": ["u1", "u9"], "note": "客服"}
    )
    assert made.status_code == 201
    assert made.json()["unknown"] == ["u9"]
    (one,) = made.json()["marks"]
    assert (one["value"], one["kind_words"]["zh"], one["ended_time"]) == ("u1", "内部人员", None)
    counts = owner.send("GET", "/api/quality").json()
    assert (counts["own_people"], counts["test_orders"], len(counts["days"])) == (1, 1, 30)
    assert owner.send("POST", f"/api/quality/marks/{one['mark_id']}/end", {}).json()["ended_time"]
    assert owner.send("POST", f"/api/quality/marks/{one['mark_id']}/resume", {}).json()["ended_time"] is None
    assert owner.send("POST", "/api/quality/marks/none/end", {}).json()["error"]["code"] == "no_mark"
    assert owner.send("POST", "/api/quality/marks", {"kind": "shoe", "values": ["x"]}).status_code == 422
    audit = [line["action"] for line in owner.send("GET", "/api/audit").json()["items"]]
    assert audit[:3] == ["quality.resume", "quality.end", "quality.mark"]

"""Influence over HTTP on a small shop: creators, the rule, reach, audiences with their cap, seeds, cascades, and who is left out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.ai.influence import creators as making
from weaktie.ai.influence.contracts import FEATURES, Creators, KocRule
from weaktie.ai.influence.service import InfluenceEraser
from weaktie.app.cli_data import build_once
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.data.sources.service import patch
from weaktie.kit.clock import DAY_US, FixedClock, business_day
from weaktie.store.lake.tables import CONTENTS, RELATIONS, LakeTable

STAR, FANS, FAR = "star", [f"fan{n}" for n in range(6)], [f"far{n}" for n in range(5)]
EVERYBODY = [STAR, *FANS, *FAR]
ALL_PURPOSES = dict.fromkeys(("analytics", "personalisation", "marketing", "social"), "consented_upstream")
MINUTE = 60_000_000


@dataclass
class Shop:
    wt: App
    operator: Browser
    number: dict[str, int]

    def get(self, path: str, status: int = 200) -> Any:
        return self.send("GET", path, status=status)

    def send(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        answer = self.operator.send(method, f"/api/influence{path}", body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content and "json" in answer.headers["content-type"] else answer.text

    def refuses(self, user: str, purpose: str) -> None:
        body = {"purpose": purpose, "granted": False, "how": "by phone"}
        answer = self.operator.send("POST", f"/api/profiles/{user}/consent", body)
        assert answer.status_code == 200, answer.text
        self.later()

    def later(self, seconds: float = 6) -> None:
        clock = self.wt.clock
        assert isinstance(clock, FixedClock)
        clock.move(seconds)

    def people(self, query: dict[str, Any]) -> set[str]:
        back = {n: u for u, n in self.number.items()}
        return {back[int(n)] for n in self.wt.behaviour.people(query)}


def stage(wt: App, table: LakeTable, rows: list[dict[str, Any]]) -> None:
    """Put rows into a table of the lake."""
    whole = [{f.name: None for f in table.schema} | row for row in rows]
    day = business_day(START_US, wt.settings.zone)
    staged = wt.lake.stage(
        table.name, pa.Table.from_pylist(whole, schema=table.schema), part_day=day, origin="test"
    )
    with wt.database.begin() as tx:
        wt.lake.commit(tx, [staged], reason="test")


def opened(user: str, sharer: str, product: str, minute: int, key: str) -> dict[str, Any]:
    properties = {"product_id": product, "sharer_id": sharer}
    return track(key, user, properties=properties, at_us=START_US - DAY_US + minute * MINUTE)


def ordered(user: str, key: str, minute: int, price: float, sharer: str = "") -> dict[str, Any]:
    lines = [{"product_id": "p1", "price": price}]
    properties: dict[str, Any] = {"order_id": key, "total": price, "currency": "CNY", "products": lines}
    if sharer:
        properties["referrer_id"] = sharer
    return track(
        key, user, event="Order Completed", properties=properties, at_us=START_US - DAY_US + minute * MINUTE
    )


def fill(wt: App) -> None:
    """A star whom six follow and are friends with; each friend knows some of five who are farther away."""
    with wt.database.begin() as tx:
        patch(tx, wt.clock, "default", actor="test", basis=ALL_PURPOSES)
    share = {"product_id": "p1", "content_id": "c1"}
    put(
        wt, *(track(f"seen-{u}", u, at_us=START_US - 3 * DAY_US) for u in EVERYBODY),
        track("share", STAR, event="Product Shared", properties=share, at_us=START_US - DAY_US),
        opened("fan0", STAR, "p1", 10, "o1"), opened("fan1", STAR, "p1", 20, "o2"), opened("far0", "fan0", "p1", 40, "o3"),
        track("like", "fan2", event="Content Liked", properties={"content_id": "c1"}, at_us=START_US - DAY_US),
        track("view", "far4", event="Content Viewed", properties={"content_id": "c1"}, at_us=START_US - DAY_US),
        ordered("fan0", "b1", 50, 12.5, STAR), ordered("fan0", "b2", 60, 20), ordered("fan1", "b3", 70, 5),
    )  # fmt: skip
    bring_in(wt)
    with wt.database.connect() as connection:
        number = {u: wt.identity.find(connection, u) for u in EVERYBODY}
    ties = [(STAR, f, "friend") for f in FANS] + [(f, STAR, "follow") for f in FANS]
    ties += [
        ("fan0", "far0", "friend"),
        ("fan0", "far1", "friend"),
        ("fan1", "far1", "friend"),
        ("fan2", "far2", "friend"),
    ]
    ties += [("fan3", "far3", "friend"), ("fan4", "far4", "friend")]
    stage(
        wt, RELATIONS,
        [
            {"event_id": f"r{i}", "src_alias_no": number[a], "dst_alias_no": number[b], "kind": k, "day": 1, "purposes": 15}
            for i, (a, b, k) in enumerate(ties)
        ],
    )  # fmt: skip
    stage(
        wt, CONTENTS, [{"event_id": "k1", "content_id": "c1", "title": "一碗面", "kind": "note", "creator_alias_no": number[STAR]}]
    )  # fmt: skip


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    yield from shops(tmp_path_factory.mktemp("influence"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Another shop, for tests that change it; they stand in an order in which none is in another's way."""
    yield from shops(tmp_path_factory.mktemp("changed"))


def shops(folder: Path) -> Iterator[Shop]:
    with fresh_app(folder) as wt:
        fill(wt)
        build_once(wt, lambda *_: None)
        hashed = wt.accounts.hash_password(PASSWORD)
        with wt.database.begin() as tx:
            _, token = wt.accounts.invite(tx, name="operator", email="operator@example.com", role="operator")
            wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
        with TestClient(make_api(wt), base_url=ORIGIN) as http:
            browser = Browser(http)
            assert browser.sign_in("operator@example.com").status_code == 200
            with wt.database.connect() as connection:
                number = {u: int(wt.identity.find(connection, u) or -1) for u in EVERYBODY}
            wt.clock.move(6)  # type: ignore[attr-defined]
            yield Shop(wt, browser, number)


def test_a_creators_figures(market: Shop) -> None:
    page = market.get("/creators?sort=friends")
    assert page["items"][0]["user_id"] == STAR
    star = page["items"][0]
    assert {k: star[k] for k in ("friends", "followers", "fans", "contents", "shares", "opened")} == {
        "friends": 6, "followers": 6, "fans": 6, "contents": 1, "shares": 1, "opened": 2,
    }  # fmt: skip
    # Two opened the share, one liked the content; of fan0 and fan1 who bought, fan0 did so twice.
    assert (star["interacted"], star["interaction_rate"]) == (3, 0.5)
    assert (star["buyers"], star["repeat"], star["repurchase_rate"]) == (2, 1, 0.5)
    assert (star["orders"], star["net"]) == (1, [{"currency": "CNY", "amount_minor": 1250}])
    assert {c["user_id"] for c in page["items"]} == {STAR, "fan0"}, "who only follows is no creator"
    assert page["pairs"] is None, "nothing is predicted from two creators"
    assert star["predicted"] is None
    assert market.people({"kind": "fans", "creator": market.number[STAR], "part": "interacted"}) == {
        "fan0",
        "fan1",
        "fan2",
    }
    assert market.people({"kind": "fans", "creator": market.number[STAR], "part": "repeat"}) == {"fan0"}
    assert market.get("/creators?search=fan0")["total"] == 1
    assert market.get("/creators?search=far3")["total"] == 0


def test_a_creators_page(market: Shop) -> None:
    page = market.get(f"/creators/{STAR}")
    assert page["contents"][0] == {
        "content_id": "c1", "title": "一碗面", "kind": "note", "published_time": "1970-01-01T00:00:00.000Z", "reached": 2, "acted": 1,
        "cascade": 3, "orders": 1,
    }  # fmt: skip
    assert page["months"][-1]["reach"] == 4, (
        "two by the share, one who liked and one who only saw the content"
    )
    assert page["cascade"]["people"] == 3
    assert market.get("/creators/far3", 404)["error"]["code"] == "no_creator"


def test_the_rule_is_previewed_kept_restored_and_audited(shop: Shop) -> None:
    rule = shop.get("/rules")["current"]["rule"]
    assert (rule["min_friends"], rule["min_interaction"], rule["min_repurchase"]) == (500, 0.1, 0.5), (
        "the plan's"
    )
    assert shop.get("/creators")["koc"] == 0
    easier = rule | {"min_friends": 6, "min_fans": 3}
    assert shop.send("POST", "/rules/preview", easier) == {
        "creators": 2, "reach": 1, "trust": 1, "koc": 1, "before": 0, "entered": 1, "left": 0,
    }  # fmt: skip
    assert shop.get("/creators")["koc"] == 0, "a preview keeps nothing"
    assert shop.send("PUT", "/rules", easier) == {"version": 1}
    assert shop.get("/creators?passes=koc")["items"][0]["user_id"] == STAR
    assert shop.people({"kind": "koc"}) == {STAR}
    assert shop.send("POST", "/rules/preview", easier | {"min_interaction": 0.51})["left"] == 1
    assert shop.send("POST", "/rules/0/restore") == {"version": 2}
    assert shop.get("/creators")["koc"] == 0
    assert (
        shop.send("PUT", "/rules", rule | {"min_repurchase": 1.5}, 400)["error"]["place"] == "min_repurchase"
    )
    assert shop.send("POST", "/rules/9/restore", status=404)["error"]["code"] == "no_koc_rule"
    with shop.wt.database.connect() as connection:
        from weaktie.trust.audit.tables import audit_log

        kept = [r.action for r in connection.execute(audit_log.select()) if r.action.startswith("influence.")]
    assert kept == ["influence.rule", "influence.rule"]


def test_cascades_and_their_people(market: Shop) -> None:
    found = market.get("/cascades")
    assert [c["item"] for c in found["items"]] == ["product:p1", "content:c1"] or [c["item"] for c in found["items"]] == [
        "content:c1", "product:p1",
    ]  # fmt: skip
    content = next(c for c in found["items"] if c["item"] == "content:c1")
    assert content["title"] == "一碗面"
    assert content["figures"]["by_depth"] == [1, 2]
    assert content["figures"]["net"] == [{"currency": "CNY", "amount_minor": 1250}]
    assert content["figures"]["virality"] == pytest.approx(4 / 3)
    tree = market.get("/cascades/tree?item=content:c1")
    root = tree["tree"]["children"][0]
    assert (root["name"], {c["name"] for c in root["children"]}) == (STAR, {"fan0", "fan1"})
    by_star = market.get(f"/cascades/tree?creator={STAR}")
    assert by_star["figures"]["people"] == 3
    assert {c["user_id"] for c in found["creators"]} == {STAR, "fan0"}
    days = {"from": found["from_day"], "to": found["to_day"]}
    query = {"kind": "spread", **days, "item": "content:c1"}
    assert market.people(query) == {STAR, "fan0", "fan1"}
    assert market.people(query | {"depth": 1, "ordered": True}) == {"fan0"}
    assert market.people(
        {"kind": "spread", **days, "creator": market.number[STAR], "under": market.number["fan0"]}
    ) == {"fan0"}
    assert market.get("/cascades/tree", 400)["error"]["code"] == "bad_cascade"
    assert market.get("/cascades/tree?item=poem:1", 400)["error"]["place"] == "item"


def number_of(shop: Shop, user_id: str) -> int:
    with shop.wt.database.connect() as connection:
        alias_no = shop.wt.identity.find(connection, user_id)
        assert alias_no is not None
        return min(shop.wt.identity.component(connection, alias_no))


def strengths_between(shop: Shop, one: str, middle: str, other: str) -> list[float]:
    """The strength of the two ties on the way, in each direction, of the social graph that the build made."""
    edges = shop.wt.influence.ties.edges()
    found = {
        (a, b): s
        for a, b, s in zip(edges.src.tolist(), edges.dst.tolist(), edges.strength.tolist(), strict=True)
    }
    a, b, c = (number_of(shop, user_id) for user_id in (one, middle, other))
    return [
        found.get(first, 0.0) * found.get(second, 0.0)
        for first in ((a, b), (b, a))
        for second in ((b, c), (c, b))
    ]


def test_an_audience_of_friends_of_friends_through_whom_and_its_cap(shop: Shop) -> None:
    ask = {"creator": STAR, "content_id": "c1", "size": 10}
    draft = shop.send("POST", "/audiences/preview", ask)
    assert (draft["friends"], draft["pool"]) == (6, 5)
    assert draft["items"][0]["user_id"] in ("far0", "far1"), (
        "two ways, or a tie that carried already, come first"
    )
    by = {p["user_id"]: p for p in draft["items"]}
    assert set(by) == {"far0", "far1", "far2", "far3"}, "far4 saw it"
    assert by["far1"]["ways"] == 2
    assert by["far3"]["through"] == "fan3"
    ways = strengths_between(shop, STAR, "fan3", "far3")
    assert any(way and by["far3"]["score"] == pytest.approx(way, abs=1e-3) for way in ways), ways
    assert {r["code"]: r["count"] for r in draft["left_out"]} == {
        "no_marketing": 0,
        "seen": 1,
        "capped": 0,
        "cut": 0,
    }
    made = [shop.send("POST", "/audiences", ask | {"name": f"a{n}", "size": 2}, 201) for n in range(2)]
    assert made[0]["left_out"][3]["count"] == 2
    assert shop.people({"kind": "koc_audience", "audience_id": made[0]["audience_id"]}) == {"far0", "far1"}
    third = shop.send("POST", "/audiences", ask | {"name": "a3"}, 201)
    assert shop.people({"kind": "koc_audience", "audience_id": third["audience_id"]}) == {"far2", "far3"}, (
        "two is the cap"
    )
    assert {r["code"]: r["count"] for r in third["left_out"]}["capped"] == 2
    shop.send("POST", "/audiences", ask | {"name": "a4"}, 201)
    refused = shop.send("POST", "/audiences", ask | {"name": "a5"}, 409)
    assert refused["error"]["code"] == "nobody_left"
    shop.send("DELETE", f"/audiences/{made[0]['audience_id']}", status=204)
    assert shop.send("POST", "/audiences/preview", ask)["size"] == 2, (
        "an audience that is undone counts for no cap"
    )
    shop.later(8 * 86_400)
    assert shop.operator.sign_in("operator@example.com").status_code == 200
    assert shop.send("POST", "/audiences/preview", ask)["size"] == 4, (
        "after seven days everybody may be asked again"
    )
    page = shop.get(f"/audiences/{third['audience_id']}")
    assert [(p["user_id"], p["through"]) for p in page["items"]] == [("far2", "fan2"), ("far3", "fan3")]


def test_an_audience_is_a_query_of_people_and_becomes_a_segment(shop: Shop) -> None:
    made = shop.send("POST", "/audiences", {"creator": STAR, "name": "面", "size": 3}, 201)
    query = {"kind": "koc_audience", "audience_id": made["audience_id"]}
    rule = {"is": "people", "query": query}
    answer = shop.operator.send("POST", "/api/segments", {"name": "s", "rule": rule})
    assert answer.status_code == 201, answer.text
    assert answer.json()["size"] == 3
    shop.refuses("far1", "marketing")
    draft = shop.send("POST", "/audiences/preview", {"creator": STAR, "size": 10})
    assert {r["code"]: r["count"] for r in draft["left_out"]}["no_marketing"] == 1


def test_seeds_are_chosen_kept_and_priced(shop: Shop) -> None:
    plan = shop.send("POST", "/seeds", {"most": 1}, 201)
    assert [s["user_id"] for s in plan["seeds"]] == [STAR]
    methods = {m["method"]: m for m in plan["methods"]}
    assert set(methods) == {"ris", "degree", "pagerank"}
    best = methods[plan["method"]]
    assert best["low"] <= best["mean"] <= best["high"]
    assert plan["people"] == len(EVERYBODY)
    assert 1 - 1 / np.e - 0.1 <= plan["guarantee"] <= 1
    priced = {"most": 5, "budget_minor": 300, "base_minor": 100, "per_friend_minor": 50}
    dear = shop.send("POST", "/seeds", priced, 201)
    # The star's word reaches six: 100 + 6 × 50 is more than there is.
    assert STAR not in {s["user_id"] for s in dear["seeds"]}
    assert sum(s["cost_minor"] for s in dear["seeds"]) <= 300
    assert shop.people({"kind": "seeds", "plan_id": plan["plan_id"]}) == {STAR}
    assert {p["plan_id"] for p in shop.get("/seeds")["items"]} == {dear["plan_id"], plan["plan_id"]}
    among = shop.send("POST", "/seeds", {"most": 3, "among": "creators"}, 201)
    assert {s["user_id"] for s in among["seeds"]} <= {STAR, "fan0"}
    assert shop.send("POST", "/seeds", {"most": 3, "among": "koc"}, 400)["error"]["place"] == "among"
    assert shop.send("POST", "/seeds", priced | {"budget_minor": 10}, 400)["error"]["place"] == "budget"
    assert shop.send("POST", "/seeds", {"budget_minor": 10}, 400)["error"]["place"] == "base_minor"
    for weights, model in (("strength", "cascade"), ("strength", "threshold"), ("in_degree", "threshold")):
        body = {"most": 1, "weights": weights, "model": model}
        assert [s["user_id"] for s in shop.send("POST", "/seeds", body, 201)["seeds"]] == [STAR]


def test_an_erased_person_is_gone_from_plans_and_audiences(shop: Shop) -> None:
    shop.send("POST", "/seeds", {"most": 2}, 201)
    made = shop.send("POST", "/audiences", {"creator": STAR, "name": "a", "size": 4}, 201)
    copy = shop.wt.rights.export("far2")["influence"]["influence_audience_people"]
    assert made["audience_id"] in {row["audience_id"] for row in copy}
    assert "through_alias_no" not in copy[0], "who led to somebody is another person"
    eraser = InfluenceEraser(shop.wt.database)
    assert eraser.erase([shop.number["far2"]])["influence_audience_people"] == len(copy)
    page = shop.get(f"/audiences/{made['audience_id']}")
    assert "far2" not in {p["user_id"] for p in page["items"]}
    gone = eraser.erase([shop.number[STAR]])
    assert gone["influence_audiences"] >= 1
    assert gone["influence_audience_people"] >= 3
    assert shop.get(f"/audiences/{made['audience_id']}", 404)["error"]["code"] == "no_audience"
    assert gone["influence_plan_people"] >= 1
    assert eraser.erase([shop.number[STAR]]) == dict.fromkeys(gone, 0), "doing it twice removes nothing more"


def test_who_refuses_social_analysis_is_in_nothing(shop: Shop) -> None:
    shop.refuses("fan0", "social")
    star = shop.get(f"/creators/{STAR}")["creator"]
    assert (star["friends"], star["opened"], star["orders"]) == (5, 1, 0)
    assert {c["user_id"] for c in shop.get("/creators")["items"]} == {STAR}
    found = shop.get("/cascades")
    assert "fan0" not in str(found)
    assert found["everybody"]["people"] == 2
    draft = shop.send("POST", "/audiences/preview", {"creator": STAR, "size": 10})
    assert "far0" not in str(draft), "nobody else knows far0"
    plan = shop.send("POST", "/seeds", {"most": 1}, 201)
    shop.refuses(STAR, "social")
    assert shop.get(f"/creators/{STAR}", 404)["error"]["code"] == "no_creator"
    gone = shop.get(f"/seeds/{plan['plan_id']}")
    assert (gone["seeds"], gone["gone"]) == ([], 1)


def crowd_of_creators(seed: int = 3, n: int = 60) -> Creators:
    """Creators whose reach follows friends and shares, with noise."""
    rng = np.random.default_rng(seed)
    months, keys = 7, list(FEATURES)
    friends = rng.lognormal(4, 1, n)
    shares = rng.poisson(8, (months, n)).astype(float)
    reach = np.zeros((months, n), np.int32)
    features = np.zeros((months, n, len(keys)))
    for m in range(months):
        before = shares[m - 1] if m else shares[0]
        reach[m] = np.round(friends * (1 + before) / 6 * rng.lognormal(0, 0.1, n))
        columns = {"reach": reach[m], "friends": friends, "shares": shares[m]}
        for key, values in columns.items():
            features[m][:, keys.index(key)] = np.log1p(values)
    zero = np.zeros(n, np.int32)
    names = [f"2026-{m + 3:02d}" for m in range(months)]
    return Creators(np.arange(n, dtype=np.int32), *(zero,) * 10, {}, names, reach, features)


def test_predicted_reach_beats_last_months_and_says_why() -> None:
    found = crowd_of_creators()
    last = len(found.months) - 1
    model = making.fit(found, last)
    assert model is not None
    predicted = making.predict(model, found, last)
    wrong = np.median(np.abs(np.log1p(predicted) - np.log1p(found.reach[last])))
    naive = np.median(np.abs(np.log1p(found.reach[last - 1].astype(float)) - np.log1p(found.reach[last])))
    assert wrong < 0.6 * naive
    assert (making.spearman(predicted, found.reach[last].astype(float)) or 0) > 0.9
    reasons = making.reasons(model, found, last, int(np.argmax(predicted)))
    assert reasons[0].key == "trend"
    assert {r.key for r in reasons[1:3]} <= {"friends", "shares", "reach"}
    every = making.reasons(model, found, last, 0, most=99)
    before = 1 + found.reach[last - 1][0]
    whole = before * np.prod([r.factor for r in every])
    assert whole == pytest.approx(1 + predicted[0]), "the reasons are all of it"


def test_a_prediction_looks_at_nothing_of_its_month_or_later() -> None:
    found = crowd_of_creators()
    last = len(found.months) - 1
    model = making.fit(found, last - 1)
    assert model is not None
    before = making.predict(model, found, last - 1)
    found.reach[last - 1 :] = 0
    found.features[last - 1 :] = 9.0
    again = making.fit(found, last - 1)
    assert again is not None
    assert making.predict(again, found, last - 1) == pytest.approx(before)
    assert making.fit(crowd_of_creators(n=3), last) is None, "too few to say anything"
    assert making.fit(replace(crowd_of_creators(), first_whole=last - 1), last) is None, (
        "no whole month before the last"
    )


@pytest.mark.parametrize(
    ("need", "koc"),
    [("both", [False, False, True]), ("either", [True, True, True]), ("reach", [True, False, True])],
)
def test_rules_at_their_edges(need: Any, koc: list[bool]) -> None:
    columns = {
        "friends": [500, 499, 500], "fans": [100, 20, 20], "interacted": [9, 2, 2], "buyers": [2, 2, 2], "repeat": [1, 1, 1],
    }  # fmt: skip
    zero = np.zeros(3, np.int32)
    arrays = {k: np.array(v, np.int32) for k, v in columns.items()}
    found = Creators(
        people=np.arange(3, dtype=np.int32), followers=zero, contents=zero, shares=zero, opened=zero, orders=zero, net_minor={},
        months=[], reach=np.zeros((0, 3), np.int32), features=np.zeros((0, 3, len(FEATURES))), first_whole=0, **arrays,
    )  # fmt: skip
    assert making.passes(KocRule(need=need), found)[2].tolist() == koc

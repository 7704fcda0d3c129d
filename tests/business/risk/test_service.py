"""Judging cases over a home: what is refused, what is held, who decides, and that a scorer nobody watches pays nobody."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN
from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from tests.suites.signed_in import signed_in
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.business.risk import service as service_module
from weaktie.business.risk.contracts import (
    APPEAL_DAYS,
    STALE_US,
    Assessment,
    BadCase,
    BadRules,
    Case,
    NoAppeal,
    NoCase,
    Rule,
)
from weaktie.business.risk.erase import RiskEraser, RiskExporter
from weaktie.business.risk.logic import RULES
from weaktie.data.flags.contracts import Variant
from weaktie.kit.clock import DAY_US, HOUR_US, MINUTE_US, FixedClock, to_iso


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        app.risk.watch_over()
        yield app


def judged(wt: App, ref: str, account: int, inviter: int | None = None, **more: Any) -> Assessment:
    with wt.database.begin() as tx:
        return wt.risk.assess(
            tx, Case(kind="reward", ref=ref, account_no=account, inviter_no=inviter, **more)
        )


def codes(found: Assessment) -> set[str]:
    return {reason.code for reason in found.reasons}


def farm(wt: App, size: int = 12, boss: int = 1_000) -> list[int]:
    """A farm of one device and one payout account, each a minute after the other."""
    members = list(range(boss + 1, boss + 1 + size))
    with wt.database.begin() as tx:
        wt.risk.meet_many(tx, [(boss, None, None, START_US - DAY_US)])
        wt.risk.meet_many(
            tx, [(n, boss, START_US - HOUR_US, START_US - HOUR_US + (n - boss) * MINUTE_US) for n in members]
        )
        wt.risk.sight_many(
            tx,
            [(n, {"device": "d1", "payout": "a1", "ip": "240.1.1.1"}, START_US - HOUR_US) for n in members],
        )
    return members


# --- R17: hard rules


def test_an_honest_invitation_passes(wt: App) -> None:
    found = judged(
        wt, "r1", 2, 1, invited_us=START_US - HOUR_US, registered_us=START_US, evidence={"device": "d2", "ip": "240.1.2.3"}
    )  # fmt: skip
    assert (found.decision, found.score, found.reasons) == ("pass", 0.0, ())


def test_inviting_oneself_is_refused_even_by_another_login(wt: App) -> None:
    put(
        wt,
        track(1, "u1", anonymous="d"),
        track(2, "u2"),
        track(3, "u1", type="alias", event=None, previousId="x"),
    )
    bring_in(wt)
    with wt.database.begin() as tx:
        one, other = (wt.identity.find(tx, u) for u in ("u1", "d"))
        assert one is not None
        assert other is not None
        assert wt.identity.component(tx, one) == wt.identity.component(tx, other)
    assert codes(judged(wt, "r1", one, one)) >= {"self_invite"}
    found = judged(wt, "r2", one, other)
    assert found.decision == "refuse"
    assert "self_invite" in codes(found)


@pytest.mark.parametrize("length", [2, 3, 6])
def test_a_cycle_is_refused(wt: App, length: int) -> None:
    for n in range(length):
        found = judged(wt, f"r{n}", n, (n + 1) % length, invited_us=START_US - 2, registered_us=START_US - 1)
    assert found.decision == "refuse"
    assert "cycle" in codes(found)


def test_an_existing_user_is_refused_by_registration_or_by_an_order(wt: App) -> None:
    early = judged(wt, "r1", 2, 1, invited_us=START_US, registered_us=START_US - DAY_US)
    assert (early.decision, "existing_user" in codes(early)) == ("refuse", True)
    order = {"order_id": "o1", "total": 9, "currency": "CNY", "products": [{"product_id": "p", "price": 9}]}
    put(wt, track(1, "old", event="Order Completed", properties=order, at_us=START_US - 5 * DAY_US))
    bring_in(wt)
    with wt.database.begin() as tx:
        number = wt.identity.find(tx, "old")
        assert number is not None
        wt.risk.meet_many(tx, [(number, None, None, None)])
    assert wt.risk.look() == 1
    assert "existing_user" in codes(judged(wt, "r2", number, 1, invited_us=START_US - DAY_US))


def test_the_inviters_payout_account_is_refused(wt: App) -> None:
    judged(wt, "r0", 1, evidence={"payout": " Pay-1 "})
    found = judged(wt, "r1", 2, 1, evidence={"payout": "Pay-1"})
    assert found.decision == "refuse"
    assert "same_payout" in codes(found)
    assert judged(wt, "r2", 3, 1, evidence={"payout": "Pay-3"}).decision == "pass"


# --- the score


def test_a_farm_is_refused_with_its_reasons_and_the_same_answer_again(wt: App) -> None:
    members = farm(wt)
    found = judged(wt, "r1", members[5], 1_000)
    assert found.decision == "refuse"
    assert codes(found) >= {
        "device_shared",
        "device_day",
        "payout_shared",
        "ip_hour",
        "lockstep",
        "dense_block",
    }
    assert all(r.words.zh and r.words.en and "{" not in r.words.en for r in found.reasons)
    points = [r.points for r in found.reasons]
    assert points == sorted(points, reverse=True)
    again = judged(wt, "r1", members[5], 1_000)
    assert (again.case_id, again.score, again.reasons) == (found.case_id, found.score, found.reasons)


def test_the_shops_hashes_are_compared_with_each_other(wt: App) -> None:
    for n in range(8):
        with wt.database.begin() as tx:
            wt.risk.assess(
                tx, Case(kind="sign_up", ref=f"s{n}", account_no=10 + n, hashed={"payout": "h1", "device": ""})
            )  # fmt: skip
    assert "payout_shared" in codes(judged(wt, "r", 30, hashed={"payout": "h1"}))
    assert "payout_shared" not in codes(judged(wt, "r2", 31, evidence={"payout": "h1"}))


def test_nothing_is_kept_in_the_clear(wt: App) -> None:
    values = {"device": "secret-device", "ip": "203.0.113.77", "payout": "6222020200112233", "address": "杭州市西湖区文三路 8 号楼 501 室",
              "phone": "17012345678"}  # fmt: skip
    judged(wt, "r1", 2, 1, evidence=values)
    stored = b"".join(
        p.read_bytes() for p in wt.settings.home.rglob("*") if p.is_file() and "sqlite" in p.name
    )
    for value in (*values.values(), "文三路", "203.0.113"):
        assert value.encode() not in stored
    assert "virtual_number" in codes(judged(wt, "r1", 2, 1))


def test_bad_evidence_is_refused(wt: App) -> None:
    for wrong in ({"ip": "300.1.1.1"}, {"shoe size": "42"}, {"network": "1"}):
        with pytest.raises(BadCase):
            judged(wt, "r1", 2, 1, evidence=wrong)
    with pytest.raises(BadCase):
        judged(wt, "", 2, 1)


# --- R19: the watch


def test_without_a_good_canary_nothing_passes(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        assert judged(wt, "r1", 2, 1).decision == "hold"
        assert "scorer_stale" in codes(judged(wt, "r1", 2, 1))
        assert wt.risk.watch_over().ok
        fresh = judged(wt, "r2", 2, 1)
        assert (fresh.decision, fresh.as_of_us) == ("pass", START_US)
        clock = wt.clock
        assert isinstance(clock, FixedClock)
        clock.move(STALE_US / 1e6 + 1)
        assert judged(wt, "r3", 2, 1).decision == "hold"
        clock.move(-STALE_US / 1e6 - 10)  # a clock that stepped back
        assert judged(wt, "r4", 2, 1).decision == "hold"


def test_a_scorer_that_fails_holds(wt: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(service_module, "score", broken)
    found = judged(wt, "r1", 2, 1)
    assert (found.decision, codes(found)) == ("hold", {"scorer_down"})
    monkeypatch.setattr(service_module, "_warm", lambda: None)
    monkeypatch.setattr(type(wt.risk), "review", lambda _: 0)
    assert not wt.risk.watch_over(every_us=0).ok


def test_rules_that_let_the_canary_pass_stop_the_payouts(wt: App) -> None:
    weak = {name: Rule(0, rule.low, rule.high) for name, rule in RULES.items()}
    with wt.database.begin() as tx:
        wt.risk.save_rules(tx, weak, note="nothing counts", actor="me")
    watch = wt.risk.watch_over(every_us=0)
    assert (watch.ok, watch.caught) == (False, False)
    assert judged(wt, "r1", 2, 1).decision == "hold"
    with wt.database.begin() as tx:
        wt.risk.save_rules(tx, RULES, note="back", actor="me")
    assert wt.risk.watch_over(every_us=0).ok
    assert judged(wt, "r2", 2, 1).decision == "pass"


def test_a_canary_leaves_nothing_and_runs_once_an_hour(wt: App) -> None:
    with wt.database.connect() as connection:
        assert wt.risk.cases(connection, "all").total == 0
        assert RiskExporter().export(connection, list(range(-30, 0))) == {
            "risk_sightings": [], "risk_accounts": [], "risk_cases": [],
        }  # fmt: skip
        before = len(wt.risk.canaries(connection))
    wt.risk.watch_over()
    with wt.database.connect() as connection:
        assert len(wt.risk.canaries(connection)) == before
    clock = wt.clock
    assert isinstance(clock, FixedClock)
    clock.move(3_601)
    wt.risk.watch_over()
    with wt.database.connect() as connection:
        assert len(wt.risk.canaries(connection)) == before + 1


# --- the queue


def test_the_review_puts_farms_into_the_queue_once(wt: App) -> None:
    members = farm(wt)
    assert wt.risk.review() == len(members)
    assert wt.risk.review() == 0
    with wt.database.connect() as connection:
        page = wt.risk.cases(connection, "refused", limit=5)
        rest = wt.risk.cases(connection, "refused", limit=50, cursor=page.next_cursor)
    assert (page.total, len(page.items), len(rest.items)) == (12, 5, 7)
    assert {c.account_no for c in (*page.items, *rest.items)} == set(members)


def test_people_decide_and_their_decision_holds(wt: App) -> None:
    farm(wt)
    found = judged(wt, "r1", 1_003, 1_000)
    with wt.database.begin() as tx:
        with pytest.raises(BadCase):
            wt.risk.decide(tx, found.case_id, "pass", note=" ", actor="me")
        with pytest.raises(BadCase):
            wt.risk.decide(tx, found.case_id, "hold", note="x", actor="me")
        with pytest.raises(NoCase):
            wt.risk.decide(tx, "risk_none", "pass", note="x", actor="me")
        wt.risk.decide(tx, found.case_id, "pass", note="a class of a school", actor="me")
        assert wt.risk.outcome(tx, "reward", "r1") == "pass"
        assert wt.risk.outcome(tx, "reward", "r99") is None
    assert judged(wt, "r1", 1_003, 1_000).decision == "pass"


def test_an_appeal_comes_once_inside_its_time_and_is_answered(wt: App) -> None:
    farm(wt)
    clock = wt.clock
    assert isinstance(clock, FixedClock)
    found, late = judged(wt, "r1", 1_003, 1_000), judged(wt, "r2", 1_004, 1_000)
    with wt.database.begin() as tx:
        with pytest.raises(BadCase):
            wt.risk.appeal(tx, found.case_id, "")
        case = wt.risk.appeal(tx, found.case_id, "我们是同一个班的同学")
        assert case.waits
        assert wt.risk.cases(tx, "appealed").total == 1
        with pytest.raises(NoAppeal):
            wt.risk.appeal(tx, found.case_id, "again")
    clock.move(60)
    with wt.database.begin() as tx:
        answered = wt.risk.decide(tx, found.case_id, "refuse", note="the same device for all", actor="me")
        assert not answered.waits
        assert wt.risk.cases(tx, "waiting").total == 0
    clock.move(APPEAL_DAYS * 86_400 + 1)
    with wt.database.begin() as tx:
        with pytest.raises(NoAppeal):
            wt.risk.appeal(tx, late.case_id, "too late")
        passed = judged_in(wt, tx, "r3", 5)
        with pytest.raises(NoAppeal):
            wt.risk.appeal(tx, passed.case_id, "nothing was refused")


def judged_in(wt: App, tx: Any, ref: str, account: int) -> Assessment:
    return wt.risk.assess(tx, Case(kind="reward", ref=ref, account_no=account))


def test_decisions_suggest_weights_and_versions_come_back(wt: App) -> None:
    members = farm(wt, 14)
    with wt.database.begin() as tx:
        for n in members:
            found = wt.risk.assess(tx, Case(kind="reward", ref=f"r{n}", account_no=n, inviter_no=1_000))
            wt.risk.decide(tx, found.case_id, "pass", note="known to us", actor="me")
        wanted, counts = wt.risk.suggestion(tx)
        assert (counts["device_day"].passed, counts["device_day"].refused) == (14, 0)
        assert wanted["device_day"].points == pytest.approx(
            RULES["device_day"].points * (0.5 + 1 / 16), abs=0.1
        )
        assert wanted["refunds"] == RULES["refunds"]
        saved = wt.risk.save_rules(tx, wanted, note="as decided", actor="me")
        assert wt.risk.rules(tx)[0] == saved
        restored = wt.risk.save_rules(tx, wt.risk.rules(tx)[1].rules, note="back", actor="me")
        assert (restored.version, dict(restored.rules)) == (2, dict(RULES))
        for wrong in (
            {**RULES, "refunds": Rule(5, 1, 1)},
            {**RULES, "x": Rule(1, 0, 1)},
            {"refunds": RULES["refunds"]},
        ):
            with pytest.raises(BadRules):
                wt.risk.save_rules(tx, wrong, note="", actor="me")


# --- people's rights


def test_a_person_is_taken_out_of_everything_and_gets_a_copy(wt: App) -> None:
    farm(wt)
    judged(wt, "r1", 1_003, 1_000)
    judged(wt, "r2", 1_004, 1_003)
    with wt.database.connect() as connection:
        mine = RiskExporter().export(connection, [1_003])
    assert {row["kind"] for row in mine["risk_sightings"]} == {"device", "ip", "network", "payout"}
    assert "thing" not in mine["risk_sightings"][0]
    assert "lockstep" in str(mine["risk_cases"][0]["reasons_json"])
    gone = RiskEraser(wt.database).erase([1_003])
    assert gone["risk_sightings"] == 4
    assert RiskEraser(wt.database).erase([1_003]) == dict.fromkeys(gone, 0)
    with wt.database.connect() as connection:
        assert not any(RiskExporter().export(connection, [1_003]).values())
        left = wt.risk.by_ref(connection, "reward", "r2")
        assert left is not None
        assert left.inviter_no is None


# --- HTTP


def test_a_shops_server_tells_and_asks(wt: App) -> None:
    key = wt.create_key("write", "shop", source_id=None, actor="test")
    headers = {"Authorization": f"Bearer {key}"}
    told = [
        {
            "user_id": f"f{n}", "inviter_id": "boss", "device": "d", "payout": "p", "ip": "240.1.1.1",
            "registered_time": to_iso(START_US + n * MINUTE_US), "invited_time": to_iso(START_US - HOUR_US),
        }
        for n in range(12)
    ]  # fmt: skip
    with TestClient(make_api(wt), base_url=ORIGIN) as http:
        assert http.post("/risk/v1/sightings", json={"sightings": told}, headers=headers).json() == {
            "taken": 12
        }
        wrong = http.post(
            "/risk/v1/sightings", json={"sightings": [{"user_id": "x", "ip": "no"}]}, headers=headers
        )
        assert wrong.json()["error"]["code"] == "bad_risk_case"
        asked = {"kind": "reward", "ref": "r1", **told[4]}
        found = http.post("/risk/v1/assess", json=asked, headers=headers).json()
        assert found["decision"] == "refuse"
        assert found["appeal_until"] == to_iso(START_US + APPEAL_DAYS * DAY_US)
        said = {"kind": "reward", "ref": "r1", "words": "我们是一个宿舍的"}
        assert http.post("/risk/v1/appeals", json=said, headers=headers).status_code == 200
        assert (
            http.post("/risk/v1/appeals", json=said, headers=headers).json()["error"]["code"] == "no_appeal"
        )
        assert (
            http.post(
                "/risk/v1/assess", json=asked | {"ref": "r2", "time": "noon"}, headers=headers
            ).status_code
            == 400
        )


def test_operators_work_through_the_queue(wt: App) -> None:
    farm(wt)
    wt.registry.numbers([("user", f"u{n}") for n in range(3)], START_US)
    wt.risk.review()
    judged(wt, "r1", 1_003, 1_000)
    with signed_in(wt) as browser:
        summary = browser.send("GET", "/api/risk/summary").json()
        assert (summary["waiting"], summary["refused"], summary["watch_ok"]) == (0, 13, True)
        page = browser.send("GET", "/api/risk/cases?which=refused&limit=5").json()
        assert (page["total"], len(page["items"])) == (13, 5)
        case_id = page["items"][0]["case_id"]
        detail = browser.send("GET", f"/api/risk/cases/{case_id}").json()
        assert detail["case"]["reasons"]
        assert len(detail["evidence"]["accounts"]) == 13
        assert {t["kind"] for t in detail["evidence"]["things"]} == {"device", "ip", "network", "payout"}
        assert len(detail["evidence"]["invited"]) == 12
        path = f"/api/risk/cases/{case_id}"
        assert browser.send("POST", f"{path}/appeal", {"words": "why?"}).json()["waits"] is True
        assert browser.send("POST", f"{path}/decision", {"verdict": "pass", "note": ""}).status_code == 422
        decided = browser.send("POST", f"{path}/decision", {"verdict": "pass", "note": "a school"}).json()
        assert (decided["outcome"], decided["decided_by"]) == ("pass", "operator")
        assert browser.send("GET", "/api/risk/cases?user_id=nobody").status_code == 404
        assert browser.send("GET", "/api/risk/cases?user_id=u1").json()["total"] == 0
        rules = browser.send("GET", "/api/risk/rules").json()
        wanted = {r["key"]: {k: r[k] for k in ("points", "low", "high")} for r in rules["rules"]}
        wanted["refunds"]["points"] = 5
        saved = browser.send("PUT", "/api/risk/rules", {"rules": wanted, "note": "fewer"}).json()
        assert saved["version"] == 1
        assert browser.send("POST", "/api/risk/rules/0/restore").json()["version"] == 2
        assert browser.send("POST", "/api/risk/rules/77/restore").status_code == 404
        assert browser.send("POST", "/api/risk/canary").json()["canaries"][0]["caught"] is True


@pytest.mark.postgresql
def test_the_same_on_postgresql(tmp_path: Path, empty_postgresql_address: str) -> None:
    with fresh_app(tmp_path, database=empty_postgresql_address) as app:
        assert app.risk.watch_over().ok
        members = farm(app)
        found = judged(app, "r1", members[5], 1_000)
        assert found.decision == "refuse"
        assert app.risk.review() == len(members)
        with app.database.begin() as tx:
            app.risk.appeal(tx, found.case_id, "why?")
            assert app.risk.cases(tx, "waiting").total == 1
            app.risk.decide(tx, found.case_id, "pass", note="a school", actor="me")
            assert app.risk.tallies(tx)["pass"] == 1
            app.flags.declare(tx, "f", [Variant("a", 10_000)], actor="me")
            app.flags.expose(tx, "f", "u1", alias_no=1)
        assert app.risk.watch_over(every_us=0).ok
        assert RiskEraser(app.database).erase([members[5]])["risk_sightings"] == 4

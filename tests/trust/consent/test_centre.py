"""The consent centre: texts and their versions, minors, asking again, a person's own page, over the real parts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import bring_in, fresh_app, put, stored, track
from weaktie.app.cli_data import build_once
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.kit.clock import DAY_US, FixedClock, to_datetime
from weaktie.trust.consent.contracts import Purpose
from weaktie.trust.consent.logic import age_days, band_of

USER, PHONE = "u-1", "19955557788"


@dataclass
class Centre:
    """The parts, an officer's browser, and a phone that has no sign-in."""

    wt: App
    officer: Browser
    phone: TestClient
    key: str

    @property
    def clock(self) -> FixedClock:
        assert isinstance(self.wt.clock, FixedClock)
        return self.wt.clock

    def shop(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """A request of the shop's server."""
        sent = {"Authorization": f"Bearer {self.key}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return self.phone.request(method, path, json=body, headers=sent)

    def say(self, purpose: str, *, granted: bool, user: str = USER, **more: object) -> Any:
        receipt = {"user_id": user, "purpose": purpose, "granted": granted, "how": "settings"} | more
        return self.shop("POST", "/consent/v1/receipts", {"receipts": [receipt]})

    def ask(self, subject: str, user: str = USER, **more: str) -> dict[str, Any]:
        query = f"?user_id={user}&subjects={subject}" + "".join(f"&{k}={v}" for k, v in more.items())
        answer = self.shop("GET", "/consent/v1/prompt" + query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["items"][0]
        return found

    def publish(self, subject: str, text: str, *, material: bool = False) -> int:
        body = {
            "title_zh": f"{text}标题", "title_en": f"{text} title", "body_zh": f"{text}正文", "body_en": f"{text} body",
            "material": material,
        }  # fmt: skip
        made = self.officer.send("POST", f"/api/consent/texts/{subject}", body)
        assert made.status_code == 200, made.text
        version = made.json()["version"]
        done = self.officer.send("POST", f"/api/consent/texts/{subject}/{version}/publish")
        assert done.status_code == 200, done.text
        return int(version)

    def granted(self, user: str = USER) -> set[str]:
        found = self.officer.send("GET", f"/api/profiles/{user}/consent").json()
        return {p["purpose"] for p in [*found["purposes"], *found["separate"]] if p["granted"]}

    def token(self, user: str = USER, **more: object) -> str:
        answer = self.shop("POST", "/consent/v1/links", {"user_id": user} | more)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["path"]).removeprefix("/consent/")

    def act(self, token: str, do: str, **more: object) -> Any:
        return self.phone.post(
            "/consent/v1/mine", json={"token": token, "do": do} | more, headers={"Origin": ORIGIN}
        )


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    with fresh_app(tmp_path) as wt:
        put(wt, track(1, USER, type="identify", event=None, traits={"phone": PHONE, "province": "西藏"}))
        put(wt, track(2, USER), track(3, "u-2"))
        bring_in(wt)
        with wt.database.begin() as tx:
            _, token = wt.accounts.invite(tx, name="c", email="c@example.com", role="compliance")
        hashed = wt.accounts.hash_password(PASSWORD)
        with wt.database.begin() as tx:
            wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
        key = wt.create_key("write", "shop", source_id=None, actor="test")
        api = make_api(wt)
        with TestClient(api, base_url=ORIGIN) as console, TestClient(api, base_url=ORIGIN) as phone:
            browser = Browser(console)
            assert browser.sign_in("c@example.com").status_code == 200
            yield Centre(wt, browser, phone, key)


def test_a_receipt_names_the_text_and_a_material_change_asks_again(centre: Centre) -> None:
    assert centre.ask("marketing")["reason"] == "no_text", "without a text nobody is asked"
    first = centre.publish("marketing", "one")
    asked = centre.ask("marketing")
    assert (asked["ask"], asked["reason"], asked["notice"]["version"]) == (True, "not_asked", first)
    assert centre.say("marketing", granted=True, notice_version=first).json() == {"taken": 1}
    receipt = centre.officer.send("GET", f"/api/profiles/{USER}/consent").json()["items"][0]
    assert (receipt["notice_version"], receipt["how"]) == (first, "api: settings")
    centre.clock.move(5)
    centre.publish("marketing", "small change")
    assert "marketing" in centre.granted()
    assert centre.ask("marketing")["reason"] == "granted"
    centre.clock.move(5)
    changed = centre.publish("marketing", "another use", material=True)
    assert "marketing" not in centre.granted()
    asked = centre.ask("marketing")
    assert (asked["ask"], asked["reason"], asked["notice"]["version"]) == (True, "text_changed", changed)
    centre.say("marketing", granted=True)
    assert "marketing" in centre.granted()
    assert centre.say("marketing", granted=True, notice_version=99).json()["error"]["code"] == "no_such_text"


def test_a_published_text_never_changes_and_differences_are_shown(centre: Centre) -> None:
    first = centre.publish("sharing", "one")
    again = centre.officer.send("POST", f"/api/consent/texts/sharing/{first}/publish")
    assert again.json()["error"]["code"] == "already_published"
    centre.officer.send("DELETE", f"/api/consent/texts/sharing/{first}")
    second = centre.publish("sharing", "two")
    lines = centre.officer.send("GET", f"/api/consent/texts/sharing/{second}/diff?against={first}").json()
    assert {(x["kind"], x["text"]) for x in lines} >= {("gone", "one body"), ("new", "two body")}
    texts = centre.officer.send("GET", "/api/consent/texts").json()
    versions = next(s for s in texts if s["subject"] == "sharing")["versions"]
    assert [v["version"] for v in versions] == [second, first]
    assert all(v["published_by"] and v["published_time"] for v in versions)


def test_after_a_refusal_there_is_one_prompt_in_thirty_days(centre: Centre) -> None:
    centre.publish("social", "one")
    centre.say("social", granted=False)
    prompts = 0
    for _ in range(100):
        centre.clock.move(86_400)
        prompts += sum(centre.ask("social")["ask"] for _ in range(3))
    assert prompts == 3
    refused = centre.ask("social")
    assert (refused["ask"], refused["reason"]) == (False, "refused_recently")
    assert refused["again_time"]


def test_separate_consents_come_from_nobody_but_the_person(centre: Centre) -> None:
    assert "analytics" in centre.granted(), "the source's own basis"
    assert not centre.granted() & {"sensitive", "sharing"}
    centre.say("sensitive", granted=True)
    assert "sensitive" in centre.granted()
    with centre.wt.database.connect() as connection:
        alias = centre.wt.identity.find(connection, USER)
        assert alias is not None
        people = centre.wt.identity.component(connection, alias)
        assert centre.wt.consent.allows(connection, people, Purpose.SENSITIVE)
        assert not centre.wt.consent.allows(connection, people, Purpose.SHARING)
    centre.say("sensitive", granted=False)
    assert "sensitive" not in centre.granted()


@pytest.mark.parametrize(
    ("name", "value", "band"),
    [
        ("age", "13", "child"), ("age", "14", "youth"), ("age", "17", "youth"), ("age", "18", "adult"),
        ("birthday", "2013-06-01", "child"), ("birthday", "2012年1月5日", "youth"), ("birthday", "2008", "youth"),
        ("birthday", "1980/02/03", "adult"), ("age", "-4", None), ("age", "old", None), ("birthday", "soon", None),
    ],
)  # fmt: skip
def test_age_fixtures(name: str, value: str, band: str | None) -> None:
    today = 20_700  # 2026-09-04
    days = age_days(name, value, today)
    assert (None if days is None else band_of(*days, today)) == band


def test_a_child_is_served_nothing_without_a_guardian(centre: Centre) -> None:
    centre.publish("marketing", "one")
    at_us = centre.clock.now_us()
    year = to_datetime(at_us).year - 10
    put(centre.wt, track(9, "kid", type="identify", event=None, traits={"birthday": f"{year}-03-01"}))
    bring_in(centre.wt)
    for purpose in ("marketing", "personalisation", "social", "analytics"):
        centre.say(purpose, granted=True, user="kid")
    assert centre.granted("kid") == {"analytics"}, "whatever receipts say"
    assert centre.ask("marketing", user="kid")["reason"] == "minor"
    with centre.wt.database.connect() as connection:
        alias = centre.wt.identity.find(connection, "kid")
        assert alias is not None
        young = centre.wt.consent.young(connection, [alias])
        assert (young.band, young.may_be_profiled_for_referral) == ("child", False)
        person_of, seen, basis_of = centre.wt.consent_people.crowd(connection)
        masks, _ = centre.wt.consent.person_masks(connection, person_of, lambda _: seen, basis_of)
        assert masks[alias] == int(Purpose.ANALYTICS), "the arrays say the same"
    assert centre.officer.send("GET", "/api/consent/numbers").json()["minors"] == 1
    centre.say("guardian", granted=True, user="kid")
    assert {"marketing", "personalisation", "social"} <= centre.granted("kid")
    centre.officer.send("POST", "/api/consent/people/u-2/age", {"band": "child", "reason": "parent called"})
    assert "personalisation" not in centre.granted("u-2")
    put(
        centre.wt,
        track(10, "u-2", type="identify", event=None, traits={"age": 40}, at_us=centre.clock.now_us()),
    )
    bring_in(centre.wt)
    assert "personalisation" not in centre.granted("u-2"), "a statement does not undo what the shop knows"
    centre.officer.send("POST", "/api/consent/people/u-2/age", {"band": "adult", "reason": "showed a card"})
    said: dict[str, Any] = {"traits": {"age": 9}, "at_us": centre.clock.now_us()}
    put(
        centre.wt,
        track(11, "u-2", type="identify", event=None, **said),
        track(12, "u-2", anonymous="a-2", type="identify", event=None, **said),
        track(13, None, anonymous="a-2", type="identify", event=None, **said),
    )
    bring_in(centre.wt)
    assert "personalisation" in centre.granted("u-2"), "nor does one of another identifier of theirs"
    with centre.wt.database.connect() as connection:
        person_of, _, _ = centre.wt.consent_people.crowd(connection)
        number = centre.wt.identity.find(connection, "u-2")
        assert centre.wt.consent.ages.masks(connection, person_of)[number] == 0, "the arrays say the same"
    centre.clock.move(5 * 366 * 86_400)
    with centre.wt.database.connect() as connection:
        young = centre.wt.consent.young(connection, [alias])
        assert (young.band, young.may_be_profiled_for_referral) == ("youth", False)


def test_sensitive_values_are_kept_only_with_the_separate_consent(centre: Centre) -> None:
    card = "110101199003074514"

    def kept(number: int) -> bool:
        now_us = centre.clock.now_us()
        place = {"latitude": 30.27415, "longitude": 120.15515}
        put(
            centre.wt,
            track(number, USER, type="identify", event=None, traits={"id_card": card}, at_us=now_us),
            track(number + 1, USER, properties=place, at_us=now_us),
        )
        bring_in(centre.wt)
        with centre.wt.database.connect() as connection:
            alias = centre.wt.identity.find(connection, USER)
            assert alias is not None
            return "id_card" in centre.wt.vault.open(connection, [alias]).get(alias, {})

    assert not kept(50)
    centre.say("sensitive", granted=True)
    assert kept(52)
    assert "30.27" not in str(stored(centre.wt)), "a precise location is never kept"


def test_a_key_that_browsers_hold_speaks_for_nobody(centre: Centre) -> None:
    with centre.wt.database.begin() as tx:
        from weaktie.data.sources import service as sources

        web = sources.create(tx, centre.wt.clock, name="web", kind="web", basis={}, actor="test").source_id
    key = centre.wt.create_key("write", "web", source_id=web, actor="test")
    for method, path, body in (
        ("GET", f"/consent/v1/prompt?user_id={USER}", None),
        ("POST", "/consent/v1/links", {"user_id": USER}),
        ("POST", "/consent/v1/receipts", {"receipts": [{"user_id": USER, "purpose": "social", "granted": True, "how": "x"}]}),
    ):  # fmt: skip
        answer = centre.phone.request(method, path, json=body, headers={"Authorization": f"Bearer {key}"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "server_only"), path
        answer = centre.shop(method, path, body, Origin="https://shop.example")
        assert answer.status_code == 403, "a server sends no Origin"


def test_the_page_is_for_one_person_and_acts_only_from_itself(centre: Centre) -> None:
    version = centre.publish("marketing", "one")
    build_once(centre.wt, lambda *_: None)
    token = centre.token()
    shown = centre.phone.get(f"/consent/{token}")
    assert shown.status_code == 200
    assert PHONE not in shown.text
    assert "one正文" in shown.text
    assert "西藏" in shown.text
    assert "one body" in centre.phone.get(f"/consent/{token}?lang=en").text
    policy = shown.headers["content-security-policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert all(f'nonce="{nonce[1]}"' in tag for tag in re.findall(r"<(?:script|style)[^>]*>", shown.text))
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert shown.headers["cache-control"] == "no-store"
    assert (
        "http" not in re.sub(r"<!doctype html>", "", shown.text).replace("https", "http").split("<script")[0]
    )

    choice = {"subject": "marketing", "granted": True, "notice_version": version}
    assert centre.act(token, "choose", **choice).status_code == 200
    assert "marketing" in centre.granted()
    assert centre.act(token, "choose", subject="personalisation", granted=False).status_code == 200
    assert "personalisation" not in centre.granted()
    stale = choice | {"notice_version": version + 1}
    assert centre.act(token, "choose", **stale).json()["error"]["code"] == "text_changed"
    assert centre.act(token, "choose", subject="guardian", granted=True).status_code == 403
    body = {"token": token, "do": "choose", **choice}
    assert (
        centre.phone.post(
            "/consent/v1/mine", json=body, headers={"Origin": "https://evil.example"}
        ).status_code
        == 403
    )
    crossed = {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"}
    assert centre.phone.post("/consent/v1/mine", json=body, headers=crossed).status_code == 403


def test_a_link_dies_by_forgery_time_revocation_and_erasure(centre: Centre) -> None:
    token = centre.token(hours=1)
    assert centre.phone.get(f"/consent/{token}").status_code == 200
    for bad in (token[:-3] + "AAA", "A" * 60, "x", token + "A" * 300):
        assert centre.phone.get(f"/consent/{bad}").status_code == 403
        assert centre.act(bad, "choose", subject="social", granted=True).status_code in (403, 422)
    made = centre.officer.send("POST", "/api/consent/links", {"user_id": USER}).json()
    assert centre.phone.get(made["path"]).status_code == 200
    assert centre.officer.send("DELETE", f"/api/consent/links/{made['link_id']}").status_code == 204
    assert centre.phone.get(made["path"]).status_code == 403
    other = centre.token("u-2")
    centre.clock.move(3700)
    assert centre.phone.get(f"/consent/{token}").status_code == 403, "expired"
    assert centre.phone.get(f"/consent/{other}").status_code == 200
    centre.wt.rights.erase("u-2", reason="test", actor="test")
    assert centre.phone.get(f"/consent/{other}").status_code == 403
    codes = {centre.phone.get("/consent/nothing").status_code for _ in range(70)}
    assert codes == {403, 429}, "rate limited"


def test_a_deleted_tag_is_gone_at_once_and_never_computed_again(centre: Centre) -> None:
    build_once(centre.wt, lambda *_: None)
    token = centre.token()

    def keys() -> set[str]:
        centre.clock.move(2)
        found = centre.officer.send("GET", f"/api/profiles/{USER}").json()
        return {tag["key"] for tag in found["tags"]}

    assert "province" in keys()
    assert centre.act(token, "delete_tag", tag="province").status_code == 200
    assert "province" not in keys()
    assert "西藏" not in centre.officer.send("GET", "/api/users").text
    assert "西藏" not in centre.phone.get(f"/consent/{token}").text.split("<script")[0]
    put(
        centre.wt,
        track(
            20, USER, type="identify", event=None, traits={"province": "西藏"}, at_us=centre.clock.now_us()
        ),
    )
    bring_in(centre.wt)
    assert not build_once(centre.wt, lambda *_: None)["unchanged"]
    assert "province" not in keys()
    assert "西藏" not in centre.officer.send("GET", "/api/tags").text, "nor is it counted"
    assert centre.act(token, "allow_tag", tag="province").status_code == 200
    build_once(centre.wt, lambda *_: None)
    assert "province" in keys()


def test_numbers_by_subject_source_and_day(centre: Centre) -> None:
    centre.say("marketing", granted=True)
    centre.say("marketing", granted=False, user="u-2")
    centre.say("sensitive", granted=True)
    found = centre.officer.send("GET", "/api/consent/numbers").json()
    counts = {c["subject"]: (c["granted"], c["refused"], c["unknown"]) for c in found["subjects"]}
    assert counts["marketing"] == (1, 1, found["people"] - 2)
    assert counts["sensitive"][0] == 1
    source = next(s for s in found["by_source"] if s["source"] == "default")
    assert {c["subject"]: c["granted"] for c in source["subjects"]}["marketing"] == 1
    day = to_datetime(centre.clock.now_us() // DAY_US * DAY_US).date().isoformat()
    assert {"day": day, "subject": "marketing", "granted": 1, "refused": 1} in found["by_day"]


def test_consent_can_come_before_the_first_event(centre: Centre) -> None:
    assert centre.say("personalisation", granted=True, user="brand-new").json() == {"taken": 1}
    assert "personalisation" in centre.granted("brand-new")
    assert centre.say("social", granted=True, user="186******05").json()["error"]["code"] == "bad_identifier"

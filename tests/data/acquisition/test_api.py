"""Links, costs and figures over HTTP."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.app.cli_data import build_once
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.kit.clock import DAY_US, FixedClock, business_day, day_to_date

HOSTS = '[acquisition]\nhosts = "shop.example.com, *.example.cn"\nopens_a_minute = 5\n'


@dataclass
class Desk:
    """A shop, an operator's browser and a stranger's."""

    wt: App
    operator: Browser
    stranger: TestClient

    def get(self, path: str) -> Any:
        answer = self.operator.send("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: object, status: int = 200) -> Any:
        answer = self.operator.send("POST", path, body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def link(self, **more: str) -> Any:
        given = {"name": "one", "target": "https://shop.example.com/p?x=1#top", "channel": "kol"} | more
        return self.post("/api/acquisition/links", given, 201)

    def upload(self, text: str | bytes, filename: str = "costs.csv", status: int = 201) -> Any:
        body = text.encode() if isinstance(text, str) else text
        headers = {"Origin": ORIGIN, "X-CSRF-Token": self.operator.csrf}
        answer = self.operator.client.post(
            f"/api/acquisition/costs?filename={filename}", content=body, headers=headers
        )
        assert answer.status_code == status, answer.text
        return answer.json()

    def pay(
        self, text: str, filename: str = "costs.csv", campaigns: list[dict[str, Any]] | None = None
    ) -> str:
        batch_id: str = self.upload(text, filename)["batch"]["batch_id"]
        self.post(f"/api/acquisition/costs/{batch_id}/apply", {"campaigns": campaigns or []})
        return batch_id

    def day(self, ago: int) -> str:
        return day_to_date(business_day(START_US, self.wt.settings.zone) - ago).isoformat()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with fresh_app(tmp_path) as wt:
        with (wt.settings.home / "weaktie.toml").open("a") as out:
            out.write(HOSTS)
        from weaktie.kit.settings import load

        wt.settings = load(wt.settings.home)
        with wt.database.begin() as tx:
            _, token = wt.accounts.invite(tx, name="op", email="op@example.com", role="operator")
        hashed = wt.accounts.hash_password(PASSWORD)
        with wt.database.begin() as tx:
            wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
        app = make_api(wt)
        with TestClient(app, base_url=ORIGIN) as one, TestClient(app, base_url=ORIGIN) as two:
            browser = Browser(one)
            assert browser.sign_in("op@example.com").status_code == 200
            yield Desk(wt, browser, two)


def seen(
    wt: App, number: int, user: str, ago: int, *, event: str = "App Opened", **properties: Any
) -> dict[str, Any]:
    return track(number, user, event=event, at_us=START_US - ago * DAY_US, properties=properties)


def built(wt: App) -> None:
    bring_in(wt)
    build_once(wt, lambda *_: None)
    assert isinstance(wt.clock, FixedClock)
    wt.clock.move(6)


def test_a_link_leads_to_its_target_with_marks_and_counts(desk: Desk) -> None:
    made = desk.link(code="autumn-1", campaign="autumn", medium="influencer")
    assert made["address"] == f"{ORIGIN}/l/autumn-1"
    answer = desk.stranger.get("/l/autumn-1", follow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["location"] == (
        "https://shop.example.com/p?x=1&utm_source=kol&utm_medium=influencer&utm_campaign=autumn&utm_content=autumn-1"
        "&code=autumn-1#top"
    )
    assert "set-cookie" not in answer.headers
    bot = {
        "User-Agent": "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)"
    }
    assert desk.stranger.get("/l/autumn-1", headers=bot, follow_redirects=False).status_code == 302
    shown = desk.get("/api/acquisition/links?search=AUTUMN")
    assert [(x["code"], x["opens"]) for x in shown["items"]] == [("autumn-1", 1)], "a crawler is nobody"
    assert desk.stranger.get("/l/nothing").status_code == 404
    desk.post(f"/api/acquisition/links/{made['link_id']}/archive", {})
    assert desk.stranger.get("/l/autumn-1", follow_redirects=False).status_code == 404
    assert desk.stranger.get("/l/autumn-1", follow_redirects=False).status_code == 404
    assert desk.stranger.get("/l/autumn-1", follow_redirects=False).status_code == 429, (
        "six a minute are too many"
    )


@pytest.mark.parametrize(
    "target",
    [
        "http://shop.example.com/", "https://evil.example.com/", "//shop.example.com/", "https://shop.example.com@evil.com/",
        "https://shop.example.com:8443/", "https:///shop.example.com", "https://shop.example.com\\@evil.com/",
        "https://shop.example.com.evil.com/", "javascript:alert(1)", "https://evil.com/https://shop.example.com",
        "https://example.cn/", "https://ex\u200bample.cn/", "https://a.example.cn%2eevil.com/", "https://shop.example.com\n.evil.com/",
        "https://[::1]/", "HTTPS://shop.example.com/",
    ],
)  # fmt: skip
def test_a_link_leads_nowhere_else(desk: Desk, target: str) -> None:
    given = {"name": "x", "target": target, "channel": "kol"}
    answer = desk.operator.send("POST", "/api/acquisition/links", given)
    assert answer.status_code in (400, 422), target
    if answer.status_code == 400:
        assert answer.json()["error"]["place"] == "target"


def test_a_host_that_is_allowed_no_more_ends_its_links(desk: Desk) -> None:
    desk.link(code="sub", target="https://m.example.cn/")
    assert desk.stranger.get("/l/sub", follow_redirects=False).status_code == 302
    text = (desk.wt.settings.home / "weaktie.toml").read_text().replace(", *.example.cn", "")
    (desk.wt.settings.home / "weaktie.toml").write_text(text)
    from weaktie.kit.settings import load

    desk.wt.acquisition.links._settings = load(desk.wt.settings.home)
    assert desk.stranger.get("/l/sub", follow_redirects=False).status_code == 404


def test_a_mini_program_is_shown_as_a_plain_page(desk: Desk) -> None:
    desk.link(code="mini", target_kind="mini_program", target="pages/index/index?id=1")
    answer = desk.stranger.get("/l/mini")
    assert answer.status_code == 200
    assert "pages/index/index?id=1&amp;utm_source=kol" in answer.text
    bad = {"name": "x", "target_kind": "mini_program", "target": "pages/<script>", "channel": "kol"}
    assert desk.operator.send("POST", "/api/acquisition/links", bad).status_code == 400


def test_a_qr_code_says_the_address(desk: Desk) -> None:
    made = desk.link()
    svg = desk.operator.send("GET", f"/api/acquisition/links/{made['link_id']}/qr.svg")
    assert svg.headers["content-type"].startswith("image/svg+xml") and b"<svg" in svg.content
    png = desk.operator.send("GET", f"/api/acquisition/links/{made['link_id']}/qr.png?scale=4")
    assert png.content.startswith(b"\x89PNG")
    assert desk.operator.send("GET", "/api/acquisition/links/nothing/qr.png").status_code == 404


def test_names_follow_the_rule_and_a_broken_one_is_explained(desk: Desk) -> None:
    rule = {"template": "{channel}_{campaign}_{date}", "choices": {"channel": ["kol", "douyin"]}}
    assert desk.operator.send("PUT", "/api/acquisition/naming", rule).status_code == 200
    assert desk.link(name="kol_autumn_20261125", campaign="autumn")["name"] == "kol_autumn_20261125"
    for name, word in (
        ("kol-autumn", "模板"), ("weibo_autumn_20261125", "可选值"), ("kol_autumn_20261345", "8 位"),
        ("douyin_autumn_20261125", "链接的渠道"),
    ):  # fmt: skip
        given = {"name": name, "target": "https://shop.example.com/", "channel": "kol"}
        refused = desk.operator.send("POST", "/api/acquisition/links", given)
        assert refused.status_code == 400 and refused.json()["error"]["code"] == "bad_link_name", name
        assert word in refused.json()["error"]["message"]["zh"]
    tried = desk.post("/api/acquisition/naming/check", {"name": "kol_x_20261125", "rule": rule})
    assert tried["fits"] and tried["parts"] == {"channel": "kol", "campaign": "x", "date": "20261125"}
    for template in ("{channel", "{channel}{date}", "{nonsense}", "{channel}_{channel}", "plain"):
        bad = desk.operator.send("PUT", "/api/acquisition/naming", {"template": template, "choices": {}})
        assert bad.status_code == 400, template


def test_a_table_of_links_is_made_and_bad_lines_are_beside(desk: Desk) -> None:
    text = (
        "name,target,channel,code\n"
        "a,https://shop.example.com/a,kol,code-a\n"
        "b,https://evil.com/,kol,code-b\n"
        "c,https://shop.example.com/c,,code-c\n"
        "d,https://shop.example.com/d,kol,code-a\n"
        "=1+1,https://shop.example.com/e,kol,\n"
        "nul\x00,https://shop.example.com/f,kol,\n"
    )
    tried = desk.post("/api/acquisition/links/batch", {"text": text, "dry": True})
    assert tried["made"] == ["a", "=1+1"] and desk.get("/api/acquisition/links")["total"] == 0
    made = desk.post("/api/acquisition/links/batch", {"text": text})
    assert made["made"] == ["a", "=1+1"]
    assert [(b["line"], b["code"], b["column"]) for b in made["bad"]] == [
        (3, "bad_link", "target"), (4, "bad_link", "channel"), (5, "code_taken", "code"), (7, "bad_link", "name"),
    ]  # fmt: skip
    exported = desk.operator.send("GET", "/api/acquisition/links.csv").text
    assert "'=1+1" in exported and "code-a" in exported
    assert (
        desk.operator.send("POST", "/api/acquisition/links/batch", {"text": "foo,bar\n1,2\n"}).status_code
        == 400
    )


def test_cac_is_cost_by_newcomers_and_never_zero_where_it_is_missing(desk: Desk) -> None:
    wt = desk.wt
    desk.link(code="kol-1")
    put(
        wt,
        *(seen(wt, n, f"u{n}", 40, channel="douyin_ads") for n in range(1, 5)),
        *(seen(wt, 10 + n, f"k{n}", 40, channel="kol", utm_content="kol-1") for n in range(2)),
        seen(wt, 20, "o1", 40, channel="organic"),
        seen(wt, 21, "n1", 40),
        seen(wt, 22, "old", 80, channel="douyin_ads"),
        seen(wt, 23, "old", 40, channel="douyin_ads"),
        seen(wt, 30, "u1", 39), seen(wt, 31, "u2", 33), seen(wt, 32, "u1", 33),
        seen(wt, 40, "u1", 38, event="Order Completed", order_id="o1", total=600, currency="CNY"),
        seen(wt, 41, "u2", 20, event="Order Completed", order_id="o2", total=100, currency="CNY"),
    )  # fmt: skip
    built(wt)
    day = desk.day(40)
    desk.pay(f"date,channel,code,cost,currency\n{day},douyin_ads,,400.00,CNY\n{day},kol,kol-1,30.5,CNY\n")
    found = desk.get(f"/api/acquisition/figures?from={desk.day(45)}&to={desk.day(35)}")
    groups = {g["key"]: g for g in found["channels"]}
    assert {k: g["newcomers"] for k, g in groups.items()} == {
        "douyin_ads": 4,
        "kol": 2,
        "organic": 1,
        None: 1,
    }
    paid = groups["douyin_ads"]
    assert [(c["cost_minor"], c["cac_minor"]) for c in paid["costs"]] == [(40_000, 10_000)]
    assert (paid["ordered"]["part"], paid["ordered"]["whole"]) == (1, 4)
    assert paid["high_value"]["part"] == 1
    assert (paid["d1"]["value"], paid["d7"]["value"]) == (0.25, 0.5)
    assert paid["d30"]["value"] == 0.0
    assert paid["costs"][0]["payback"] == pytest.approx(70_000 / 40_000)
    assert paid["costs"][0]["payback_days"] == 2
    assert groups["organic"]["cost_missing"] and groups["organic"]["costs"] == []
    assert found["everybody"]["newcomers"] == 8
    assert [(c["key"], c["newcomers"], c["costs"][0]["cac_minor"]) for c in found["codes"]] == [
        ("kol-1", 2, 1_525)
    ]
    assert (
        desk.operator.send("PUT", "/api/acquisition/channels/organic/free", {"free": True}).status_code == 204
    )
    organic = desk.get(f"/api/acquisition/figures?from={desk.day(45)}&to={desk.day(35)}")["channels"]
    free = next(g for g in organic if g["key"] == "organic")
    assert free["free"] and not free["cost_missing"] and free["costs"] == []
    query = {"kind": "newcomers", "from": desk.day(45), "to": desk.day(35), "channel": "douyin_ads"}
    assert len(wt.behaviour.people(query)) == 4
    assert len(wt.behaviour.people(query | {"channel": ""})) == 1
    assert len(wt.behaviour.people({**query, "channel": None, "code": "kol-1"})) == 2
    assert "douyin_ads" in wt.behaviour.describe(query).zh
    text = desk.operator.send(
        "GET", f"/api/acquisition/figures.csv?from={desk.day(45)}&to={desk.day(35)}"
    ).text
    assert "douyin_ads,4," in text


def test_windows_that_are_not_over_are_null_and_say_so(desk: Desk) -> None:
    put(desk.wt, seen(desk.wt, 1, "u1", 3, channel="kol"), seen(desk.wt, 2, "u1", 2))
    built(desk.wt)
    kol = desk.get("/api/acquisition/figures")["channels"][0]
    assert (kol["d1"]["value"], kol["d1"]["whole"]) == (1.0, 1)
    for name in ("d7", "d30", "ordered", "high_value"):
        assert kol[name] == {"value": None, "part": 0, "whole": 0, "reason": "incomplete"}, name
    assert kol["score"]["missing"] == "too_few"


def test_who_registered_before_is_no_newcomer(desk: Desk) -> None:
    registered = {"registered_time": "2025-01-02T00:00:00Z", "channel": "weibo"}
    put(
        desk.wt,
        track(1, "u1", type="identify", event=None, traits=registered, at_us=START_US - 3 * DAY_US),
        seen(desk.wt, 2, "u1", 2, channel="kol"), seen(desk.wt, 3, "u2", 2, channel="kol"),
    )  # fmt: skip
    built(desk.wt)
    assert desk.get("/api/acquisition/figures")["everybody"]["newcomers"] == 1
    before = desk.get("/api/acquisition/figures?from=2025-01-01&to=2025-01-05")
    assert [(g["key"], g["newcomers"], g["registered"]) for g in before["channels"]] == [("weibo", 1, 1)]


def test_the_same_file_again_replaces_and_an_undo_brings_back(desk: Desk) -> None:
    day = desk.day(3)
    head = "时间-天,广告计划,消耗(元),展示数,点击数,转化数\n"
    said = [{"campaign": "计划A", "channel": "douyin_ads"}]
    first = desk.pay(f'{head}{day},计划A,"1,200.50",1000,20,3\n合计,,1200.5,,,\n', campaigns=said)
    days = f"from={day}&to={day}"

    def cost() -> list[int]:
        groups = desk.get(f"/api/acquisition/figures?{days}")["channels"]
        return [c["cost_minor"] for g in groups for c in g["costs"]]

    assert cost() == [120_050]
    again = desk.upload(f"{head}{day},计划A,1300,1000,20,3\n")
    assert again["campaigns"][0]["channel"] == "douyin_ads", "what a campaign belongs to is remembered"
    assert cost() == [120_050], "a draft counts nowhere"
    second = again["batch"]["batch_id"]
    desk.post(f"/api/acquisition/costs/{second}/apply", {"campaigns": said})
    assert cost() == [130_000], "the same day and campaign is replaced, not added"
    counts = {b["batch_id"]: b["counts"] for b in desk.get("/api/acquisition/costs")}
    assert counts == {first: 0, second: 1}
    desk.post(f"/api/acquisition/costs/{second}/undo", {})
    assert cost() == [120_050]
    desk.post(f"/api/acquisition/costs/{second}/undo", {}, 409)
    desk.post(f"/api/acquisition/costs/{first}/undo", {})
    assert cost() == []
    actions = [e["action"] for e in desk_audit(desk)]
    assert actions.count("costs.apply") == 2 and actions.count("costs.undo") == 2


def desk_audit(desk: Desk) -> list[dict[str, Any]]:
    from sqlalchemy import text

    with desk.wt.database.connect() as connection:
        rows = connection.execute(text("SELECT action, detail_json FROM audit_log")).all()
    return [{"action": r.action, "detail": json.loads(r.detail_json)} for r in rows]


def test_a_campaign_without_a_channel_counts_nowhere_and_is_said(desk: Desk) -> None:
    day = desk.day(3)
    made = desk.upload(f"日期,推广计划,花费,曝光量\n{day},甲,10,1\n{day},乙,20,1\n", "t.csv")
    assert made["batch"]["platform"] == "tencent" and made["batch"]["without_channel"] == 2
    body = {"campaigns": [{"campaign": "甲", "channel": "Wechat_Ads"}]}
    done = desk.post(f"/api/acquisition/costs/{made['batch']['batch_id']}/apply", body)
    assert done["batch"]["without_channel"] == 1
    groups = desk.get(f"/api/acquisition/figures?from={day}&to={day}")["channels"]
    assert [(g["key"], g["costs"][0]["cost_minor"], g["costs"][0]["cac_minor"]) for g in groups] == [
        ("wechat_ads", 1_000, None)
    ]


def test_seeds_are_hashes_of_people_who_granted_both(desk: Desk) -> None:
    import hashlib

    wt = desk.wt
    put(
        wt,
        *(
            track(
                n, f"u{n}", type="identify", event=None, traits={"phone": f"1380000000{n}"} if n < 4 else {}
            )
            for n in range(1, 5)
        ),
        *(seen(wt, 10 + n, f"u{n}", 2, channel="kol") for n in range(1, 5)),
    )
    built(wt)
    with wt.database.begin() as tx:
        for user in ("u1", "u2", "u4"):
            number = wt.identity.find(tx, user)
            assert number is not None
            for purpose in ("marketing", "sharing"):
                wt.permits.record(
                    tx, [number], purpose, granted=not (user == "u2" and purpose == "sharing"), how="test"
                )
        third = wt.identity.find(tx, "u3")
        assert third is not None
        wt.permits.record(tx, [third], "marketing", granted=False, how="test")
    wt.clock.move(6)  # type: ignore[attr-defined]
    ask = {
        "people": {"kind": "newcomers", "from": desk.day(5), "to": desk.day(0)},
        "reason": "autumn look-alike",
    }
    counted = desk.post("/api/acquisition/seeds/count", ask)
    assert counted["people"] == 4 and counted["seeds"] == 1
    assert {r["code"]: r["count"] for r in counted["left_out"]} == {
        "no_marketing": 1,
        "no_sharing": 1,
        "no_phone": 1,
    }
    answer = desk.operator.send("POST", "/api/acquisition/seeds", ask)
    assert answer.text.split() == ["phone_sha256", hashlib.sha256(b"13800000001").hexdigest()]
    md5 = desk.operator.send("POST", "/api/acquisition/seeds", ask | {"algorithm": "md5"})
    assert md5.text.split()[1] == hashlib.md5(b"13800000001").hexdigest()
    said = [e for e in desk_audit(desk) if e["action"] == "seeds.export"]
    assert said[0]["detail"]["left_out"]["no_sharing"] == 1 and "13800000001" not in json.dumps(said)

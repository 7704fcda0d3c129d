"""What others are told: signed messages to the shop (R25, R31), the hosted pages, notice of changes."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.suites.referral_shops import Shop, open_shop
from weaktie.business.referral.logic import is_signed_message
from weaktie.kit.clock import DAY_US
from weaktie.kit.outbound import Outbound


class Receiver:
    """A shop's address on this machine: keeps what it got, answers what it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("telling")) as opened:
        yield opened


@pytest.fixture
def shop(home: Shop) -> Shop:
    home.clear()
    return home


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()


def allowed(shop: Shop) -> None:
    """Let the test's receiver be reached; what is inside is refused otherwise."""
    from dataclasses import replace

    shop.referral = replace(shop.referral, outbound=Outbound(allow="127.0.0.1", timeout_s=5.0))
    shop.wt.__dict__["referral"] = shop.referral


def test_messages_are_signed_sent_once_and_repeated_until_they_are_taken(
    shop: Shop, receiver: Receiver
) -> None:
    inside = {"url": receiver.url, "events": ["reward.paid"]}
    assert shop.console("POST", "/hooks", inside, status=400)["error"]["code"] == "outbound_not_public"
    allowed(shop)
    made = shop.console(
        "POST", "/hooks", {"url": receiver.url, "events": ["reward.paid", "friend.registered"]}
    )
    secret = made["secret"]
    assert shop.console("GET", "/hooks")["items"][0]["secret"] is None, "shown once"
    campaign = shop.launched()
    receiver.status = 500
    shop.bring(campaign, "ann", "bob", order=False)
    assert shop.referral.send_messages() == 0
    assert len(receiver.got) == 2
    assert shop.referral.send_messages() == 0
    assert len(receiver.got) == 2, "it waits before it tries again"
    assert shop.console("GET", "/hooks")["items"][0]["error"] == "http_500"
    receiver.status = 204
    shop.clock.move(11)
    assert shop.referral.send_messages() == 2
    ids = [headers["weaktie-delivery"] for headers, _ in receiver.got]
    assert sorted(ids[:2]) == sorted(ids[2:]), "the same id, so that the shop can tell a repeat"
    now_s = shop.clock.now_us() // 1_000_000
    for headers, body in receiver.got[2:]:
        assert is_signed_message(secret, headers["weaktie-signature"], body, now_s)
        assert not is_signed_message(secret, headers["weaktie-signature"], body + b"x", now_s)
        assert not is_signed_message(secret, headers["weaktie-signature"], body, now_s + 301)
    said = {h["weaktie-event"]: json.loads(b)["data"] for h, b in receiver.got[2:]}
    assert said["reward.paid"]["user_id"] == "bob"
    assert said["reward.paid"]["amount_minor"] == 5_000
    assert said["friend.registered"]["inviter_user_id"] == "ann"
    shop.clock.move(100)
    assert shop.referral.send_messages() == 0


def test_what_waits_says_nothing_of_a_person_who_was_erased(shop: Shop, receiver: Receiver) -> None:
    allowed(shop)
    shop.console("POST", "/hooks", {"url": receiver.url, "events": ["friend.registered"]})
    shop.bring(shop.launched(), "ann", "bob", order=False)
    shop.wt.rights.erase("bob", reason="asked", actor="test")
    assert shop.referral.send_messages() == 1
    data = json.loads(receiver.got[0][1])["data"]
    assert (data["friend_user_id"], data["inviter_user_id"]) == (None, "ann")


def test_a_group_that_fails_tells_which_orders_to_refund(shop: Shop, receiver: Receiver) -> None:
    allowed(shop)
    shop.console("POST", "/hooks", {"url": receiver.url, "events": ["group.failed"]})
    body = {
        "name": "tea",
        "product_id": "p",
        "price_minor": 9,
        "currency": "CNY",
        "size": 2,
        "hours": 1,
        "stock": 0,
    }
    offer = shop.console("POST", "/offers", body)["offer_id"]
    shop.console("POST", f"/offers/{offer}/start")
    shop.call("POST", "/groups", {"offer_id": offer, "user_id": "a", "order_id": "g1", "amount_minor": 9})
    shop.later(0.1)
    assert shop.referral.send_messages() == 1
    assert json.loads(receiver.got[0][1])["data"]["orders"] == [
        {"amount_minor": 9, "order_id": "g1", "state": "refund_due"}
    ]


def test_the_hosted_page_shows_progress_release_dates_and_rules_and_invites(shop: Shop) -> None:
    campaign = shop.launched()
    shop.bring(campaign, "ann", "bob")
    made = shop.call("POST", "/pages", {"campaign_id": campaign, "user_id": "ann"})
    page = shop.http.get(made["path"])
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    for said in ("待发放", "预计", "¥50", "活动规则", "未成年人", "data-state=pending"):
        assert said in page.text, said
    english = shop.http.get(made["path"] + "?lang=en").text
    for said in ("Pending", "expected on", "Rules", "Minors"):
        assert said in english, said
    body = {"token": made["path"].rpartition("/")[2], "do": "invite", "request_key": "double-click"}
    code = shop.http.post("/c/v1/mine", json=body, headers={"Origin": "http://testserver"}).json()["code"]
    again = shop.http.post("/c/v1/mine", json=body, headers={"Origin": "http://testserver"}).json()["code"]
    assert code == again, "a double click is one invitation"
    evil = shop.http.post("/c/v1/mine", json=body, headers={"Origin": "https://evil.example"})
    assert evil.status_code == 403
    assert code in shop.http.get(f"{made['path']}?code={code}").text
    landing = shop.http.get(f"/r/{code}")
    assert f"https://shop.example.com/join?wt_invite={code}" in landing.text
    assert shop.http.get(f"/r/{code}/poster.svg").headers["content-type"].startswith("image/svg+xml")
    assert shop.http.get(f"/r/{code}/qr.png").content.startswith(b"\x89PNG")
    assert shop.status(campaign, "ann")["invitations"][0]["opens"] == 1
    assert "ann" not in shop.http.get(made["path"]).text.replace("Planned", ""), (
        "a page on a shared screen names nobody"
    )
    shop.clock.move(73 * 3600)
    assert shop.http.get(made["path"]).status_code == 403, "the address has an end"


def test_a_change_for_the_worse_is_announced_seven_days_before(shop: Shop) -> None:
    campaign = shop.launched()
    shop.bring(campaign, "ann", "bob")
    lint = shop.console("POST", f"/lint?against={campaign}", {"spec": shop.spec(inviter_minor=4_000)})
    assert lint["worse"] == ["inviter_minor"]
    changed = shop.console(
        "PUT", f"/campaigns/{campaign}", {"name": "less", "spec": shop.spec(inviter_minor=4_000)}
    )
    assert changed["current"]["spec"]["inviter_minor"] == 5_000
    assert changed["coming"]["spec"]["inviter_minor"] == 4_000
    path = shop.call("POST", "/pages", {"campaign_id": campaign, "user_id": "ann"})["path"]
    assert "规则将于" in shop.http.get(path).text
    assert shop.call("GET", "/campaigns")["items"][0]["coming_rules"]
    shop.bring(campaign, "ann", "cem", order=False)
    shop.clock.move(7.1 * DAY_US / 1e6)
    shop.bring(campaign, "ann", "dan")
    shop.clock.move(60)
    shop.order("o-cem", "cem")
    mine = [r["amount_minor"] for r in shop.status(campaign, "ann")["rewards"] if r["kind"] == "inviter"]
    assert mine == [5_000, 4_000, 5_000], "who registered before keeps the rules of then"
    now = shop.console("GET", f"/campaigns/{campaign}")["current"]["spec"] | {"inviter_minor": 6_000}
    better = shop.console("PUT", f"/campaigns/{campaign}", {"name": "more", "spec": now})
    assert better["current"]["spec"]["inviter_minor"] == 6_000
    bad = shop.spec(text={"zh": "帮我砍价", "en": "x"})
    assert (
        shop.console("PUT", f"/campaigns/{campaign}", {"name": "x", "spec": bad}, status=400)["error"][
            "place"
        ]
        == "text"
    )


def test_a_draft_with_errors_cannot_be_launched(shop: Shop) -> None:
    made = shop.console(
        "POST", "/campaigns", {"name": "x", "spec": shop.spec(text={"zh": "分享即得 ¥50", "en": "x"})}
    )
    path = f"/campaigns/{made['campaign_id']}"
    checked = shop.console("POST", f"{path}/check")
    assert (checked["campaign"]["state"], checked["findings"][0]["code"]) == ("draft", "sharing")
    assert shop.console("POST", f"{path}/launch", status=409)["error"]["code"] == "campaign_state"
    shop.console("PUT", path, {"name": "x", "spec": shop.spec()})
    assert shop.console("POST", f"{path}/check")["campaign"]["state"] == "checked"
    shop.console("PUT", path, {"name": "x", "spec": shop.spec(friend_minor=6_000)})
    assert shop.console("POST", f"{path}/launch", status=409), "an edit has to be checked again"
    shop.with_ports(assess=shop.scorer, ledger=False)
    shop.console("POST", f"{path}/check")
    assert shop.console("POST", f"{path}/launch", status=409), "without a ledger nothing is launched"


def test_the_board_and_the_cascade_name_nobody(shop: Shop) -> None:
    campaign = shop.launched()
    shop.bring(campaign, "ann", "bob")
    shop.bring(campaign, "bob", "cem")
    shop.bring(campaign, "bob", "dan")
    board = shop.call("GET", f"/board?campaign_id={campaign}")["items"]
    assert [p["friends"] for p in board] == [2, 1]
    found = shop.console("GET", f"/campaigns/{campaign}/cascade")
    assert (found["depths"], found["total"]) == ([1, 2], 3)
    assert found["nodes"][1]["parent"] == found["nodes"][0]["key"]
    for name in ("ann", "bob", "cem", "dan"):
        assert name not in json.dumps([board, found])

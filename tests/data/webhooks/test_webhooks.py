"""Webhooks over HTTP: what is signed enters once, everything else is refused (R31)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import select, text
from starlette.testclient import TestClient
from wechatpy.enterprise.crypto import WeChatCrypto

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import START_US, bring_in, fresh_app, stored
from tests.suites.pushes import (
    SHOPIFY,
    WECOM,
    YOUZAN,
    Push,
    contact_xml,
    refund,
    shopify,
    shopify_order,
    wecom,
    youzan,
    youzan_order,
)
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.data.collect.contracts import TEST
from weaktie.data.webhooks.contracts import REFUSALS
from weaktie.data.webhooks.service import forget_nonces
from weaktie.data.webhooks.tables import webhook_nonces
from weaktie.kit.clock import DAY_US, FixedClock
from weaktie.store.log.contracts import LogUnavailable
from weaktie.trust.audit import service as audit

NOW_S = START_US // 1_000_000
T1, T2, T3 = "2026-09-21T10:00:06+08:00", "2026-09-21T11:00:01+08:00", "2026-09-21T12:00:01+08:00"
SECRETS = {"shopify": SHOPIFY, "youzan": YOUZAN, "wecom": WECOM}


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield app


class Shop:
    """A browser of a developer, and the outside world that pushes."""

    def __init__(self, wt: App, client: TestClient) -> None:
        self.wt, self.client, self.browser = wt, client, Browser(client)

    def enter(self, role: str = "developer") -> None:
        with self.wt.database.begin() as tx:
            _, token = self.wt.accounts.invite(tx, name=role, email=f"{role}@example.com", role=role)
            hashed = self.wt.accounts.hash_password(PASSWORD)
            self.wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
        assert self.browser.sign_in(f"{role}@example.com").status_code == 200

    def hook(self, kind: str) -> str:
        body = {"kind": kind, "secrets": SECRETS[kind]}
        made = self.browser.send("POST", "/api/sources/default/webhooks", body)
        assert made.status_code == 201, made.text
        return str(made.json()["path"])

    def push(self, path: str, push: Push) -> tuple[int, str]:
        query, body, headers = push
        answer = self.client.post(f"{path}?{query}", content=body, headers=headers)
        if answer.status_code >= 400:
            return answer.status_code, answer.json()["error"]["code"]
        return answer.status_code, answer.text

    def state(self) -> dict[str, Any]:
        (found,) = self.browser.send("GET", "/api/sources/default/webhooks").json()
        return dict(found)


@pytest.fixture
def shop(wt: App) -> Iterator[Shop]:
    with TestClient(make_api(wt), base_url=ORIGIN) as client:
        made = Shop(wt, client)
        made.enter()
        yield made


def amounts(wt: App) -> list[tuple[str, str, int, int]]:
    return [
        (o["order_id"], o["status"], o["amount_minor"], o["refunded_minor"]) for o in stored(wt, "orders")
    ]


def names(wt: App) -> list[str]:
    return sorted(e["event"] for e in stored(wt))


# ---- Shopify


def test_a_paid_order_enters_once_whatever_topics_bring_it(wt: App, shop: Shop) -> None:
    path = shop.hook("shopify")
    order = shopify_order(1, T1)
    for topic in ("orders/create", "orders/paid", "orders/updated", "orders/paid"):
        assert shop.push(path, shopify(topic, order)) == (200, "")
    assert (shop.state()["accepted"], shop.state()["repeated"]) == (1, 3)
    bring_in(wt)
    assert names(wt) == ["Order Completed", "Order Updated"]
    assert amounts(wt) == [("1", "paid", 10000, 0)]
    (row,) = stored(wt, "orders")
    assert (row["coupon_id"], row["items"], row["channel"]) == ("WELCOME", 2, "xiaohongshu_ads")
    lines = [(i["product_id"], i["quantity"], i["amount_minor"]) for i in stored(wt, "order_items")]
    assert lines == [("11", 2, 9000), ("gift", 1, 1000)]
    assert row["alias_no"] is not None
    with wt.database.connect() as connection:
        assert len(wt.identity.component(connection, row["alias_no"])) == 2, "the number and the e-mail"
    assert b"Lake Road" not in json.dumps([str(e) for e in stored(wt)]).encode()


def test_part_refunds_and_a_cancellation_follow_the_order(wt: App, shop: Shop) -> None:
    path = shop.hook("shopify")
    first, second = refund(91, "10.00"), refund(92, "25.50")
    for topic, body in (
        ("orders/paid", shopify_order(1, T1)),
        ("refunds/create", first),
        (
            "orders/updated",
            shopify_order(1, T2, financial_status="partially_refunded", refunds=[first, second]),
        ),
        (
            "orders/cancelled",
            shopify_order(2, T1, cancelled_at=T1, financial_status="voided", customer=None, email=""),
        ),
        ("orders/create", shopify_order(3, T1, financial_status="pending")),
        ("orders/create", shopify_order(4, T1, test=True)),
    ):
        assert shop.push(path, shopify(topic, body))[0] == 200
    bring_in(wt)
    assert amounts(wt) == [
        ("1", "paid", 10000, 0), ("1", "paid", 10000, 3550), ("2", "cancelled", 0, 0),
        ("4", "paid", 10000, 0), ("1", "refunded", 0, 1000),
    ]  # fmt: skip
    assert {e["order_id"] for e in stored(wt) if e["flags"] & TEST} == {"4"}
    assert wt.quality.counts().test_orders == 1, "the shop's own test is kept and counts in no figure"
    assert wt.metrics.overview().orders == 2
    paid = {o["paid_time"] for o in stored(wt, "orders") if o["status"] == "paid"}
    assert len(paid) == 1, "a later version keeps the time of payment"
    refunds = [(e["event_id"], e["amount_minor"]) for e in stored(wt) if e["event"] == "Order Refunded"]
    assert refunds == [("shopify:refund:91", 1000), ("shopify:refund:92", 2550)]
    (without,) = [o for o in stored(wt, "orders") if o["order_id"] == "2"]
    assert without["alias_no"] is None, "an order without a buyer stays, unidentified"


def test_customers_go_to_the_vault_and_products_to_the_catalogue(wt: App, shop: Shop) -> None:
    path = shop.hook("shopify")
    customer = {
        "id": 777, "email": "anna@example.com", "phone": "+8613900000000", "first_name": "Anna", "updated_at": T1,
        "created_at": T1, "default_address": {"province": "浙江", "city": "杭州", "address1": "1 Lake Road"},
    }  # fmt: skip
    variants = [{"price": "50.00", "inventory_quantity": 3}, {"price": "45.00", "inventory_quantity": 4}]
    product = {
        "id": 11,
        "title": "锅",
        "vendor": "厨",
        "product_type": "厨房",
        "variants": variants,
        "updated_at": T1,
    }
    for topic, body in (
        ("customers/create", customer),
        ("products/update", product),
        ("products/delete", {"id": 12}),
    ):
        assert shop.push(path, shopify(topic, body))[0] == 200
    bring_in(wt)
    (user,) = stored(wt, "users")
    assert (user["province"], user["city"]) == ("浙江", "杭州")
    with wt.database.connect() as connection:
        values = wt.vault.open(connection, [user["alias_no"]])[user["alias_no"]]
    assert values["first_name"] == "Anna"
    found = {p["product_id"]: p for p in stored(wt, "products")}
    assert (found["11"]["price_minor"], found["11"]["stock"], found["12"]["stock"]) == (4500, 7, 0)


def test_requests_about_people_are_put_down_once_and_settled(wt: App, shop: Shop) -> None:
    path = shop.hook("shopify")
    about = {"shop_id": 1, "shop_domain": "a.example", "customer": {"id": 777, "email": "anna@example.com"}}
    for topic, body in (
        ("customers/data_request", about | {"orders_requested": [1], "data_request": {"id": 9}}),
        ("customers/redact", about | {"orders_to_redact": [1]}),
        ("customers/redact", about | {"orders_to_redact": [1]}),
        ("shop/redact", {"shop_id": 1, "shop_domain": "a.example"}),
    ):
        assert shop.push(path, shopify(topic, body))[0] == 200
    assert not bring_in(wt).requests_read, "a request about a person is no event"
    assert shop.browser.send("GET", "/api/privacy-requests").status_code == 403
    shop.enter("compliance")
    items = shop.browser.send("GET", "/api/privacy-requests").json()["items"]
    assert sorted((i["kind"], i["subject"]) for i in items) == [
        ("customer_redact", "777"), ("data_request", "777"), ("shop_redact", None),
    ]  # fmt: skip
    done = shop.browser.send("POST", f"/api/privacy-requests/{items[0]['request_id']}/done").json()
    assert done["done_time"] is not None
    assert shop.browser.send("POST", "/api/privacy-requests/none/done").status_code == 404


# ---- 有赞


def test_a_youzan_trade_from_payment_to_refund(wt: App, shop: Shop) -> None:
    path = shop.hook("youzan")
    ok = (200, '{"code":0,"msg":"success"}')
    paid = youzan_order("E1", "WAIT_SELLER_SEND_GOODS", "2026-09-21 10:00:09", pay_time="2026-09-21 10:00:08")
    part = youzan_order(
        "E1", "WAIT_SELLER_SEND_GOODS", "2026-09-21 11:00:00", pay_time="2026-09-21 10:00:08", refund_state=2
    ) | {"refund_order": [{"refund_id": "r1", "refund_fee": "8.50"}]}
    waiting = youzan_order("E2", "WAIT_BUYER_PAY", "2026-09-21 10:00:00")
    closed = {"tid": "E2", "close_type": "1", "update_time": "2026-09-21 12:00:00"}
    back = {"tid": "E1", "refund_id": "r1", "refunded_fee": "8.50", "update_time": "2026-09-21 11:00:00"}
    for kind, message in (
        ("trade_TradePaid", paid), ("trade_TradePaid", paid), ("trade_TradePartlySellerShip", part),
        ("trade_TradeCreate", waiting), ("trade_TradeClose", closed), ("trade_refund_RefundSuccess", back),
    ):  # fmt: skip
        assert shop.push(path, youzan(kind, message)) == ok
    assert shop.push(path, youzan("trade_TradePaid", youzan_order("E9", "TRADE_PAID", "x"), test=True)) == ok
    bring_in(wt)
    assert sorted(amounts(wt)) == [
        ("E1", "paid", 8850, 0), ("E1", "paid", 8850, 850), ("E1", "refunded", 0, 850), ("E2", "cancelled", 0, 0),
    ]  # fmt: skip
    first = next(o for o in stored(wt, "orders") if o["order_id"] == "E1" and o["alias_no"] is not None)
    assert first["paid_time"].isoformat() == "2026-09-21T02:00:08+00:00", "有赞's times are Beijing's"
    with wt.database.connect() as connection:
        assert len(wt.identity.component(connection, first["alias_no"])) == 3
    assert names(wt).count("Order Completed") == 1


# ---- 企业微信


def test_wecom_verifies_its_address_and_friends_come_with_their_state(wt: App, shop: Shop) -> None:
    path = shop.hook("wecom")
    query, body, _ = wecom("hello", NOW_S)
    encrypted = ET.fromstring(body.decode()).findtext("Encrypt")
    echo = shop.client.get(f"{path}?{query}&{urlencode({'echostr': encrypted})}")
    assert (echo.status_code, echo.text) == (200, "hello")
    oracle = WeChatCrypto(WECOM["token"], WECOM["aes_key"], WECOM["receive_id"])
    asked = {k: v[0] for k, v in parse_qs(query).items()}
    assert oracle.check_signature(asked["msg_signature"], asked["timestamp"], asked["nonce"], encrypted) in (
        "hello",
        b"hello",
    )
    added = contact_xml("add_external_contact", NOW_S, State="渠道码A", WelcomeCode="w-secret")
    gone = contact_xml("del_follow_user", NOW_S + 1)
    members = "<MemChangeList><Item>wm1</Item><Item>lisi</Item></MemChangeList>"
    joined = contact_xml(
        "update",
        NOW_S + 2,
        Event="change_external_chat",
        ChatId="chat1",
        UpdateDetail="add_member",
        JoinScene="1",
    ).replace("</xml>", members + "</xml>")
    ignored = contact_xml("edit_external_contact", NOW_S)
    for number, xml in enumerate((added, added, gone, joined, ignored)):
        assert shop.push(path, wecom(xml, NOW_S, nonce=f"n{number}")) == (200, "success")
    bring_in(wt)
    assert names(wt) == ["Friend Added", "Friend Removed", "Group Joined", "Group Joined"], (
        "sent twice, stored once"
    )
    friend = next(e for e in stored(wt) if e["event"] == "Friend Added")
    assert json.loads(friend["properties"]) == {"staff_id": "zhangsan", "state": "渠道码A"}
    assert friend["channel"] == "wecom"
    (relation,) = stored(wt, "relations")
    assert (relation["kind"], relation["src_alias_no"]) == ("friend", friend["alias_no"])


# ---- what is refused


def test_nothing_is_accepted_twice_altered_or_old(wt: App, shop: Shop) -> None:
    path = shop.hook("wecom")
    good = wecom(contact_xml("add_external_contact", NOW_S), NOW_S)
    assert shop.push(path, good) == (200, "success")
    for _ in range(3):
        assert shop.push(path, good) == (200, "success"), "a repeated delivery is answered and not taken"
    assert (shop.state()["accepted"], shop.state()["repeated"]) == (1, 3)
    query, body, headers = good
    assert shop.push(path, (query, body.replace(b"<Encrypt><![CDATA[", b"<Encrypt><![CDATA[A"), headers)) == (
        401,
        "bad_signature",
    )
    assert shop.push(path, (query.replace("n1", "n2"), body, headers)) == (401, "bad_signature")
    assert shop.state()["last_refusal"] == "bad_signature"
    for at_s in (NOW_S - 301, NOW_S + 301):
        old = wecom(contact_xml("add_external_contact", at_s), at_s, nonce="n9")
        assert shop.push(path, old) == (401, "old_timestamp")
    stranger = wecom(contact_xml("add_external_contact", NOW_S), NOW_S, nonce="n8", corp="ww9876543210")
    assert shop.push(path, stranger) == (401, "wrong_receiver")
    assert shop.push(path, ("", b"<xml/>", {})) == (400, "unreadable_delivery")
    assert bring_in(wt).stored == 1


@pytest.mark.parametrize("kind", ["shopify", "youzan"])
def test_an_altered_body_or_a_wrong_secret_is_refused(wt: App, shop: Shop, kind: str) -> None:
    path = shop.hook(kind)
    paid = youzan_order("E1", "TRADE_PAID", "2026-09-21 10:00:09", pay_time="2026-09-21 10:00:08")
    query, body, headers = (
        shopify("orders/paid", shopify_order(1, T1)) if kind == "shopify" else youzan("trade_TradePaid", paid)
    )
    altered = body.replace(b"100.00", b"1.00").replace(b"88.50", b"8.50")
    assert altered != body
    assert shop.push(path, (query, altered, headers)) == (401, "bad_signature")
    assert shop.push(path, ("", b"{", {})) == (
        (401, "bad_signature") if kind == "shopify" else (400, "unreadable_delivery")
    )
    assert shop.push("/webhooks/whk_nothing", (query, body, headers)) == (404, "no_webhook")
    if kind == "shopify":
        forged = shopify("orders/paid", shopify_order(1, T1), secret="another")
        assert shop.push(path, forged) == (401, "bad_signature")
        old = shopify(
            "orders/paid", shopify_order(1, "2026-01-01T00:00:00Z", processed_at=None, created_at=None)
        )
        old_body = json.loads(old[1])
        assert shop.push(path, shopify("orders/paid", old_body)) == (400, "old_delivery")
    assert not bring_in(wt).requests_read


def test_what_could_not_be_made_durable_is_not_acknowledged(
    wt: App, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shop.hook("shopify")
    order = shopify("orders/paid", shopify_order(1, T1))

    async def full(_payload: bytes) -> None:
        raise LogUnavailable("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(wt.log_writer, "append", full)
        assert shop.push(path, order) == (503, "delivery_not_durable")
    assert shop.push(path, order) == (200, "")
    bring_in(wt)
    assert names(wt) == ["Order Completed", "Order Updated"]


def test_an_erased_buyer_leaves_the_order_and_nothing_else(wt: App, shop: Shop) -> None:
    path = shop.hook("shopify")
    assert shop.push(path, shopify("orders/paid", shopify_order(1, T1)))[0] == 200
    about = {"shop_domain": "a.example", "customer": {"id": 777}, "orders_to_redact": [1]}
    assert shop.push(path, shopify("customers/redact", about))[0] == 200
    bring_in(wt)
    wt.rights.erase("777", reason="asked", actor="test")
    wt.blocked.refresh()
    later = shopify_order(1, T3, financial_status="refunded", refunds=[refund(91, "100.00")])
    assert shop.push(path, shopify("orders/updated", later))[0] == 200
    customer = {"id": 777, "email": "anna@example.com", "updated_at": T3, "first_name": "Anna"}
    assert shop.push(path, shopify("customers/update", customer))[0] == 200
    bring_in(wt)
    assert [(o["status"], o["refunded_minor"], o["alias_no"]) for o in stored(wt, "orders")] == [
        ("paid", 0, None), ("paid", 10000, None),
    ]  # fmt: skip
    assert stored(wt, "users") == []
    with wt.database.connect() as connection:
        (request,) = wt.webhooks.privacy_page(connection, None, None).items
    assert request.subject is None


def test_of_two_copies_at_once_one_is_asked_to_come_again(wt: App, shop: Shop) -> None:
    path = shop.hook("shopify")
    order = shopify("orders/paid", shopify_order(1, T1))
    _, body, headers = order
    lower = {name.lower(): value for name, value in headers.items()}
    held = wt.webhooks.check(path.rpartition("/")[2], lower, {}, body)
    assert shop.push(path, order) == (503, "delivery_in_hand")
    wt.webhooks.dropped(held)
    assert shop.push(path, order) == (200, "")
    assert bring_in(wt).stored == 2


def test_every_refusal_is_documented(request: pytest.FixtureRequest) -> None:
    page = (request.config.rootpath / "docs/reference/errors.md").read_text("utf-8")
    assert [code for code in REFUSALS if f"| `{code}` |" not in page] == []


# ---- secrets


def test_secrets_are_sealed_changed_without_a_gap_and_ended(wt: App, shop: Shop) -> None:
    path = shop.hook("shopify")
    assert isinstance(wt.clock, FixedClock)
    with wt.database.connect() as connection:
        dumped = str(connection.execute(text("SELECT * FROM webhooks")).all()).encode()
    assert SHOPIFY["secret"].encode() not in dumped
    assert SHOPIFY["secret"] not in str(shop.state())
    hook = shop.state()["webhook_id"]
    changed = shop.browser.send(
        "POST", f"/api/webhooks/{hook}/secrets", {"secrets": {"secret": "new-secret"}}
    )
    assert changed.status_code == 200
    orders = [shopify_order(n, T1) for n in range(1, 6)]
    assert shop.push(path, shopify("orders/paid", orders[0], secret="new-secret"))[0] == 200
    assert shop.push(path, shopify("orders/paid", orders[1]))[0] == 200, "the former one counts for a day"
    wt.clock.move(86_401)
    shop.enter("owner")
    assert shop.push(path, shopify("orders/paid", orders[2]))[0] == 401
    assert shop.push(path, shopify("orders/paid", orders[3], secret="new-secret"))[0] == 200
    assert shop.browser.send("DELETE", f"/api/webhooks/{hook}").json()["ended_time"] is not None
    assert shop.push(path, shopify("orders/paid", orders[4], secret="new-secret")) == (404, "no_webhook")
    with wt.database.connect() as connection:
        actions = [e.action for e in audit.page(connection, search="webhook").items]
        assert connection.execute(select(webhook_nonces)).all()
    assert actions == ["webhook.end", "webhook.rotate", "webhook.create"]
    wt.clock.move(36 * DAY_US // 1_000_000)
    forget_nonces(wt.database, wt.clock)
    with wt.database.connect() as connection:
        assert connection.execute(select(webhook_nonces)).all() == []


@pytest.mark.parametrize(
    ("kind", "secrets", "place"),
    [
        ("shopify", {}, "secret"),
        ("youzan", {"client_id": "x"}, "client_secret"),
        ("wecom", WECOM | {"aes_key": "short"}, "aes_key"),
    ],
)
def test_unsound_secrets_are_refused(shop: Shop, kind: str, secrets: dict[str, str], place: str) -> None:
    answer = shop.browser.send("POST", "/api/sources/default/webhooks", {"kind": kind, "secrets": secrets})
    assert (answer.status_code, answer.json()["error"]["place"]) == (400, place)


def test_a_source_has_one_webhook_of_a_kind_and_an_archived_one_takes_nothing(wt: App, shop: Shop) -> None:
    made = shop.browser.send("POST", "/api/sources", {"name": "有赞店", "kind": "server"}).json()["source"]
    path = f"/api/sources/{made['source_id']}"
    body = {"kind": "youzan", "secrets": YOUZAN}
    hook = shop.browser.send("POST", f"{path}/webhooks", body).json()
    assert shop.browser.send("POST", f"{path}/webhooks", body).status_code == 409
    assert shop.browser.send("POST", "/api/sources/none/webhooks", body).status_code == 404
    shop.browser.send("PATCH", path, {"archived": True})
    paid = youzan_order("E1", "TRADE_PAID", "2026-09-21 10:00:09", pay_time="2026-09-21 10:00:08")
    assert shop.push(hook["path"], youzan("trade_TradePaid", paid)) == (404, "no_webhook")

"""What shops and 企业微信 push, signed as they sign it."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote_plus, urlencode
from xml.etree import ElementTree as ET

from wechatpy.enterprise.crypto import WeChatCrypto

SHOPIFY = {"secret": "shpss_0123456789"}
YOUZAN = {"client_id": "client-1", "client_secret": "secret-1"}
WECOM = {
    "token": "a-token",
    "aes_key": base64.b64encode(bytes(range(32))).decode().rstrip("="),
    "receive_id": "ww0123456789",
}
Push = tuple[str, bytes, dict[str, str]]
"""The query, the body and the headers of a delivery."""


def shopify(topic: str, body: dict[str, Any], *, secret: str = SHOPIFY["secret"]) -> Push:
    """A delivery as Shopify sends it."""
    raw = json.dumps(body).encode()
    signature = base64.b64encode(hmac.digest(secret.encode(), raw, "sha256")).decode()
    headers = {
        "X-Shopify-Hmac-Sha256": signature,
        "X-Shopify-Topic": topic,
        "Content-Type": "application/json",
    }
    return "", raw, headers


def youzan(kind: str, message: dict[str, Any], *, test: bool = False) -> Push:
    """A push as 有赞 sends it."""
    text = quote_plus(json.dumps(message, ensure_ascii=False))
    sign = hashlib.md5((YOUZAN["client_id"] + text + YOUZAN["client_secret"]).encode()).hexdigest()
    envelope = {
        "type": kind,
        "status": "TRADE_PAID",
        "test": test,
        "msg": text,
        "sign": sign,
        "mode": 1,
        "version": 1,
    }
    return "", json.dumps(envelope).encode(), {"Content-Type": "application/json"}


def wecom(xml: str, at_s: int, *, nonce: str = "n1", corp: str = WECOM["receive_id"]) -> Push:
    """A callback as 企业微信 sends it, encrypted and signed by the oracle."""
    sealed = WeChatCrypto(WECOM["token"], WECOM["aes_key"], corp).encrypt_message(xml, nonce, str(at_s))
    root = ET.fromstring(sealed)
    signature, encrypted = root.findtext("MsgSignature"), root.findtext("Encrypt")
    query = urlencode({"msg_signature": signature, "timestamp": at_s, "nonce": nonce})
    body = f"<xml><ToUserName><![CDATA[{corp}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    return query, body.encode(), {"Content-Type": "text/xml"}


def shopify_order(number: int, updated: str, **more: Any) -> dict[str, Any]:
    """An order's body; `more` replaces members."""
    body: dict[str, Any] = {
        "id": number,
        "name": f"#{number}",
        "created_at": "2026-09-21T10:00:00+08:00",
        "processed_at": "2026-09-21T10:00:05+08:00",
        "updated_at": updated,
        "cancelled_at": None,
        "financial_status": "paid",
        "currency": "CNY",
        "total_price": "100.00",
        "test": False,
        "email": "anna@example.com",
        "phone": None,
        "landing_site": "/?utm_source=xiaohongshu&utm_medium=cpc",
        "referring_site": "",
        "discount_codes": [{"code": "WELCOME", "amount": "10.00"}],
        "customer": {"id": 777, "email": "anna@example.com", "first_name": "Anna"},
        "shipping_address": {"address1": "1 Lake Road", "phone": "13900000000"},
        "line_items": [
            {
                "id": 1,
                "product_id": 11,
                "title": "锅",
                "quantity": 2,
                "price": "50.00",
                "total_discount": "10.00",
            },
            {"id": 2, "product_id": None, "sku": "gift", "title": "Gift", "quantity": 1, "price": "10.00"},
        ],
        "refunds": [],
    }
    return body | more


def refund(number: int, amount: str) -> dict[str, Any]:
    """A refund as it stands in an order, or alone."""
    transactions = [
        {"amount": amount, "kind": "refund", "status": "success", "currency": "CNY"},
        {"amount": "999.00", "kind": "refund", "status": "failure", "currency": "CNY"},
    ]
    at = "2026-09-21T11:00:00+08:00"
    return {
        "id": number,
        "order_id": 1,
        "created_at": at,
        "processed_at": at,
        "refund_line_items": [],
        "transactions": transactions,
    }


def youzan_order(number: str, status: str, updated: str, **info: Any) -> dict[str, Any]:
    """The message of a trade push."""
    order_info = {
        "tid": number,
        "status": status,
        "created": "2026-09-21 10:00:00",
        "update_time": updated,
    } | info
    return {
        "full_order_info": {
            "order_info": order_info,
            "pay_info": {"payment": "88.50", "total_fee": "98.50", "post_fee": "0.00"},
            "buyer_info": {"outer_user_id": "u9", "yz_open_id": "yz1", "buyer_phone": "13800000001"},
            "address_info": {"receiver_name": "小王", "receiver_tel": "13800000002"},
            "source_info": {"source": {"platform": "wx"}},
            "orders": [
                {"oid": "1", "item_id": 5, "title": "碗", "num": 3, "price": "32.83", "payment": "88.50"}
            ],
        },
        "refund_order": [],
    }


def contact_xml(change: str, at_s: int, **more: str) -> str:
    """The plain XML of a change of an external contact."""
    fields = {
        "ToUserName": WECOM["receive_id"], "FromUserName": "sys", "CreateTime": str(at_s), "MsgType": "event",
        "Event": "change_external_contact", "ChangeType": change, "UserID": "zhangsan", "ExternalUserID": "wm1",
    } | more  # fmt: skip
    return "<xml>" + "".join(f"<{k}><![CDATA[{v}]]></{k}>" for k, v in fields.items()) + "</xml>"

"""A shop that uses weaktie's referral and group buying over HTTP, without weaktie's front end. Standard library only.

    python examples/referral_shop.py --url http://127.0.0.1:8000 --key KEY --campaign rcp_...
    python examples/referral_shop.py --listen 9000 --secret whs_...

The first plays one story: Ann invites Bob, Bob opens the invitation, registers and orders; the second takes signed messages.
"""

import argparse
import hashlib
import hmac
import json
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import OrderedDict
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

AGE_S, KEPT = 300, 10_000


class Weaktie:
    """The API as a shop's server calls it. A refusal comes back as its answer: {"error": {"code", "message", "place"}}."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url.rstrip("/"), key

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request; every call here may be repeated: the same request makes nothing twice."""
        request = urllib.request.Request(
            f"{self.url}/v1/referral{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            return json.load(refused)


class Messages:
    """Takes messages: signed by our secret, not older than five minutes, each delivery once."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self._seen: OrderedDict[str, None] = OrderedDict()

    def take(self, headers: dict[str, str], body: bytes, now_s: float | None = None) -> dict[str, Any] | None:
        """The message; None for a copy of one that was taken. Raises ValueError for one that is not weaktie's."""
        given = headers.get("weaktie-signature", "")
        parts = dict(part.partition("=")[::2] for part in given.split(","))
        at = parts.get("t", "")
        if not at.isdigit() or abs((time.time() if now_s is None else now_s) - int(at)) > AGE_S:
            raise ValueError("too old, or without a time")
        expected = hmac.new(self.secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, parts.get("v1", "")):
            raise ValueError("not signed by our secret")
        delivery = headers.get("weaktie-delivery", "")
        if delivery in self._seen:
            return None
        self._seen[delivery] = None
        while len(self._seen) > KEPT:
            self._seen.popitem(last=False)
        found: dict[str, Any] = json.loads(body)
        return found


def story(shop: Weaktie, campaign_id: str, *, run: str = "") -> list[tuple[str, Any]]:
    """Ann invites Bob; what each call answered. `run` keeps people of several runs apart."""
    run = run or secrets.token_hex(3)
    ann, bob, visitor, order = (f"{name}-{run}" for name in ("ann", "bob", "visitor", "order"))
    now = datetime.now(UTC).isoformat()
    told: list[tuple[str, Any]] = []

    def say(what: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = shop.call(method, path, body)
        told.append((what, answer))
        return answer

    say("campaigns that run, with the rules to show", "GET", "/campaigns")
    sent = say(
        "ann invites", "POST", "/invitations",
        {"campaign_id": campaign_id, "user_id": ann, "channel": "wechat", "request_key": f"invite-{run}"},
    )  # fmt: skip
    say(
        "bob opens the link in our shop",
        "POST",
        "/opens",
        {"code": sent.get("code", ""), "anonymous_id": visitor},
    )
    say("bob registers: the coupon", "POST", "/registrations", {"user_id": bob, "anonymous_id": visitor})
    paid = {"order_id": order, "user_id": bob, "amount_minor": 12_900, "currency": "CNY", "paid_time": now}
    say("bob's own order: ann's reward is pending", "POST", "/orders", paid)
    say("the same order again changes nothing", "POST", "/orders", paid)
    query = urllib.parse.urlencode({"user_id": ann, "campaign_id": campaign_id})
    say("where ann stands", "GET", f"/status?{query}")
    say(
        "ann's own page, for WeChat's browser", "POST", "/pages", {"campaign_id": campaign_id, "user_id": ann}
    )
    say("bob gives the order back", "POST", "/refunds", {"order_id": order})
    say("where ann stands now", "GET", f"/status?{query}")
    return told


def group_story(shop: Weaktie, offer_id: str, *, run: str = "") -> list[tuple[str, Any]]:
    """Ann opens a group with her paid order, and Bob joins."""
    run = run or secrets.token_hex(3)
    first = {"offer_id": offer_id, "user_id": f"ann-{run}", "order_id": f"g1-{run}", "amount_minor": 9_900}
    opened = shop.call("POST", "/groups", first)
    second = {"user_id": f"bob-{run}", "order_id": f"g2-{run}", "amount_minor": 9_900}
    joined = shop.call("POST", f"/groups/{opened.get('group_id', '')}/join", second)
    return [("ann opens a group", opened), ("bob joins", joined)]


def listen(port: int, secret: str) -> None:
    """Print what weaktie says; a shop would issue the coupon, pay, or refund here."""
    messages = Messages(secret)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                message = messages.take({k.lower(): v for k, v in self.headers.items()}, body)
            except ValueError as error:
                print(f"refused: {error}")
                self.send_response(400)
            else:
                print("a copy, taken before" if message is None else f"{message['event']}: {message['data']}")
                self.send_response(204)
            self.end_headers()

    HTTPServer(("", port), Handler).serve_forever()


def main() -> None:
    """Play the story, or listen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--key")
    parser.add_argument("--campaign")
    parser.add_argument("--offer")
    parser.add_argument("--listen", type=int)
    parser.add_argument("--secret", default="")
    asked = parser.parse_args()
    if asked.listen:
        listen(asked.listen, asked.secret)
    shop = Weaktie(asked.url, asked.key or "")
    told = story(shop, asked.campaign) if asked.campaign else []
    told += group_story(shop, asked.offer) if asked.offer else []
    for what, answer in told:
        print(f"— {what}\n{json.dumps(answer, ensure_ascii=False, indent=2)}")


if __name__ == "__main__":
    main()

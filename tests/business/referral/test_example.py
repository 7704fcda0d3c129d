"""The example of a shop runs against a real server, and its receiver tells our messages from others' (R31)."""

import importlib.util
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import uvicorn

from tests.suites.referral_shops import Shop, open_shop
from weaktie.app.http import make_api
from weaktie.app.server import listen
from weaktie.business.referral.logic import signature

EXAMPLE = Path(__file__).parents[3] / "examples" / "referral_shop.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("referral_shop", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Shop, str]]:
    with open_shop(tmp_path) as shop:
        socket = listen("127.0.0.1", 0)
        server = uvicorn.Server(uvicorn.Config(make_api(shop.wt), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
        thread.start()
        try:
            yield shop, f"http://127.0.0.1:{socket.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


def test_the_example_runs(
    example: ModuleType, served: tuple[Shop, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, url = served
    campaign = shop.launched()
    at_us = shop.clock.now_us()

    class Then:
        """The example's clock, at the instant of the server's."""

        @staticmethod
        def now(zone: object) -> object:
            from weaktie.kit.clock import to_datetime

            return to_datetime(at_us + 1)

    monkeypatch.setattr(example, "datetime", Then)
    told = dict(example.story(example.Weaktie(url, shop.key), campaign, run="t"))
    assert told["bob registers: the coupon"]["rewards"][0]["state"] == "paid"
    assert told["bob's own order: ann's reward is pending"]["counted"]
    assert told["where ann stands"]["rewards"][0]["state"] == "pending"
    assert told["where ann stands now"]["rewards"][0]["state"] == "voided"
    body = {
        "name": "tea",
        "product_id": "p",
        "price_minor": 9_900,
        "currency": "CNY",
        "size": 2,
        "hours": 1,
        "stock": 0,
    }
    offer = shop.console("POST", "/offers", body)["offer_id"]
    shop.console("POST", f"/offers/{offer}/start")
    groups = dict(example.group_story(example.Weaktie(url, shop.key), offer, run="t"))
    assert groups["bob joins"]["state"] == "succeeded"


def test_the_examples_receiver_takes_each_message_once_and_no_others(example: ModuleType) -> None:
    body = b'{"event":"reward.paid","data":{}}'
    headers = {"weaktie-signature": signature("s", 1_000, body), "weaktie-delivery": "rdl_1"}
    messages = example.Messages("s")
    assert messages.take(headers, body, 1_100)["event"] == "reward.paid"
    assert messages.take(headers, body, 1_100) is None, "a replay"
    for wrong, now_s in ((body + b" ", 1_100), (body, 1_301)):
        with pytest.raises(ValueError, match=r"old|signed"):
            messages.take(headers | {"weaktie-delivery": "rdl_2"}, wrong, now_s)
    with pytest.raises(ValueError, match="signed"):
        example.Messages("other").take(headers, body, 1_100)

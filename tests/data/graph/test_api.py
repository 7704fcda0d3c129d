"""The graph over HTTP: figures, communities, bridges, audiences as queries of people, neighbourhoods with reasons, refusals."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN
from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.app.cli_data import build_once
from weaktie.app.http import make_api
from weaktie.data.graph.contracts import KINDS, PARTS
from weaktie.data.sources.service import OWN_SERVICE_BASIS, patch
from weaktie.kit.clock import DAY_US

CIRCLE = 6


class Caller:
    def __init__(self, http: TestClient, key: str) -> None:
        self.http, self.headers = http, {"Authorization": f"Bearer {key}"}

    def get(self, path: str) -> Any:
        return self.http.get(path, headers=self.headers).json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self.http.post(path, json=body, headers=self.headers).json()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """Two circles of six who chat among themselves; a0 also opens once what b0 shared."""
    with fresh_app(Path(tmp_path_factory.mktemp("graph"))) as wt:
        with wt.database.begin() as tx:
            patch(
                tx,
                wt.clock,
                "default",
                actor="test",
                basis=dict.fromkeys(OWN_SERVICE_BASIS, "consented_upstream"),
            )
        with TestClient(make_api(wt), base_url=ORIGIN) as http:
            caller = Caller(http, wt.create_key("read", "test", source_id=None, actor="test"))
            assert caller.get("/api/graph")["error"]["code"] == "no_graph"
            rng = np.random.default_rng(3)
            calls = []
            for n, (a, b) in enumerate(rng.integers(0, CIRCLE, (160, 2)).tolist()):
                circle = "ab"[n % 2]
                calls.append(
                    track(
                        n, f"{circle}{a}", event="Message Sent", properties={"to_user_id": f"{circle}{b}"},
                        at_us=START_US - n * DAY_US // 40,
                    )
                )  # fmt: skip
            shared = {"product_id": "p1", "sharer_id": "b0"}
            calls.append(
                track(900, "a0", event="Product Viewed", properties=shared, at_us=START_US - 30 * DAY_US)
            )
            put(wt, *calls)
            bring_in(wt)
            build_once(wt, lambda *_: None)
            yield caller


def test_figures_add_up(shop: Caller) -> None:
    found = shop.get("/api/graph")
    assert found["people"] == 2 * CIRCLE
    assert sum(found["histogram"]) == found["ties"] == 2 * found["pairs"]
    assert [p["part"] for p in found["parts"]] == list(PARTS)
    assert all(sum(p["histogram"]) == found["ties"] for p in found["parts"])
    kinds = {k["kind"]: k["pairs"] for k in found["kinds"]}
    assert (len(kinds), kinds["open"], kinds["chat"]) == (len(KINDS), 1, found["pairs"] - 1)
    assert found["weights"]["learned"] is False
    assert found["left_out"] == {"living": 12, "granted": 12, "refused": 0, "no_receipt": 0, "internal": 0}


def test_the_circles_are_communities_and_whoever_joins_them_is_a_bridge(shop: Caller) -> None:
    found = shop.get("/api/graph/communities")
    assert [c["people"] for c in found["items"]] == [CIRCLE, CIRCLE]
    assert all(0.9 < c["inside"] < 1 for c in found["items"])
    assert {b["user_id"] for b in shop.get("/api/graph/bridges")["items"]} == {"a0", "b0"}
    users = shop.http.get(
        "/api/users", params={"people": '{"kind": "community", "number": 0}'}, headers=shop.headers
    ).json()
    assert users["people"]["count"] == CIRCLE


def test_an_audience_says_through_whom_and_is_a_query_of_people(shop: Caller) -> None:
    ask = {"audience": "fof", "user_id": "b0", "size": 3}
    found = shop.post("/api/graph/audience", ask)
    assert found["asked"] == 1
    assert found["size"] == 3 <= found["reachable"]
    assert {i["user_id"][0] for i in found["items"]} == {"a"}
    assert {i["through"] for i in found["items"]} == {"a0"}
    scores = [i["score"] for i in found["items"]]
    assert scores == sorted(scores, reverse=True)
    near = shop.post("/api/graph/audience", {"audience": "strong", "people": found["query"], "size": 100})
    assert near["asked"] == 3
    for wrong, code in (
        ({"audience": "weak"}, "bad_audience"), ({"audience": "weak", "user_id": "nobody"}, "bad_people"),
        ({"audience": "best", "user_id": "a0"}, "bad_request"), ({"audience": "weak", "user_id": "a0", "size": 0}, "bad_request"),
        ({"audience": "weak", "people": {"kind": "none"}}, "bad_people"),
    ):  # fmt: skip
        assert shop.post("/api/graph/audience", wrong)["error"]["code"] == code


def test_a_neighbourhood_has_reasons_that_add_up(shop: Caller) -> None:
    found = shop.get("/api/graph/ego/a0?nodes=100&steps=2")
    assert found["nodes"][0] == {
        "person_no": found["nodes"][0]["person_no"],
        "user_id": "a0",
        "distance": 0,
        "community": found["nodes"][0]["community"],
    }
    assert {n["distance"] for n in found["nodes"]} == {0, 1, 2}
    weights = shop.get("/api/graph")["weights"]
    for tie in found["ties"]:
        z = weights["bias"] + sum(r["adds"] for r in tie["reasons"])
        assert tie["strength"] == pytest.approx(1 / (1 + np.exp(-z)), abs=2e-3)
    few = shop.get("/api/graph/ego/a0?nodes=3")
    assert len(few["nodes"]) == 3
    assert few["left"] == few["neighbours"] - 2
    assert shop.get("/api/graph/ego/nobody")["error"]["code"] == "no_such_user"

"""What builders are offered over HTTP: events and properties, and never who somebody is."""

from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.app.http import make_api
from weaktie.data.tracking import service as tracking
from weaktie.data.tracking.contracts import Plan, PlannedEvent, Property, Text

MINUTE = 60_000_000


def test_builders_are_offered_what_was_seen_and_nobodys_identifier(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        colours: dict[str, Any] = {
            "colour": "red",
            "weight": 1.5,
            "gift": True,
            "user_note": "secret",
            "friend": "u2",
        }
        put(
            wt,
            *(
                track(n, "u1", at_us=START_US - n * MINUTE, properties=colours | {"product_id": f"p{n}"})
                for n in range(3)
            ),
            track(
                7, "u2", event="Search Performed", at_us=START_US - MINUTE, properties={"query": "no 1234567"}
            ),
        )
        bring_in(wt)
        label = Property("colour", label=Text("颜色", "Colour"))
        planned = Plan(
            events=(PlannedEvent("Product Viewed", Text("浏览商品", "View"), properties=(label,)),)
        )
        with wt.database.begin() as tx:
            tracking.save(tx, wt.clock, planned, base_version=0, actor="test", note="")
        key = wt.create_key("read", "test", source_id=None, actor="test")
        with TestClient(make_api(wt)) as http:

            def get(path: str) -> list[dict[str, Any]]:
                items: list[dict[str, Any]] = http.get(
                    path, headers={"Authorization": f"Bearer {key}"}
                ).json()["items"]
                return items

            events = {e["event"]: e for e in get("/api/behaviour/events")}
            assert events["Product Viewed"]["count"] == 3
            assert events["Product Viewed"]["words"] == {"zh": "浏览商品", "en": "View"}
            assert events["Search Performed"]["words"]["en"] == "Search Performed"
            found = {p["property"]: p for p in get("/api/behaviour/properties?event=Product Viewed")}
            assert found["colour"] == {
                "property": "colour", "words": {"zh": "颜色", "en": "Colour"}, "type": "text", "values": ["red"],
            }  # fmt: skip
            assert (found["weight"]["type"], found["gift"]["type"]) == ("number", "boolean")
            assert found["product_id"]["values"] == ["p0", "p1", "p2"]
            assert found["user_note"]["values"] == [], "its name says that it may name somebody"
            assert found["friend"]["values"] == [], "the value is somebody's identifier"
            assert "properties" not in found
            searched = {p["property"]: p for p in get("/api/behaviour/properties?event=Search Performed")}
            assert searched["query"]["values"] == [], "it looks like a number of somebody"
            assert get("/api/behaviour/properties?event=Nothing")[0]["values"] == []

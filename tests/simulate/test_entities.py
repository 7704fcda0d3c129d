"""The files to import and the files to grade against."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from tests.simulate.conftest import SPEC, Market
from weaktie.simulate.contracts import ENTITY_KINDS
from weaktie.simulate.service import write_entities, write_truth


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_files_are_the_same_every_time(tmp_path: Path) -> None:
    one = write_entities(SPEC, tmp_path / "a") | write_truth(SPEC, tmp_path / "a")
    two = write_entities(SPEC, tmp_path / "b") | write_truth(SPEC, tmp_path / "b")
    assert set(one) == {*ENTITY_KINDS, "truth", "ties", "channel_costs"}
    for kind, path in one.items():
        assert path.read_bytes() == two[kind].read_bytes()


def test_entities_refer_to_each_other(tmp_path: Path, market: Market) -> None:
    files = write_entities(SPEC, tmp_path)
    products, contents, users, relations = (lines(files[kind]) for kind in ENTITY_KINDS)
    product_ids = {p["product_id"] for p in products}
    user_ids = {u["user_id"] for u in users}
    assert (
        (len(products), len(contents), len(users))
        == (600, 800, SPEC.users)
        == (
            len(product_ids),
            len({c["content_id"] for c in contents}),
            len(user_ids),
        )
    )
    assert all(set(c["product_ids"]) <= product_ids and c["creator_id"] in user_ids for c in contents)
    assert all({r["src_user_id"], r["dst_user_id"]} <= user_ids for r in relations)
    # How close people are is the truth's: a shop knows only that they know each other.
    assert all(r["weight"] == 1 and r["src_user_id"] != r["dst_user_id"] for r in relations)
    assert set(Counter(r["kind"] for r in relations)) == {"friend", "follow", "group", "invite"}
    pairs = Counter((r["kind"], r["src_user_id"], r["dst_user_id"]) for r in relations)
    assert set(pairs.values()) == {1}
    phones = [u["phone"] for u in users if "phone" in u]
    assert len(set(phones)) == len(phones) > SPEC.users / 3
    met = {e["properties"].get("product_id") for e in market.segment if e["type"] == "track"} - {None}
    assert met <= product_ids


def test_strong_ties_lie_inside_circles(tmp_path: Path, market: Market) -> None:
    circle = {t.user_id: t.community for t in market.truth}
    friends = lines(write_truth(SPEC, tmp_path)["ties"])
    near = [r["strength"] for r in friends if circle[r["src_user_id"]] == circle[r["dst_user_id"]]]
    far = [r["strength"] for r in friends if circle[r["src_user_id"]] != circle[r["dst_user_id"]]]
    assert len(near) > len(far) > 50
    assert sum(near) / len(near) > 2 * sum(far) / len(far)


def test_costs_count_every_registration_of_the_window(tmp_path: Path, market: Market) -> None:
    costs = lines(write_truth(SPEC, tmp_path)["channel_costs"])
    signed_up = sum(e.get("event") in ("Signed Up", "SignedUp") for e in [*market.segment, *market.sensors])
    assert sum(row["registrations"] for row in costs) == signed_up
    assert all(
        (float(row["cost"]) > 0) == (row["registrations"] > 0) for row in costs if row["channel"] != "organic"
    )
    assert len(costs) == SPEC.days * 7

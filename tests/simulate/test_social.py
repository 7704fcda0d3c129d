"""What people do with each other follows how close they are; farms and their honest neighbours are as the truth says."""

from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

import numpy as np

from tests.simulate.conftest import SPEC, Market
from tests.simulate.test_market import at_us, everything, name_of, user_of
from weaktie.simulate.rings import FARM_SIZES, sizes_of
from weaktie.simulate.service import generate, new_buyers, sign_ups, true_ties
from weaktie.simulate.world import world_of

DEALINGS = {"Message Sent", "Gift Sent", "Content Liked", "Content Commented"}


def between(market: Market) -> list[tuple[str, str, dict[str, Any]]]:
    """Dealings of two people: who, with whom, the event."""
    found = []
    for event in everything(market):
        other = (event.get("properties") or {}).get("to_user_id")
        if other is not None:
            found.append((str(user_of(event)), str(other), event))
    return found


def test_dealings_follow_how_close_people_are(market: Market) -> None:
    strength = {(t.src_user_id, t.dst_user_id): t.strength for t in true_ties(SPEC)}
    dealt = between(market)
    assert {name_of(e) for *_, e in dealt} == DEALINGS
    assert all((a, b) in strength for a, b, _ in dealt)
    met = np.mean([strength[pair] for pair in {(a, b) for a, b, _ in dealt}])
    assert met > 1.15 * np.mean(list(strength.values()))
    said = [
        (strength[a, b], e["properties"]["messages"]) for a, b, e in dealt if name_of(e) == "Message Sent"
    ]
    near = [n for s, n in said if s > 0.6]
    far = [n for s, n in said if s < 0.3]
    assert np.mean(near) > 1.5 * np.mean(far)


def test_the_close_answer_more_often(market: Market) -> None:
    strength = {(t.src_user_id, t.dst_user_id): t.strength for t in true_ties(SPEC)}
    asked = Counter((a, b) for a, b, e in between(market) if name_of(e) == "Message Sent")
    both = [strength[p] for p in asked if (p[1], p[0]) in asked]
    one = [strength[p] for p in asked if (p[1], p[0]) not in asked]
    assert np.mean(both) > np.mean(one)


def test_a_group_is_joined_after_it_was_opened(market: Market) -> None:
    opened = {e["properties"]["group_id"]: e for e in everything(market) if name_of(e) == "Group Buy Opened"}
    joined = [e for e in everything(market) if name_of(e) == "Group Buy Joined"]
    assert joined
    for event in joined:
        first = opened[event["properties"]["group_id"]]
        assert at_us(first) < at_us(event)
        assert event["properties"]["inviter_id"] == user_of(first) != user_of(event)
        assert event["properties"]["product_id"] == first["properties"]["product_id"]


def test_shares_to_one_friend_name_a_listener(market: Market) -> None:
    world = world_of(SPEC)
    shares = [
        e["properties"].get("recipient_id") for e in everything(market) if name_of(e) == "Product Shared"
    ]
    named = [one for one in shares if one]
    assert 0.2 * len(shares) < len(named) < 0.8 * len(shares)
    together = [e for e in everything(market) if "co_buyer_id" in (e.get("properties") or {})]
    assert together
    assert {name_of(e) for e in together} == {"Order Completed"}
    assert world.ties.reach_rise[-1] > 0


def test_a_more_talkative_market_has_more_dealings_and_the_same_people(market: Market) -> None:
    louder = replace(SPEC, talk=3.0)
    events = sum(day.events for day in generate(louder))
    quiet = len(everything(market))
    assert 0.03 * quiet < events - quiet < 0.25 * quiet
    assert [t.strength for t in true_ties(louder)] == [t.strength for t in true_ties(SPEC)]


def test_dealings_are_few_beside_all_that_people_do(market: Market) -> None:
    new = [e for e in everything(market) if name_of(e) in DEALINGS - {"Content Liked", "Content Commented"}]
    new += [e for e in everything(market) if name_of(e).startswith("Group Buy")]
    assert len(new) < 0.05 * len(everything(market))


def test_farms_share_things_and_pace_and_the_honest_do_not(market: Market) -> None:
    truth = {t.user_id: t for t in market.truth if t.user_id}
    known = list(sign_ups(SPEC))
    assert [s.registered_us for s in known] == sorted(s.registered_us for s in known)
    farms = defaultdict(list)
    for one in known:
        if truth[one.user_id].farm is not None:
            farms[truth[one.user_id].farm].append(one)
    assert sorted(len(f) for f in farms.values()) == sorted(sizes_of(int(SPEC.users * 0.02)))
    for members in farms.values():
        assert len({m.device for m in members}) < len(members)
        assert len({m.inviter_id for m in members if m.inviter_id}) == 1
        gaps = np.diff([m.registered_us for m in members[1:]])
        assert gaps.std() < 0.6 * gaps.mean()
    honest = [s for s in known if truth[s.user_id].farm is None]
    assert len({s.payout for s in honest}) == len(honest)
    assert len({s.address for s in honest}) < len(honest)
    assert all(s.address.split(".")[0] >= "240" for s in known)
    campus = [s.address for s in honest if truth[s.user_id].campus is not None]
    assert len(campus) > 10 * len(set(campus))


def test_farms_of_every_size_in_a_large_market() -> None:
    sizes = sizes_of(2_000)
    assert sum(sizes) == 2_000
    assert set(FARM_SIZES) <= set(sizes)
    assert sizes_of(4) == []


def test_farm_accounts_order_once_at_their_pace(market: Market) -> None:
    truth = {t.user_id: t for t in market.truth if t.user_id}
    orders = [e for e in everything(market) if name_of(e) == "Order Completed"]
    made_up = Counter(user_of(e) for e in orders if truth[user_of(e) or ""].farm is not None)
    members = [u for u, t in truth.items() if t.farm is not None and t.inviter is not None]
    assert set(members) <= set(made_up)


def test_who_buys_is_decided_by_the_truth_alone() -> None:
    people = list(range(100, 500))
    first = new_buyers(SPEC, 7, 3, people, seed=1)
    assert (first == new_buyers(SPEC, 7, 3, people, seed=1)).all()
    drawn = np.mean([new_buyers(SPEC, 7, 3, people, seed=n) for n in range(40)], axis=0)
    moved = world_of(SPEC).folk.susceptibility[people]
    assert np.corrcoef(drawn, moved)[0, 1] > 0.2

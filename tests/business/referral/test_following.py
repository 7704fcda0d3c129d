"""A campaign that listens to events: a shop that sends its events alone, people who cheat, and files that are read twice."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.suites.homes import bring_in, put, track
from tests.suites.referral_shops import Shop, open_shop
from weaktie.business.referral.following import CONSUMER, Follower
from weaktie.kit.clock import DAY_US
from weaktie.store.database.tables import consumer_offsets


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("following")) as opened:
        yield opened


def test_events_alone_run_a_campaign_and_reading_them_again_changes_nothing(shop: Shop) -> None:
    follower = Follower(shop.referral, shop.wt.lake, shop.wt.engine)
    assert follower.run() == {}, "nothing runs"

    def said(number: int, user: str, event: str, **properties: Any) -> dict[str, Any]:
        shop.clock.move(30)
        return track(number, user, event=event, at_us=shop.clock.now_us(), properties=properties)

    order = {"order_id": "E1", "total": 99, "currency": "CNY", "products": [{"product_id": "p", "price": 99}]}
    before = said(1, "ann", "Invite Sent", invitee_id="early", invite_id="i0")
    old = said(2, "old", "Product Viewed")
    put(shop.wt, before, old)
    bring_in(shop.wt)
    shop.clock.move(2 * DAY_US / 1e6)
    campaign = shop.launched(from_events=True)
    events = [
        said(3, "ann", "Invite Sent", invitee_id="bob", invite_id="i1"),
        said(4, "bob", "Invite Accepted", inviter_id="ann", invite_id="i1"),
        said(5, "bob", "Order Completed", **order),
        said(6, "cem", "Invite Accepted", inviter_id="bob"),
        said(7, "ann", "Invite Accepted", inviter_id="bob"),
        said(8, "old", "Invite Accepted", inviter_id="ann"),
        said(9, "zoe", "Order Completed", **(order | {"order_id": "E2"})),
    ]
    put(shop.wt, *events)
    bring_in(shop.wt)
    met = follower.run()
    assert met == {"sent": 1, "registered": 2, "counted": 1, "cycle": 1, "existing_user": 1, "not_invited": 1}
    assert follower.run() == {}
    mine = shop.status(campaign, "ann")["rewards"]
    assert [(r["kind"], r["state"]) for r in mine] == [("inviter", "pending")]
    figures = shop.console("GET", f"/campaigns/{campaign}/figures")
    assert (figures["registered"], figures["ordered"]) == (2, 1)
    with shop.database.begin() as tx:
        tx.execute(consumer_offsets.delete().where(consumer_offsets.c.consumer == CONSUMER))
    again = follower.run()
    assert again.keys() <= {"sent_before", "known", "counted", "not_invited"}, again
    assert shop.status(campaign, "ann")["rewards"] == mine
    put(shop.wt, said(10, "bob", "Order Refunded", order_id="E1"))
    bring_in(shop.wt)
    assert follower.run() == {"refunded": 1}
    assert [r["state"] for r in shop.status(campaign, "ann")["rewards"]] == ["voided"]

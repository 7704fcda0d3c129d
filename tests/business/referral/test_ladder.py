"""Orders, refunds and days in any order, against a plain model of the ladder: what an inviter has and is to get, to the cent."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.suites.referral_shops import Shop, open_shop
from weaktie.business.referral.contracts import Signals
from weaktie.business.referral.invariants import broken
from weaktie.kit.clock import DAY_US

STEP, AT, BONUS, MOST, WAIT_DAYS = 5_000, 3, 5_000, 20_000, 14


@dataclass
class Model:
    """Friends with a live reward by order of time: amount and due day; the bonus, and what was paid."""

    friends: dict[str, tuple[int, float]] = field(default_factory=dict)
    bonus: tuple[int, float] | None = None
    paid: set[str] = field(default_factory=set)
    bonus_paid: bool = False

    def live(self) -> int:
        return sum(a for a, _ in self.friends.values()) + (self.bonus[0] if self.bonus else 0)

    def true_up(self, due: float) -> None:
        if len(self.friends) >= AT and self.bonus is None:
            room = min(BONUS, MOST - self.live())
            self.bonus = (room, due) if room > 0 else None
        elif len(self.friends) < AT:
            self.bonus, self.bonus_paid = None, False

    def order(self, friend: str, day: float) -> None:
        room = min(STEP, MOST - self.live())
        if room > 0:
            self.friends[friend] = (room, day + WAIT_DAYS)
        self.true_up(day + WAIT_DAYS)

    def refund(self, friend: str, day: float) -> None:
        self.friends.pop(friend, None)
        self.paid.discard(friend)
        self.true_up(day)

    def tick(self, day: float) -> None:
        self.paid |= {f for f, (_, due) in self.friends.items() if due <= day}
        if self.bonus and self.bonus[1] <= day and len(self.paid) >= AT:
            self.bonus_paid = True

    def owned(self) -> int:
        return sum(self.friends[f][0] for f in self.paid) + (
            self.bonus[0] if self.bonus and self.bonus_paid else 0
        )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("ladder")) as opened:
        yield opened


@pytest.mark.parametrize("seed", range(3))
def test_the_ladder_is_what_a_plain_model_says(shop: Shop, seed: int) -> None:
    shop.clear()
    chance, model, day, number = random.Random(seed), Model(), 0.0, 0
    campaign = shop.launched(daily_invitations=50, last_day="2027-08-01", order_within_days=300)
    part = shop.referral
    ann = part.enrolled("user", "ann", "default")
    ordered: list[str] = []
    for _ in range(25):
        what = chance.choice(["order", "order", "order", "refund", "day", "days"])
        if what == "order":
            number += 1
            friend = f"f{seed}-{number}"
            code = part.send(campaign, ann, "wechat").invitation.code
            who = part.enrolled("user", friend, "default")
            part.register(who, anonymous=None, code=code, signals=Signals())
            shop.clock.move(1)
            now_us = shop.clock.now_us()
            assert part.ordered(
                who, f"o-{friend}", amount_minor=9_900, currency="CNY", paid_us=now_us
            ).counted
            model.order(friend, day)
            ordered.append(friend)
        elif what == "refund" and ordered:
            friend = ordered.pop(chance.randrange(len(ordered)))
            with shop.database.begin() as tx:
                part.paying.refunded(tx, f"o-{friend}")
            model.refund(friend, day)
        else:
            passed = 1.0 if what == "day" else 8.0
            day += passed
            shop.clock.move(passed * DAY_US / 1e6)
            part.tick()
            model.tick(day)
        with shop.database.connect() as connection:
            progress = part.progress(connection, campaign, ann)
            assert broken(connection) == {}
            assert shop.ledger.total(connection) == 0
        assert (progress.paid_minor, progress.paid_minor + progress.waiting_minor) == (
            model.owned(),
            model.live(),
        ), what
        assert shop.purse("ann") == model.owned()

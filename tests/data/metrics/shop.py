"""A small random shop with what happened in it, so that tests can count by hand."""

import random
from dataclasses import dataclass, field
from typing import Any

from tests.suites.homes import START_US, bring_in, put, track
from weaktie.app.wiring import App
from weaktie.kit.clock import DAY_US, business_day

DAYS = 75
CHANNELS = {"douyin": "dy", "wechat": "wx"}


@dataclass
class Told:
    """What was sent: (person, day, event, channel) and orders (id, person, day, net minor, gross minor)."""

    today: int
    events: list[tuple[str, int, str]] = field(default_factory=list)
    orders: list[tuple[str, str, int, int, int]] = field(default_factory=list)

    def active(self, first: int, last: int, *names: str) -> set[str]:
        """Who did one of these (any, where none is named) on these days."""
        return {p for p, day, name in self.events if first <= day <= last and (not names or name in names)}

    def first_day(self, person: str) -> int:
        """The day of the first sign."""
        return min(day for p, day, _ in self.events if p == person)

    def people(self) -> set[str]:
        return {p for p, _, _ in self.events}

    def bought(self, first: int, last: int) -> list[tuple[str, int]]:
        """(person, net) of completed orders of these days."""
        return [(p, net) for _, p, day, net, _ in self.orders if first <= day <= last and net > 0]


def fill(wt: App, seed: int, people: int = 25) -> Told:
    """Send a random history of `DAYS` days up to today and bring it in."""
    rng = random.Random(seed)
    told = Told(business_day(START_US, wt.settings.zone))
    calls: list[dict[str, Any]] = []
    number = 0
    names = ("Product Viewed", "Content Viewed", "Content Clicked", "Content Liked", "Invite Sent")
    for who in range(people):
        person = f"u{who}"
        came = rng.randrange(DAYS)
        for _ in range(rng.randrange(1, 14)):
            ago = rng.randrange(came + 1)
            day, at_us = told.today - ago, START_US - ago * DAY_US - rng.randrange(3_600) * 1_000_000
            number += 1
            name = rng.choice(names)
            told.events.append((person, day, name))
            calls.append(track(f"e{number}", person, event=name, at_us=at_us))
        for _ in range(rng.choice((0, 0, 1, 2, 4))):
            ago = rng.randrange(came + 1)
            day, at_us = told.today - ago, START_US - ago * DAY_US - rng.randrange(3_600) * 1_000_000
            number += 1
            gross, back = rng.randrange(1_000, 90_000), rng.random() < 0.2
            order = {"order_id": f"o{number}", "total": gross / 100, "currency": "CNY", "products": []}
            told.events.append((person, day, "Order Completed"))
            calls.append(track(f"e{number}", person, event="Order Completed", at_us=at_us, properties=order))
            if back:
                told.events.append((person, day, "Order Refunded"))
                calls.append(
                    track(
                        f"r{number}",
                        person,
                        event="Order Refunded",
                        at_us=at_us + 1_000_000,
                        properties=order,
                    )
                )
            told.orders.append((f"o{number}", person, day, 0 if back else gross, gross))
    for start in range(0, len(calls), 200):
        put(wt, *calls[start : start + 200])
    bring_in(wt)
    return told

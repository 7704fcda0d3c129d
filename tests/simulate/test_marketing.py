"""What the market's staff would keep in tables agrees with the market's truth."""

import csv
import io
from collections import Counter

from weaktie.simulate.contracts import MarketSpec
from weaktie.simulate.service import marketing, truths

SPEC = MarketSpec(users=400, days=30, end_us=1_790_000_000_000_000)


def test_costs_and_members_follow_from_the_truth() -> None:
    given = marketing(SPEC)
    assert given == marketing(SPEC), "equal specs give equal tables"
    costs = list(csv.DictReader(io.StringIO(given.costs)))
    assert len(costs) == SPEC.days * len(given.paid)
    assert {row["channel"] for row in costs} == {channel for channel, _ in given.paid}
    start = min(row["date"] for row in costs)
    everybody = list(truths(SPEC))
    brought = Counter(
        t.channel
        for t in everybody
        if t.join_us is not None and t.join_us >= (SPEC.end_us - 29 * 86_400_000_000)
    )
    assert sum(float(row["cost"]) for row in costs if row["date"] > start) > 0
    assert set(given.free) == {"organic"} and brought["organic"] > 0
    members = list(csv.DictReader(io.StringIO(given.members)))
    truth = {t.user_id: t for t in everybody}
    assert 40 < len(members) < 200
    for row in members:
        person = truth[row["user_id"]]
        assert person.private_domain == row["channel"]
        assert not row["left"] or row["left"] > row["joined"]

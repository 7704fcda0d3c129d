"""Everything about a market that does not change from day to day, made once from its spec."""

from dataclasses import dataclass
from functools import lru_cache

from weaktie.simulate.catalogue import Catalogue, catalogue
from weaktie.simulate.channels import CHANNELS
from weaktie.simulate.contracts import MarketSpec, Truth
from weaktie.simulate.devices import Devices, devices
from weaktie.simulate.population import People, people
from weaktie.simulate.rings import Farms, Neighbours, farms, neighbours
from weaktie.simulate.social import Social, reach, social
from weaktie.simulate.ties import Invitations, Ties, invitations, ties
from weaktie.simulate.timeline import F64, I32, NEVER_MS, Timeline, timeline


@dataclass(frozen=True, slots=True)
class World:
    """The market at rest."""

    spec: MarketSpec
    line: Timeline
    folk: People
    shelf: Catalogue
    devices: Devices
    ties: Ties
    invitations: Invitations
    farms: Farms
    neighbours: Neighbours
    social: Social
    reach: F64

    def user_id(self, person: int) -> str:
        """The id under which the shop knows the person."""
        assert 0 <= person < self.folk.registered, "visitors have no user id"
        return f"u{100_001 + person}"

    def truth(self, person: int) -> Truth:
        """What is really so about one person."""
        folk = self.folk
        member = person < folk.registered
        owned = (int(self.devices.first[person]), int(self.devices.second[person]))
        return Truth(
            person=person,
            user_id=self.user_id(person) if member else None,
            taste=tuple(round(float(t), 6) for t in folk.taste[person]),
            sessions_per_day=round(float(folk.rate[person]), 6),
            join_us=int(folk.join_ms[person]) * 1000 if member else None,
            churn_us=int(folk.churn_ms[person]) * 1000 if folk.churn_ms[person] < NEVER_MS else None,
            price_sensitivity=round(float(folk.sensitivity[person]), 6),
            buy_propensity=round(float(folk.buy[person]), 6),
            influence=round(float(folk.influence[person]), 6),
            channel=CHANNELS[int(folk.channel[person])].key,
            private_domain=CHANNELS[int(folk.private[person])].key if folk.private[person] >= 0 else None,
            community=int(folk.community[person]),
            inviter=self.user_id(int(folk.inviter[person])) if folk.inviter[person] >= 0 else None,
            devices=tuple(self.devices.anonymous_id[d] for d in owned if d >= 0),
            susceptibility=round(float(folk.susceptibility[person]), 6),
            reach=round(float(self.reach[person]), 6),
            farm=int(folk.farm[person]) if folk.farm[person] >= 0 else None,
            campus=_or_none(self.neighbours.campus, person),
            household=_or_none(self.neighbours.household, person),
        )


def _or_none(numbers: I32, person: int) -> int | None:
    return int(numbers[person]) if person < len(numbers) and numbers[person] >= 0 else None


@lru_cache(maxsize=2)
def world_of(spec: MarketSpec) -> World:
    """The world of a spec; the last two are kept, because a demo asks for the same one several times."""
    assert spec.end_us > 0, "the market ends after 1970"
    line = timeline(spec)
    planted = farms(spec, line)
    folk = people(spec, line, planted)
    held = devices(spec, folk)
    near = neighbours(spec, planted, folk.community, held.first)
    held.first[: spec.users] = near.device
    known = ties(spec, line, folk)
    pairs = social(spec, folk, known)
    return World(
        spec=spec,
        line=line,
        folk=folk,
        shelf=catalogue(spec, line, len(folk.creators)),
        devices=held,
        ties=known,
        invitations=invitations(spec, line, folk),
        farms=planted,
        neighbours=near,
        social=pairs,
        reach=reach(folk, pairs),
    )

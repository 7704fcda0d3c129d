"""What a simulated market is asked for, what it hands out, and the truth it knows about its people."""

from dataclasses import dataclass
from typing import Literal

LIBRARY = "weaktie-simulate"
EntityKind = Literal["products", "contents", "users", "relations"]
ENTITY_KINDS: tuple[EntityKind, ...] = ("products", "contents", "users", "relations")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSpec:
    """Everything that decides a market: equal specs give equal bytes.

    `users` registered people (visitors who never register come on top), `days` business days of `timezone`
    that end with the one holding `end_us`, nothing happens after `end_us` (microseconds UTC). `talk` scales how much
    people deal with each other.
    """

    end_us: int
    users: int = 20_000
    seed: int = 1
    days: int = 90
    timezone: str = "Asia/Shanghai"
    currency: str = "CNY"
    talk: float = 1.0

    def __post_init__(self) -> None:
        assert self.users >= 20, "a market needs at least 20 users"
        assert self.days >= 2, "a market needs at least 2 days"
        assert self.seed >= 0, "a seed is not negative"


@dataclass(frozen=True, slots=True)
class Truth:
    """What nobody outside the simulation can see of one person.

    `farm` numbers the invitation farm of a made-up account, `campus` and `household` those who share an address
    honestly; `susceptibility` (0–1) is how easily others' words move the person, `reach` how many one word of the person
    is expected to move. `taste` sums to 1 over the categories of the catalogue, in its order; `sessions_per_day` while the person
    is alive, before rhythm and decay; `churn_us` None where the person outlives the market;
    `price_sensitivity` 0–1; `influence` has mean about 1; `inviter` the user id of whoever brought the person
    in.
    """

    person: int
    user_id: str | None
    taste: tuple[float, ...]
    sessions_per_day: float
    join_us: int | None
    churn_us: int | None
    price_sensitivity: float
    buy_propensity: float
    influence: float
    channel: str
    private_domain: str | None
    community: int
    inviter: str | None
    devices: tuple[str, ...]
    susceptibility: float
    reach: float
    farm: int | None
    campus: int | None
    household: int | None


@dataclass(frozen=True, slots=True)
class TrueTie:
    """How close `src` really feels to `dst`, 0–1. Nobody outside the simulation can see it."""

    src_user_id: str
    dst_user_id: str
    strength: float


@dataclass(frozen=True, slots=True)
class SignUp:
    """What the shop's server knows of one registration, as it would tell the product. `device`, `address`, `payout` are
    plainly invented; a farm's accounts share them."""

    user_id: str
    registered_us: int
    inviter_id: str | None
    invited_us: int | None
    device: str
    address: str
    payout: str


@dataclass(frozen=True, slots=True)
class DayBatch:
    """The events of one business day in time order, each one JSON object in UTF-8.

    `day` counts from 1970-01-01 in the market's zone. `segment` goes to `/v1/batch`, `sensors` to `/sa`.
    """

    day: int
    segment: tuple[bytes, ...]
    sensors: tuple[bytes, ...]

    @property
    def events(self) -> int:
        """How many events of both protocols the day holds."""
        return len(self.segment) + len(self.sensors)


@dataclass(frozen=True, slots=True)
class SentReport:
    """What was sent and acknowledged with status 200."""

    segment_events: int = 0
    sensors_events: int = 0
    batches: int = 0
    body_bytes: int = 0
    retries: int = 0
    seconds: float = 0.0

    @property
    def events(self) -> int:
        """Acknowledged events of both protocols."""
        return self.segment_events + self.sensors_events


@dataclass(frozen=True, slots=True)
class Marketing:
    """What staff would enter by hand: CSV of costs and of members, (channel, code) of paid channels, and free channels."""

    costs: str
    members: str
    paid: tuple[tuple[str, str], ...]
    free: tuple[str, ...]

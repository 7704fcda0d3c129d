"""A relay: where a source's requests go besides here, and what became of each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from weaktie.data.identity.contracts import Identifier
from weaktie.kit.errors import NotFound, Refused
from weaktie.kit.words import Words

KINDS: dict[str, Words] = {
    "segment": Words("Segment / RudderStack", "Segment / RudderStack"),
    "sensors": Words("神策", "Sensors Analytics (神策)"),
    "posthog": Words("PostHog", "PostHog"),
}
"""What the old address speaks: a request goes only to an address of the protocol it came in."""

DELIVERED = "delivered"
OUTCOMES: dict[str, Words] = {
    DELIVERED: Words("对方已接收", "taken by the other side"),
    "vendor_refused": Words("对方拒收", "refused by the other side"),
    "too_late": Words("超过最长等待，未上报", "waited longer than the limit"),
    "switched_off": Words("上报已关闭", "the relay was switched off"),
    "consent": Words("用户或来源不允许", "not allowed by the person or the source"),
    "other_protocol": Words("协议与对方地址不同", "another protocol than the address speaks"),
    "log_damaged": Words("日志记录损坏", "the log's record is damaged"),
}
"""What can become of an event; every accepted one has exactly one of these."""
UNREADABLE = ""
"""The name under which events are counted that could not be read and became dead letters here."""


class NoRelay(NotFound):
    """There is no such relay."""

    def __init__(self) -> None:
        super().__init__("no_relay", Words("没有这个上报。", "There is no such relay."), place="relay_id")


class BadRelay(Refused):
    """The relay cannot be set up like that; `place` names the field."""


@dataclass(frozen=True, slots=True)
class RelaySpec:
    """What a person sets up. `key` is the old system's own key or token (None keeps the present one), `purposes` the bits that
    events must be allowed to serve, `max_lag_s` how long a request waits for a side that does not answer."""

    source_id: str
    kind: str
    url: str
    key: str | None
    purposes: int = 1
    max_lag_s: int = 3 * 86_400
    threshold: float = 0.02
    connections: int = 8


@dataclass(frozen=True, slots=True)
class Relay:
    """A relay as it stands; the key is sealed and is not part of it. `failing_us` is since when nothing gets through."""

    relay_id: str
    source_id: str
    kind: str
    url: str
    has_key: bool
    purposes: int
    max_lag_s: int
    threshold: float
    connections: int
    enabled: bool
    since_us: int
    last_ok_us: int | None
    failing_us: int | None
    next_try_us: int | None
    error: Words | None


@dataclass(frozen=True, slots=True)
class Health:
    """How a relay is doing: requests that wait (counted up to ten thousand), the oldest's age, events by outcome."""

    waiting: int
    oldest_s: float
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ParityRow:
    """One event of one business day. `ours` is in the lake, `delivered` was taken by the other side, `lost` is what was not
    relayed by reason, `not_stored` what was relayed or held back and is not in the lake (copies, erased people), `vendor`
    what the other system counts, where somebody said so."""

    day: int
    event: str
    ours: int
    delivered: int
    lost: Mapping[str, int]
    not_stored: int
    vendor: int | None

    @property
    def difference(self) -> float | None:
        """(vendor - ours) / ours; None where the vendor's number is not known or ours is nothing and theirs is not."""
        if self.vendor is None or (self.ours == 0 and self.vendor != 0):
            return None
        return (self.vendor - self.ours) / self.ours if self.ours else 0.0


@dataclass(frozen=True, slots=True)
class Parity:
    """All rows of some days. `lake_behind` is true while the lake has not read as far as the relay: ours is then too low."""

    rows: Sequence[ParityRow]
    lake_behind: bool


class Permits(Protocol):
    """Whether a person refuses purposes now; answers from memory, at most a minute old."""

    def refuses(self, identifiers: Sequence[Identifier], purposes: int) -> bool:
        """True where anybody of these is erased, blocked, or refuses one of the purposes."""
        ...

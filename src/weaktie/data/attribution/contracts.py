"""A question about attribution, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from weaktie.data.behaviour.contracts import Days
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words

Model = Literal["first", "last", "linear", "position", "markov"]
MODELS: Mapping[Model, Words] = {
    "first": Words("首次触点", "First touch"),
    "last": Words("末次触点", "Last touch"),
    "linear": Words("线性", "Linear"),
    "position": Words("位置（40/20/40）", "Position (40/20/40)"),
    "markov": Words("马尔可夫", "Markov"),
}
ORDER = "order"
"""The conversion that is a completed order; any other is the name of an event."""
NO_TOUCH = ""
"""The channel of conversions without a touchpoint in the look-back window."""
MOST_LOOKBACK_DAYS = 90
MOST_DAYS = 400


@dataclass(frozen=True, slots=True)
class Ask:
    """Conversions on these days, and the touchpoints at most `lookback_days` before each. `skip` are channels that are no
    touchpoints (organic, say, for the last channel that was paid for)."""

    days: Days
    conversion: str = ORDER
    lookback_days: int = 30
    segment: str = ""
    skip: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Credit:
    """What a model gives a channel: hundredths of conversions, and minor units by currency."""

    hundredths: int
    money: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel with its credit by model, the conversions that it touched at all, and by how many people."""

    channel: str
    words: Words
    credit: Mapping[Model, Credit]
    touched: int
    people: int


@dataclass(frozen=True, slots=True)
class Attribution:
    """The channels, the most credited by the linear model first; what all conversions come to; the most frequent ways,
    in which touches of one channel in a row stand once."""

    ask: Ask
    channels: list[Channel]
    conversions: int
    money: Mapping[str, int]
    without_touch: int
    mean_touches: float | None
    ways: list[tuple[tuple[str, ...], int]]


class BadAsk(Refused):
    """A question about attribution cannot be answered as it is."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_attribution", words, place=place)

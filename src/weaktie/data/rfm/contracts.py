"""What moves between classes, and who may be asked for."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from weaktie.kit.words import Words

I32 = npt.NDArray[np.int32]
NONE: Final = "none"
"""The class of people who had not bought yet."""
NONE_WORDS: Final = Words("尚未成交", "No order yet")
MOST_MONTHS: Final = 24
EMPTY: Final[I32] = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class Classed:
    """Buyers as of a day: `people` ascending; class, R, F, M of each by name; cut-offs by currency as lists."""

    day: int
    people: I32
    classes: list[str]
    levels: list[tuple[str, str, str]]
    cutoffs: dict[str, dict[str, list[int]]]


@dataclass(frozen=True, slots=True)
class Cell:
    """How many people went from one class to another (or stayed)."""

    origin: str
    target: str
    count: int


@dataclass(frozen=True, slots=True)
class Month:
    """Movement over one calendar month. `complete` is False for the month that still runs: its figures change."""

    month: str
    from_day: int
    to_day: int
    complete: bool
    cells: tuple[Cell, ...]

    def as_dict(self) -> dict[str, Any]:
        """The shape of the HTTP API."""
        return {
            "month": self.month, "from_day": self.from_day, "to_day": self.to_day, "complete": self.complete,
            "cells": [{"from": c.origin, "to": c.target, "count": c.count} for c in self.cells],
        }  # fmt: skip

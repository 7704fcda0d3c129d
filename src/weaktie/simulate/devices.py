"""Phones, browsers and mini-programs: which device belongs to whom and what it says about itself."""

from dataclasses import dataclass

import numpy as np

from weaktie.simulate.contracts import MarketSpec
from weaktie.simulate.population import People
from weaktie.simulate.timeline import I8, I32, B, stream

PLATFORMS = ("app", "web", "mini_program")
SYSTEMS = ("Android", "iOS", "HarmonyOS", "Windows")
WEB, MINI_PROGRAM = 1, 2
APP_VERSIONS = ("6.1.0", "6.2.0", "6.2.3", "6.3.0")
_STREAM = 3


@dataclass(frozen=True, slots=True)
class Devices:
    """One row a device. `first` and `second` give each person's devices (`second` -1 where there is one
    only).

    A few second devices are another person's first: two logins on one device.
    """

    anonymous_id: tuple[str, ...]
    platform: I8
    system: I8
    version: I8
    first: I32
    second: I32

    def is_mini_program(self) -> B:
        """Which devices speak the mini-program's protocol."""
        return np.asarray(self.platform == MINI_PROGRAM)


def devices(spec: MarketSpec, folk: People) -> Devices:
    """Everybody's devices: one in ten first ones is a mini-program, one person in six has two."""
    rng = stream(spec, _STREAM)
    count = len(folk)
    has_second = np.flatnonzero(rng.random(count) < 0.16)
    has_second = has_second[has_second < folk.registered]
    second = np.full(count, -1, np.int32)
    second[has_second] = count + np.arange(len(has_second))
    total = count + len(has_second)
    platform = rng.choice(3, total, p=(0.66, 0.24, 0.1)).astype(np.int8)
    system = np.where(platform == WEB, 3, rng.choice(3, total, p=(0.55, 0.33, 0.12)))
    # About one person in 100 signs in on somebody else's device, and does not take an own second one.
    guests = rng.permutation(folk.registered)[: max(folk.registered // 100, 1)]
    hosts = (guests + 1 + rng.integers(0, folk.registered - 1, len(guests))) % folk.registered
    second[guests] = hosts
    letters = rng.integers(0, 16, (total, 32))
    digits = np.array(list("0123456789abcdef"))[letters]
    ids = ["".join(row) for row in digits.tolist()]
    anonymous = tuple(
        f"oSIM{one[:24]}"
        if kind == MINI_PROGRAM
        else f"{one[:8]}-{one[8:12]}-{one[12:16]}-{one[16:20]}-{one[20:]}"
        for one, kind in zip(ids, platform.tolist(), strict=True)
    )
    return Devices(
        anonymous_id=anonymous,
        platform=platform,
        system=system.astype(np.int8),
        version=rng.choice(len(APP_VERSIONS), total, p=(0.1, 0.2, 0.3, 0.4)).astype(np.int8),
        first=np.arange(count, dtype=np.int32),
        second=second,
    )

"""Write keys in memory: new ones work at once, revoked ones stop, a database that is away stops nothing."""

import asyncio
import hashlib

import pytest

from weaktie.data.collect.contracts import Grant
from weaktie.data.collect.keys import KeyBook
from weaktie.kit.clock import FixedClock
from weaktie.kit.errors import Refused

GRANT = Grant("src", 15)


class Kept:
    """Where keys are kept; counts how often it is asked."""

    def __init__(self, *keys: str) -> None:
        self.keys = set(keys)
        self.looks = 0
        self.away = False

    def __call__(self) -> dict[str, Grant]:
        self.looks += 1
        if self.away:
            raise RuntimeError("the database is away")
        return {hashlib.sha256(key.encode()).hexdigest(): GRANT for key in self.keys}


def test_a_life_of_keys() -> None:
    kept, clock = Kept("a"), FixedClock()
    book = KeyBook(kept, clock, every_s=2)

    async def run() -> None:
        assert await book.find("a") == GRANT
        assert await book.find("b") is None
        assert kept.looks == 1, "strangers do not make it look each time"
        for _ in range(50):
            assert await book.find("a") == GRANT
        assert kept.looks == 1
        kept.keys.add("b")
        clock.move(1)
        assert await book.find("b") == GRANT, "a new key works at once"
        kept.keys.remove("a")
        clock.move(60)
        assert await book.find("a") is None, "a revoked key is out after a quiet minute at the first try"
        kept.away = True
        clock.move(3)
        assert await book.find("b") == GRANT, "the keys it knows go on while the database is away"

    asyncio.run(run())


def test_before_the_first_look_it_says_that_it_does_not_know() -> None:
    kept = Kept("a")
    kept.away = True
    with pytest.raises(Refused, match="keys_unavailable"):
        asyncio.run(KeyBook(kept, FixedClock()).find("a"))


def test_many_at_once_look_once() -> None:
    kept = Kept("a")

    async def run() -> list[Grant | None]:
        book = KeyBook(kept, FixedClock())
        return list(await asyncio.gather(*(book.find("a") for _ in range(40))))

    assert asyncio.run(run()) == [GRANT] * 40
    assert kept.looks == 1

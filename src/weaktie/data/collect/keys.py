"""Write keys in memory, refreshed from where they are kept, so that the door asks no database."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping

from weaktie.data.collect.contracts import Grant
from weaktie.data.collect.refusals import refuse
from weaktie.kit.clock import Clock
from weaktie.kit.logs import get_logger

_log = get_logger("collect.keys")
ASK_AGAIN_S = 0.25
STALE = 10
"""After so many times `every_s` without a look, nobody enters before the next one: a key may have been revoked."""


class KeyBook:
    """Grants by the SHA-256 (hex) of their keys.

    `load` reads all living keys and may block: it runs in a thread, at most every `every_s` seconds. A key that is
    not in the book makes it look at once, so that a new key works immediately; while `load` fails the old book holds.
    """

    def __init__(
        self, load: Callable[[], Mapping[str, Grant]], clock: Clock, *, every_s: float = 2.0
    ) -> None:
        self._load = load
        self._clock = clock
        self._every_s = every_s
        self._grants: Mapping[str, Grant] | None = None
        self._looked = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    async def find(self, key: str) -> Grant | None:
        """The grant of a living key, or None; raises Refused `keys_unavailable` before the first successful look."""
        digest = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
        age = self._clock.monotonic() - self._looked
        grant = self._grants.get(digest) if self._grants is not None else None
        if grant is not None and age <= self._every_s * STALE:
            if age > self._every_s:
                self._look()
            return grant
        if age > ASK_AGAIN_S or self._grants is None or self._looking is not None:
            await asyncio.shield(self._look())
        if self._grants is None:
            raise refuse("keys_unavailable")
        return self._grants.get(digest)

    def _look(self) -> asyncio.Task[None]:
        if self._looking is None:
            self._looked = self._clock.monotonic()
            self._looking = asyncio.get_running_loop().create_task(self._refresh())
        return self._looking

    async def _refresh(self) -> None:
        try:
            self._grants = await asyncio.to_thread(self._load)
        except Exception as error:  # noqa: BLE001 - whatever fails, the door goes on with the keys it knows
            _log.warning("keys could not be read", error=type(error).__name__)
        finally:
            self._looking = None

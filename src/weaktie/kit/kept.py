"""The last few answers to questions that are asked again and again."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Kept(Generic[Found]):
    """Answers by everything that they depend on, the latest `most` of them. Safe from any thread; two that ask the same at
    once may both look."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, Found] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Found]) -> Found:
        """The answer that is kept under the key, else a new one."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        found = make()
        with self._lock:
            self._found[key] = found
            while len(self._found) > self._most:
                self._found.popitem(last=False)
        return found

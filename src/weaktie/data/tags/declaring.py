"""`from weaktie import tag`: how a Python file declares a tag."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from weaktie.data.tags.contracts import Declared, DType, Wish
from weaktie.data.tags.logic import is_key
from weaktie.kit.words import Words

_FOUND: list[list[Declared]] = []


@contextmanager
def collected() -> Iterator[list[Declared]]:
    """The tags that are declared within the block."""
    found: list[Declared] = []
    _FOUND.append(found)
    try:
        yield found
    finally:
        _FOUND.pop()


def declare(
    key: str, *, zh: str, en: str, definition_zh: str, definition_en: str, dimension: str = "behaviour",
    unit_zh: str = "", unit_en: str = "", dtype: DType = "text",
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:  # fmt: skip
    """See `weaktie.tag`."""
    is_key(key)
    unit = Words(unit_zh, unit_en or unit_zh) if unit_zh else None
    wish = Wish(key, "python", Words(zh, en), Words(definition_zh, definition_en), dimension, dtype, "", unit)

    def declared(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        if _FOUND:
            line = inspect.getsourcelines(function)[1]
            _FOUND[-1].append(Declared(wish, function, inspect.getfile(function), line))
        return function

    return declared

"""weaktie (弱连接): a self-hosted growth platform for social commerce."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from weaktie.app.notebook import Notebook

__version__ = "0.1.0"


def open(home: str | Path, *, purpose: str = "analytics") -> "Notebook":  # noqa: A001  read as weaktie.open
    """The tables of a home for a notebook: `weaktie.open("home").events.to_polars()`.

    Only people who may be served for `purpose` are in them. Raises NoHome, HomeFormat, or Refused `bad_purpose`.
    """
    from weaktie.app.notebook import Notebook  # here, so that importing weaktie stays light

    return Notebook(Path(home), purpose)


def tag(
    key: str, *, zh: str, en: str, definition_zh: str, definition_en: str,
    dimension: Literal["basic", "behaviour", "social", "spending"] = "behaviour", unit_zh: str = "", unit_en: str = "",
) -> "Callable[[Callable[[Any], Any]], Callable[[Any], Any]]":  # fmt: skip
    """Declare a tag of the shop's own in a file of `<home>/tags/`; `weaktie build` computes it.

    The function below takes the tables (`tables.events`, `tables.orders`, `tables.user_day` …: lazy narwhals frames of people
    who may be analysed) and gives a frame with `person_no` and `value` (a text, a number, or yes and no), one row a person.
    `key` begins with `x_`. Names and definitions are shown in the console in both languages.
    """
    from weaktie.data.tags.service import declare  # here, so that importing weaktie stays light

    return declare(
        key, zh=zh, en=en, definition_zh=definition_zh, definition_en=definition_en, dimension=dimension,
        unit_zh=unit_zh, unit_en=unit_en,
    )  # fmt: skip

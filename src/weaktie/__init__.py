"""weaktie (弱连接): a self-hosted growth platform for social commerce."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weaktie.app.notebook import Notebook

__version__ = "0.1.0"


def open(home: str | Path, *, purpose: str = "analytics") -> "Notebook":  # noqa: A001  read as weaktie.open
    """The tables of a home for a notebook: `weaktie.open("home").events.to_polars()`.

    Only people who may be served for `purpose` are in them. Raises NoHome, HomeFormat, or Refused `bad_purpose`.
    """
    from weaktie.app.notebook import Notebook  # here, so that importing weaktie stays light

    return Notebook(Path(home), purpose)

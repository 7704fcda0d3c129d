"""Computing what the first pages ask for before somebody asks: after a start, and after changes while somebody looks."""

import threading
from collections.abc import Callable
from typing import Final

from weaktie.app.wiring import App
from weaktie.data.behaviour.contracts import Days
from weaktie.data.metrics.contracts import Need
from weaktie.kit.logs import get_logger

_LOG = get_logger("warm")
LOOKS_SECONDS: Final = 5.0
WATCHED_SECONDS: Final = 600.0
"""So long after the last request of the console somebody is taken to be looking."""
REST: Final = 10.0
"""How many times longer than it took is waited before it is done again."""
PAGE_DAYS: Final = 30
MONTHS: Final = 12
LOOP_DAYS: Final = 28


def steps(wt: App) -> dict[str, Callable[[], object]]:
    """What pages ask for when they open, the first page first."""
    today = wt.metrics.today
    month = Days(today - PAGE_DAYS + 1, today)
    return {
        "overview": wt.metrics.overview,
        "facts": lambda: wt.metrics.book.read(set(Need)),
        "loop": lambda: wt.aarrr.loop(Days(today - LOOP_DAYS + 1, today)),
        "first days": wt.behaviour.first_days,
        "acquisition": lambda: wt.acquisition.figures(month),
        "movements": lambda: wt.rfm.moves(MONTHS),
        "sample": wt.segments.warm,
    }


class Warmer:
    """A thread that keeps the answers of the first pages in memory. What fails is logged: the page itself will say why."""

    def __init__(self, wt: App) -> None:
        self._wt = wt
        self._stop = threading.Event()
        self._seen_at = float("-inf")
        self._key = ""
        self._due = float("-inf")
        self._thread = threading.Thread(target=self._keep, daemon=True, name="warm")

    def start(self) -> None:
        """Begin, with everything at once."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step that runs."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def somebody_looks(self) -> None:
        """A request of the console came."""
        self._seen_at = self._wt.clock.monotonic()

    def look(self) -> bool:
        """Compute what is due; whether anything was."""
        now = self._wt.clock.monotonic()
        first = self._key == ""
        if not first and (now < self._due or now - self._seen_at > WATCHED_SECONDS):
            return False
        key = self._wt.behaviour.crowd().key
        if key == self._key:
            return False
        for name, step in steps(self._wt).items():
            if self._stop.is_set():
                return False
            try:
                step()
            except Exception:  # noqa: BLE001  the page will say it
                _LOG.exception("warm_failed", step=name)
        took = self._wt.clock.monotonic() - now
        self._key, self._due = key, now + took * (1 + REST)
        _LOG.debug("warm", seconds=round(took, 2))
        return True

    def _keep(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except Exception:  # noqa: BLE001  the next look tries again
                _LOG.exception("warm_failed", step="crowd")
            self._stop.wait(LOOKS_SECONDS)

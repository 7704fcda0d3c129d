"""Opening the log that an address names."""

from pathlib import Path

from weaktie.kit.clock import Clock
from weaktie.store.log.contracts import Keys, Log
from weaktie.store.log.files import FileLog


def open_log(address: str, home: Path, keys: Keys, clock: Clock, *, segment_bytes: int) -> Log:
    """The log at `file:FOLDER`; an empty folder means `log` in the home."""
    assert address.startswith("file:"), f"no log is known at {address}"
    return FileLog(home / (address.removeprefix("file:") or "log"), keys, clock, segment_bytes=segment_bytes)

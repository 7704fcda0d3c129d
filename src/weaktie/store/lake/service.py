"""Opening the lake that an address names."""

from pathlib import Path

from weaktie.kit.clock import Clock
from weaktie.store.lake.contracts import Lake
from weaktie.store.lake.files import FileLake
from weaktie.store.lake.jobs import REWRITE_LEASE as REWRITE_LEASE
from weaktie.store.lake.jobs import take_out as take_out


def open_lake(address: str, home: Path, clock: Clock, *, grace_seconds: int) -> Lake:
    """The lake at `file:FOLDER`; an empty folder means `lake` in the home."""
    assert address.startswith("file:"), f"no lake is known at {address}"
    return FileLake(home / (address.removeprefix("file:") or "lake"), clock, grace_seconds=grace_seconds)

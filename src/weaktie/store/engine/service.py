"""Opening the engine that an address names."""

from pathlib import Path

from weaktie.kit.settings import Engine as EngineSettings
from weaktie.store.engine.contracts import Engine
from weaktie.store.engine.duck import DuckEngine


def open_engine(address: str, home: Path, settings: EngineSettings) -> Engine:
    """The engine at `duckdb:`."""
    assert address.startswith("duckdb:"), f"no engine is known at {address}"
    return DuckEngine(settings, home / "run" / "scratch")

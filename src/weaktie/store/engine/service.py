"""Opening the engine that an address names."""

from pathlib import Path

from weaktie.kit.settings import Engine as EngineSettings
from weaktie.store.engine.contracts import Engine
from weaktie.store.engine.duck import DuckEngine
from weaktie.store.engine.spark import SparkEngine


def open_engine(address: str, home: Path, settings: EngineSettings) -> Engine:
    """The engine at `duckdb:` or `spark://host:port`; raises EngineMissing or EngineUnreachable."""
    scratch = home / "run" / "scratch"
    if address.startswith("spark://"):
        return SparkEngine(address, settings, scratch)
    assert address.startswith("duckdb:"), f"no engine is known at {address}"
    return DuckEngine(settings, scratch)

"""Opening the engine that an address names."""

from pathlib import Path

from weaktie.kit.settings import Engine as EngineSettings
from weaktie.store.engine.alone import Alone as Alone
from weaktie.store.engine.alone import AloneJob as AloneJob
from weaktie.store.engine.contracts import Engine
from weaktie.store.engine.duck import DuckEngine
from weaktie.store.engine.guard import Checked as Checked
from weaktie.store.engine.guard import checked as checked
from weaktie.store.engine.spark import SparkEngine


def open_engine(address: str, home: Path, settings: EngineSettings) -> Engine:
    """The engine at `duckdb:` or `spark://host:port`; raises EngineMissing or EngineUnreachable."""
    scratch = home / "run" / "scratch"
    if address.startswith("spark://"):
        return SparkEngine(address, settings, scratch)
    assert address.startswith("duckdb:"), f"no engine is known at {address}"
    return DuckEngine(settings, scratch)


def open_apart(home: Path, *, memory_gb: float, threads: int) -> Engine:
    """An engine of one's own, small and soon closed, for a query that a person wrote: what it is forbidden binds no other."""
    return DuckEngine(EngineSettings(memory_gb=memory_gb, threads=threads), home / "run" / "scratch")

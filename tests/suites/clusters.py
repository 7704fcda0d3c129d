"""A real standalone Spark cluster on this machine, started from PySpark's wheel: one master, two workers of one core.

One per test session. It takes about 1.5 GB; tests of it share the xdist group `spark`, so that one process has it.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from weaktie.kit.settings import Engine as EngineSettings
from weaktie.store.engine.contracts import Engine
from weaktie.store.engine.service import open_engine
from weaktie.store.engine.spark import missing

WORKERS = 2
READY_SECONDS = 60.0
MASTER = re.compile(r"Starting Spark master at (spark://\S+)")
KEPT = 'exec 3<&0; "$@" <&- 3<&- & pid=$!; cat <&3 >/dev/null; kill "$pid"; wait "$pid"'
"""Runs a command until standard input ends: it ends with the test process, however that ends."""
REGISTERED = "Successfully registered with master"
DEFAULTS = """\
spark.driver.host 127.0.0.1
spark.driver.bindAddress 127.0.0.1
spark.executor.memory 512m
spark.executor.cores 1
spark.sql.autoBroadcastJoinThreshold 10485760
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto
spark.executor.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto
"""


@pytest.fixture(scope="session")
def spark_address() -> Iterator[str]:
    """The address of the running cluster; skips where Java or PySpark is missing."""
    lacking = missing()
    if lacking is not None:
        pytest.skip(f"Spark is not tried: {lacking.words.en}")
    folder = Path(tempfile.mkdtemp(prefix="wkspark"))
    before = dict(os.environ)
    os.environ |= _environment(folder)
    running: list[subprocess.Popen[bytes]] = []
    try:
        log = folder / "master.log"
        running.append(
            _start(log, "master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        )
        address = _wait(log, running[0], MASTER).group(1)
        logs = [folder / f"worker-{n}.log" for n in range(WORKERS)]
        for log in logs:
            options = ["--host", "127.0.0.1", "--cores", "1", "--memory", "600m", "--webui-port", "0"]
            running.append(_start(log, "worker.Worker", *options, "-d", str(folder / "work"), address))
        for log, process in zip(logs, running[1:], strict=True):
            _wait(log, process, re.compile(REGISTERED))
        yield address
    finally:
        for process in reversed(running):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=20)
        os.environ.clear()
        os.environ |= before
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def spark_engine(spark_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The engine on the cluster: two cores, two shuffle partitions; one application for all tests."""
    engine = open_engine(
        spark_address, tmp_path_factory.mktemp("spark"), EngineSettings(memory_gb=0.75, threads=WORKERS)
    )
    yield engine
    engine.close()


def _environment(folder: Path) -> dict[str, str]:
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    settings = folder / "conf"
    settings.mkdir()
    (settings / "spark-defaults.conf").write_text(DEFAULTS, "utf-8")
    return {
        "SPARK_HOME": str(Path(spec.origin).parent),
        "SPARK_CONF_DIR": str(settings),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "PYSPARK_PYTHON": sys.executable,
    }


def _start(log: Path, what: str, *arguments: str) -> "subprocess.Popen[bytes]":
    command = [str(Path(os.environ["SPARK_HOME"]) / "bin" / "spark-class"), f"org.apache.spark.deploy.{what}"]
    with log.open("wb") as out:
        return subprocess.Popen(
            ["sh", "-c", KEPT, "sh", *command, *arguments],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
        )


def _wait(log: Path, process: "subprocess.Popen[bytes]", pattern: re.Pattern[str]) -> re.Match[str]:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        found = pattern.search(log.read_text("utf-8", errors="replace"))
        if found:
            return found
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"Spark did not start:\n{log.read_text('utf-8', errors='replace')[-2000:]}")

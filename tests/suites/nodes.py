"""Official clients of npm, installed in tests/clients by `make clients`, run by Node as a shop would run them."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CLIENTS = Path(__file__).resolve().parents[1] / "clients"
MODULES = CLIENTS / "node_modules"
_OURS = CLIENTS.parents[1] / ".venv" / "node" / "bin" / "node"


def needs_clients() -> str:
    """The path of Node; skips the test where Node or the clients are not installed."""
    node = str(_OURS) if _OURS.exists() else shutil.which("node")
    if node is None or not (MODULES / ".package-lock.json").exists():
        pytest.skip("the clients of npm are not installed: run make clients")
    return node


def run_client(script: str, *arguments: str) -> list[Any]:
    """Run a script of tests/clients to its end; what it prints as JSON, which is what failed."""
    command = [needs_clients(), script, *arguments]
    done = subprocess.run(command, cwd=CLIENTS, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    answer: list[Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
